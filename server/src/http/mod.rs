//! The HTTP surface: routes, what surrounds every answer, and the pages.
//!
//! A handler turns a request into a call of [`Service`] and an answer; it holds no state of its own. What goes wrong is
//! an [`ApiError`]; the `envelope` around all routes gives every answer its request id, security headers and, where it
//! is an error, the one shape of api.md.

mod alone;
mod artifacts;
mod dashboard;
mod docs;
mod envelope;
mod erase;
mod error;
mod events;
mod evidence;
mod form;
mod friendly;
mod given;
mod health;
mod match_;
mod metrics;
pub mod openapi;
mod pages;
mod photos;
mod pools;
mod pools_page;
mod process_s3;
mod report;
mod room;
mod routes;
mod same_origin;
mod share;
mod site;
mod status;
mod upload;

pub use error::ApiError;
pub use report::sign_result;
pub use room::UploadRoom;
pub use routes::Table;

use crate::service::Service;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, header},
};
use routes::{Routes, delete, get, post};
use std::sync::Arc;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
};

/// Every route.
pub fn router(service: Arc<Service>) -> Router {
    router_and_table(service).0
}

/// Every route, and a table of them.
pub fn router_and_table(service: Arc<Service>) -> (Router, Table) {
    let pkg = site::files(&service.config.http.site_root);
    let metrics = service.metrics.clone();
    let mut table = Table::new();
    let router = Routes::new(&mut table)
        // The upload is counted while it is read, by `upload`.
        .route("/match", post(match_::post).layer(DefaultBodyLimit::disable()))
        // Any other spelling of it comes to the fallback.
        .route(process_s3::PATH, post(process_s3::post).layer(DefaultBodyLimit::disable()))
        .route("/status", get(status::list))
        .route("/status/{request_id}", get(status::one))
        .route("/events/{request_id}", get(events::follow))
        .route("/requests/{request_id}", get(pages::request).delete(erase::delete))
        .route("/requests/{request_id}/erase", post(erase::post))
        .route("/requests/{request_id}/share", post(share::post).delete(share::delete))
        .route("/requests/{request_id}/evidence.zip", get(evidence::get))
        .route("/r/{token}", get(share::get))
        .route("/r/{token}/{*path}", get(share::picture))
        .route("/artifacts/{*key}", get(artifacts::get))
        .route("/pools", get(pools_page::list).post(pools_page::create))
        .route("/pools/{name}", delete(pools::delete))
        .route("/pools/{name}/sync", post(pools_page::sync))
        .route("/pools/{name}/delete", post(pools_page::delete))
        .route("/dashboard", get(dashboard::get))
        .route("/preview.png", get(pages::preview))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::json))
        .route("/docs", get(docs::page))
        .route("/", get(pages::home))
        .nest_service("/pkg", pkg)
        .fallback(process_s3::or_not_found)
        .with_state(service.clone())
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(axum::middleware::from_fn_with_state(service, friendly::friendly))
        // A bundle is compressed already, and tells its length.
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/zip"))))
        .layer(axum::middleware::from_fn_with_state(metrics, envelope::envelope));
    (router, table)
}

/// Does the client ask for a page rather than data? A browser that follows a link or sends a form does; a program, a
/// script in the page and `curl` do not.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let place = |kind: &str| accept.split(',').position(|part| part.split(';').next().is_some_and(|k| k.trim() == kind));
    match (place("text/html"), place("application/json")) {
        (Some(html), Some(json)) => html < json,
        (html, None) => html.is_some(),
        (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn browsers_get_pages_and_programs_get_data() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("*/*", false),
            ("application/json", false),
            ("application/json, text/html;q=0.5", false),
            ("text/html;q=0.9, application/json;q=0.1", true),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter(HeaderValue::from_str(accept).map(|v| (header::ACCEPT, v)));
            assert_eq!(wants_html(&headers), html, "{accept:?}");
        }
    }
}
