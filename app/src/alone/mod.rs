//! Pages that the server renders alone: nothing of them is in the browser's bundle, and each works without a script. Their words
//! are in `locales/server/`, which the browser does not load either.
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
