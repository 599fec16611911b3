//! Pools: collections of the operator's own pictures, looked at once and then searched by the vectors of their faces.
//!
//! A pool is named by the settings (`POOLS`) or by `POST /pools`. A sync ([`sync`]) lists it ([`source`]), looks at what is new or
//! has changed, and stores what the networks made of each picture. From then on a search reads the vectors in memory
//! ([`gallery`]) and names the pictures that come nearest ([`provider`]); what is known of them is not computed again ([`known`]).
//! A pool that was never synced is a plain list of pictures, each of which is looked at.
//!
//! Vectors of two networks are never compared: a pool is pinned to the [`Contract`] of those that made its vectors.

mod gallery;
mod known;
mod place;
mod provider;
mod source;
mod sync;

pub use known::PoolAnalyses;
pub use place::{PlaceError, PoolRoots, parse_uri};

use crate::analyses::{AnalysisCache, Key};
use crate::clock::{Clock, Moment};
use crate::config::{Config, Pool, PoolPlace};
use crate::discovery::{BucketProvider, FolderProvider, Provider, ProviderSource};
use crate::metrics::{CountedProvider, Metrics};
use crate::s3::S3Access;
use crate::store::{NewPool, PoolOrigin, PoolRow, Store, StoreError};
use app::api::{PoolReport, PoolState};
use async_trait::async_trait;
use gallery::Gallery;
use models::{Contract, VisionInfo};
use provider::PoolProvider;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How late a note of another machine may come.
const LATE: Duration = Duration::from_secs(300);
/// How long notes of deleted pools are kept: a machine that was away for longer begins with a cache whose requests have ended, or
/// finds what is left by them.
const NOTES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// SQLite's log is emptied of what was deleted; a reader may hold it open for a moment.
const TRACE_TRIES: u32 = 40;
const TRACE_PAUSE: Duration = Duration::from_millis(25);

/// The pools of this process, and what they need.
pub struct Pools {
    store: Arc<dyn Store>,
    /// Of the settings, those that may be asked.
    settings: Vec<Pool>,
    roots: PoolRoots,
    s3: Arc<S3Access>,
    analyses: Arc<AnalysisCache>,
    clock: Arc<dyn Clock>,
    /// Vectors in memory, by the pool's name. Filled by the first search.
    galleries: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Gallery>>>>,
    erased: Mutex<Erased>,
    /// A sync was asked for here.
    wanted: Notify,
}

/// Notes of deleted pools that this process has acted on.
#[derive(Debug, Default)]
struct Erased(HashSet<(String, Moment)>);

impl Erased {
    fn newest(&self) -> Moment {
        self.0.iter().map(|(_, at)| *at).max().unwrap_or(Moment(0))
    }

    /// True for a new one.
    fn note(&mut self, note: &(String, Moment)) -> bool {
        self.0.insert(note.clone())
    }
}

/// What became of a new pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    New,
    /// There is one of this name.
    Exists,
}

/// Why a pool cannot be compared with: its vectors are of other networks than those that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    pub pool: String,
    /// The contracts, in short.
    pub pinned: String,
    pub running: String,
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
    pub fn new(
        store: Arc<dyn Store>,
        config: &Config,
        s3: Arc<S3Access>,
        analyses: Arc<AnalysisCache>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let discovery = &config.discovery;
        let settings = discovery.pools.iter().filter(|pool| discovery.allows(&pool.name)).cloned().collect();
        let roots = PoolRoots::of(config);
        Arc::new(Self {
            store,
            settings,
            roots,
            s3,
            analyses,
            clock,
            galleries: Mutex::default(),
            erased: Mutex::default(),
            wanted: Notify::new(),
        })
    }

    /// Notes the pools of the settings, and has them synced where that is wanted.
    pub async fn open(&self, sync: bool) -> Result<(), StoreError> {
        if self.store.is_exclusive() {
            self.store.release_syncs().await?;
        }
        let long_ago = self.clock.now().0.saturating_sub(i64::try_from(NOTES_KEPT.as_millis()).unwrap_or(0));
        self.store.forget_pool_erasures(Moment(long_ago)).await?;
        // Also what was deleted while this process was away.
        self.forget_deleted().await?;
        for pool in &self.settings {
            self.note(pool).await?;
            if sync {
                self.want_sync(&pool.name).await?;
            }
        }
        Ok(())
    }

    async fn note(&self, pool: &Pool) -> Result<(), StoreError> {
        let place = pool.place.to_string();
        self.store.add_pool(&NewPool { name: &pool.name, place: &place, origin: PoolOrigin::Settings }, self.clock.now()).await?;
        Ok(())
    }

    fn galleries(&self) -> MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<Gallery>>>> {
        // Whole after every step: a panic of another holder leaves nothing half done.
        self.galleries.lock().unwrap_or_else(PoisonError::into_inner)
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

    pub async fn add(&self, name: &str, place: &PoolPlace) -> Result<Added, StoreError> {
        let place = place.to_string();
        let new = NewPool { name, place: &place, origin: PoolOrigin::Route };
        let added = self.store.add_pool(&new, self.clock.now()).await?;
        Ok(if added { Added::New } else { Added::Exists })
    }

    /// False: there is no such pool.
    pub async fn want_sync(&self, name: &str) -> Result<bool, StoreError> {
        let there = self.store.want_sync(name, self.clock.now()).await?;
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

    /// The pool, its vectors in the database and in memory, and what the cache of analyses holds of its pictures. A pool of the
    /// settings stays as a name, and is not synced before somebody asks for it. False: there is none. Pictures stay where they lie.
    pub async fn delete(&self, name: &str) -> Result<bool, StoreError> {
        if !self.store.delete_pool(name, self.clock.now()).await? {
            return Ok(false);
        }
        self.forget_deleted().await?;
        if let Some(pool) = self.of_settings(name) {
            self.note(pool).await?;
        }
        self.forget_traces().await?;
        tracing::info!(pool = name, "pool deleted");
        Ok(true)
    }

    async fn forget_traces(&self) -> Result<(), StoreError> {
        for _ in 0..TRACE_TRIES {
            if self.store.forget_traces().await? {
                return Ok(());
            }
            tokio::time::sleep(TRACE_PAUSE).await;
        }
        tracing::warn!("the database's log could not be emptied; the next deletion does it");
        Ok(())
    }

    /// Lets go of what this process holds of pools that were deleted, here or elsewhere: vectors in memory, analyses in the cache.
    async fn forget_deleted(&self) -> Result<(), StoreError> {
        let seen = self.erased().newest();
        // Another machine's clock may be behind, and its note may have come late.
        let notes = self.store.pool_erasures(Moment(seen.0.saturating_sub(i64::try_from(LATE.as_millis()).unwrap_or(0)))).await?;
        let new: Vec<Key> = notes.into_iter().filter(|note| self.erased().note(note)).filter_map(|(key, _)| Key::parse(&key)).collect();
        if !new.is_empty() {
            self.analyses.forget_entries(new).await;
        }
        if !self.galleries().is_empty() {
            let rows = self.store.pools().await?;
            // One that was deleted and is named again has begun anew.
            self.galleries().retain(|name, _| rows.iter().any(|row| row.name == *name && !row.contract.is_empty()));
        }
        Ok(())
    }

    fn erased(&self) -> MutexGuard<'_, Erased> {
        self.erased.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pool of those named whose vectors are of other networks than these; it is synced, where nobody has asked for that yet.
    pub async fn outdated(&self, names: &[String], running: &Contract) -> Result<Option<Outdated>, StoreError> {
        let running = contract_text(running);
        for name in names {
            let Some(row) = self.store.pool(name).await? else { continue };
            if !row.contract.is_empty() && row.contract != running {
                self.want_sync_once(&row).await?;
                return Ok(Some(Outdated { pool: row.name, pinned: short(&row.contract), running: short(&running) }));
            }
        }
        Ok(None)
    }

    /// All pools, by name. `running`: of the networks that run here, where they are known.
    pub async fn reports(&self, running: Option<&Contract>) -> Result<Vec<PoolReport>, StoreError> {
        Ok(self.store.pools().await?.iter().map(|row| self.report(row, running)).collect())
    }

    pub async fn one(&self, name: &str, running: Option<&Contract>) -> Result<Option<PoolReport>, StoreError> {
        Ok(self.store.pool(name).await?.map(|row| self.report(&row, running)))
    }

    fn report(&self, row: &PoolRow, running: Option<&Contract>) -> PoolReport {
        let is_synced_now = row.claimed_until.is_some_and(|until| until > self.clock.now());
        let differs = running.is_some_and(|running| contract_text(running) != row.contract);
        let state = match row {
            _ if self.place_of(row).is_none() => PoolState::NotAllowed,
            _ if is_synced_now => PoolState::Syncing,
            _ if row.wanted => PoolState::Queued,
            _ if !row.error.is_empty() => PoolState::Failed,
            _ if row.contract.is_empty() => PoolState::New,
            _ if differs => PoolState::Outdated,
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
    async fn providers(&self) -> Vec<Arc<dyn Provider>> {
        let pools = &self.pools;
        let mut providers: Vec<_> = pools.settings.iter().map(|pool| self.provider(&pool.name, pool.place.clone())).collect();
        match pools.store.pools().await {
            Ok(rows) => {
                let of_route = rows.iter().filter(|row| pools.of_settings(&row.name).is_none());
                providers.extend(of_route.filter_map(|row| Some(self.provider(&row.name, pools.place_of(row)?))));
            }
            Err(error) => tracing::warn!(%error, "the pools could not be read; those of the settings are there"),
        }
        providers
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
