//! What `GET /events/{request_id}` sends while a request runs (Server-Sent Events).
//!
//! The SSE `event:` name is [`EventKind::name`], `id:` is [`Event::seq`] (resume with `Last-Event-ID`), `data:` is
//! the JSON of the [`EventKind`].

use super::{Counts, ErrorDetail, MatchReport, StageReport};
use serde::{Deserialize, Serialize};

/// An event with its place in the request's own order, 1, 2, 3...
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Event {
    pub seq: u64,
    pub kind: EventKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CandidateState {
    Done,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[cfg_attr(not(feature = "hydrate"), serde(tag = "type"))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A stage began, moved on or ended. Where `analyse` begins again (`running`, none done), every candidate and match told
    /// before counts no more: other networks have taken over, and theirs follow.
    Stage { stage: StageReport, counts: Counts },
    /// A candidate picture is through, well or ill; `kind` is the failure's diagnostic kind.
    Candidate { pool_image: String, state: CandidateState, faces: usize, kind: Option<String>, counts: Counts },
    /// A face was compared. `rank` is provisional until `done`; a later event for the same `pool_image` and face
    /// replaces this one.
    Match { report: Box<MatchReport> },
    /// The request is completed: read the result from `GET /status/{id}`.
    Done { counts: Counts, seconds: f64 },
    /// The request failed or was erased.
    Error { error: ErrorDetail },
}

impl EventKind {
    /// The SSE event name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stage { .. } => "stage",
            Self::Candidate { .. } => "candidate",
            Self::Match { .. } => "match",
            Self::Done { .. } => "done",
            Self::Error { .. } => "error",
        }
    }

    /// No event follows this one.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Error { .. })
    }
}
