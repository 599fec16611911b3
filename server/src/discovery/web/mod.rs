//! Searches of the web, each one file behind the `Provider` trait.
//!
//! [`Api`] asks: bounded, without redirects, and with failures in the provider's terms. [`value`] reads answers whose shape
//! cannot be relied on. A search by words takes words only; one by picture sends a picture that [`outgoing`] has made fit to
//! leave.

pub mod api;
mod brave;
mod by_words;
mod google_vision;
mod named;
mod openverse;
mod outgoing;
mod rpc;
mod searxng;
mod serpapi;
mod serpapi_lens;
mod serpapi_yandex;
mod tineye;
pub mod value;
mod wikimedia;
mod yandex_cloud;

pub use api::{Api, ApiError};
pub use brave::Brave;
pub use google_vision::GoogleVision;
pub use openverse::Openverse;
pub use searxng::SearXng;
pub use serpapi::SerpApi;
pub use serpapi_lens::SerpApiLens;
pub use serpapi_yandex::SerpApiYandex;
pub use tineye::TinEye;
pub use wikimedia::Wikimedia;
pub use yandex_cloud::YandexCloud;
