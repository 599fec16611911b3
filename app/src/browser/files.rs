//! The chosen photos: whichever way they came (chosen, dropped, pasted) they end in the form's own file input, so that
//! there is one way to send them.

use crate::{
    picture::{self, Looked, Picked},
    words::say,
};
use leptos::prelude::{document, on_cleanup, window_event_listener};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, File, FileList, HtmlInputElement, Url};

/// Reads the heads of the chosen files and makes previews of those that can be sent.
pub async fn inspect(input: HtmlInputElement) -> Looked {
    let files: Vec<File> = input.files().map(|list| listed(&list)).unwrap_or_default();
    let mut checked = Vec::with_capacity(files.len());
    for file in &files {
        checked.push(check(file).await);
    }
    let (places, problem) = picture::take(&checked);
    let picked = |place: usize| {
        let file = files.get(place)?;
        // Browsers turn the preview upright by its EXIF mark, as the server does.
        let preview = Url::create_object_url_with_blob(file).unwrap_or_default();
        Some((u32::try_from(place).ok()?, Picked { name: file.name(), size: file.size() as usize, preview }))
    };
    Looked { good: places.into_iter().filter_map(picked).collect(), problem }
}

async fn check(file: &File) -> Result<(), String> {
    let name = file.name();
    let mut head = Vec::new();
    if let Ok(slice) = file.slice_with_i32_and_i32(0, picture::HEAD as i32) {
        match JsFuture::from(slice.array_buffer()).await {
            Ok(buffer) => head = js_sys::Uint8Array::new(&buffer).to_vec(),
            Err(_) => return Err(say!(pick_unreadable, name = name)),
        }
    }
    picture::check(&name, file.size() as usize, &head)
}

fn listed(files: &FileList) -> Vec<File> {
    (0..files.length()).filter_map(|place| files.get(place)).collect()
}

/// Puts these files into the input, in the place of those that are there. False where the browser cannot.
fn put(input: &HtmlInputElement, files: &[File]) -> bool {
    let Ok(list) = DataTransfer::new() else { return false };
    let items = list.items();
    let added = files.iter().all(|file| items.add_with_file(file).is_ok());
    if added {
        input.set_files(list.files().as_ref());
    }
    added
}

/// Leaves the files at these places in the input, and no other.
pub fn keep(input: &HtmlInputElement, places: &[u32]) {
    let Some(files) = input.files() else { return };
    let kept: Vec<File> = places.iter().filter_map(|place| files.get(*place)).collect();
    if kept.is_empty() || !put(input, &kept) {
        input.set_value("");
    }
}

/// Lets go of a preview's memory.
pub fn forget_preview(preview: &str) {
    let _ = Url::revoke_object_url(preview);
}

/// Adds dropped files to those in the input. False: nothing but text or links was dropped.
pub fn take_dropped(event: &DragEvent, input: &HtmlInputElement) -> bool {
    take(event.data_transfer(), input)
}

/// Adds the files of another input to those in this one, and takes them out of there.
pub fn move_files(from: &HtmlInputElement, into: &HtmlInputElement) {
    let files = |input: &HtmlInputElement| input.files().map(|there| listed(&there)).unwrap_or_default();
    if put(into, &[files(into), files(from)].concat()) {
        from.set_value("");
    }
}

/// The address of a picture or a page that was dropped in place of a file.
pub fn dropped_address(event: &DragEvent) -> Option<String> {
    let list = event.data_transfer()?.get_data("text/uri-list").ok()?;
    // RFC 2483: an address a line, comments between them.
    list.lines().find_map(crate::text::web_address)
}

/// Calls `tell` after a picture was pasted anywhere on the page and added to those in the input that `input` names. Pasted
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
    let Some(new) = data.and_then(|data| data.files()).filter(|files| files.length() > 0) else { return false };
    let mut files = input.files().map(|there| listed(&there)).unwrap_or_default();
    files.extend(listed(&new));
    if !put(input, &files) {
        input.set_files(Some(&new));
    }
    true
}
