//! The one shape of every error answer.

use serde::{Deserialize, Serialize};

/// A code a program can match and a sentence a person can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ErrorDetail {
    /// Stable, snake_case: `unsupported_media_type`, `consent_required`, ...
    pub code: String,
    pub message: String,
    /// For programs; the page does not read it.
    #[cfg_attr(feature = "hydrate", serde(skip))]
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// The body of every answer with a 4xx or 5xx status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    pub error: ErrorDetail,
    /// The same as the `x-request-id` header.
    pub request_id: String,
}
