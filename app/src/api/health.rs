//! `GET /health`: what runs, on what, and whether it is ready.

use super::{ModelNames, QualityGate, Thresholds};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Health {
    /// `ok` or `degraded`: something is not reachable, or the backup pack does the work.
    pub status: String,
    pub version: String,
    pub engine: EngineReport,
    pub models: ModelNames,
    pub thresholds: Thresholds,
    /// In force where a request does not say otherwise.
    #[serde(default)]
    pub quality_gate: QualityGate,
    /// On which pictures the thresholds were chosen, and what they showed.
    #[serde(default)]
    pub calibration: String,
    pub providers: Vec<ProviderReport>,
    /// `ok` or what is wrong.
    pub database: String,
    pub objects: String,
    pub queue: QueueReport,
    /// The pack that stands in where the networks fail; absent where none is set (`FALLBACK_MODEL`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupReport>,
}

/// The backup pack, and how things stand between it and the primary pack. `engine`, `models` and `thresholds` of
/// [`Health`] are those of the pack in use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct BackupReport {
    /// Its name.
    pub pack: String,
    /// `ready`, `loading`, `not loaded`, or `failed: ` and why.
    pub state: String,
    /// It does the work now.
    pub in_use: bool,
    /// Why it does: `memory`, or the diagnostic kind of what failed (`engine_failed`, `device_lost`, ...).
    pub reason: Option<String>,
    /// The name of the pack that does the work while all is well.
    pub primary: String,
    /// As `state`.
    pub primary_state: String,
    /// Of the primary: `closed` (it is used), `open` (it failed and is left alone), `half_open` (it is being tried).
    pub breaker: String,
    /// Seconds until the primary is tried again; absent unless the breaker is `open`.
    pub next_trial: Option<f64>,
}

/// The engine in use and why it was chosen: never changed silently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct EngineReport {
    /// `wgpu`, `onnxruntime` or `burn-flex`.
    pub kind: String,
    /// `onnxruntime 1.32.0 (cpu)`, `wgpu: NVIDIA ...`.
    pub name: String,
    /// What was tried before it, and why that was not taken.
    pub skipped: Vec<String>,
    /// Seconds the warm-up took.
    pub warm_up: f64,
    /// Each network by itself; empty while they are being loaded.
    #[serde(default)]
    pub networks: Vec<NetworkReport>,
    /// Threads that the engine does not give back. More than none: something is wrong with the engine or the machine.
    #[serde(default)]
    pub stuck: u64,
}

/// One network, warmed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct NetworkReport {
    /// `person`, `face`, `backup_face` (looks when `face` fails) or `embedding`.
    pub role: String,
    /// File stem and the start of its digest.
    pub model: String,
    /// Seconds its warm-up took.
    pub warm_up: f64,
    /// The most pictures, or faces, that one of its calls computes.
    pub max_batch: u64,
}

/// Someone who can be asked for candidate pictures, or could be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct QueueReport {
    pub queued: u64,
    pub running: u64,
    pub capacity: u64,
    pub workers: u64,
}
