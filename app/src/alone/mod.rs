//! Pages that the server renders alone: nothing of them is in the browser's bundle, and each works without a script. Their words
//! are in `locales-server/`, which the browser does not load either.
//!
//! A page is a function from what it shows to a [`Page`]; [`document`] puts the frame of every page around it.

mod chart;
mod dashboard;
mod frame;
mod pools;
mod problem;
mod shared;

pub use dashboard::{Bucket, DashboardData, Newest, StageTime, Window, dashboard};
pub use frame::{Around, Page, document, given};
pub use pools::{PoolsData, Typed, pools};
pub use problem::{Trouble, problem};
pub use shared::shared;

/// The words of these pages, in a table of their own.
#[allow(unused)]
pub(crate) mod own_words {
    rust_i18n::i18n!("locales-server", fallback = "en");
    // What the macro has read: cargo compiles anew where it changes.
    const _: [&str; 2] = [include_str!("../../locales-server/en.json"), include_str!("../../locales-server/es.json")];
}
