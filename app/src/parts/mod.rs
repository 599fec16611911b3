//! The pieces that pages are made of, each in its own file.

mod card;
mod chrome;
mod erase;
mod export;
mod filters;
mod gallery;
mod keys;
mod missing;
mod opened;
mod pair;
mod photos;
mod pick;
mod place;
mod probe;
mod progress;
mod quality;
mod scale;
mod share;
mod sources;
mod titled;
mod tools;
mod upload;
mod upload_options;
mod whole;

pub use chrome::{Footer, Header, Notice};
pub use erase::Erase;
pub use export::Export;
pub use gallery::Gallery;
pub use missing::Missing;
pub use probe::{How, Probe};
pub use progress::Progress;
pub use share::Share;
pub use sources::BROUGHT;
#[cfg(not(feature = "hydrate"))]
pub use titled::DocumentTitle;
pub use titled::titled;
pub use tools::CopyLink;
pub use upload::Upload;
#[cfg(not(feature = "hydrate"))]
pub use {photos::Photos, quality::Quality};
