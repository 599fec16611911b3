//! What a page shows: read by the server before it renders, and carried in the document as JSON, so that the browser takes
//! over the very same page without asking again.

use crate::api::{ErrorDetail, Health, RequestState, StatusReport};
use crate::text;
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

/// A page with all that it shows. The browser reads the tag in its own way: `browser/json.rs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(feature = "hydrate"), serde(tag = "type"))]
#[serde(rename_all = "snake_case")]
pub enum PageData {
    Home(Box<HomeData>),
    Request(Box<RequestData>),
    /// A request that is not there, is no more, or cannot be read now.
    Unreadable {
        error: ErrorDetail,
    },
    NotFound,
}

impl PageData {
    /// The HTTP status of the page.
    pub fn status(&self) -> u16 {
        match self {
            Self::Home(_) => 200,
            Self::Request(data) if data.report.status == RequestState::Expired => 410,
            Self::Request(_) => 200,
            Self::Unreadable { error } => text::page_status(error),
            Self::NotFound => 404,
        }
    }

    /// Search engines have no business with it.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Request(_) | Self::Unreadable { .. })
    }
}

#[cfg(all(test, not(feature = "hydrate")))]
mod tests {
    use super::*;

    fn error(code: &str) -> PageData {
        let error = ErrorDetail { code: code.into(), message: String::new(), details: serde_json::Value::Null };
        PageData::Unreadable { error }
    }

    #[test]
    fn the_data_decide_the_status_of_the_page() {
        assert_eq!(PageData::NotFound.status(), 404);
        assert_eq!([error("gone").status(), error("not_found").status(), error("internal").status()], [410, 404, 503]);
    }

    #[test]
    fn a_page_names_itself_beside_its_data() {
        assert_eq!(serde_json::to_value(PageData::NotFound).unwrap(), serde_json::json!({ "type": "not_found" }));
        let told = serde_json::to_value(error("gone")).unwrap();
        assert_eq!((&told["type"], &told["error"]["code"]), (&"unreadable".into(), &"gone".into()));
    }

    #[test]
    fn pages_about_a_search_are_kept_from_search_engines() {
        assert!(error("gone").is_private() && !PageData::NotFound.is_private());
    }
}
