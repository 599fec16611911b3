//! Lenient readers for the JSON of strangers: fields are missing, null, of another kind than documented; numbers are
//! texts, titles are HTML, addresses lack their scheme. What is of no use is None, never an error.

use html5gum::{Token, Tokenizer};
use serde_json::Value;
use url::Url;

/// The longest address, and the longest plain text, in characters.
const ADDRESS_CHARS: usize = 2048;
const TEXT_CHARS: usize = 500;

/// A text, trimmed; None where there is nothing in it.
pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// A number, also one that stands there as a text; never NaN or infinite.
pub fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

/// A text without HTML: tags are left out, entities are what they stand for, white space is one space.
pub fn plain(value: &Value) -> Option<String> {
    let html = value.as_str()?;
    let mut plain = String::new();
    let mut hidden = false;
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::String(text) if !hidden => plain.push_str(&String::from_utf8_lossy(&text)),
            Token::StartTag(tag) => {
                hidden = hidden || is_hidden(&tag.name);
                plain.push_str(gap(&tag.name));
            }
            Token::EndTag(tag) => {
                hidden = hidden && !is_hidden(&tag.name);
                plain.push_str(gap(&tag.name));
            }
            _ => {}
        }
    }
    let words: Vec<&str> = plain.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let plain: String = words.join(" ").chars().take(TEXT_CHARS).collect();
    (!plain.is_empty()).then_some(plain)
}

/// What is inside is for machines.
fn is_hidden(tag: &[u8]) -> bool {
    matches!(tag, b"script" | b"style")
}

/// Blocks part words, other tags may stand within one.
fn gap(tag: &[u8]) -> &'static str {
    match tag {
        b"br" | b"p" | b"div" | b"li" | b"ul" | b"ol" | b"tr" | b"td" | b"th" | b"table" | b"hr" => " ",
        _ => "",
    }
}

/// An address of the web in its normal form. `//host/path` gets https; other schemes, user names and passwords, and what
/// is too long, are None.
pub fn address(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    if text.len() > ADDRESS_CHARS {
        return None;
    }
    let url = if text.starts_with("//") { Url::parse(&format!("https:{text}")) } else { Url::parse(text) }.ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    let anonymous = url.username().is_empty() && url.password().is_none();
    (is_web && anonymous && url.as_str().len() <= ADDRESS_CHARS).then(|| url.into())
}

/// The host of an address.
pub fn domain(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().filter(|host| !host.is_empty()).map(ToOwned::to_owned)
}

/// A provider's own words on a failure, made fit for a log: plain, short, without addresses, keys or quoted input.
pub fn harmless(message: &Value) -> String {
    let plain = plain(message).unwrap_or_default();
    let fit = |word: &&str| !word.contains("://") && word.chars().count() <= 24;
    plain.split_whitespace().filter(fit).collect::<Vec<_>>().join(" ").chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spoil::spoiled;
    use serde_json::json;

    #[test]
    fn texts_are_trimmed_and_nothing_is_none() {
        assert_eq!(text(&json!("  words ")).as_deref(), Some("words"));
        for nothing in [json!(null), json!(""), json!("  "), json!(7), json!(["words"]), json!({})["missing"].clone()] {
            assert_eq!(text(&nothing), None, "{nothing}");
        }
    }

    #[test]
    fn numbers_may_be_texts_but_never_nan() {
        for (value, expected) in [(json!(7), 7.0), (json!("7"), 7.0), (json!(" -1.5 "), -1.5), (json!(1e3), 1000.0)] {
            assert_eq!(number(&value), Some(expected));
        }
        for none in [json!(null), json!(""), json!("many"), json!("NaN"), json!("inf"), json!([1]), json!(true)] {
            assert_eq!(number(&none), None, "{none}");
        }
    }

    #[test]
    fn html_becomes_the_text_that_it_shows() {
        for (html, expected) in [
            ("<b>Marie</b> Curie &amp; friends", "Marie Curie & friends"),
            ("Sk\u{142}odowska&#45;Curie &eacute;", "Skłodowska-Curie é"),
            ("one<br>two<p>three", "one two three"),
            ("Mar<i>ie</i>", "Marie"),
            ("I <3 this, 1 < 2", "I <3 this, 1 < 2"),
            ("<script>alert('x')</script>seen<style>p { color: red }</style>", "seen"),
            ("a <!-- hidden --> b", "a b"),
            ("  many\n\t spaces\u{0} ", "many spaces"),
            ("<img src=x onerror=alert(1)>after", "after"),
        ] {
            assert_eq!(plain(&json!(html)).as_deref(), Some(expected), "{html}");
        }
        assert_eq!(plain(&json!("<br> ")), None);
        assert_eq!(plain(&json!(null)), None);
        assert_eq!(plain(&json!("x".repeat(900))).map(|text| text.len()), Some(500));
    }

    #[test]
    fn spoiled_texts_stay_short_and_plain_and_spoiled_addresses_addresses() {
        for bytes in spoiled(b"<p>Marie <b class='x'>Curie</b> &amp; &#8211; friends<br><script>x</script></p> \xf0\x9f\x98\x80", 5000) {
            let text = json!(String::from_utf8_lossy(&bytes));
            for words in [plain(&text), Some(harmless(&text)), super::text(&text)].into_iter().flatten() {
                assert!(words.chars().count() <= TEXT_CHARS && words.trim() == words, "{words:?}");
            }
            assert!(plain(&text).is_none_or(|plain| !plain.contains(char::is_control)));
        }
        for bytes in spoiled(b"https://pictures.example:8443/a%20b/c.jpg?width=1&u=\xc3\xbc#part", 5000) {
            let Some(address) = address(&json!(String::from_utf8_lossy(&bytes))) else { continue };
            let url = Url::parse(&address).expect("an address");
            assert!(matches!(url.scheme(), "http" | "https") && url.host().is_some(), "{address}");
            assert!(url.username().is_empty() && url.password().is_none(), "{address}");
        }
    }

    #[test]
    fn only_addresses_of_the_web_are_addresses() {
        for (given, expected) in [
            ("https://a.example/1.jpg", "https://a.example/1.jpg"),
            ("//a.example/1.jpg", "https://a.example/1.jpg"),
            (" HTTP://A.example:80/b c.jpg ", "http://a.example/b%20c.jpg"),
        ] {
            assert_eq!(address(&json!(given)).as_deref(), Some(expected));
        }
        for none in [
            "",
            "/1.jpg",
            "a.example/1.jpg",
            "data:image/png;base64,AAAA",
            "javascript:alert(1)",
            "ftp://a.example/1.jpg",
            "https://me@a.example/1.jpg",
            "https://me:secret@a.example/1.jpg",
            "https://",
        ] {
            assert_eq!(address(&json!(none)), None, "{none}");
        }
        assert_eq!(address(&json!(format!("https://a.example/{}", "x".repeat(2048)))), None);
        assert_eq!(address(&json!(null)), None);
        assert_eq!(domain("https://www.a.example:8443/1.jpg").as_deref(), Some("www.a.example"));
        assert_eq!(domain("nothing"), None);
    }

    #[test]
    fn what_a_provider_says_is_kept_without_addresses_and_keys() {
        let message = json!("Invalid API key. See https://example.org/keys?key=1 (0123456789abcdef0123456789abcdef)");
        assert_eq!(harmless(&message), "Invalid API key. See");
        assert_eq!(harmless(&json!(null)), "");
    }
}
