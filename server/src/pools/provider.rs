//! A pool as a provider: it names the pictures whose faces come nearest to the probe. A pool that was never synced names every
//! picture, as a plain folder or bucket does; one whose vectors are of other networks names none and says so.

use super::gallery::{Gallery, GalleryError};
use super::{Pools, contract_text, source};
use crate::config::PoolPlace;
use crate::discovery::{Candidate, Found, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use models::Embedding;
use std::sync::Arc;

pub struct PoolProvider {
    pub name: String,
    pub place: PoolPlace,
    /// The same pictures as a list.
    pub plain: Arc<dyn Provider>,
    pub pools: Arc<Pools>,
}

impl From<GalleryError> for ProviderError {
    fn from(error: GalleryError) -> Self {
        match error {
            GalleryError::Store(error) => Self::Store(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl PoolProvider {
    async fn nearest(&self, probe: &Arc<Embedding>, limit: usize) -> Result<Option<Vec<Candidate>>, ProviderError> {
        let store = &*self.pools.store;
        let row = store.pool(&self.name).await.map_err(GalleryError::from)?;
        let Some(row) = row.filter(|row| !row.contract.is_empty()) else { return Ok(None) };
        let contract = probe.contract();
        if row.contract != contract_text(contract) {
            // The sync looks by itself whether the networks that run have changed, or others only stand in for them.
            if let Err(error) = self.pools.want_sync_once(&row).await {
                tracing::warn!(%error, "a sync could not be asked for");
            }
            return Err(ProviderError::ContractMismatch);
        }
        let gallery = self.pools.gallery(&row, contract).map_err(GalleryError::from)?;
        let mut gallery = gallery.lock_owned().await;
        if !gallery.is_of(contract) {
            *gallery = Gallery::new(contract.clone()).map_err(GalleryError::from)?;
        }
        gallery.refresh(store, &self.name, row.version).await?;
        let near = Gallery::nearest(gallery, store, &self.name, probe, limit).await?;
        let candidate = |(rank, near): (usize, super::gallery::Near)| Candidate {
            provider_rank: rank,
            provider_score: Some(near.cosine),
            ..source::candidate(&self.name, &self.place, &near.place)
        };
        Ok(Some(near.into_iter().enumerate().map(candidate).collect()))
    }
}

#[async_trait]
impl Provider for PoolProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn report(&self) -> ProviderReport {
        self.plain.report()
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        if let Some(embedding) = &probe.embedding
            && let Some(candidates) = self.nearest(embedding, limit).await?
        {
            return Ok(candidates.into());
        }
        self.plain.discover(probe, limit).await
    }
}
