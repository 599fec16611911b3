//! What travels over HTTP: one definition for the server, the page and the command line.
//!
//! Conventions: times are RFC 3339 in UTC (strings), durations are seconds (`f64`), boxes are `[x1, y1, x2, y2]`
//! in pixels of the upright (EXIF-applied) picture, similarity is the raw cosine in -1..1.
//!
//! On the server (`ssr`) every type also gives its JSON schema, comments included: `/openapi.json` and `/docs` are made of them,
//! so the comments here are read by people who use the interface.

mod error;
mod event;
mod health;
mod limits;
mod pools;
mod quality;
mod request;
mod result;
mod share;

pub use error::{ErrorBody, ErrorDetail};
pub use event::{CandidateState, Event, EventKind};
pub use health::{BackupReport, EngineReport, Health, NetworkReport, ProviderReport, QueueReport};
pub use limits::{MAX_QUERY_PHOTOS, MAX_UPLOAD_BYTES, PICTURE_TYPES};
pub use pools::{NewPool, PoolList, PoolReport, PoolState};
pub use quality::{QualityGate, QualityReason, QualityReport};
pub use request::{
    Accepted, Counts, Links, LogLine, MatchOptions, RequestPage, RequestState, RequestSummary, StageReport, StageState, StatusReport,
};
pub use result::{
    Diagnostic, DownloadedFrom, EvidenceReport, FaceReport, FallbackReport, MatchReport, MatchResult, MatchStatus, ModelNames,
    PersonReport, ProbePhoto, ProbeReport, ProvenanceReport, Thresholds,
};
pub use share::{ShareOptions, ShareReport, SharedResult};
