//! Text as HTML.

/// Text between tags, and in an attribute in double quotes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A description: paragraphs, and `code` between backticks.
pub fn prose(text: &str) -> String {
    text.split("\n\n").filter(|paragraph| !paragraph.is_empty()).map(|paragraph| format!("<p>{}</p>", line(paragraph))).collect()
}

/// A sentence with `code` between backticks; a backtick without its other half stays one.
pub fn line(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else { break };
        html += &format!("{}<code>{}</code>", escape(before), escape(code));
        rest = after;
    }
    html + &escape(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_become_paragraphs_and_code_and_nothing_else() {
        assert_eq!(prose("Where `a < b`.\n\n<b>Not bold</b>"), "<p>Where <code>a &lt; b</code>.</p><p>&lt;b&gt;Not bold&lt;/b&gt;</p>");
        assert_eq!(line("a lone ` stays"), "a lone ` stays");
        assert_eq!(prose(""), "");
    }
}
