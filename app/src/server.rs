//! What the page needs from the server that renders it (feature `ssr`): its data, and the addresses of the bundle.
//!
//! The page knows neither the store nor axum. The server reads what a page shows ([`PageData`](crate::PageData)), and calls
//! [`document`] where Leptos renders.

use crate::PageData;
use serde::Deserialize;

/// Names of the bundle's files, below `/pkg/`: what `cargo xtask site` leaves in `site/bundle.json`. Each holds a digest of its
/// file, so that a browser may keep the file for good.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bundle {
    pub css: String,
    pub js: String,
    pub wasm: String,
}

/// The names that cargo-leptos gives, without digests.
impl Default for Bundle {
    fn default() -> Self {
        let named = |kind: &str| format!("face-engine.{kind}");
        Self { css: named("css"), js: named("js"), wasm: named("wasm") }
    }
}

/// The whole document with its type erased: whoever serves it need not compile every page again.
pub fn document(data: PageData, bundle: &Bundle) -> leptos::prelude::AnyView {
    leptos::prelude::IntoAny::into_any(crate::shell(data, bundle))
}
