//! Syncing a pool: what is new or has changed is fetched, looked at and stored; what has gone goes.
//!
//! One sync at a time for a pool, on whatever machine: a claim in the database, renewed beside whatever the sync does, however long
//! that takes; where it is lost the sync ends. Each picture is stored by itself, so a sync that dies goes on where it was, on the
//! next machine that looks. Searches come first ([`turn`]): while one runs here, a sync begins no more than a picture a second.

use super::turn::{self, Busy};
use super::{Pools, contract_text, networks_text, source};
use crate::analyses::{Key, encode};
use crate::config::PoolPlace;
use crate::fetch::{FetchError, FetchRequest, RetryBudget};
use crate::pipeline::{PipelineContext, Role, StageTimes, analyse, decode};
use crate::store::{NewPicture, PictureRow, PoolStore, StoreError, SyncClaim, SyncEnd};
use futures::{StreamExt, stream};
use models::{Caller, Vision};
use sha2::{Digest, Sha256};
use source::{Listed, Listing};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the claim is renewed, and how far the sync is, told.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How often is looked for a sync that was asked for on another machine.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Of one picture's fetch.
const FETCH_TIME: Duration = Duration::from_secs(120);
const RETRIES: u32 = 2;

/// What came of one picture.
enum Looked {
    /// The file was touched, and is the same.
    Same {
        number: i64,
        etag: String,
    },
    New(Box<NewPicture>),
    /// It may go well the next time.
    NotNow,
    /// The networks fail.
    NetworksFail,
}

/// How far a sync is: pictures to be looked at, those that were, those that could not be.
#[derive(Debug, Default)]
struct Counts {
    to_do: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn now(&self) -> (u64, u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.to_do), of(&self.done), of(&self.failed))
    }
}

/// What all pictures of one sync share.
struct Task {
    ctx: Arc<PipelineContext>,
    vision: Arc<dyn Vision>,
    caller: Caller,
    pool: String,
    place: PoolPlace,
    networks: String,
    contract: String,
    busy: Busy,
    patience: Duration,
}

/// Tells the networks on its drop that nobody waits any more.
struct Leaving(Caller);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Pools {
    /// Until the process stops: syncs what is wanted, one pool after the other.
    pub async fn sync_regularly(
        self: Arc<Self>,
        mut ready: watch::Receiver<Option<Arc<PipelineContext>>>,
        busy: Busy,
        shutdown: CancellationToken,
    ) {
        let ctx = tokio::select! {
            ctx = ready.wait_for(Option::is_some) => ctx.ok().and_then(|ctx| ctx.clone()),
            () = shutdown.cancelled() => return,
        };
        let Some(ctx) = ctx else { return };
        while !shutdown.is_cancelled() {
            match self.sync_next(&ctx, &busy, &shutdown).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "pools could not be synced; tried again"),
            }
            tokio::select! {
                () = self.wanted.notified() => {}
                () = sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// False: nothing was to be done.
    async fn sync_next(&self, ctx: &Arc<PipelineContext>, busy: &Busy, shutdown: &CancellationToken) -> Result<bool, StoreError> {
        // Vectors of networks that only stand in are not worth a pool.
        let vision = match &ctx.visions {
            Some(visions) => visions.now().filter(|chosen| chosen.backup.is_none()).map(|chosen| chosen.vision),
            None => Some(Arc::clone(&ctx.vision)),
        };
        let Some(vision) = vision else { return Ok(false) };
        let Some(claim) = self.store.claim_sync(self.lease).await? else { return Ok(false) };
        let counts = Counts::default();
        let ended = tokio::select! {
            ended = self.sync(ctx, vision, busy, &claim, &counts) => ended,
            () = self.hold(&claim, &counts) => Ok(None),
            () = shutdown.cancelled() => Ok(Some(SyncEnd::LeftOff)),
        };
        let end = match ended {
            Ok(Some(end)) => end,
            Ok(None) => {
                tracing::info!(pool = claim.pool, "a sync ends: the pool is deleted, or another machine has taken over");
                return Ok(true);
            }
            Err(error) => {
                // Whoever comes next need not wait for the lease to end.
                let _ = self.store.end_sync(&claim, &SyncEnd::LeftOff).await;
                return Err(error);
            }
        };
        match &end {
            SyncEnd::Synced { left_out, .. } if left_out.is_empty() => tracing::info!(pool = claim.pool, "pool synced"),
            SyncEnd::Synced { left_out: why, .. } | SyncEnd::Failed(why) => {
                tracing::warn!(pool = claim.pool, why, "a pool could not be synced, or not all of it");
            }
            SyncEnd::LeftOff => {}
        }
        self.store.end_sync(&claim, &end).await?;
        Ok(true)
    }

    /// Renews the claim for as long as it is asked to. Returns when it is lost: the pool is deleted, another machine has taken over,
    /// or may have, since the database could not be asked for so long.
    async fn hold(&self, claim: &SyncClaim, counts: &Counts) {
        let mut ticks = interval(TELL_EVERY.min(claim.lease / 4));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut held = Instant::now();
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            match self.store.sync_goes_on(claim, counts.now()).await {
                Ok(true) => held = asked,
                Ok(false) => return,
                Err(error) => {
                    tracing::debug!(%error, "a sync could not say that it goes on; tried again");
                    if held.elapsed() >= claim.lease {
                        return;
                    }
                }
            }
        }
    }

    /// None: the claim is lost.
    async fn sync(
        &self,
        ctx: &Arc<PipelineContext>,
        vision: Arc<dyn Vision>,
        busy: &Busy,
        claim: &SyncClaim,
        counts: &Counts,
    ) -> Result<Option<SyncEnd>, StoreError> {
        let store: &dyn PoolStore = &*self.store;
        let Some(row) = store.pool(&claim.pool).await? else { return Ok(None) };
        let Some(place) = self.place_of(&row) else {
            return Ok(Some(SyncEnd::Failed("The pool may not be looked at: name its place in POOL_ROOTS, or the pool in POOLS.".into())));
        };
        let listing = match source::list(&claim.pool, &place, &self.s3).await {
            Ok(listing) => listing,
            Err(error) => return Ok(Some(SyncEnd::Failed(format!("The pool could not be listed: {error}.")))),
        };
        let mut known: HashMap<String, PictureRow> =
            store.pictures(&claim.pool).await?.into_iter().map(|row| (row.place.clone(), row)).collect();
        let gone = gone(&listing, known.values());
        if !store.drop_pictures(claim, &gone).await? {
            return Ok(None);
        }
        let left_out = listing.left_out();
        let (networks, contract) = (networks_text(vision.info()), contract_text(&vision.info().contract));
        let is_known = |picture: &Listed| known.get(&picture.place).is_some_and(|row| row.etag == picture.etag && row.networks == networks);
        let to_do: Vec<Listed> = listing.pictures.into_iter().filter(|picture| !is_known(picture)).collect();
        let (all, mut replaced, mut networks_fail) = (to_do.len(), gone.len(), false);
        counts.to_do.store(all as u64, Ordering::Relaxed);
        let lanes = vision.info().lanes.max(1);
        let caller = Caller::new();
        let _leaves_with_the_sync = Leaving(caller.clone());
        let (ctx, busy, pool) = (Arc::clone(ctx), Arc::clone(busy), claim.pool.clone());
        let patience = self.patience;
        let sync = Arc::new(Task { ctx, vision, caller, pool, place, networks, contract, busy, patience });
        let work = to_do.into_iter().map(|picture| {
            let before = known.remove(&picture.place);
            Arc::clone(&sync).look(picture, before)
        });
        let mut looked = stream::iter(work).buffer_unordered(lanes);
        while let Some(one) = looked.next().await {
            counts.done.fetch_add(1, Ordering::Relaxed);
            let there = match one {
                Looked::Same { number, etag } => store.touch_picture(claim, number, &etag).await?,
                Looked::New(picture) => {
                    replaced += 1;
                    store.put_picture(claim, &picture).await?
                }
                Looked::NotNow | Looked::NetworksFail => {
                    networks_fail |= matches!(one, Looked::NetworksFail);
                    counts.failed.fetch_add(1, Ordering::Relaxed);
                    true
                }
            };
            if !there {
                return Ok(None);
            }
        }
        drop(looked);
        if !store.sync_goes_on(claim, counts.now()).await? {
            return Ok(None);
        }
        if replaced > 0 {
            self.forget_traces().await?;
        }
        if networks_fail {
            return Ok(Some(SyncEnd::Failed(format!("The networks failed on some of {all} pictures: sync the pool again."))));
        }
        Ok(Some(SyncEnd::Synced { contract: sync.contract.clone(), left_out }))
    }
}

/// Numbers of pictures that are not there any more.
fn gone<'a>(listing: &Listing, known: impl Iterator<Item = &'a PictureRow>) -> Vec<i64> {
    let there: HashSet<&str> = listing.pictures.iter().map(|picture| picture.place.as_str()).collect();
    known.filter(|row| !there.contains(row.place.as_str()) && listing.would_name(&row.place)).map(|row| row.number).collect()
}

impl Task {
    async fn look(self: Arc<Self>, picture: Listed, before: Option<PictureRow>) -> Looked {
        let request = FetchRequest::new(Uuid::new_v4(), self.ctx.limits.max_bytes, RetryBudget::new(RETRIES), FETCH_TIME);
        let candidate = source::candidate(&self.pool, &self.place, &picture.place);
        let body = match self.ctx.fetcher.fetch(&candidate, &request).await {
            Ok(fetched) => fetched.bytes,
            // It stays so while the file does.
            Err(error @ (FetchError::TooLarge { .. } | FetchError::OutsidePool)) => {
                return self.unusable(picture, String::new(), error.kind());
            }
            Err(error) => {
                tracing::debug!(pool = self.pool, kind = error.kind(), "a picture of a pool could not be had");
                return Looked::NotNow;
            }
        };
        let Some(permit) = turn::take(&self.ctx.compute, &self.busy, self.patience).await else { return Looked::NotNow };
        let sync = Arc::clone(&self);
        let work = move || {
            models::give_way();
            let _permit = permit;
            match body.read() {
                Ok(bytes) => sync.look_at(picture, before, &bytes),
                Err(_) => Looked::NotNow,
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Looked::NotNow)
    }

    /// Blocks.
    fn look_at(&self, picture: Listed, before: Option<PictureRow>, bytes: &[u8]) -> Looked {
        let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if let Some(before) = before.filter(|before| before.sha256 == sha256 && before.networks == self.networks) {
            return Looked::Same { number: before.number, etag: picture.etag };
        }
        let decoded = match decode(bytes, &self.ctx.limits) {
            Ok(decoded) => decoded,
            Err(error) => return self.unusable(picture, sha256, error.code()),
        };
        let analysis = match analyse(&*self.vision, &self.caller, &decoded, Role::Candidate, &StageTimes::default()) {
            Ok(analysis) => analysis,
            Err(error) => {
                tracing::warn!(pool = self.pool, stage = error.stage, kind = error.kind, "the networks failed on a picture of a pool");
                return if error.is_of_the_engine() { Looked::NetworksFail } else { Looked::NotNow };
            }
        };
        let key = Key::of(&sha256, &self.vision.identity(), Role::Candidate);
        // One that was disturbed is not kept: a look failed, or the backup detector took it.
        let Some(stored) = encode(&key, &analysis) else { return Looked::NotNow };
        Looked::New(Box::new(NewPicture {
            place: picture.place,
            etag: picture.etag,
            sha256,
            networks: self.networks.clone(),
            contract: self.contract.clone(),
            key: key.to_string(),
            faces: analysis.faces.len(),
            failure: String::new(),
            analysis: stored,
        }))
    }

    /// Noted, so that it is not fetched again before it changes.
    fn unusable(&self, picture: Listed, sha256: String, why: &str) -> Looked {
        Looked::New(Box::new(NewPicture {
            place: picture.place,
            etag: picture.etag,
            sha256,
            networks: self.networks.clone(),
            contract: self.contract.clone(),
            key: String::new(),
            faces: 0,
            failure: why.to_owned(),
            analysis: Vec::new(),
        }))
    }
}
