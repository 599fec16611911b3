//! The page's words, in the language of its reader. The strings are in `locales/`, a file for each language in the syntax of
//! Project Fluent, and in the program as a table; docs/LANGUAGES.md says how one is added.
//!
//! The server decides on the language of a page ([`Language::choose`]) and provides it as Leptos context; the browser reads it from
//! the document that the server wrote, so that both render the same words. Outside a page (command line, tests) it is English.

/// A language that the page is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Spanish,
}

/// The query parameter and the cookie that name a language.
pub const LANGUAGE: &str = "lang";

/// On the server, in the context of a page: its path and query, which a change of language keeps.
#[derive(Clone)]
pub struct Address(pub String);

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// As `<html lang>`, the cookie and the file name spell it.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The language's own word for itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
        }
    }

    /// Of a language tag, whatever its region: `es-MX` is Spanish.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// What the address itself asks for.
    pub fn asked(query: Option<&str>) -> Option<Self> {
        query?.split('&').filter_map(|pair| pair.strip_prefix(LANGUAGE)?.strip_prefix('=')).find_map(Self::of)
    }

    /// The address decides, then the cookie (its header as it came), then `Accept-Language`, then English.
    pub fn choose(query: Option<&str>, cookies: Option<&str>, accepted: Option<&str>) -> Self {
        let kept = || cookies?.split(';').filter_map(|pair| pair.trim().strip_prefix(LANGUAGE)?.strip_prefix('=')).find_map(Self::of);
        Self::asked(query).or_else(kept).or_else(|| accepted.and_then(most_wanted)).unwrap_or_default()
    }
}

/// The first of the most wanted languages that there are: RFC 9110, section 12.5.4.
fn most_wanted(accepted: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in accepted.split(',') {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
        // A NaN is in no range.
        let (Some(language), Some(weight)) = (Language::of(tag), weight.filter(|weight| (0.001..=1.0).contains(weight))) else { continue };
        if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// The language of the page at hand.
#[cfg(feature = "hydrate")]
pub fn here() -> Language {
    static HERE: std::sync::OnceLock<Language> = std::sync::OnceLock::new();
    *HERE.get_or_init(|| {
        let root = leptos::prelude::document().document_element();
        root.and_then(|root| Language::of(&root.get_attribute("lang")?)).unwrap_or_default()
    })
}

/// The language of the page at hand.
#[cfg(not(feature = "hydrate"))]
pub fn here() -> Language {
    leptos::prelude::use_context::<Language>().unwrap_or_default()
}

// Written by build.rs out of `locales/`.
include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A message without values: its place in the table.
#[derive(Clone, Copy)]
pub struct Plain(pub u16);

/// A message with values in it, sorted by their names.
pub struct Filled {
    pub at: u16,
    pub names: &'static [&'static str],
}

/// A message for one thing, and after it in the table the one for any other number of them.
pub struct Counted {
    pub at: u16,
    pub names: &'static [&'static str],
}

fn text(at: u16) -> &'static str {
    STRINGS[here() as usize].get(usize::from(at)).copied().unwrap_or_default()
}

/// A message with no values in it.
pub fn plain(message: Plain) -> String {
    text(message.0).to_owned()
}

/// A message with every value put in its [`place`].
pub fn fill(at: u16, values: &[(char, String)]) -> String {
    let mut filled = String::new();
    for c in text(at).chars() {
        match values.iter().find(|(place, _)| *place == c) {
            Some((_, value)) => filled.push_str(value),
            None => filled.push(c),
        }
    }
    filled
}

/// The message of a key that is made of a code of the server, and so may not exist, or not in this language.
pub fn find(key: &str) -> Option<Plain> {
    let found = CODES.binary_search_by_key(&key, |(code, _)| code).ok()?;
    Some(Plain(CODES[found].1)).filter(|message| !text(message.0).is_empty())
}

/// Where the value of this name belongs in a message: a character that no text has.
pub const fn place(name: &str) -> char {
    let mut at = 0;
    while at < NAMES.len() {
        if same(NAMES[at], name) {
            match char::from_u32(0xE000 + at as u32) {
                Some(place) => return place,
                None => panic!("too many names of values"),
            }
        }
        at += 1;
    }
    panic!("no message has a value of this name")
}

/// Stops the compiler where a message is given other values than it has.
pub const fn given(names: &[&str], values: &[&str]) {
    assert!(names.len() == values.len(), "the message has more or fewer values");
    let mut at = 0;
    while at < names.len() {
        let mut value = 0;
        while !same(names[at], values[value]) {
            value += 1;
            assert!(value < values.len(), "a value of the message is not given");
        }
        at += 1;
    }
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The words of a message: `say!(home_title)` is `home-title` in the files, `say!(stage_done_of, done = 3, total = 9)` puts values in.
macro_rules! say {
    ($key:ident) => { $crate::words::plain($crate::words::key::$key) };
    ($key:ident, $($name:ident = $value:expr),+ $(,)?) => {{
        const { $crate::words::given($crate::words::key::$key.names, &[$(stringify!($name)),+]) };
        let message: $crate::words::Filled = $crate::words::key::$key;
        $crate::words::fill(message.at, &[$((const { $crate::words::place(stringify!($name)) }, $value.to_string())),+])
    }};
}

/// The words for so many: `count!(unit_picture, n)` takes `[one]` or `[other]` and puts the number in as `$n`. One is one thing and
/// all else are many in English and in Spanish.
macro_rules! count {
    ($key:ident, $n:expr $(, $name:ident = $value:expr)* $(,)?) => {{
        const { $crate::words::given($crate::words::key::$key.names, &["n" $(, stringify!($name))*]) };
        let (message, n): ($crate::words::Counted, usize) = ($crate::words::key::$key, $n);
        let values = [(const { $crate::words::place("n") }, n.to_string()) $(, (const { $crate::words::place(stringify!($name)) }, $value.to_string()))*];
        $crate::words::fill(message.at + u16::from(n != 1), &values)
    }};
}

pub(crate) use {count, say};

/// A number written with a point, as the language writes it.
pub fn decimal(number: &str) -> String {
    number.replace('.', &say!(number_point))
}

/// A share of 1 in whole percent.
pub fn percent(share: f32) -> String {
    say!(number_percent, n = crate::number::fixed(share * 100.0, 0))
}

/// The address with this language asked for, all else kept; without one, with none asked for.
pub fn in_language(address: &str, language: Option<Language>) -> String {
    let (page, _) = address.split_once('#').unwrap_or((address, ""));
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let is_choice = |pair: &&str| pair.split('=').next() == Some(LANGUAGE);
    let mut pairs: Vec<String> = query.split('&').filter(|pair| !pair.is_empty() && !is_choice(pair)).map(str::to_owned).collect();
    pairs.extend(language.map(|language| format!("{LANGUAGE}={}", language.code())));
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// The address of the page at hand: whole in the browser, path and query on the server.
pub fn address() -> String {
    #[cfg(feature = "hydrate")]
    let address = crate::browser::address();
    #[cfg(not(feature = "hydrate"))]
    let address = leptos::prelude::use_context::<Address>().map_or_else(|| "/".to_owned(), |Address(address)| address);
    address
}

/// Where the page at hand is had in another language.
pub fn elsewhere(language: Language) -> String {
    in_language(&address(), Some(language))
}

/// Is the page at hand the one of this path?
pub fn is_here(path: &str) -> bool {
    is_page(&address(), path)
}

fn is_page(address: &str, path: &str) -> bool {
    let own = address.split_once("://").map_or(address, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    own.split(['?', '#']).next().is_some_and(|own| own == path)
}

#[cfg(test)]
#[path = "words/tests.rs"]
pub(crate) mod tests;
