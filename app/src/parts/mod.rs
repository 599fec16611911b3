//! The pieces that pages are made of, each in its own file.

mod card;
mod chrome;
mod gallery;
mod missing;
mod opened;
mod photos;
mod pick;
mod place;
mod probe;
mod progress;
mod quality;
mod scale;
mod sources;
mod titled;
mod tools;
mod upload;
mod upload_options;

pub use chrome::{Footer, Header, Notice};
pub use gallery::Gallery;
pub use missing::Missing;
pub use probe::{How, Probe};
pub use progress::Progress;
pub use sources::BROUGHT;
#[cfg(not(feature = "hydrate"))]
pub use titled::DocumentTitle;
pub use titled::titled;
pub use tools::{CopyLink, Erase};
pub use upload::Upload;
