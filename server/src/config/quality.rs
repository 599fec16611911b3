//! What is done about faces too poor to be sure of.

use super::{ConfigError, Environment};
use app::api::QualityGate;

/// * `QUALITY_GATE` (default `standard`): in force where a request does not say otherwise (`quality`): `off` tells how good faces
///   are and no more; with `standard` two poor faces are never a MATCH; with `strict` poor faces are not listed, and a poor query
///   face is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QualityConfig {
    pub gate: QualityGate,
}

impl QualityConfig {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let gate = env.read(
            "QUALITY_GATE",
            QualityGate::default().as_str(),
            "faces too poor to be sure of: `off` (told only), `standard` (two of them are never a MATCH) or `strict` (not listed, refused as a query)",
            |text| text.parse().map_err(|why: String| format!("{why} is expected")),
        )?;
        Ok(Self { gate })
    }
}
