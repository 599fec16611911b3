//! `GET /docs`: the document of `/openapi.json` as a page. It has no script at all, so it may load nothing but its style.
//!
//! The text is the same for everybody but for this server's own address in its examples; the frame is in the reader's language.

mod body;
mod html;
mod schema;

use super::{
    openapi::{SERVER, address, tagged},
    pages, site,
};
use crate::service::Service;
use app::{
    alone::{Around, Page, document, given},
    words::{Language, in_language},
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    response::Response,
};
use std::sync::{Arc, LazyLock};

/// Its style, and the picture in the browser's tab.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

static BODY: LazyLock<String> = LazyLock::new(body::body);

pub async fn page(State(service): State<Arc<Service>>, request: Request) -> Response {
    let bundle = site::bundle(&service.config.http.site_root).await;
    let (language, asked) = (pages::language(request.uri(), request.headers()), Language::asked(request.uri().query()));
    let here = in_language(request.uri().path_and_query().map_or("/docs", |here| here.as_str()), None);
    let body = BODY.replace(SERVER, &address(request.headers(), request.uri(), &service.config.http));
    // Without a preview and a script, the origin and the nonce stand nowhere.
    let around = Around { style: format!("/pkg/{}", bundle.css), language, address: here, origin: String::new(), nonce: String::new() };
    let page = document(around, || Page { written_in: Some("en"), ..given("HTTP interface".to_owned(), body) });
    let mut response = tagged(request.headers(), "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.append(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    // Who has asked for a language by an address reads on in it.
    if let Some(choice) = asked.map(pages::remembered)
        && let Ok(choice) = HeaderValue::from_str(&choice)
    {
        headers.append(header::SET_COOKIE, choice);
    }
    response
}
