//! The page and the types that browser and server share.
//!
//! * [`api`]: requests, results, events and errors as they travel over HTTP. One definition, two users.
//! * [`places`]: where a picture stands, and [`quality`]: how good a face is, told once, for the page and the command line.
//! * [`words`]: which language a page is in, and its strings.
//! * everything else: Leptos pages and components (features `ssr` on the server, `hydrate` in the browser).
//!   `server` is what the page needs from the server that renders it; pages of `alone` are never in the browser's bundle.

#![recursion_limit = "256"]

// Server and browser must agree on what marks the parts of a page.
#[cfg(not(erase_components))]
compile_error!("compile with `--cfg erase_components`, as .cargo/config.toml does: RUSTFLAGS of your own must repeat it");

#[cfg(not(feature = "hydrate"))]
pub mod alone;
pub mod api;
#[cfg(not(feature = "hydrate"))]
pub mod server;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(not(feature = "hydrate"))]
#[allow(dead_code)]
#[path = "browser/absent.rs"]
mod browser;

mod choice;
mod live;
mod number;
mod pages;
mod parts;
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
mod picture;
pub mod places;
pub mod quality;
mod read;
mod shell;
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
mod table;
mod text;
pub mod words;

pub use read::{HomeData, PageData, RequestData};
pub use shell::App;
#[cfg(not(feature = "hydrate"))]
pub use shell::shell;

/// Takes over the page that the server rendered. Where its data cannot be read it stays as it is: it works without.
#[cfg(feature = "hydrate")]
pub fn take_over() {
    if let Some(data) = browser::page_data() {
        leptos::mount::hydrate_body(move || App(shell::AppProps { data }));
    }
}
