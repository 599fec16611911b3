//! Makes a table of the page's words out of `locales/*.ftl`, and stops the build where a language lacks a message or a value in it.
//!
//! The words of `locales/server/` are those of pages that the server renders alone: the program for the browser is made without them.
//!
//! What it writes for `src/words.rs`: a constant for each message, `STRINGS` (every string in every language, where a value belongs a
//! character of a private area, see `place`), `NAMES` of all values, and `CODES`, the messages that are looked up by a code.

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey},
    parser,
    unicode::unescape_unicode_to_string,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    path::Path,
};

/// In the order of `Language::ALL`; all others are held against the first.
const LANGUAGES: [&str; 2] = ["en", "es"];
/// What the first language has not: there the server's own sentences are shown.
const NOT_IN_FIRST: [&str; 2] = ["refusal_", "source_note_"];
/// Messages whose key the page puts together from a code of the server.
const BY_CODE: [&str; 6] = ["time_month_", "absence_source_", "absence_picture_", "backup_why_", "refusal_", "source_note_"];

/// One message in one language.
#[derive(Clone, Default)]
struct Message {
    /// Alone, or for one and for any other number.
    forms: Vec<Vec<Piece>>,
}

#[derive(Clone)]
enum Piece {
    Text(String),
    Value(String),
}

impl Message {
    fn names(&self) -> BTreeSet<&str> {
        let pieces = self.forms.iter().flatten();
        pieces.filter_map(|piece| if let Piece::Value(name) = piece { Some(name.as_str()) } else { None }).collect()
    }

    fn counts(&self) -> bool {
        self.forms.len() == 2
    }
}

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build.rs");
    let for_the_browser = env::var_os("CARGO_FEATURE_HYDRATE").is_some();
    let languages = LANGUAGES.iter().map(|language| read_all(language, !for_the_browser)).collect::<Result<Vec<_>, _>>()?;
    let first = &languages[0];
    let mut keys: BTreeMap<String, Message> = first.clone();
    for (language, messages) in LANGUAGES.iter().zip(&languages) {
        if let Some(key) = first.keys().find(|key| !messages.contains_key(*key)) {
            return Err(format!("locales/{language}.ftl lacks {}", spelt(key)));
        }
        for (key, message) in messages {
            let known = match first.get(key) {
                Some(known) => known.clone(),
                None if NOT_IN_FIRST.iter().any(|section| key.starts_with(section)) => {
                    keys.entry(key.clone()).or_insert(message.clone()).clone()
                }
                None => return Err(format!("locales/{}.ftl lacks {}, which {language}.ftl has", LANGUAGES[0], spelt(key))),
            };
            if known.names() != message.names() || known.counts() != message.counts() {
                return Err(format!("{} in locales/{language}.ftl has other values, or counts otherwise, than elsewhere", spelt(key)));
            }
        }
    }
    let out = env::var("OUT_DIR").map_err(|e| e.to_string())?;
    fs::write(Path::new(&out).join("words.rs"), table(&keys, &languages)?).map_err(|e| e.to_string())
}

/// As it stands in the files.
fn spelt(key: &str) -> String {
    key.replace('_', "-")
}

fn read_all(language: &str, of_the_server: bool) -> Result<BTreeMap<String, Message>, String> {
    let mut messages = read(&format!("locales/{language}.ftl"))?;
    if of_the_server {
        for (key, message) in read(&format!("locales/server/{language}.ftl"))? {
            if messages.insert(key.clone(), message).is_some() {
                return Err(format!("{} stands in locales/{language}.ftl and in locales/server/{language}.ftl", spelt(&key)));
            }
        }
    }
    Ok(messages)
}

fn read(file: &str) -> Result<BTreeMap<String, Message>, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    let resource = parser::parse(text.as_str()).map_err(|(_, errors)| format!("{file}: {errors:?}"))?;
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Term(_) | Entry::Junk { .. } => {
                return Err(format!("{file}: a term or something unreadable; only messages are understood"));
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
        };
        let id = message.id.name;
        let wrong = |what: &str| format!("{file}: {id} {what}");
        if !message.attributes.is_empty() || id.contains('_') || id != id.to_lowercase() {
            return Err(wrong("has attributes, or a name with other than small letters, digits and hyphens"));
        }
        let value = message.value.ok_or_else(|| wrong("has no words"))?;
        let forms = forms(value).map_err(|what| wrong(&what))?;
        let shown = forms.iter().all(|pieces| pieces.iter().any(|piece| !matches!(piece, Piece::Text(text) if text.trim().is_empty())));
        if !shown {
            return Err(wrong("has no words"));
        }
        if messages.insert(id.replace('-', "_"), Message { forms }).is_some() {
            return Err(wrong("stands twice"));
        }
    }
    Ok(messages)
}

/// The message as a whole selects on `$n`, or nothing in it does.
fn forms(pattern: Pattern<&str>) -> Result<Vec<Vec<Piece>>, String> {
    if let [PatternElement::Placeable { expression: Expression::Select { selector, variants } }] = &pattern.elements[..] {
        let on_n = matches!(selector, InlineExpression::VariableReference { id } if id.name == "n");
        let form = |name: &str| {
            let named = variants.iter().find(|variant| matches!(&variant.key, VariantKey::Identifier { name: key } if *key == name));
            named.map(|variant| pieces(&variant.value)).ok_or_else(|| format!("has no form [{name}]"))?
        };
        return match (on_n, variants.len()) {
            (true, 2) => Ok(vec![form("one")?, form("other")?]),
            _ => Err("selects on something else than [one] and [other] of $n".to_owned()),
        };
    }
    Ok(vec![pieces(&pattern)?])
}

fn pieces(pattern: &Pattern<&str>) -> Result<Vec<Piece>, String> {
    let piece = |element: &PatternElement<&str>| match element {
        PatternElement::TextElement { value } => Ok(Piece::Text((*value).to_owned())),
        PatternElement::Placeable { expression: Expression::Inline(InlineExpression::StringLiteral { value }) } => {
            Ok(Piece::Text(unescape_unicode_to_string(value).into_owned()))
        }
        PatternElement::Placeable { expression: Expression::Inline(InlineExpression::VariableReference { id }) } => {
            Ok(Piece::Value(id.name.to_owned()))
        }
        PatternElement::Placeable { .. } => Err("has a part that is neither words nor a value".to_owned()),
    };
    pattern.elements.iter().map(piece).collect()
}

fn table(keys: &BTreeMap<String, Message>, languages: &[BTreeMap<String, Message>]) -> Result<String, String> {
    let names: Vec<&str> = keys.values().flat_map(Message::names).collect::<BTreeSet<_>>().into_iter().collect();
    // A value's place in the private area is its place among the names.
    let place = |name: &str| names.iter().position(|known| *known == name).and_then(|at| char::from_u32(0xE000 + u32::try_from(at).ok()?));
    let mut constants = String::new();
    let mut codes = String::new();
    let mut strings = vec![String::new(); languages.len()];
    let mut at = 0_usize;
    for (key, message) in keys {
        let own: Vec<&str> = message.names().into_iter().collect();
        let constant = match (message.counts(), own.is_empty()) {
            (true, _) => format!("Counted = Counted {{ at: {at}, names: &{own:?} }}"),
            (false, false) => format!("Filled = Filled {{ at: {at}, names: &{own:?} }}"),
            (false, true) => format!("Plain = Plain({at})"),
        };
        if BY_CODE.iter().any(|section| key.starts_with(section)) {
            let _ = writeln!(codes, "    ({key:?}, {at}),");
        }
        let _ = writeln!(constants, "    pub const {key}: {constant};");
        for (strings, messages) in strings.iter_mut().zip(languages) {
            for form in 0..message.forms.len() {
                let mut string = String::new();
                for piece in messages.get(key).and_then(|message| message.forms.get(form)).map(Vec::as_slice).unwrap_or_default() {
                    match piece {
                        Piece::Text(text) => string.push_str(text),
                        Piece::Value(name) => string.push(place(name).ok_or_else(|| format!("{name} has no place"))?),
                    }
                }
                let _ = writeln!(strings, "        {string:?},");
            }
        }
        at += message.forms.len();
    }
    let strings: String = strings.iter().map(|strings| format!("    [\n{strings}    ],\n")).collect();
    let coded = codes.lines().count();
    Ok(format!(
        "/// A constant for each message.\n#[allow(non_upper_case_globals, dead_code)]\npub mod key {{\n    use super::{{Counted, Filled, Plain}};\n\
         {constants}}}\n\nconst NAMES: [&str; {}] = {names:?};\n\nstatic STRINGS: [[&str; {at}]; {}] = [\n{strings}];\n\n\
         static CODES: [(&str, u16); {coded}] = [\n{codes}];\n",
        names.len(),
        languages.len(),
    ))
}
