//! What a sync has stored stands in for the networks: a picture of a pool is not looked at again by a search.

use crate::analyses::{AnalysisCache, Key, KnownAnalyses, LayerCounts, decode};
use crate::pipeline::Analysis;
use crate::store::PoolStore;
use models::Contract;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;
use uuid::Uuid;

/// The pools' analyses behind the cache of the requests' own. What is found here belongs to its pool, not to the request.
pub struct PoolAnalyses {
    pub cache: Arc<AnalysisCache>,
    pub store: Arc<dyn PoolStore>,
    /// The calls come from threads that may block.
    pub runtime: Handle,
    pub counted: Arc<KnownCounts>,
}

/// What was known of those that the cache did not know, and what was not.
#[derive(Debug, Default)]
pub struct KnownCounts {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl KnownCounts {
    pub fn counts(&self) -> LayerCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LayerCounts { hits: of(&self.hits), misses: of(&self.misses), ..LayerCounts::default() }
    }
}

impl KnownAnalyses for PoolAnalyses {
    fn get(&self, key: &Key, contract: &Arc<Contract>, request: Uuid) -> Option<Analysis> {
        if let Some(known) = self.cache.get(key, contract, request) {
            return Some(known);
        }
        let found = match self.runtime.block_on(self.store.analysis_by_key(&key.to_string())) {
            Ok(bytes) => bytes.and_then(|bytes| decode(&bytes, key, contract)),
            Err(error) => {
                tracing::warn!(%error, "what is known of a pool's picture could not be read; it is looked at again");
                None
            }
        };
        let counter = if found.is_some() { &self.counted.hits } else { &self.counted.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn put(&self, key: &Key, analysis: &Analysis, request: Uuid) {
        self.cache.put(key, analysis, request);
    }
}
