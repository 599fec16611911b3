//! Pages that the server renders alone ([`app::alone`]): what they know of the request that they answer, and their headers.

use super::{envelope::POLICY, pages};
use crate::service::Service;
use app::{
    alone::{Around, Page, document},
    words::{Language, in_language},
};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use leptos::nonce::Nonce;

/// Of the request that a page answers.
#[derive(Debug, Clone)]
pub struct Asked {
    pub language: Language,
    /// The language that its address names, which is remembered.
    chosen: Option<Language>,
    pub path: String,
    /// Path and query, without a choice of language.
    address: String,
    origin: String,
}

impl Asked {
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let address = uri.path_and_query().map_or("/", |address| address.as_str());
        Self {
            language: pages::language(uri, headers),
            chosen: Language::asked(uri.query()),
            path: uri.path().to_owned(),
            address: in_language(address, None),
            origin: origin(headers),
        }
    }

    /// The same asker at another page: where a form that was refused is shown again.
    pub fn at(self, path: &str) -> Self {
        Self { path: path.to_owned(), address: path.to_owned(), ..self }
    }
}

/// As the asker has spelt it; a proxy that speaks HTTPS in front says so. It stands only in this one answer.
fn origin(headers: &HeaderMap) -> String {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_host = |host: &&str| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let scheme = if said("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", said("host").filter(is_host).unwrap_or("localhost"))
}

/// The page as an answer. Its policy lets it load the sheet and pictures of this service; a page that refreshes itself has its script as
/// well, by a nonce that is new in each answer.
pub async fn respond(service: &Service, asked: &Asked, status: StatusCode, page: impl FnOnce() -> Page) -> Response {
    let style = pages::sheet(service).await;
    let nonce = Nonce::new().to_string();
    let (mut live, mut indexed) = (false, true);
    let around =
        Around { style, language: asked.language, address: asked.address.clone(), origin: asked.origin.clone(), nonce: nonce.clone() };
    let html = document(around, || {
        let page = page();
        (live, indexed) = (page.live, page.indexed);
        page
    });
    let script = if live { format!("; script-src 'nonce-{nonce}'; connect-src 'self'") } else { String::new() };
    let policy = format!("{POLICY}; style-src 'self'; img-src 'self' data:{script}");
    let mut response =
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(asked.language.code()));
    headers.append(header::VARY, HeaderValue::from_static("accept, accept-language, cookie"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if !indexed {
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    }
    // Who has asked for a language by an address reads on in it.
    if let Some(choice) = asked.chosen.map(pages::remembered)
        && let Ok(choice) = HeaderValue::from_str(&choice)
    {
        headers.append(header::SET_COOKIE, choice);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (axum::http::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_origin_is_the_one_that_was_asked_and_a_strange_host_is_not_repeated() {
        assert_eq!(origin(&headers(&[("host", "faces.example:3000")])), "http://faces.example:3000");
        assert_eq!(origin(&headers(&[("host", "faces.example"), ("x-forwarded-proto", "https")])), "https://faces.example");
        assert_eq!(origin(&headers(&[("host", "a\"><script>")])), "http://localhost");
    }

    #[test]
    fn the_address_of_a_page_is_kept_without_its_language() {
        let uri: Uri = "/dashboard?window=week&lang=es".parse().expect("an address");
        let asked = Asked::of(&uri, &HeaderMap::new());
        assert_eq!(
            (asked.address.as_str(), asked.language, asked.chosen),
            ("/dashboard?window=week", Language::Spanish, Some(Language::Spanish))
        );
    }
}
