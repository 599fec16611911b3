//! The page's words, in the language of its reader. The strings are in `locales/`, a file for each language; docs/PAGE.md says how
//! one is added.
//!
//! The server decides on the language of a page ([`Language::choose`]) and provides it as Leptos context; the browser reads it from
//! the document that the server wrote, so that both render the same words. Outside a page (command line, tests) it is English.

use std::borrow::Cow;

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

/// The words of a key that may not exist: made of a code that a server sent.
pub fn find(key: &str) -> Option<String> {
    crate::_rust_i18n_try_translate(here().code(), key).map(Cow::into_owned)
}

/// The words of a key. One without words shows as itself; a test finds it before a reader does.
pub fn plain(key: &str) -> String {
    find(key).unwrap_or_else(|| key.to_owned())
}

/// The words of a key, each `%{name}` in them replaced.
pub fn fill(key: &str, names: &[&str], values: &[String]) -> String {
    rust_i18n::replace_patterns(&plain(key), names, values)
}

/// The words of a key: `say!("home.title")`, or with values `say!("chosen.size", mb = size)` for `%{mb}` in the files.
macro_rules! say {
    ($key:literal) => { $crate::words::plain($key) };
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::words::fill($key, &[$(stringify!($name)),+], &[$($value.to_string()),+])
    };
}

/// The words for so many: `count!("unit.picture", n)` is `unit.picture.one` or `unit.picture.other`, with `%{n}` in the files. One is
/// one thing and all else are many in English and in Spanish.
macro_rules! count {
    ($key:literal, $n:expr $(, $name:ident = $value:expr)* $(,)?) => {{
        let n = $n;
        let key = if n == 1 { concat!($key, ".one") } else { concat!($key, ".other") };
        $crate::words::fill(key, &["n" $(, stringify!($name))*], &[n.to_string() $(, $value.to_string())*])
    }};
}

pub(crate) use {count, say};

/// A number written with a point, as the language writes it.
pub fn decimal(number: &str) -> String {
    number.replace('.', &say!("number.point"))
}

/// A share of 1 in whole percent.
pub fn percent(share: f32) -> String {
    say!("number.percent", n = format!("{:.0}", share * 100.0))
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

#[cfg(test)]
#[path = "words/tests.rs"]
pub(crate) mod tests;
