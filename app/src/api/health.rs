//! `GET /health`: what runs, on what, and whether it is ready.

use super::{ModelNames, Thresholds};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// `ok` or `degraded`.
    pub status: String,
    pub version: String,
    pub engine: EngineReport,
    pub models: ModelNames,
    pub thresholds: Thresholds,
    /// On which pictures the thresholds were chosen, and what they showed.
    #[serde(default)]
    pub calibration: String,
    pub providers: Vec<ProviderReport>,
    /// `ok` or what is wrong.
    pub database: String,
    pub objects: String,
    pub queue: QueueReport,
}

/// The engine in use and why it was chosen: never changed silently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineReport {
    /// `wgpu`, `onnxruntime` or `burn-flex`.
    pub kind: String,
    /// `onnxruntime 1.32.0 (cpu)`, `wgpu: NVIDIA ...`.
    pub name: String,
    /// What was tried before it, and why that was not taken.
    pub skipped: Vec<String>,
    /// Seconds the warm-up took.
    pub warm_up: f64,
}

/// Someone who can be asked for candidate pictures, or could be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReport {
    pub name: String,
    pub configured: bool,
    /// What is missing, or what it searches.
    pub note: String,
    /// What it is sent and cannot work without: `picture`, `picture_url` or `words`. Empty: nothing leaves.
    #[serde(default)]
    pub needs: Vec<String>,
    /// `free`, or `metered`: it counts against a quota or is paid for.
    #[serde(default)]
    pub cost: String,
    /// What the operator has to set to configure it; empty where nothing is missing.
    #[serde(default)]
    pub variables: Vec<String>,
}

impl ProviderReport {
    /// Of one that is sent nothing and costs nothing.
    pub fn new(name: impl Into<String>, configured: bool, note: impl Into<String>) -> Self {
        Self { name: name.into(), configured, note: note.into(), needs: Vec::new(), cost: "free".into(), variables: Vec::new() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueReport {
    pub queued: u64,
    pub running: u64,
    pub capacity: u64,
    pub workers: u64,
}
