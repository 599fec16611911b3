use super::*;
use leptos::prelude::{Owner, provide_context};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Does what a page in this language does.
pub fn reading<T>(language: Language, of: impl FnOnce() -> T) -> T {
    Owner::new().with(|| {
        provide_context(language);
        of()
    })
}

#[test]
fn every_language_says_every_message_and_none_says_two_alike_by_mistake() {
    let [english, spanish] = &STRINGS;
    let codes: BTreeMap<u16, &str> = CODES.iter().map(|(code, at)| (*at, *code)).collect();
    for (at, (one, other)) in english.iter().zip(spanish).enumerate() {
        let code = codes.get(&u16::try_from(at).unwrap()).copied().unwrap_or_default();
        let told_by_the_server = code.starts_with("refusal_") || code.starts_with("source_note_");
        assert_eq!(one.is_empty(), told_by_the_server, "{code} {other}");
        assert!(!other.is_empty() && other.trim() == *other, "{other:?}");
        let places = |text: &str| text.chars().filter(|c| ('\u{e000}'..'\u{f8ff}').contains(c)).collect::<BTreeSet<_>>();
        assert!(told_by_the_server || places(one) == places(other), "{one} | {other}");
    }
}

#[test]
fn every_message_is_said_somewhere() {
    fn gather(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, into);
            } else {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut code = String::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
    let words: BTreeSet<&str> = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    let files = [
        include_str!("../../locales/en.ftl"),
        include_str!("../../locales/es.ftl"),
        include_str!("../../locales/server/en.ftl"),
        include_str!("../../locales/server/es.ftl"),
    ]
    .join("\n");
    let ids = files.lines().filter_map(|line| Some(line.split_once(" =")?.0)).filter(|id| id.starts_with(|c: char| c.is_ascii_lowercase()));
    let unsaid: BTreeSet<String> = ids
        .map(|id| id.replace('-', "_"))
        .filter(|key| !words.contains(key.as_str()) && CODES.iter().all(|(code, _)| code != key))
        .collect();
    assert_eq!(unsaid, BTreeSet::new());
}

#[test]
fn a_code_that_nobody_knows_has_no_message_and_a_number_of_no_month_neither() {
    assert!(find("backup_why_memory").is_some() && find("time_month_12").is_some());
    assert!(find("backup_why_").is_none() && find("time_month_13").is_none());
    assert!(find("refusal_gone").is_none(), "in English the server's own sentence stands");
    assert!(reading(Language::Spanish, || find("refusal_gone")).is_some());
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
fn the_page_at_hand_is_known_by_its_path_alone() {
    for address in ["/pools", "/pools?lang=es", "http://faces.example:3000/pools#pool-a"] {
        assert!(is_page(address, "/pools") && !is_page(address, "/"), "{address}");
    }
    assert!(is_page("https://faces.example", "/") && is_page("/?face=1", "/") && !is_page("/pools/x", "/pools"));
}

#[test]
fn a_change_of_language_keeps_the_page_and_what_else_was_asked_of_it() {
    assert_eq!(in_language("/", Some(Language::Spanish)), "/?lang=es");
    assert_eq!(in_language("/?lang=es&face=2#main", Some(Language::English)), "/?face=2&lang=en");
    assert_eq!(in_language("https://example.org/requests/1?lang=es", None), "https://example.org/requests/1");
}

#[test]
fn a_key_gets_its_words_in_the_language_of_the_page_and_its_values() {
    assert_eq!(say!(badge_match), "Match");
    reading(Language::Spanish, || {
        assert_eq!(say!(badge_match), "Coincidencia");
        assert_eq!(say!(stage_done_of, done = 18, total = 21), "18 de 21");
        assert_eq!([count!(unit_picture, 1), count!(unit_picture, 0)], ["1 imagen", "0 imágenes"]);
        assert_eq!((decimal("0.54"), percent(0.82)), ("0,54".to_owned(), "82\u{a0}%".to_owned()));
    });
    assert_eq!((decimal("0.54"), percent(0.82)), ("0.54".to_owned(), "82%".to_owned()));
}
