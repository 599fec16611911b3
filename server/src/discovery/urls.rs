//! The addresses that a request brings along as a provider: each of them is a candidate.
//!
//! What may be reached is the fetcher's to judge; here an address only has to be one.

use super::{Candidate, Found, Location, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use url::Url;

/// The provider's name.
pub const URLS: &str = "urls";
/// How many addresses one request may bring, and how long each may be.
pub const MAX_URLS: usize = 100;
const MAX_CHARS: usize = 2048;
/// Chosen by a person for this search: worth more than what a search engine named, less than the operator's pool.
const SOURCE_QUALITY: f32 = 0.9;

/// Why a text is no address of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("is no http or https address")]
    NotHttp,
    #[error("carries a user name or a password")]
    UserInfo,
    #[error("is longer than {MAX_CHARS} characters")]
    TooLong,
}

/// The address in its normal form.
pub fn check_url(text: &str) -> Result<String, BadUrl> {
    if text.chars().count() > MAX_CHARS {
        return Err(BadUrl::TooLong);
    }
    let url = Url::parse(text).map_err(|_| BadUrl::NotHttp)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(BadUrl::NotHttp);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadUrl::UserInfo);
    }
    Ok(url.into())
}

/// The parts of a list with one address a line, or parted by commas. A comma parts two addresses only where a space or
/// another address follows: many an address has commas of its own.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(split_line).map(str::trim).filter(|part| !part.is_empty())
}

fn split_line(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let at_commas = line.match_indices(',').map(|(at, _)| line.split_at(at));
        let parted = at_commas.map(|(part, after)| (part, after.strip_prefix(',').unwrap_or(after))).find(|(_, after)| parts(after));
        rest = parted.map(|(_, after)| after);
        Some(parted.map_or(line, |(part, _)| part))
    })
}

/// Whether a comma before this text ends an address.
fn parts(after: &str) -> bool {
    let scheme = after.split_once("://").map(|(scheme, _)| scheme);
    after.trim_start().len() < after.len()
        || after.is_empty()
        || after.starts_with(',')
        || scheme.is_some_and(|scheme| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)))
}

/// Names what the request brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct UrlsProvider;

#[async_trait]
impl Provider for UrlsProvider {
    fn name(&self) -> &str {
        URLS
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(URLS, true, "addresses of pictures that a request brings along")
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let candidates: Vec<Candidate> = probe.urls.iter().take(limit).enumerate().map(|(rank, url)| candidate(url, rank)).collect();
        Ok(candidates.into())
    }
}

fn candidate(url: &str, rank: usize) -> Candidate {
    let domain = Url::parse(url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    Candidate {
        source_domain: domain,
        provider_rank: rank,
        source_quality: SOURCE_QUALITY,
        ..Candidate::new(URLS, Location::Url(url.to_owned()), url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        split_list(text).collect()
    }

    #[test]
    fn a_list_is_parted_by_lines_or_commas_and_an_addresss_own_commas_stay() {
        assert_eq!(split("https://a/1.jpg\r\n\n  https://b/2.jpg  \n"), ["https://a/1.jpg", "https://b/2.jpg"]);
        assert_eq!(split("https://a/1.jpg,https://b/2.jpg, https://c/3.jpg,"), ["https://a/1.jpg", "https://b/2.jpg", "https://c/3.jpg"]);
        assert_eq!(split("https://a/w_1,h_2/x.jpg,http://b/Curie,_Marie.jpg"), ["https://a/w_1,h_2/x.jpg", "http://b/Curie,_Marie.jpg"]);
        assert_eq!(split("https://a/1.jpg,ftp://b/2.jpg"), ["https://a/1.jpg", "ftp://b/2.jpg"]);
        assert_eq!(split("https://a/1.jpg, two"), ["https://a/1.jpg", "two"]);
        assert_eq!(split(",,\n , "), [""; 0]);
    }

    #[test]
    fn only_web_addresses_without_names_and_passwords_pass() {
        assert_eq!(check_url("HTTPS://Example.org:443/a b.jpg").as_deref(), Ok("https://example.org/a%20b.jpg"));
        assert_eq!(check_url("http://example.org/x?y=1,2").as_deref(), Ok("http://example.org/x?y=1,2"));
        for bad in [
            "example.org/x.jpg",
            "ftp://example.org/x.jpg",
            "data:image/png;base64,AAAA",
            "file:///etc/passwd",
            "https://",
            "//example.org/x",
        ] {
            assert_eq!(check_url(bad), Err(BadUrl::NotHttp), "{bad}");
        }
        assert_eq!(check_url("https://me@example.org/x.jpg"), Err(BadUrl::UserInfo));
        assert_eq!(check_url("https://:secret@example.org/x.jpg"), Err(BadUrl::UserInfo));
        assert_eq!(check_url(&format!("https://example.org/{}", "x".repeat(2048))), Err(BadUrl::TooLong));
    }

    #[tokio::test]
    async fn each_address_is_a_candidate_in_the_order_given() {
        let urls = vec!["https://b.example/2.jpg".to_owned(), "https://a.example/1.jpg".to_owned()];
        let probe = ProbeQuery { urls, ..ProbeQuery::default() };
        let found = UrlsProvider.discover(&probe, 9).await.expect("always");
        let named: Vec<_> = found.candidates.iter().map(|c| (c.image_uri.as_str(), c.source_domain.as_deref())).collect();
        assert_eq!(named, [("https://b.example/2.jpg", Some("b.example")), ("https://a.example/1.jpg", Some("a.example"))]);
        assert_eq!(UrlsProvider.discover(&probe, 1).await.expect("always").candidates.len(), 1);
        assert!(UrlsProvider.discover(&ProbeQuery::default(), 9).await.expect("always").candidates.is_empty());
    }
}
