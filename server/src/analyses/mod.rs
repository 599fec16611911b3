//! What the networks made of a file before, so that no network looks at the same file twice.
//!
//! An [`Analysis`] is asked for by the SHA-256 of the file and by all that decides the outcome ([`Key`]): who asks holds the
//! file already. There is no search among what is kept, by vector or otherwise. The pipeline sees [`KnownAnalyses`] alone;
//! [`AnalysisCache`] keeps them in memory, and behind that on disk.
//!
//! Embeddings are biometric data. What is kept belongs to the requests that used it ([`ledger`]), and goes from memory and disk
//! with the last of them: [`AnalysisCache::forget`]. That a request is an owner is written down before there is an entry to
//! own, so whatever a crash leaves is found by the next start or by the sweep. Each node has a folder of its own, and is told
//! of erasures, or finds them by its sweep.

mod cache;
mod folder;
mod format;
mod key;
mod ledger;
#[cfg(test)]
mod tests;

pub use cache::{AnalysisCache, CacheCounts, LayerCounts};
pub(crate) use format::{decode, encode};
pub use key::Key;

use crate::pipeline::Analysis;
use models::Contract;
use std::sync::Arc;
use uuid::Uuid;

/// Analyses of before, as the pipeline sees them. Calls may read and write a file; none of them ever fails.
pub trait KnownAnalyses: Send + Sync {
    /// What is known, with embeddings of `contract`. From then on it belongs to the request as well.
    fn get(&self, key: &Key, contract: &Arc<Contract>, request: Uuid) -> Option<Analysis>;

    /// Keeps it for as long as the request is known.
    fn put(&self, key: &Key, analysis: &Analysis, request: Uuid);
}

/// Knows nothing and keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingKnown;

impl KnownAnalyses for NothingKnown {
    fn get(&self, _: &Key, _: &Arc<Contract>, _: Uuid) -> Option<Analysis> {
        None
    }

    fn put(&self, _: &Key, _: &Analysis, _: Uuid) {}
}
