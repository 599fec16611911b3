//! What a person takes along: text in the clipboard, a file.

use super::window;
use leptos::prelude::{document, set_timeout};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlElement, Url};

/// A download has begun long before this; its memory is let go then.
const BEGUN: Duration = Duration::from_secs(30);

/// False where the browser does not allow it (plain http to another machine).
pub async fn copy(text: String) -> bool {
    let window = window();
    window.is_secure_context() && JsFuture::from(window.navigator().clipboard().write_text(&text)).await.is_ok()
}

/// Saves the text as a file of this name.
pub fn download(name: &str, media_type: &str, text: &str) {
    let kind = BlobPropertyBag::new();
    kind.set_type(media_type);
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let Ok(address) = Blob::new_with_str_sequence_and_options(&parts, &kind).and_then(|blob| Url::create_object_url_with_blob(&blob))
    else {
        return;
    };
    if let Some(link) = document().create_element("a").ok().and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.set_attribute("href", &address);
        let _ = link.set_attribute("download", name);
        link.click();
    }
    set_timeout(move || drop(Url::revoke_object_url(&address)), BEGUN);
}
