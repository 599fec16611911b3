//! The browser's entry: takes over the page that the server rendered.

/// Called once by the page when the wasm module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::take_over();
}
