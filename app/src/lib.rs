//! The page and the types that browser and server share.
//!
//! * [`api`]: requests, results, events and errors as they travel over HTTP. One definition, two users.
//! * [`places`]: where a picture stands, and [`quality`]: how good a face is, told once, for the page and the command line.
//! * [`words`]: which language a page is in, and its strings.
//! * everything else: Leptos pages and components (features `ssr` on the server, `hydrate` in the browser).
//!   [`server`] is what the page needs from the server that renders it.

#![recursion_limit = "256"]

pub mod api;
#[cfg(feature = "ssr")]
pub mod server;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(not(feature = "hydrate"))]
#[allow(dead_code)]
#[path = "browser/absent.rs"]
mod browser;

mod choice;
mod live;
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

rust_i18n::i18n!("locales", fallback = "en");
// What the macro has read: cargo compiles anew where it changes.
const _: [&str; 2] = [include_str!("../locales/en.json"), include_str!("../locales/es.json")];

pub use shell::{App, shell};
