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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReport {
    pub name: String,
    pub configured: bool,
    /// What is missing, or what it searches.
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueReport {
    pub queued: u64,
    pub running: u64,
    pub capacity: u64,
    pub workers: u64,
}
