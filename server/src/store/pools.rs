//! The rows of pools: what pools there are, who syncs one, and what the networks have made of their pictures.
//!
//! Whoever syncs a pool holds a [`SyncClaim`]. Every write of a sync renews it, and changes nothing where another machine has
//! taken over or the pool is deleted: then it says so. Times are those of the database's clock, which all machines share.
//!
//! A pool that is deleted is seen by nobody from then on; its pictures go in portions ([`PoolStore::delete_some`]), by whichever
//! process is there.

mod deleting;
mod sql;

use super::StoreError;
use crate::clock::Moment;
use async_trait::async_trait;
use std::time::Duration;
use uuid::Uuid;

/// Where a pool was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolOrigin {
    Settings,
    Route,
}

impl PoolOrigin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Route => "route",
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewPool<'a> {
    pub name: &'a str,
    pub place: &'a str,
    pub origin: PoolOrigin,
}

/// A pool as it stands.
#[derive(Debug, Clone)]
pub struct PoolRow {
    pub name: String,
    pub place: String,
    pub origin: PoolOrigin,
    /// Of all pools of this name, past ones as well, this one alone has it.
    pub incarnation: String,
    /// Counts up with every change of its pictures.
    pub version: i64,
    /// Of the vectors that are searched; empty: never synced.
    pub contract: String,
    pub synced_at: Option<Moment>,
    /// A sync was asked for, and has not ended.
    pub wanted: bool,
    /// Somebody is known to sync it now.
    pub is_claimed: bool,
    /// Of the newest sync.
    pub to_do: u64,
    pub done: u64,
    pub failed: u64,
    pub error: String,
    /// Pictures with an analysis, their faces, and pictures without one.
    pub pictures: u64,
    pub faces: u64,
    pub unreadable: u64,
}

/// One sync of one pool.
#[derive(Debug, Clone)]
pub struct SyncClaim {
    pub pool: String,
    pub token: Uuid,
    /// The asking that this sync answers; a later one is answered by the next.
    pub wanted_at: Moment,
    /// Others take over when it was not renewed for so long.
    pub lease: Duration,
}

/// A picture without its analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureRow {
    pub number: i64,
    pub place: String,
    pub etag: String,
    pub sha256: String,
    pub networks: String,
    pub contract: String,
    pub faces: u64,
}

/// A picture that was looked at.
#[derive(Debug, Clone)]
pub struct NewPicture {
    pub place: String,
    pub etag: String,
    pub sha256: String,
    pub networks: String,
    pub contract: String,
    /// Empty where there is no analysis.
    pub key: String,
    pub faces: usize,
    /// Why there is no analysis; else empty.
    pub failure: String,
    pub analysis: Vec<u8>,
}

/// The analysis of one picture, as it was written, and its key.
#[derive(Debug, Clone)]
pub struct StoredAnalysis {
    pub number: i64,
    pub key: String,
    pub bytes: Vec<u8>,
}

/// What became of a new pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolAdded {
    New,
    /// There is one of this name.
    Exists,
    /// One of this name was deleted, and has not gone yet.
    Going,
}

/// What the networks of a process that works would compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedContract {
    /// Of the embedding network.
    pub name: String,
    pub contract: String,
}

/// How a sync ended.
#[derive(Debug, Clone)]
pub enum SyncEnd {
    /// Everything that is listed was looked at, by networks of this contract. `left_out`: a sentence for the operator, where a part
    /// of the pool could not be listed; else empty.
    Synced { contract: String, left_out: String },
    /// A sentence for the operator.
    Failed(String),
    /// To be gone on with, by whoever comes next.
    LeftOff,
}

#[async_trait]
pub trait PoolStore: Send + Sync {
    async fn pools(&self) -> Result<Vec<PoolRow>, StoreError>;

    async fn pool(&self, name: &str) -> Result<Option<PoolRow>, StoreError>;

    /// Where there is one of this name, its place and origin are brought up to date if the settings name it.
    async fn add_pool(&self, new: &NewPool<'_>) -> Result<PoolAdded, StoreError>;

    /// Asks for a sync. False: there is no such pool.
    async fn want_sync(&self, name: &str) -> Result<bool, StoreError>;

    /// At the start of the only process there can be: nobody syncs, and nobody works.
    async fn release_syncs(&self) -> Result<(), StoreError>;

    /// Takes up a sync that is wanted and that nobody has in hand, the one that waits longest first.
    async fn claim_sync(&self, lease: Duration) -> Result<Option<SyncClaim>, StoreError>;

    /// Renews a claim and tells how far it is. False, here and below: the pool is deleted, or another machine has taken over.
    async fn sync_goes_on(&self, claim: &SyncClaim, counts: (u64, u64, u64)) -> Result<bool, StoreError>;

    /// Puts a picture in the place of the one that was there.
    async fn put_picture(&self, claim: &SyncClaim, picture: &NewPicture) -> Result<bool, StoreError>;

    /// The file was touched and is the same.
    async fn touch_picture(&self, claim: &SyncClaim, number: i64, etag: &str) -> Result<bool, StoreError>;

    /// Also where there are none to be dropped the answer says whether the claim holds.
    async fn drop_pictures(&self, claim: &SyncClaim, numbers: &[i64]) -> Result<bool, StoreError>;

    async fn end_sync(&self, claim: &SyncClaim, end: &SyncEnd) -> Result<bool, StoreError>;

    /// All pictures of a pool, without their analyses.
    async fn pictures(&self, pool: &str) -> Result<Vec<PictureRow>, StoreError>;

    /// Those of these pictures that are there and have one.
    async fn analyses(&self, pool: &str, numbers: &[i64]) -> Result<Vec<StoredAnalysis>, StoreError>;

    /// Of any pool.
    async fn analysis_by_key(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// From now on nobody sees the pool, and its sync ends; [`PoolStore::delete_some`] does the rest. False: there is none, nor one
    /// that is going.
    async fn delete_pool(&self, name: &str) -> Result<bool, StoreError>;

    /// One portion of the pictures of a deleted pool goes, and the keys of their analyses are noted; after the last one the pool's
    /// row goes. False: there was nothing to do.
    async fn delete_some(&self) -> Result<bool, StoreError>;

    /// Keys of analyses of deleted pools, by their notes' numbers, those after `after` in order.
    async fn pool_notes(&self, after: i64, limit: u32) -> Result<Vec<(i64, String)>, StoreError>;

    /// Notes that are older are needed by nobody any more, nor is what processes have published that were silent for longer.
    async fn tidy_pools(&self, notes: Duration, silent: Duration) -> Result<(), StoreError>;

    /// Tells the others what the networks of this process would compare with now.
    async fn publish_contract(&self, worker: Uuid, published: &PublishedContract) -> Result<(), StoreError>;

    /// This process works no more.
    async fn withdraw_contract(&self, worker: Uuid) -> Result<(), StoreError>;

    /// Of every process that has told within a time, the one that told last first.
    async fn contracts(&self, within: Duration) -> Result<Vec<PublishedContract>, StoreError>;
}
