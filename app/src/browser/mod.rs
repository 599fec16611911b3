//! What the page asks of the browser (feature `hydrate`): files, the network, the clipboard, moving cards.
//!
//! Event handlers call these functions alike on both sides; on the server, where no handler ever runs, the module
//! `absent` stands in, so that the components need no conditional code.

mod files;
mod follow;
mod glide;
mod net;

pub use files::{dropped_address, forget_preview, inspect, keep, move_files, on_paste, take_dropped};
pub use follow::{Following, follow};
pub use glide::places;
pub use net::{erase, health, send, status};

use crate::words::in_language;
use wasm_bindgen_futures::JsFuture;

fn window() -> web_sys::Window {
    leptos::prelude::window()
}

/// Marks the document as taken over: controls that need JavaScript appear, and tests know when to begin.
pub fn mark_hydrated() {
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = root.class_list().add_1("hydrated");
    }
}

/// Leaves for another page of this site.
pub fn go(address: &str) {
    let _ = window().location().assign(address);
}

pub fn reload() {
    let _ = window().location().reload();
}

/// Copies this page's own address: whoever opens it reads it in their own language. False where the browser does not allow it (plain http to another machine).
pub async fn copy_address() -> bool {
    let window = window();
    if !window.is_secure_context() {
        return false;
    }
    match window.location().href() {
        Ok(href) => JsFuture::from(window.navigator().clipboard().write_text(&in_language(&href, None))).await.is_ok(),
        Err(_) => false,
    }
}

/// The page's own address, for people to copy by hand.
pub fn address() -> String {
    window().location().href().unwrap_or_default()
}
