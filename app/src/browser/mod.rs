//! What the page asks of the browser (feature `hydrate`): files, the network, the clipboard, keys, moving cards.
//!
//! Event handlers call these functions alike on both sides; on the server, where no handler ever runs, the module
//! `absent` stands in, so that the components need no conditional code.

mod files;
mod follow;
mod glide;
mod json;
mod keys;
mod net;
mod take;

pub use files::{dropped_address, forget_preview, inspect, keep, move_files, on_paste, take_dropped};
pub use follow::{Following, follow};
pub use glide::places;
pub use keys::{letters, on_keys, open_neighbour, set_letters};
pub use net::{erase, send, share, status, unshare};
pub use take::{copy, download};

use wasm_bindgen::JsValue;

fn window() -> web_sys::Window {
    leptos::prelude::window()
}

/// Marks the document as taken over: controls that need JavaScript appear, and tests know when to begin.
pub fn mark_hydrated() {
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = root.class_list().add_1("hydrated");
    }
}

/// What the server put into the document for the page to show. `None` where there is nothing that can be read.
pub fn page_data() -> Option<crate::PageData> {
    let text = leptos::prelude::document().get_element_by_id(crate::shell::DATA)?.text_content()?;
    json::parse(&text).ok()
}

/// Leaves for another page of this site.
pub fn go(address: &str) {
    let _ = window().location().assign(address);
}

pub fn reload() {
    let _ = window().location().reload();
}

/// The page's own address, for people to copy by hand.
pub fn address() -> String {
    window().location().href().unwrap_or_default()
}

/// Scheme, host and port of this site.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Puts another address of this very page into the address bar; nothing is loaded.
pub fn remember(address: &str) {
    if let Ok(history) = window().history() {
        // A browser may refuse where it is asked too often: the address is behind then, and the page as it should be.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(address));
    }
}
