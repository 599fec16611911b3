//! What a sync has stored stands in for the networks: a picture of a pool is not looked at again by a search.

use crate::analyses::{AnalysisCache, Key, KnownAnalyses, decode};
use crate::pipeline::Analysis;
use crate::store::PoolStore;
use models::Contract;
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;

/// The pools' analyses behind the cache of the requests' own. What is found here belongs to its pool, not to the request.
pub struct PoolAnalyses {
    pub cache: Arc<AnalysisCache>,
    pub store: Arc<dyn PoolStore>,
    /// The calls come from threads that may block.
    pub runtime: Handle,
}

impl KnownAnalyses for PoolAnalyses {
    fn get(&self, key: &Key, contract: &Arc<Contract>, request: Uuid) -> Option<Analysis> {
        if let Some(known) = self.cache.get(key, contract, request) {
            return Some(known);
        }
        match self.runtime.block_on(self.store.analysis_by_key(&key.to_string())) {
            Ok(bytes) => decode(&bytes?, key, contract),
            Err(error) => {
                tracing::warn!(%error, "what is known of a pool's picture could not be read; it is looked at again");
                None
            }
        }
    }

    fn put(&self, key: &Key, analysis: &Analysis, request: Uuid) {
        self.cache.put(key, analysis, request);
    }
}
