//! What a reader of a shared link sees, and what its maker is told.

use super::{FallbackReport, ModelNames, ProbeReport, Thresholds};
use serde::{Deserialize, Serialize};

/// The body of `POST /requests/{id}/share`; may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShareOptions {
    /// Seconds until the link ends, 60 to a year; a week where it is not set. It never outlives the request.
    #[serde(default)]
    pub expires_in: Option<f64>,
}

/// A share link. Its token is told this once and stored nowhere: what is stored is its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ShareReport {
    pub token: String,
    /// For people, `/r/<token>`.
    pub url: String,
    /// For programs, `/r/<token>.json`.
    pub data: String,
    pub created_at: String,
    pub expires_at: String,
}

/// A result as a reader of the link gets it: nothing leads from it to the request, which whoever knows its id may erase.
/// Pictures stand below `/r/<token>/`. The address of a picture of a pool is `pool:` and the pool's name, whichever bucket or folder it
/// lies in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct SharedResult {
    /// When the search was made, and when the link ends.
    pub created_at: String,
    pub expires_at: String,
    pub engine: String,
    pub models: ModelNames,
    pub thresholds: Thresholds,
    pub calibration: String,
    pub fallback: bool,
    pub fallbacks: Vec<FallbackReport>,
    pub result: Vec<ProbeReport>,
}
