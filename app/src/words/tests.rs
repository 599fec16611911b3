use super::*;
use leptos::prelude::{Owner, provide_context};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Does what a page in this language does.
pub fn reading<T>(language: Language, of: impl FnOnce() -> T) -> T {
    Owner::new().with(|| {
        provide_context(language);
        of()
    })
}

/// What only the other languages have: in English the server's own sentences are shown.
const NOT_IN_ENGLISH: [&str; 2] = ["refusal.", "source_note."];
/// Keys that the code puts together from a code of the server.
const PUT_TOGETHER: [&str; 6] = ["time.month.", "absence.source.", "absence.picture.", "backup.why.", "refusal.", "source_note."];

/// Every string of a language's file by its key.
fn strings(language: Language) -> BTreeMap<String, String> {
    fn gather(prefix: &str, value: &serde_json::Value, into: &mut BTreeMap<String, String>) {
        match value {
            serde_json::Value::Object(inside) => {
                for (name, value) in inside {
                    gather(&if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") }, value, into);
                }
            }
            serde_json::Value::String(text) => assert_eq!(into.insert(prefix.to_owned(), text.clone()), None, "{prefix} stands twice"),
            other => panic!("{prefix} is no string: {other}"),
        }
    }
    let file = match language {
        Language::English => include_str!("../../locales/en.json"),
        Language::Spanish => include_str!("../../locales/es.json"),
    };
    let mut all = BTreeMap::new();
    gather("", &serde_json::from_str(file).unwrap(), &mut all);
    all
}

/// The names in `%{name}`.
fn placeholders(text: &str) -> BTreeSet<String> {
    text.split("%{").skip(1).map(|rest| rest.split('}').next().unwrap_or_default().to_owned()).collect()
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("words.rs")
            && !path.ends_with("words/tests.rs")
        {
            into.push(path);
        }
    }
}

/// `key` and the names of the values of every `say!`, `count!` and plain look-up by a literal in the page's code.
fn uses() -> Vec<(String, BTreeSet<String>)> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut uses = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (opening, plural) in [("say!(", false), ("count!(", true), ("find(\"", false), ("plain(\"", false)] {
            for (at, _) in text.match_indices(opening) {
                let inside = arguments(&text[at + opening.trim_end_matches('"').len()..]);
                let key = inside[0].trim().trim_matches('"').to_owned();
                // The first argument of `count!` after the key is how many.
                let named = inside.iter().skip(1 + usize::from(plural));
                let mut names: BTreeSet<String> = named.filter_map(|it| Some(it.split_once('=')?.0.trim().to_owned())).collect();
                if plural {
                    names.insert("n".to_owned());
                    uses.extend([".one", ".other"].map(|form| (format!("{key}{form}"), names.clone())));
                } else {
                    uses.push((key, names));
                }
            }
        }
    }
    uses
}

/// What stands between commas up to the closing bracket.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut found = vec![String::new()];
    for c in text.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else {
            match c {
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        found.last_mut().unwrap().push(c);
    }
    found.retain(|argument| !argument.trim().is_empty());
    found
}

#[test]
fn every_language_has_the_same_strings_with_the_same_values_in_them() {
    let english = strings(Language::English);
    for language in Language::ALL {
        let own = strings(language);
        let shared = own.keys().filter(|key| !NOT_IN_ENGLISH.iter().any(|section| key.starts_with(section)));
        assert!(shared.eq(english.keys()), "{language:?} lacks or has too many: {:?}", {
            let (own, english): (BTreeSet<_>, BTreeSet<_>) = (own.keys().collect(), english.keys().collect());
            own.symmetric_difference(&english).copied().cloned().collect::<Vec<_>>()
        });
        for (key, text) in &own {
            assert!(!text.trim().is_empty() && text.trim() == text, "{language:?} {key}: {text:?}");
            if let Some(english) = english.get(key) {
                assert_eq!(placeholders(text), placeholders(english), "{language:?} {key}");
            }
        }
    }
}

#[test]
fn every_string_that_the_page_says_is_there_and_gets_its_values() {
    let (english, spanish) = (strings(Language::English), strings(Language::Spanish));
    let uses = uses();
    assert!(uses.len() > 250, "the code was not read: {} uses", uses.len());
    for (key, names) in &uses {
        let text = english.get(key).or_else(|| spanish.get(key)).unwrap_or_else(|| panic!("no file has {key}"));
        assert_eq!(placeholders(text), *names, "{key}");
    }
    let said: BTreeSet<&str> = uses.iter().map(|(key, _)| key.as_str()).chain(["number.point", "number.percent"]).collect();
    let unsaid = |key: &&String| !said.contains(key.as_str()) && !PUT_TOGETHER.iter().any(|section| key.starts_with(section));
    assert_eq!(spanish.keys().filter(unsaid).collect::<Vec<_>>(), Vec::<&String>::new(), "nobody says them");
}

#[test]
fn the_address_goes_before_the_cookie_and_the_cookie_before_what_the_browser_would_like() {
    use Language::{English, Spanish};
    assert_eq!(Language::choose(Some("face=1&lang=es"), Some("lang=en"), Some("en")), Spanish);
    assert_eq!(Language::choose(Some("face=1"), Some("other=1; lang=es"), Some("en")), Spanish);
    assert_eq!(Language::choose(None, None, Some("es-MX,es;q=0.9,en;q=0.8")), Spanish);
    assert_eq!(Language::choose(None, None, None), English);
    // What is not known says nothing.
    assert_eq!(Language::choose(Some("lang=xx"), Some("lang=; slang=es"), Some("es")), Spanish);
    assert_eq!(Language::choose(None, Some("slang=es"), Some("fr, de;q=0.7")), English);
}

#[test]
fn of_several_languages_the_most_wanted_is_taken_and_nonsense_is_left_out() {
    assert_eq!(most_wanted("en;q=0.3, es;q=0.7"), Some(Language::Spanish));
    assert_eq!(most_wanted("fr, en;q=0.5, es;q=0.5"), Some(Language::English), "of two wanted alike the first");
    assert_eq!(most_wanted("es;q=0, en;q=0.1"), Some(Language::English), "0 is: not this one");
    assert_eq!(most_wanted("es;q=NaN, *;q=0.5"), None);
}

#[test]
fn a_change_of_language_keeps_the_page_and_what_else_was_asked_of_it() {
    assert_eq!(in_language("/", Some(Language::Spanish)), "/?lang=es");
    assert_eq!(in_language("/?lang=es&face=2#main", Some(Language::English)), "/?face=2&lang=en");
    assert_eq!(in_language("https://example.org/requests/1?lang=es", None), "https://example.org/requests/1");
}

#[test]
fn a_key_gets_its_words_in_the_language_of_the_page_and_its_values() {
    assert_eq!(say!("badge.match"), "Match");
    reading(Language::Spanish, || {
        assert_eq!(say!("badge.match"), "Coincidencia");
        assert_eq!(say!("stage.done_of", done = 18, total = 21), "18 de 21");
        assert_eq!([count!("unit.picture", 1), count!("unit.picture", 0)], ["1 imagen", "0 imágenes"]);
        assert_eq!((decimal("0.54"), percent(0.82)), ("0,54".to_owned(), "82\u{a0}%".to_owned()));
    });
    assert_eq!((decimal("0.54"), percent(0.82)), ("0.54".to_owned(), "82%".to_owned()));
    assert_eq!(find("refusal.no_such_code"), None);
}
