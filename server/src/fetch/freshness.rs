//! What the headers of an answer say about keeping it (RFC 9111, as far as a cache of whole pictures needs it).

use reqwest::header::{
    AGE, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY,
};
use std::time::Duration;

/// What a host can be asked with whether its picture has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// Adds the question to a request.
    pub fn ask(&self, headers: &mut HeaderMap) {
        for (name, value) in [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
    }

    /// These, or the others where there are none.
    pub fn or(self, others: &Self) -> Self {
        if self.is_empty() { others.clone() } else { self }
    }
}

/// How long an answer may be used without asking again, and how to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Freshness {
    pub fresh_for: Duration,
    pub validators: Validators,
    pub(super) forbidden: bool,
}

impl Freshness {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut said =
            Self { validators: Validators { etag: one(headers, ETAG), last_modified: one(headers, LAST_MODIFIED) }, ..Self::default() };
        let (mut age, mut shared_age, mut ask_always) = (None, None, false);
        let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        for directive in directives {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            // What cannot be read as a number is no permission.
            let seconds = || Some(value.trim().trim_matches('"').parse::<u64>().unwrap_or(0));
            match name.trim().to_ascii_lowercase().as_str() {
                // What is kept here serves everybody who asks.
                "no-store" | "private" => said.forbidden = true,
                "no-cache" => ask_always = true,
                "max-age" => age = seconds(),
                "s-maxage" => shared_age = seconds(),
                _ => {}
            }
        }
        // Every request asks alike, so that only an answer that depends on everything cannot be used again.
        said.forbidden |= headers.get_all(VARY).iter().any(|value| value.as_bytes().contains(&b'*'));
        let spent = one(headers, AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u64>().ok()).unwrap_or(0);
        let seconds = shared_age.or(age).unwrap_or(0).saturating_sub(spent);
        if !ask_always {
            // More than a cache of minutes can use; less than what overflows a clock.
            said.fresh_for = Duration::from_secs(seconds.min(86_400));
        }
        said
    }

    pub fn forbids_keeping(&self) -> bool {
        self.forbidden
    }

    /// Without a lifetime or a way to ask, it could never be used.
    pub fn is_worth_keeping(&self) -> bool {
        !self.forbidden && (!self.fresh_for.is_zero() || !self.validators.is_empty())
    }
}

fn one(headers: &HeaderMap, name: HeaderName) -> Option<HeaderValue> {
    headers.get(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spoil::spoiled;

    fn of(lines: &[(&'static str, &'static str)]) -> Freshness {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Freshness::of(&headers)
    }

    #[test]
    fn lifetimes_are_read_as_the_standard_says() {
        for (lines, seconds) in [
            (vec![], 0),
            (vec![("cache-control", "public, max-age=60")], 60),
            (vec![("cache-control", "Max-Age=\"60\"")], 60),
            (vec![("cache-control", "max-age=60"), ("cache-control", "s-maxage=5")], 5),
            (vec![("cache-control", "max-age=60"), ("age", "50")], 10),
            (vec![("cache-control", "max-age=60"), ("age", "70")], 0),
            (vec![("cache-control", "max-age=60, no-cache")], 0),
            (vec![("cache-control", "max-age=soon")], 0),
            (vec![("cache-control", "max-age=99999999999999999999")], 0),
            (vec![("cache-control", "max-age=31536000, immutable")], 86_400),
        ] {
            assert_eq!(of(&lines).fresh_for.as_secs(), seconds, "{lines:?}");
        }
    }

    #[test]
    fn no_spoiled_header_keeps_a_picture_for_longer_than_a_day() {
        let header = b"public, max-age=\"3600\", s-maxage=31536000, stale-while-revalidate=99999999999999999999";
        for bytes in spoiled(header, 5000) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, value.clone()), (AGE, value.clone()), (VARY, value)]);
            assert!(Freshness::of(&headers).fresh_for <= Duration::from_secs(86_400));
        }
    }

    #[test]
    fn what_may_not_be_kept_or_would_never_be_used_is_not_kept() {
        assert!(!of(&[]).is_worth_keeping());
        assert!(of(&[("etag", "\"1\"")]).is_worth_keeping());
        assert!(of(&[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]).is_worth_keeping());
        for forbidding in [("cache-control", "no-store"), ("cache-control", "Private"), ("vary", "Accept, *")] {
            let said = of(&[("cache-control", "max-age=60"), ("etag", "\"1\""), forbidding]);
            assert!(said.forbids_keeping() && !said.is_worth_keeping(), "{forbidding:?}");
        }
        assert!(!of(&[("cache-control", "max-age=60"), ("vary", "Accept")]).forbids_keeping());
    }

    #[test]
    fn a_question_carries_what_the_host_gave() {
        let mut asked = HeaderMap::new();
        of(&[("etag", "W/\"1\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]).validators.ask(&mut asked);
        assert_eq!(asked.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok()), Some("W/\"1\""));
        assert_eq!(asked.get(IF_MODIFIED_SINCE).and_then(|v| v.to_str().ok()), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    }
}
