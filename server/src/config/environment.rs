//! Reading variables, and remembering what was read so that it can be listed.

use std::{cell::RefCell, collections::BTreeMap, fmt, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

/// A value that stops the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}{shown} is no usable value: {reason}.")]
pub struct ConfigError {
    pub name: &'static str,
    /// `=value`, or empty where the value is secret.
    shown: String,
    pub reason: String,
}

/// A value that is in no output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: &str) -> Self {
        Self(value.to_owned())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(set)")
    }
}

/// An address with a password in it, without the password.
fn without_password(value: &str) -> String {
    let masked = value.split_once("://").and_then(|(scheme, rest)| {
        let (login, place) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{place}"))
    });
    masked.unwrap_or_else(|| value.to_owned())
}

/// One variable as `face-engine config` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// What is in force; `(set)` for a secret.
    pub value: String,
    pub default: String,
    pub meaning: &'static str,
}

/// Where values come from: the process, or a list in a test.
pub struct Environment {
    values: BTreeMap<String, String>,
    read: RefCell<Vec<Variable>>,
}

impl Environment {
    /// The variables of this process that are valid Unicode.
    pub fn of_process() -> Self {
        let values = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        Self { values, read: RefCell::default() }
    }

    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let values = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { values, read: RefCell::default() }
    }

    /// What was read so far, in the order of reading.
    pub fn listing(&self) -> Vec<Variable> {
        self.read.borrow().clone()
    }

    /// A variable that is set to nothing counts as not set.
    fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    fn note(&self, name: &'static str, value: &str, default: &str, meaning: &'static str) {
        let (value, default) = (value.to_owned(), default.to_owned());
        self.read.borrow_mut().push(Variable { name, value, default, meaning });
    }

    /// The value, or the default, as `parse` understands it.
    pub fn read<T>(
        &self,
        name: &'static str,
        default: &str,
        meaning: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let value = self.value(name).unwrap_or(default);
        let shown = without_password(value);
        self.note(name, &shown, default, meaning);
        parse(value).map_err(|reason| ConfigError { name, shown: format!("={shown}"), reason })
    }

    /// A value without a default; `absent` says what happens without it.
    pub fn optional(&self, name: &'static str, absent: &str, meaning: &'static str) -> Option<String> {
        let value = self.value(name).map(ToOwned::to_owned);
        self.note(name, value.as_deref().unwrap_or(""), absent, meaning);
        value
    }

    /// A value that is masked everywhere.
    pub fn secret(
        &self,
        name: &'static str,
        absent: &str,
        meaning: &'static str,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<Option<Secret>, ConfigError> {
        let value = self.value(name);
        self.note(name, if value.is_some() { "(set)" } else { "" }, absent, meaning);
        let Some(value) = value else { return Ok(None) };
        check(value).map_err(|reason| ConfigError { name, shown: String::new(), reason })?;
        Ok(Some(Secret(value.to_owned())))
    }

    /// A whole number within a range.
    pub fn number<T>(&self, name: &'static str, default: T, range: RangeInclusive<T>, meaning: &'static str) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        self.read(name, &default.to_string(), meaning, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| format!("a whole number from {} to {} is expected", range.start(), range.end()))
        })
    }

    /// A whole number within a range, or the word that stands for no number.
    pub fn number_or<T>(
        &self,
        name: &'static str,
        word: &str,
        range: RangeInclusive<T>,
        meaning: &'static str,
    ) -> Result<Option<T>, ConfigError>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        self.read(name, word, meaning, |text| {
            if text == word {
                return Ok(None);
            }
            let number = text.parse().ok().filter(|number| range.contains(number));
            let expected = || format!("`{word}` or a whole number from {} to {} is expected", range.start(), range.end());
            number.map(Some).ok_or_else(expected)
        })
    }

    /// `true` or `false`.
    pub fn switch(&self, name: &'static str, default: bool, meaning: &'static str) -> Result<bool, ConfigError> {
        self.read(name, &default.to_string(), meaning, |text| text.parse().map_err(|_| "`true` or `false` is expected".to_owned()))
    }

    /// A duration in seconds, fractions allowed.
    pub fn seconds(
        &self,
        name: &'static str,
        default: f64,
        range: RangeInclusive<f64>,
        meaning: &'static str,
    ) -> Result<Duration, ConfigError> {
        self.read(name, &default.to_string(), meaning, |text| {
            // A NaN is in no range.
            let seconds = text.parse().ok().filter(|seconds| range.contains(seconds));
            seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("seconds from {} to {} are expected", range.start(), range.end()))
        })
    }

    pub fn path(&self, name: &'static str, default: PathBuf, meaning: &'static str) -> Result<PathBuf, ConfigError> {
        self.read(name, &default.to_string_lossy(), meaning, |text| Ok(PathBuf::from(text)))
    }
}
