//! `/pkg`: the files that a page loads, as `cargo xtask site` has left them, each beside its Brotli and gzip copies.
//!
//! A file of the bundle holds a digest of itself in its name: a browser keeps it for good and never asks again. Any other
//! file in the folder is asked for each time.

use app::server::Bundle;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use std::path::Path;
use tower_http::services::ServeDir;

const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The bundle's names out of `bundle.json`, read for each page, so that a bundle built anew is the next page's. Without that file
/// they are those that cargo-leptos gives.
pub async fn bundle(site_root: &Path) -> Bundle {
    let Ok(text) = tokio::fs::read_to_string(site_root.join("bundle.json")).await else { return Bundle::default() };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::error!(%error, "site/bundle.json cannot be read: pages have no style and no script; build the page again (`make site`)");
        Bundle::default()
    })
}

/// The routes below `/pkg`.
pub fn files(site_root: &Path) -> Router {
    Router::new()
        .fallback_service(ServeDir::new(site_root.join("pkg")).precompressed_br().precompressed_gzip())
        .layer(middleware::from_fn(kept))
}

/// How long an answer may be kept, and that it depends on what the client can unpack.
async fn kept(request: Request, next: Next) -> Response {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    let cache = if is_digested(name) { FOR_GOOD } else { ASK_AGAIN };
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status().is_redirection() {
        response.headers_mut().insert(header::CACHE_CONTROL, cache);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// `face-engine.0123456789abcdef.js`, and not `face-engine.js`.
fn is_digested(name: &str) -> bool {
    name.split('.').nth(1).is_some_and(|part| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_with_a_digest_is_kept_for_good() {
        assert!(is_digested("face-engine.0123456789abcdef.wasm"));
        for name in ["face-engine.wasm", "face-engine.min.js", "face-engine", ""] {
            assert!(!is_digested(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_bundle_without_its_list_has_the_plain_names() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("bundle.json");
        assert_eq!(bundle(folder.path()).await, Bundle::default());
        std::fs::write(&list, "{").unwrap();
        assert_eq!(bundle(folder.path()).await, Bundle::default());
        std::fs::write(&list, r#"{ "css": "a.css", "js": "b.js", "wasm": "c.wasm" }"#).unwrap();
        assert_eq!(bundle(folder.path()).await.js, "b.js");
    }
}
