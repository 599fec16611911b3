//! Downloads kept for a few minutes, in memory: by address, revalidated as HTTP says, and by content, so that the same
//! bytes are stored once however many addresses lead to them.
//!
//! What is kept belongs to the requests that used it. [`DownloadCache::forget`] takes a request out of everything; what
//! no other request uses is gone with it. Nothing lives longer than [`LIFE`], used or not, and nothing of it is ever on
//! disk.

use super::body::WhenRead;
use super::freshness::{Freshness, Validators};
use super::ticks::SharedTicks;
use bytes::Bytes;
use moka::{future::Cache, notification::RemovalCause};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// With a sweep each [`SWEEP_EVERY`], nothing is older than 15 minutes.
pub const LIFE: Duration = Duration::from_secs(14 * 60);
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// What an address costs beside its text.
const ADDRESS_BYTES: usize = 256;
/// Room for addresses, beside a sixteenth of that for pictures.
const ADDRESS_ROOM: u64 = 64 << 10;

type Sha = [u8; 32];

/// The bytes of one picture.
struct Picture {
    bytes: Bytes,
    since: Instant,
    users: Mutex<HashSet<Uuid>>,
}

/// What one address gave.
struct Known {
    sha: Sha,
    validators: Validators,
    fresh_until: Instant,
    since: Instant,
    users: Mutex<HashSet<Uuid>>,
}

/// What is known of an address.
#[derive(Debug, Clone)]
pub enum Found {
    /// May be used as it is.
    Fresh(Bytes),
    /// May be used if the host says that it has not changed.
    Stale(Bytes, Validators),
}

/// What happened since the start, and what is held now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DownloadCounts {
    /// Addresses whose picture could be used as it was.
    pub hits: u64,
    /// Addresses that a host was asked about, if only whether its picture had changed.
    pub misses: u64,
    /// Pictures given up for want of room.
    pub evictions: u64,
    /// Pictures that are kept, and their bytes.
    pub entries: u64,
    pub bytes: u64,
}

/// The cache; without room it keeps nothing.
pub struct DownloadCache {
    room: u64,
    ticks: SharedTicks,
    addresses: Cache<String, Arc<Known>>,
    pictures: Cache<Sha, Arc<Picture>>,
    /// Requests that were forgotten, for as long as something late may still come from them.
    forgotten: Mutex<HashMap<Uuid, Instant>>,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: Arc<AtomicU64>,
}

impl DownloadCache {
    /// At most `room` bytes of pictures; 0 keeps nothing.
    pub fn new(room: u64, ticks: SharedTicks) -> Arc<Self> {
        fn weight(bytes: usize) -> u32 {
            u32::try_from(bytes).unwrap_or(u32::MAX)
        }
        let evictions = Arc::new(AtomicU64::new(0));
        let counter = evictions.clone();
        let evicted = move |_, _, cause| {
            if cause == RemovalCause::Size {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        let pictures = Cache::<Sha, Arc<Picture>>::builder().max_capacity(room).weigher(|_, picture| weight(picture.bytes.len()));
        let addresses = Cache::<String, Arc<Known>>::builder()
            .max_capacity(room / 16 + ADDRESS_ROOM)
            .weigher(|url, _| weight(url.len() + ADDRESS_BYTES));
        Arc::new(Self {
            room,
            ticks,
            addresses: addresses.time_to_live(LIFE).build(),
            pictures: pictures.time_to_live(LIFE).eviction_listener(evicted).build(),
            forgotten: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions,
        })
    }

    /// What this address gave before, to this request or another.
    pub async fn find(&self, url: &str, request: Uuid) -> Option<Found> {
        if self.room == 0 || self.is_forgotten(request) {
            return None;
        }
        let found = self.look_up(url, request).await;
        let counter = if matches!(found, Some(Found::Fresh(_))) { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    async fn look_up(&self, url: &str, request: Uuid) -> Option<Found> {
        let now = self.ticks.now();
        let known = self.addresses.get(url).await.filter(|known| now < known.since + LIFE)?;
        let picture = self.pictures.get(&known.sha).await.filter(|picture| now < picture.since + LIFE)?;
        if now >= known.fresh_until {
            // It becomes this request's when the host has confirmed it.
            return Some(Found::Stale(picture.bytes.clone(), known.validators.clone()));
        }
        users(&known.users).insert(request);
        users(&picture.users).insert(request);
        Some(Found::Fresh(picture.bytes.clone()))
    }

    /// The host says that what is known of this address has not changed.
    pub async fn confirm(&self, url: &str, freshness: Freshness, request: Uuid) {
        let Some(known) = self.addresses.get(url).await else { return };
        if freshness.forbids_keeping() {
            return self.addresses.invalidate(url).await;
        }
        let Some(picture) = self.pictures.get(&known.sha).await else { return };
        if self.is_forgotten(request) {
            return;
        }
        users(&picture.users).insert(request);
        let mut all = users(&known.users).clone();
        all.insert(request);
        let confirmed = Known {
            sha: known.sha,
            validators: freshness.validators.or(&known.validators),
            fresh_until: self.ticks.now() + freshness.fresh_for,
            since: known.since,
            users: Mutex::new(all),
        };
        self.addresses.insert(url.to_owned(), Arc::new(confirmed)).await;
    }

    /// Keeps a download as soon as somebody has read it; None where it may not or need not be kept.
    pub fn keeper(self: &Arc<Self>, url: &str, freshness: Freshness, request: Uuid) -> Option<WhenRead> {
        if self.room == 0 || !freshness.is_worth_keeping() {
            return None;
        }
        let (cache, url, runtime) = (self.clone(), url.to_owned(), Handle::try_current().ok()?);
        Some(Box::new(move |bytes: &Bytes| {
            let (bytes, sha): (Bytes, Sha) = (bytes.clone(), Sha256::digest(bytes).into());
            runtime.spawn(async move { cache.keep(url, bytes, sha, freshness, request).await });
        }))
    }

    async fn keep(&self, url: String, bytes: Bytes, sha: Sha, freshness: Freshness, request: Uuid) {
        let now = self.ticks.now();
        // The same bytes from another address are not stored again. They are as old as they were.
        let picture = match self.pictures.get(&sha).await.filter(|picture| now < picture.since + LIFE) {
            Some(picture) => picture,
            None => {
                let picture = Arc::new(Picture { bytes, since: now, users: Mutex::default() });
                self.pictures.insert(sha, picture.clone()).await;
                picture
            }
        };
        users(&picture.users).insert(request);
        let known = Known {
            sha,
            validators: freshness.validators,
            fresh_until: now + freshness.fresh_for,
            since: now,
            users: Mutex::new(HashSet::from([request])),
        };
        self.addresses.insert(url, Arc::new(known)).await;
        // Erased while this was on its way.
        if self.is_forgotten(request) {
            self.take_out(request).await;
        }
    }

    /// Every request that something is kept of.
    pub fn users(&self) -> HashSet<Uuid> {
        let mut all = HashSet::new();
        self.addresses.iter().for_each(|(_, known)| all.extend(users(&known.users).iter()));
        self.pictures.iter().for_each(|(_, picture)| all.extend(users(&picture.users).iter()));
        all
    }

    /// Takes a request out of everything; what only it used is gone when this returns.
    pub async fn forget(&self, request: Uuid) {
        if self.room == 0 {
            return;
        }
        self.forgotten().insert(request, self.ticks.now());
        self.take_out(request).await;
    }

    async fn take_out(&self, request: Uuid) {
        let unused = |all: &Mutex<HashSet<Uuid>>| {
            let mut all = users(all);
            all.remove(&request) && all.is_empty()
        };
        self.drop_those(|known| unused(&known.users), |picture| unused(&picture.users)).await;
    }

    /// Drops what is too old.
    pub async fn sweep(&self) {
        let now = self.ticks.now();
        self.forgotten().retain(|_, at| now < *at + LIFE);
        self.drop_those(|known| now >= known.since + LIFE, |picture| now >= picture.since + LIFE).await;
    }

    /// Sweeps now and then until the process stops.
    pub async fn sweep_regularly(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.ticks.sleep_until(self.ticks.now() + SWEEP_EVERY)).await.is_some() {
            self.sweep().await;
        }
    }

    async fn drop_those(&self, address: impl Fn(&Known) -> bool, picture: impl Fn(&Picture) -> bool) {
        let urls: Vec<Arc<String>> = self.addresses.iter().filter(|(_, known)| address(known)).map(|(url, _)| url).collect();
        for url in urls {
            self.addresses.invalidate(url.as_str()).await;
        }
        let shas: Vec<Arc<Sha>> = self.pictures.iter().filter(|(_, kept)| picture(kept)).map(|(sha, _)| sha).collect();
        for sha in shas {
            self.pictures.invalidate(&*sha).await;
        }
        // What was taken out is let go of here, not some time later.
        self.addresses.run_pending_tasks().await;
        self.pictures.run_pending_tasks().await;
    }

    pub async fn counts(&self) -> DownloadCounts {
        let bytes = self.size().await;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (hits, misses, evictions) = (count(&self.hits), count(&self.misses), count(&self.evictions));
        DownloadCounts { hits, misses, evictions, entries: self.pictures.entry_count(), bytes }
    }

    /// Bytes of pictures that are kept now.
    pub async fn size(&self) -> u64 {
        self.pictures.run_pending_tasks().await;
        self.pictures.weighted_size()
    }

    fn forgotten(&self) -> MutexGuard<'_, HashMap<Uuid, Instant>> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_forgotten(&self, request: Uuid) -> bool {
        self.forgotten().contains_key(&request)
    }
}

fn users(users: &Mutex<HashSet<Uuid>>) -> MutexGuard<'_, HashSet<Uuid>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::ticks::StandingTicks;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);
    const URL: &str = "https://pictures.example/a.jpg";

    fn fresh(seconds: u64) -> Freshness {
        Freshness { fresh_for: Duration::from_secs(seconds), ..Freshness::default() }
    }

    async fn kept(cache: &Arc<DownloadCache>, url: &str, bytes: &'static [u8], freshness: Freshness, request: Uuid) {
        cache.keep(url.into(), Bytes::from_static(bytes), Sha256::digest(bytes).into(), freshness, request).await;
    }

    async fn finds(cache: &DownloadCache, url: &str, request: Uuid) -> &'static str {
        match cache.find(url, request).await {
            Some(Found::Fresh(_)) => "fresh",
            Some(Found::Stale(..)) => "stale",
            None => "nothing",
        }
    }

    #[tokio::test]
    async fn a_download_is_fresh_for_as_long_as_the_host_says_and_gone_after_a_quarter_of_an_hour() {
        let ticks = StandingTicks::new();
        let cache = DownloadCache::new(1 << 20, ticks.clone());
        kept(&cache, URL, b"picture", fresh(60), A).await;
        assert_eq!(finds(&cache, URL, A).await, "fresh");
        ticks.advance(Duration::from_secs(60));
        assert_eq!(finds(&cache, URL, A).await, "stale");
        cache.confirm(URL, fresh(86_400), A).await;
        assert_eq!(finds(&cache, URL, A).await, "fresh");
        ticks.advance(LIFE - Duration::from_secs(60));
        assert_eq!(finds(&cache, URL, A).await, "nothing", "a confirmation makes nothing younger");
        cache.sweep().await;
        assert_eq!(cache.size().await, 0);
    }

    #[tokio::test]
    async fn the_same_bytes_are_stored_once() {
        let cache = DownloadCache::new(1 << 20, StandingTicks::new());
        kept(&cache, URL, b"picture", fresh(60), A).await;
        kept(&cache, "https://other.example/b.jpg", b"picture", fresh(60), A).await;
        assert_eq!((cache.size().await, finds(&cache, "https://other.example/b.jpg", A).await), (7, "fresh"));
    }

    #[tokio::test]
    async fn what_only_the_forgotten_request_used_goes_with_it_and_the_rest_stays() {
        let cache = DownloadCache::new(1 << 20, StandingTicks::new());
        kept(&cache, URL, b"shared", fresh(60), A).await;
        kept(&cache, "https://other.example/b.jpg", b"its own", fresh(60), A).await;
        assert_eq!(finds(&cache, URL, B).await, "fresh");
        cache.forget(A).await;
        assert_eq!((finds(&cache, URL, B).await, cache.size().await), ("fresh", 6));
        assert_eq!(finds(&cache, "https://other.example/b.jpg", B).await, "nothing");
        cache.forget(B).await;
        assert_eq!((finds(&cache, URL, Uuid::from_u128(3)).await, cache.size().await), ("nothing", 0));
    }

    #[tokio::test]
    async fn what_comes_late_from_a_forgotten_request_is_not_kept() {
        let cache = DownloadCache::new(1 << 20, StandingTicks::new());
        cache.forget(A).await;
        kept(&cache, URL, b"late", fresh(60), A).await;
        assert_eq!((finds(&cache, URL, B).await, cache.size().await), ("nothing", 0));
    }

    #[tokio::test]
    async fn it_holds_no_more_than_it_may_and_nothing_without_room() {
        let cache = DownloadCache::new(100, StandingTicks::new());
        for number in 0..50 {
            kept(&cache, &format!("https://pictures.example/{number}"), Box::leak(vec![number; 30].into_boxed_slice()), fresh(60), A).await;
        }
        assert!(cache.size().await <= 100);
        let off = DownloadCache::new(0, StandingTicks::new());
        assert!(off.keeper(URL, fresh(60), A).is_none());
        assert_eq!(finds(&off, URL, A).await, "nothing");
    }
}
