//! Requests: what may be asked, what is answered at once, and how a request stands.

use super::{ErrorDetail, MatchResult, QualityGate};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The options of `POST /match` beside the photos themselves: the field `image`, once for each photo of the person, 8 at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MatchOptions {
    /// Why the search is made, in the asker's words: required, kept with the request.
    pub purpose: String,
    /// The asker says that the search is lawful and consented to: required to be true.
    pub consent: bool,
    /// Words for text providers.
    pub hint: Option<String>,
    /// Names of providers to ask; empty: all that are configured, or, with `pool_uri`, none but that.
    pub providers: Vec<String>,
    /// Addresses of pictures to compare with, beside what providers name: at most 100.
    pub urls: Vec<String>,
    /// A public address of the query picture, for providers that take nothing else.
    pub image_url: Option<String>,
    /// In place of `image`: an earlier request, whose photos are searched with again, usually for another `face`. Consent is asked anew; what
    /// else is left at its default is as it was there. It is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_of: Option<String>,
    /// Where the query picture was read from: `s3://bucket/key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_uri: Option<String>,
    /// Pictures of a bucket to compare with, beside what the named providers name: `s3://bucket/prefix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_uri: Option<String>,
    /// How many matches to keep, 1 to 1000.
    pub top_k: usize,
    /// Leave out matches below this cosine, -1..1. None: keep all.
    pub threshold: Option<f32>,
    /// How many candidate pictures to look at, 1 to 10000.
    pub max_candidates: usize,
    /// Which face of the query picture, where it holds several (0 is the largest). Of several photos it is the first whose face
    /// is meant; in each other one the face most similar to it is taken.
    pub face: Option<usize>,
    /// What is done about faces too poor to be sure of.
    pub quality: QualityGate,
}

impl Default for MatchOptions {
    fn default() -> Self {
        Self {
            purpose: String::new(),
            consent: false,
            hint: None,
            providers: Vec::new(),
            urls: Vec::new(),
            image_url: None,
            photo_of: None,
            query_uri: None,
            pool_uri: None,
            top_k: 50,
            threshold: None,
            max_candidates: 500,
            face: None,
            quality: QualityGate::default(),
        }
    }
}

/// Where a request stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    Queued,
    Running,
    Completed,
    Failed,
    /// Erased on demand or past its retention: nothing but this word is left.
    Expired,
}

impl RequestState {
    /// Nothing more will happen to the request.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Expired)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Addresses of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Links {
    pub status: String,
    pub events: String,
    /// The page for people.
    pub page: String,
}

impl Links {
    pub fn of(request_id: &str) -> Self {
        Self { status: format!("/status/{request_id}"), events: format!("/events/{request_id}"), page: format!("/requests/{request_id}") }
    }
}

/// The 202 answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Accepted {
    pub request_id: String,
    pub status: RequestState,
    pub links: Links,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    Running,
    Done,
    Failed,
}

/// One stage of the pipeline, as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct StageReport {
    /// `validate`, `discover`, `analyse`, `rank`, `artifacts`.
    pub name: String,
    pub state: StageState,
    pub started_at: String,
    /// Seconds; absent while running.
    pub seconds: Option<f64>,
    /// How many items are done, and of how many, where the stage counts items.
    pub done: usize,
    pub total: Option<usize>,
}

/// What was seen so far, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Counts {
    pub candidates: usize,
    pub processed: usize,
    /// Candidates that cost themselves only: unreadable, too large, a failing stage.
    pub failed: usize,
    pub faces: usize,
    pub matches: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct LogLine {
    pub at: String,
    pub message: String,
}

/// The answer of `GET /status/{request_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct StatusReport {
    pub request_id: String,
    pub status: RequestState,
    pub created_at: String,
    pub updated_at: String,
    /// When it will be forgotten.
    pub expires_at: String,
    pub purpose: String,
    pub stages: Vec<StageReport>,
    pub counts: Counts,
    pub error: Option<ErrorDetail>,
    /// Present once completed.
    pub result: Option<MatchResult>,
    /// Only with `?logs=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<LogLine>>,
    pub links: Links,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct RequestSummary {
    pub request_id: String,
    pub status: RequestState,
    pub created_at: String,
    pub updated_at: String,
}

/// The answer of `GET /status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct RequestPage {
    /// By state: `queued`, `running`, `completed`, `failed`, `expired`.
    pub counts: std::collections::BTreeMap<String, u64>,
    pub requests: Vec<RequestSummary>,
    /// Opaque: give it back as `?cursor=` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}
