//! The pieces that pages are made of, each in its own file.

mod announce;
mod cancel;
mod card;
mod chrome;
mod erase;
mod export;
mod filters;
mod gallery;
mod keys;
mod missing;
mod opened;
mod other_ways;
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
mod which_face;
mod whole;

pub use announce::Announce;
pub use cancel::Cancelled;
pub use chrome::{Footer, Header, Notice};
pub use erase::Erase;
pub use export::Export;
pub use gallery::Gallery;
pub use missing::Missing;
pub use probe::{How, Probe};
pub use progress::Progress;
pub use share::Share;
pub use sources::BROUGHT;
pub use titled::titled;
#[cfg(not(feature = "hydrate"))]
pub use titled::{DocumentTitle, escaped};
pub use tools::CopyLink;
pub use upload::Upload;
pub use which_face::WhichFace;
#[cfg(not(feature = "hydrate"))]
pub use {photos::Photos, quality::Quality};
