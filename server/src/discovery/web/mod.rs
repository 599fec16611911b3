//! Searches of the web, each one file behind the `Provider` trait.
//!
//! [`Api`] asks: bounded, without redirects, and with failures in the provider's terms. [`value`] reads answers whose shape
//! cannot be relied on. A search by words takes words only; one by picture sends a picture that [`outgoing`] has made fit to
//! leave.

pub mod api;
mod google_vision;
mod named;
mod outgoing;
mod rpc;
mod serpapi;
mod serpapi_lens;
mod serpapi_yandex;
mod tineye;
pub mod value;
mod yandex_cloud;

pub use api::{Api, ApiError};
pub use google_vision::GoogleVision;
pub use serpapi::SerpApi;
pub use serpapi_lens::SerpApiLens;
pub use serpapi_yandex::SerpApiYandex;
pub use tineye::TinEye;
pub use yandex_cloud::YandexCloud;
