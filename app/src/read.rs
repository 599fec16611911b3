//! What a page shows: read by the server before it renders, and carried in the document as JSON, so that the browser takes
//! over the very same page without asking again.

use crate::api::{ErrorDetail, Health, StatusReport};
use serde::{Deserialize, Serialize};

/// What the home page shows beside the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HomeData {
    pub health: Health,
    /// Why the form just sent was refused (sent without JavaScript).
    pub problem: Option<ErrorDetail>,
    /// Which face of the photo is meant, where the address says it (`?face=1`).
    pub face: Option<usize>,
}

/// What the page of one request shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestData {
    pub report: StatusReport,
    pub health: Health,
}

/// A page with all that it shows. The browser reads the tag in its own way: `browser/json.rs`. What cannot be shown is no page of this
/// kind: see `alone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(feature = "hydrate"), serde(tag = "type"))]
#[serde(rename_all = "snake_case")]
pub enum PageData {
    Home(Box<HomeData>),
    Request(Box<RequestData>),
}

impl PageData {
    /// Search engines have no business with it.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Request(_))
    }
}
