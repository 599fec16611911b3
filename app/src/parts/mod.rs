//! The pieces that pages are made of, each in its own file.

mod announce;
mod cancel;
mod card;
mod chrome;
mod gallery;
mod missing;
mod opened;
mod other_ways;
mod photos;
mod pick;
mod place;
mod probe;
mod progress;
mod quality;
mod scale;
mod sources;
mod tools;
mod upload;
mod upload_options;
mod which_face;

pub use announce::Announce;
pub use cancel::Cancelled;
pub use chrome::{Footer, Header, Notice};
pub use gallery::Gallery;
pub use missing::Missing;
pub use probe::{How, Probe};
pub use progress::Progress;
pub use sources::BROUGHT;
pub use tools::{CopyLink, Erase};
pub use upload::Upload;
pub use which_face::WhichFace;
