//! Pools: collections of the operator's own pictures, looked at once and then searched by the vectors of their faces.
//!
//! A pool is named by the settings (`POOLS`) or by `POST /pools`. A sync ([`sync`]) lists it ([`source`]), looks at what is new or
//! has changed, and stores what the networks made of each picture. From then on a search reads the vectors in memory
//! ([`gallery`]) and names the pictures that come nearest ([`provider`]); what is known of them is not computed again ([`known`]).
//! A pool that was never synced is a plain list of pictures, each of which is looked at.
//!
//! Vectors of two networks are never compared: a pool is pinned to the [`Contract`] of those that made its vectors.

mod contracts;
mod deleting;
mod gallery;
mod known;
mod place;
mod provider;
mod source;
mod sync;
mod turn;

pub use contracts::{Outdated, Running};
pub use known::{KnownCounts, PoolAnalyses};
pub use place::{PlaceError, PoolOverlaps, PoolRoots, check_places, parse_uri};

use crate::analyses::{AnalysisCache, LayerCounts};
use crate::config::{Config, Pool, PoolPlace};
use crate::discovery::{BucketProvider, FolderProvider, Provider, ProviderError, ProviderSource};
use crate::index::IndexError;
use crate::metrics::{CountedProvider, Metrics};
use crate::s3::S3Access;
use crate::store::{NewPool, PoolAdded, PoolOrigin, PoolRow, Store, StoreError};
use app::api::{PoolReport, PoolState};
use async_trait::async_trait;
use gallery::Gallery;
use models::{Contract, VisionInfo};
use provider::PoolProvider;
use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The pools of this process, and what they need.
pub struct Pools {
    store: Arc<dyn Store>,
    /// Of the settings, those that may be asked.
    settings: Vec<Pool>,
    roots: PoolRoots,
    s3: Arc<S3Access>,
    analyses: Arc<AnalysisCache>,
    /// See [`crate::config::DiscoveryConfig::sync_lease`].
    lease: Duration,
    /// See [`crate::config::DiscoveryConfig::sync_patience`].
    patience: Duration,
    /// Vectors in memory, by the pool's name. Filled by the first search.
    galleries: Mutex<HashMap<String, Loaded>>,
    /// Number of the last note of a deletion that this process has acted on.
    noted: AtomicI64,
    /// Of what searches asked the pools' analyses for.
    counted: Arc<KnownCounts>,
    /// A sync was asked for here.
    wanted: Notify,
}

/// The vectors of one pool. Another pool of the same name has another incarnation, and its own vectors.
struct Loaded {
    incarnation: String,
    gallery: Arc<tokio::sync::Mutex<Gallery>>,
}

/// A contract as it is stored: two texts that differ are two contracts.
pub fn contract_text(contract: &Contract) -> String {
    format!("{}/{}/{}", contract.digest, contract.preprocessing, contract.dimension)
}

/// As a contract is shown: the first digits of the digest are enough.
fn short(contract: &str) -> String {
    match contract.split_once('/') {
        Some((digest, rest)) => format!("{}/{rest}", digest.get(..8).unwrap_or(digest)),
        None => contract.to_owned(),
    }
}

/// Everything that decides what is made of a picture, but for the engine: two machines with two engines share a pool.
fn networks_text(info: &VisionInfo) -> String {
    let backup = info.backup_face_model.as_deref().unwrap_or_default();
    let version = crate::pipeline::ANALYSIS_VERSION;
    format!("{} {} {backup} {} {version}", info.person_model, info.face_model, contract_text(&info.contract))
}

impl Pools {
    pub fn new(store: Arc<dyn Store>, config: &Config, s3: Arc<S3Access>, analyses: Arc<AnalysisCache>) -> Arc<Self> {
        let discovery = &config.discovery;
        let settings = discovery.pools.iter().filter(|pool| discovery.allows(&pool.name)).cloned().collect();
        let roots = PoolRoots::of(config);
        Arc::new(Self {
            store,
            settings,
            roots,
            s3,
            analyses,
            lease: discovery.sync_lease,
            patience: discovery.sync_patience,
            galleries: Mutex::default(),
            noted: AtomicI64::new(0),
            counted: Arc::default(),
            wanted: Notify::new(),
        })
    }

    /// Notes the pools of the settings, and has them synced where that is wanted.
    pub async fn open(&self, sync: bool) -> Result<(), StoreError> {
        if self.store.is_exclusive() {
            self.store.release_syncs().await?;
        }
        self.tidy().await?;
        // Also what was deleted while this process was away.
        self.forget_deleted().await?;
        self.note_settings().await?;
        if sync {
            for pool in &self.settings {
                self.want_sync(&pool.name).await?;
            }
        }
        Ok(())
    }

    /// One that is going is noted when it has gone.
    async fn note_settings(&self) -> Result<(), StoreError> {
        for pool in &self.settings {
            let place = pool.place.to_string();
            self.store.add_pool(&NewPool { name: &pool.name, place: &place, origin: PoolOrigin::Settings }).await?;
        }
        Ok(())
    }

    fn galleries(&self) -> MutexGuard<'_, HashMap<String, Loaded>> {
        // Whole after every step: a panic of another holder leaves nothing half done.
        self.galleries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The vectors of this very pool; empty ones where none are in memory.
    fn gallery(&self, row: &PoolRow, contract: &Arc<Contract>) -> Result<Arc<tokio::sync::Mutex<Gallery>>, IndexError> {
        let mut galleries = self.galleries();
        if let Some(loaded) = galleries.get(&row.name).filter(|loaded| loaded.incarnation == row.incarnation) {
            return Ok(Arc::clone(&loaded.gallery));
        }
        let gallery = Arc::new(tokio::sync::Mutex::new(Gallery::new(Arc::clone(contract))?));
        galleries.insert(row.name.clone(), Loaded { incarnation: row.incarnation.clone(), gallery: Arc::clone(&gallery) });
        Ok(gallery)
    }

    /// What searches found of pictures among what syncs have stored.
    pub fn counts(&self) -> LayerCounts {
        self.counted.counts()
    }

    /// For the runs of this process.
    pub fn analyses(&self) -> PoolAnalyses {
        let (cache, store) = (Arc::clone(&self.analyses), Arc::clone(&self.store));
        PoolAnalyses { cache, store, runtime: tokio::runtime::Handle::current(), counted: Arc::clone(&self.counted) }
    }

    fn of_settings(&self, name: &str) -> Option<&Pool> {
        self.settings.iter().find(|pool| pool.name == name)
    }

    /// Where a pool lies; None where this process may not look there: the settings have changed.
    fn place_of(&self, row: &PoolRow) -> Option<PoolPlace> {
        match self.of_settings(&row.name) {
            Some(pool) => Some(pool.place.clone()),
            None if row.origin == PoolOrigin::Settings => None,
            None => parse_uri(&row.place).ok().and_then(|place| self.roots.allow(&place).ok()),
        }
    }

    /// Where a pool may be put, as it will be stored.
    pub fn allowed(&self, uri: &str) -> Result<PoolPlace, PlaceError> {
        self.roots.allow(&parse_uri(uri)?)
    }

    pub async fn add(&self, name: &str, place: &PoolPlace) -> Result<PoolAdded, StoreError> {
        let place = place.to_string();
        self.store.add_pool(&NewPool { name, place: &place, origin: PoolOrigin::Route }).await
    }

    /// False: there is no such pool.
    pub async fn want_sync(&self, name: &str) -> Result<bool, StoreError> {
        let there = self.store.want_sync(name).await?;
        self.wanted.notify_one();
        Ok(there)
    }

    /// Unless it is wanted already: who is told that a pool is outdated does not start its sync over and over.
    async fn want_sync_once(&self, row: &PoolRow) -> Result<(), StoreError> {
        if !row.wanted {
            self.want_sync(&row.name).await?;
        }
        Ok(())
    }

    /// All pools, by name. `own`: of the networks that run here, where they are known.
    pub async fn reports(&self, own: Option<Running>) -> Result<Vec<PoolReport>, StoreError> {
        let running = self.running(own).await?;
        Ok(self.store.pools().await?.iter().map(|row| self.report(row, &running)).collect())
    }

    pub async fn one(&self, name: &str, own: Option<Running>) -> Result<Option<PoolReport>, StoreError> {
        let running = self.running(own).await?;
        Ok(self.store.pool(name).await?.map(|row| self.report(&row, &running)))
    }

    fn report(&self, row: &PoolRow, running: &[Running]) -> PoolReport {
        let state = match row {
            _ if self.place_of(row).is_none() => PoolState::NotAllowed,
            _ if row.is_claimed => PoolState::Syncing,
            _ if row.wanted => PoolState::Queued,
            _ if !row.error.is_empty() => PoolState::Failed,
            _ if row.contract.is_empty() => PoolState::New,
            _ if contracts::is_outdated(row, running) => PoolState::Outdated,
            _ => PoolState::Synced,
        };
        PoolReport {
            name: row.name.clone(),
            uri: place::shown(row),
            origin: row.origin.as_str().into(),
            state,
            pictures: row.pictures,
            faces: row.faces,
            unreadable: row.unreadable,
            to_do: row.to_do,
            done: row.done,
            failed: row.failed,
            contract: (!row.contract.is_empty()).then(|| short(&row.contract)),
            synced_at: row.synced_at.map(|at| at.rfc3339()),
            error: (!row.error.is_empty()).then(|| row.error.clone()),
        }
    }

    fn provider(self: &Arc<Self>, name: &str, place: PoolPlace) -> Arc<dyn Provider> {
        let plain: Arc<dyn Provider> = match &place {
            PoolPlace::Folder(folder) => Arc::new(FolderProvider::new(name, folder)),
            PoolPlace::Bucket { bucket, prefix } => Arc::new(BucketProvider::new(name, bucket, prefix, self.s3.clone())),
        };
        Arc::new(PoolProvider { name: name.to_owned(), place, plain, pools: Arc::clone(self) })
    }
}

/// Who can be asked now: pools of the settings first, then those of the route.
pub struct AskablePools {
    pools: Arc<Pools>,
    /// Counts what they are asked.
    metrics: Option<Arc<Metrics>>,
}

impl AskablePools {
    pub fn new(pools: Arc<Pools>) -> Self {
        Self { pools, metrics: None }
    }

    pub fn counted(pools: Arc<Pools>, metrics: Arc<Metrics>) -> Self {
        Self { pools, metrics: Some(metrics) }
    }

    /// Those of the settings, then those of the route.
    pub async fn all(&self) -> Result<Vec<Arc<dyn Provider>>, StoreError> {
        let rows = self.pools.store.pools().await?;
        let of_route = rows.iter().filter(|row| self.pools.of_settings(&row.name).is_none());
        let of_route = of_route.filter_map(|row| Some(self.provider(&row.name, self.pools.place_of(row)?)));
        Ok(self.of_settings().into_iter().chain(of_route).collect())
    }

    /// Those of the settings, which are known whatever becomes of the database.
    pub fn of_settings(&self) -> Vec<Arc<dyn Provider>> {
        self.pools.settings.iter().map(|pool| self.provider(&pool.name, pool.place.clone())).collect()
    }

    fn provider(&self, name: &str, place: PoolPlace) -> Arc<dyn Provider> {
        let provider = self.pools.provider(name, place);
        match &self.metrics {
            Some(metrics) => Arc::new(CountedProvider::new(provider, Arc::clone(metrics))),
            None => provider,
        }
    }
}

#[async_trait]
impl ProviderSource for AskablePools {
    async fn providers(&self) -> Result<Vec<Arc<dyn Provider>>, ProviderError> {
        self.all().await.map_err(|error| ProviderError::Store(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_stored_whole_and_shown_short() {
        let contract = Contract { digest: "0123456789abcdef".into(), preprocessing: "rgb/112".into(), dimension: 512 };
        assert_eq!(contract_text(&contract), "0123456789abcdef/rgb/112/512");
        assert_eq!(short(&contract_text(&contract)), "01234567/rgb/112/512");
        assert_eq!(short(""), "");
    }
}
