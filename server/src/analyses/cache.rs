//! The cache itself: memory in front of the folder, and one ledger that says what both hold.
//!
//! Everything that changes who owns what, in the ledger or on disk, is done under the ledger's lock, so an erasure is never
//! overtaken by what it erases. Entries are read, and written to their temporary place, without it.

use super::folder::{Folder, on_disk};
use super::ledger::Ledger;
use super::{Key, KnownAnalyses, format};
use crate::config::AnalysesConfig;
use crate::pipeline::Analysis;
use crate::store::{Lookup, Store};
use models::Contract;
use moka::{notification::RemovalCause, policy::EvictionPolicy, sync::Cache};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// See the [module](super).
pub struct AnalysisCache {
    /// None: nothing is kept in memory.
    memory: Option<Cache<Key, Arc<Analysis>>>,
    /// None: nothing is kept on disk.
    folder: Option<Folder>,
    /// Of the folder; of the memory where there is no folder.
    most_bytes: u64,
    ledger: Mutex<Ledger>,
    counted: Arc<[Counted; 2]>,
}

/// What happened to one layer.
#[derive(Debug, Default)]
struct Counted {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    broken: AtomicU64,
}

impl Counted {
    fn saw(&self, found: bool) {
        add_one(if found { &self.hits } else { &self.misses });
    }
}

const MEMORY: usize = 0;
const DISK: usize = 1;

/// What happened since the start, and what is held now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    pub memory: LayerCounts,
    /// Asked where memory did not know.
    pub disk: LayerCounts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerCounts {
    pub hits: u64,
    pub misses: u64,
    /// For want of room.
    pub evictions: u64,
    /// Files that could not be read as what they should be.
    pub broken: u64,
    pub entries: u64,
    pub bytes: u64,
}

fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl AnalysisCache {
    /// Opens the folder, drops what nobody owns or what there is no more room for, and begins with an empty memory.
    pub fn open(config: &AnalysesConfig) -> io::Result<Arc<Self>> {
        let counted: Arc<[Counted; 2]> = Arc::default();
        let listener = counted.clone();
        let memory = (config.memory_bytes > 0).then(|| {
            let cache = Cache::builder().max_capacity(config.memory_bytes).eviction_policy(EvictionPolicy::lru());
            let cache = cache.weigher(|_, analysis: &Arc<Analysis>| u32::try_from(weight(analysis)).unwrap_or(u32::MAX));
            let evicted = move |_, _, cause| {
                if cause == RemovalCause::Size {
                    add_one(&listener[MEMORY].evictions);
                }
            };
            cache.eviction_listener(evicted).build()
        });
        let mut ledger = Ledger::default();
        let mut folder = None;
        if config.disk_bytes > 0 {
            let (opened, found) = Folder::open(config.folder.clone())?;
            found.entries.into_iter().for_each(|(key, bytes)| ledger.insert(key, bytes));
            for (owner, keys) in found.owners {
                ledger.add_owner(owner);
                keys.iter().for_each(|key| ledger.own(key, owner));
            }
            for key in ledger.ownerless() {
                ledger.drop_entry(&key);
                opened.remove(&key)?;
            }
            folder = Some(opened);
        } else {
            // What was kept before the operator switched it off has no owner any more.
            Folder::remove_all(&config.folder)?;
        }
        let most_bytes = if folder.is_some() { config.disk_bytes } else { config.memory_bytes };
        let cache = Self { memory, folder, most_bytes, ledger: Mutex::new(ledger), counted };
        cache.make_room(&mut cache.ledger());
        Ok(Arc::new(cache))
    }

    fn is_off(&self) -> bool {
        self.memory.is_none() && self.folder.is_none()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Whole after every step: a panic of another holder leaves nothing half done.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request out of everything. What only it used is gone from memory and disk when this returns; where that
    /// failed, it can be called again.
    pub async fn forget(self: &Arc<Self>, request: Uuid) -> io::Result<()> {
        let cache = Arc::clone(self);
        tokio::task::spawn_blocking(move || cache.forget_now(request)).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// As [`forget`](Self::forget); blocks.
    pub(super) fn forget_now(&self, request: Uuid) -> io::Result<()> {
        if self.is_off() {
            return Ok(());
        }
        let mut ledger = self.ledger();
        let alone = ledger.forget(request);
        let mut ended = Ok(());
        if let Some(folder) = &self.folder {
            // What the ledger has let go of may still lie there, where its file could not be removed.
            let noted = folder.notes(request).map(|noted| noted.into_iter().filter(|key| !ledger.knows(key)).collect());
            let (noted, read): (Vec<Key>, _) = noted.map_or_else(|error| (Vec::new(), Err(error)), |noted| (noted, Ok(())));
            let removed = alone.iter().chain(&noted).map(|key| folder.remove(key));
            // All are tried, whatever happens to one.
            ended = removed.fold(read, |ended, removed| ended.and(removed)).and_then(|()| folder.forget(request));
        }
        if let Some(memory) = &self.memory {
            alone.iter().for_each(|key| memory.invalidate(key));
            // What was taken out is let go of here, not some time later.
            memory.run_pending_tasks();
        }
        if ended.is_ok() {
            ledger.forgot(request);
        }
        ended
    }

    /// Takes these entries out, whoever owns them: the files they were made of belong to a pool that is deleted.
    pub async fn forget_entries(self: &Arc<Self>, keys: Vec<Key>) {
        let cache = Arc::clone(self);
        let forgetting = tokio::task::spawn_blocking(move || {
            let mut ledger = cache.ledger();
            keys.iter().for_each(|key| cache.drop_entry(&mut ledger, key));
            if let Some(memory) = &cache.memory {
                memory.run_pending_tasks();
            }
        });
        if forgetting.await.is_err() {
            tracing::error!("analyses of a deleted pool's pictures may be left until their requests end");
        }
    }

    /// Forgets the requests that the store does not know any more: those that were erased or have expired elsewhere, and
    /// what a crash has left.
    pub async fn sweep(self: &Arc<Self>, store: &dyn Store) {
        let owners = self.ledger().begin_sweep();
        for owner in owners {
            match store.state(owner).await {
                Ok(Lookup::Found(_)) => {}
                Ok(Lookup::Gone | Lookup::Unknown) => {
                    if let Err(error) = self.forget(owner).await {
                        tracing::error!(request_id = %owner, %error, "analyses of a request that is no more could not be deleted; the next sweep tries again");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "whose analyses are kept could not be asked; the next sweep tries again");
                    return;
                }
            }
        }
    }

    /// As where the file of an entry could not be removed.
    #[cfg(test)]
    pub(super) fn ledger_forgets(&self, key: &Key) {
        self.ledger().drop_entry(key);
    }

    pub fn counts(&self) -> CacheCounts {
        let of = |counted: &Counted| LayerCounts {
            hits: counted.hits.load(Ordering::Relaxed),
            misses: counted.misses.load(Ordering::Relaxed),
            evictions: counted.evictions.load(Ordering::Relaxed),
            broken: counted.broken.load(Ordering::Relaxed),
            ..LayerCounts::default()
        };
        let [memory, disk] = &*self.counted;
        let (mut memory, mut disk) = (of(memory), of(disk));
        if let Some(cache) = &self.memory {
            cache.run_pending_tasks();
            (memory.entries, memory.bytes) = (cache.entry_count(), cache.weighted_size());
        }
        if self.folder.is_some() {
            let ledger = self.ledger();
            (disk.entries, disk.bytes) = (ledger.entries() as u64, ledger.bytes());
        }
        CacheCounts { memory, disk }
    }

    /// False where the request is forgotten, or where it could not be noted as an owner.
    fn may_own(&self, ledger: &mut Ledger, key: &Key, request: Uuid) -> bool {
        if ledger.is_forgotten(request) {
            return false;
        }
        if ledger.is_owner(key, request) {
            return true;
        }
        ledger.add_owner(request);
        let noted = self.folder.as_ref().map_or(Ok(()), |folder| folder.note(request, key));
        if let Err(error) = &noted {
            tracing::warn!(%error, "the owner of an analysis could not be noted: it is not kept");
        }
        noted.is_ok()
    }

    /// What is known becomes the request's as well, and was used just now. False where nothing is known, or the request may not
    /// have it.
    fn take_on(&self, key: &Key, request: Uuid) -> bool {
        let mut ledger = self.ledger();
        let is_new = !ledger.is_owner(key, request);
        if !ledger.knows(key) || !self.may_own(&mut ledger, key, request) {
            return false;
        }
        ledger.use_by(key, request);
        if let Some(folder) = self.folder.as_ref().filter(|_| is_new) {
            folder.touch(key);
        }
        true
    }

    /// Takes the longest unused out until the rest has room.
    fn make_room(&self, ledger: &mut Ledger) {
        let layer = if self.folder.is_some() { DISK } else { MEMORY };
        while ledger.bytes() > self.most_bytes {
            let Some(key) = ledger.oldest() else { return };
            self.drop_entry(ledger, &key);
            add_one(&self.counted[layer].evictions);
        }
    }

    fn drop_entry(&self, ledger: &mut Ledger, key: &Key) {
        ledger.drop_entry(key);
        if let Some(memory) = &self.memory {
            memory.invalidate(key);
        }
        if let Some(folder) = &self.folder
            && let Err(error) = folder.remove(key)
        {
            tracing::warn!(%error, "an analysis could not be deleted; its owners' erasure tries again");
        }
    }

    /// From the folder; None where it is not there, or is not what it should be. That is deleted.
    fn read(&self, key: &Key, contract: &Arc<Contract>, request: Uuid) -> Option<Analysis> {
        let folder = self.folder.as_ref()?;
        let read = folder.read(key);
        let analysis = match &read {
            Ok(Some(bytes)) => format::decode(bytes, key, contract),
            Ok(None) | Err(_) => None,
        };
        let Some(analysis) = analysis else {
            if !matches!(read, Ok(None)) {
                add_one(&self.counted[DISK].broken);
                tracing::warn!("an analysis on disk was unreadable and is deleted");
            }
            self.drop_entry(&mut self.ledger(), key);
            return None;
        };
        let ledger = self.ledger();
        if let Some(memory) = &self.memory
            && ledger.is_owner(key, request)
        {
            memory.insert(*key, Arc::new(analysis.clone()));
        }
        Some(analysis)
    }

    fn keep(&self, key: &Key, analysis: &Analysis, request: Uuid) -> io::Result<()> {
        let Some(bytes) = format::encode(key, analysis) else { return Ok(()) };
        let written = self.folder.as_ref().map(|folder| folder.write(&bytes)).transpose()?;
        let mut ledger = self.ledger();
        if !self.may_own(&mut ledger, key, request) {
            return Ok(());
        }
        let mut size = weight(analysis);
        if let (Some(folder), Some(written)) = (&self.folder, &written) {
            folder.place(written, key)?;
            size = on_disk(bytes.len() as u64);
        }
        ledger.insert(*key, size);
        ledger.use_by(key, request);
        if let Some(memory) = &self.memory {
            memory.insert(*key, Arc::new(analysis.clone()));
        }
        self.make_room(&mut ledger);
        Ok(())
    }
}

impl KnownAnalyses for AnalysisCache {
    fn get(&self, key: &Key, contract: &Arc<Contract>, request: Uuid) -> Option<Analysis> {
        if self.is_off() {
            return None;
        }
        let is_known = self.take_on(key, request);
        if let Some(memory) = &self.memory {
            let found = if is_known { memory.get(key) } else { None };
            self.counted[MEMORY].saw(found.is_some());
            if let Some(found) = found {
                return Some((*found).clone());
            }
        }
        if self.folder.is_none() {
            if is_known {
                // Memory has let go of it.
                self.ledger().drop_entry(key);
            }
            return None;
        }
        let found = if is_known { self.read(key, contract, request) } else { None };
        self.counted[DISK].saw(found.is_some());
        found
    }

    fn put(&self, key: &Key, analysis: &Analysis, request: Uuid) {
        if self.is_off() {
            return;
        }
        if let Err(error) = self.keep(key, analysis, request) {
            tracing::warn!(%error, "an analysis could not be kept");
        }
    }
}

/// About how many bytes it takes in memory.
fn weight(analysis: &Analysis) -> u64 {
    let faces: usize = analysis.faces.iter().map(|face| 4 * face.embedding.as_slice().len() + 256).sum();
    (faces + 20 * analysis.people.len() + analysis.looks.len() + 256) as u64
}
