//! The chosen picture: whichever way it came (chosen, dropped, pasted) it ends in the form's own file input, so that
//! there is one way to send it.

use crate::picture::{self, Picked};
use leptos::prelude::{document, on_cleanup, window_event_listener};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, HtmlInputElement, Url};

/// Reads the head of the chosen file and makes a preview of it. `None`: nothing is chosen.
pub async fn inspect(input: HtmlInputElement) -> Option<Result<Picked, String>> {
    let file = input.files()?.get(0)?;
    let (name, size) = (file.name(), file.size() as usize);
    let mut head = Vec::new();
    if let Ok(slice) = file.slice_with_i32_and_i32(0, picture::HEAD as i32) {
        match JsFuture::from(slice.array_buffer()).await {
            Ok(buffer) => head = js_sys::Uint8Array::new(&buffer).to_vec(),
            Err(_) => return Some(Err(format!("{name} could not be read: choose it again."))),
        }
    }
    if let Err(sentence) = picture::check(&name, size, &head) {
        return Some(Err(sentence));
    }
    // Browsers turn the preview upright by its EXIF mark, as the server does.
    let preview = Url::create_object_url_with_blob(&file).unwrap_or_default();
    Some(Ok(Picked { name, size, preview }))
}

/// Lets go of a preview's memory.
pub fn forget_preview(preview: &str) {
    let _ = Url::revoke_object_url(preview);
}

pub fn clear(input: &HtmlInputElement) {
    input.set_value("");
}

/// Moves dropped files into the input. False: nothing but text or links was dropped.
pub fn take_dropped(event: &DragEvent, input: &HtmlInputElement) -> bool {
    take(event.data_transfer(), input)
}

/// Calls `tell` after a picture was pasted anywhere on the page and moved into the input that `input` names. Pasted
/// text goes where it was meant to go.
pub fn on_paste(input: impl Fn() -> Option<HtmlInputElement> + 'static, tell: impl Fn() + 'static) {
    let handle = window_event_listener(leptos::ev::paste, move |event: ClipboardEvent| {
        if let Some(input) = input()
            && take(event.clipboard_data(), &input)
        {
            event.prevent_default();
            tell();
        }
    });
    on_cleanup(move || handle.remove());
    // A file dropped beside the box must not replace the page.
    for event in ["dragover", "drop"] {
        let keep = wasm_bindgen::closure::Closure::<dyn Fn(DragEvent)>::new(|event: DragEvent| event.prevent_default());
        let _ = document().add_event_listener_with_callback(event, keep.as_ref().unchecked_ref());
        keep.forget();
    }
}

fn take(data: Option<DataTransfer>, input: &HtmlInputElement) -> bool {
    let Some(files) = data.and_then(|data| data.files()).filter(|files| files.length() > 0) else { return false };
    input.set_files(Some(&files));
    true
}
