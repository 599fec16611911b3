//! Words as a search takes them: one line, no longer than it may be.

use crate::discovery::{Need, ProbeQuery, ProviderError};

/// The probe's words on one line, at most `chars` of them, cut between two words where that is possible.
pub fn query(probe: &ProbeQuery, chars: usize) -> Result<String, ProviderError> {
    let line = shortened(probe.words.as_deref().unwrap_or_default(), chars);
    if line.is_empty() { Err(ProviderError::Needs(Need::Words)) } else { Ok(line) }
}

fn shortened(words: &str, chars: usize) -> String {
    let mut line = String::new();
    let mut left = chars;
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let gap = usize::from(!line.is_empty());
        let length = word.chars().count();
        if length + gap > left {
            if line.is_empty() {
                line.extend(word.chars().take(left));
            }
            break;
        }
        if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
        left -= length + gap;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_on_one_line_and_are_cut_between_two_of_them() {
        assert_eq!(shortened("  Marie\n\tCurie\u{0}1911 ", 99), "Marie Curie 1911");
        assert_eq!(shortened("Marie Curie 1911", 15), "Marie Curie");
        assert_eq!(shortened("Marie Curie 1911", 16), "Marie Curie 1911");
        assert_eq!(shortened("Skłodowska-Curie", 10), "Skłodowska");
        assert_eq!(shortened(" \n ", 10), "");
    }

    #[test]
    fn without_words_there_is_no_search() {
        let probe = |words: Option<&str>| ProbeQuery { words: words.map(Into::into), ..ProbeQuery::default() };
        for nothing in [None, Some(""), Some(" \t\n")] {
            assert_eq!(query(&probe(nothing), 99), Err(ProviderError::Needs(Need::Words)));
        }
        assert_eq!(query(&probe(Some("Curie")), 99).as_deref(), Ok("Curie"));
    }
}
