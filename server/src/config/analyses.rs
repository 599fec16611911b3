//! How much of what the networks made of files is kept.

use super::{ConfigError, Environment};
use std::path::{Path, PathBuf};

/// * `ANALYSIS_CACHE_BYTES` (default 1 GiB): what the networks made of files, kept in `<DATA_DIR>/analyses` for as long as a
///   request that used it; 0 keeps none on disk. Beside it stand 32 bytes for each picture of each request.
/// * `ANALYSIS_CACHE_MEMORY_BYTES` (default 64 MiB): the same in memory; 0 keeps none there. With both 0 nothing is kept.
#[derive(Debug, Clone)]
pub struct AnalysesConfig {
    pub folder: PathBuf,
    pub disk_bytes: u64,
    pub memory_bytes: u64,
}

impl AnalysesConfig {
    pub fn from_environment(env: &Environment, data_dir: &Path) -> Result<Self, ConfigError> {
        Ok(Self {
            folder: data_dir.join("analyses"),
            disk_bytes: env.number(
                "ANALYSIS_CACHE_BYTES",
                1 << 30,
                0..=1 << 44,
                "what the networks made of files, kept on disk as long as a request that used it, in bytes; 0 keeps none there",
            )?,
            memory_bytes: env.number(
                "ANALYSIS_CACHE_MEMORY_BYTES",
                64 << 20,
                0..=1 << 40,
                "the same in memory, in bytes; 0 keeps none there",
            )?,
        })
    }
}
