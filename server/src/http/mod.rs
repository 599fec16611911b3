//! The HTTP surface: routes, what surrounds every answer, and the pages.
//!
//! A handler turns a request into a call of [`Service`] and an answer; it holds no state of its own. What goes wrong is
//! an [`ApiError`]; the `envelope` around all routes gives every answer its request id, security headers and, where it
//! is an error, the one shape of api.md.

mod artifacts;
mod envelope;
mod erase;
mod error;
mod events;
mod form;
mod given;
mod health;
mod match_;
mod metrics;
mod pages;
mod photos;
mod pools;
mod process_s3;
mod report;
mod room;
mod share;
mod status;
mod upload;

pub use error::ApiError;
pub use report::sign_result;
pub use room::UploadRoom;

use crate::service::Service;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderValue, header},
    routing::{get, post},
};
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir, set_header::SetResponseHeaderLayer};

/// Every route.
pub fn router(service: Arc<Service>) -> Router {
    // The names in `pkg/` carry no hash: a browser keeps them and asks each time whether they have changed.
    let pkg = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .service(ServeDir::new(service.config.http.site_root.join("pkg")).precompressed_br().precompressed_gzip());
    let metrics = service.metrics.clone();
    Router::new()
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
        .route("/r/{token}", get(share::get))
        .route("/r/{token}/{*path}", get(share::picture))
        .route("/artifacts/{*key}", get(artifacts::get))
        .route("/pools", get(pools::list).post(pools::create))
        .route("/pools/{name}", axum::routing::delete(pools::delete))
        .route("/pools/{name}/sync", post(pools::sync))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/", get(pages::home))
        .nest_service("/pkg", pkg)
        .fallback(process_s3::or_not_found)
        .with_state(service)
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn_with_state(metrics, envelope::envelope))
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
