//! What a deleted pool leaves on this machine, and how that goes: rows in the database, vectors in memory, analyses in the cache.

use super::Pools;
use crate::analyses::Key;
use crate::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How often is looked for what was deleted elsewhere.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Notes that are read at a time.
const NOTES: u32 = 1000;
/// How long notes of deleted pools are kept: a machine that was away for longer begins with a cache whose requests have ended, or
/// finds what is left by them.
const NOTES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// After which what a process has published is of no use to anybody, not even to be looked at.
const SILENT: Duration = Duration::from_secs(3600);
const TIDY_EVERY: Duration = Duration::from_secs(3600);
/// SQLite's log is emptied of what was deleted; a reader may hold it open for a moment.
const TRACE_TRIES: u32 = 40;
const TRACE_PAUSE: Duration = Duration::from_millis(25);

impl Pools {
    /// The pool, its vectors in the database and in memory, and what the cache of analyses holds of its pictures. A pool of the
    /// settings stays as a name, and is not synced before somebody asks for it. False: there is none. Pictures stay where they lie.
    /// Where this ends early the pool is seen no more, and [`Pools::watch`] does the rest.
    pub async fn delete(&self, name: &str) -> Result<bool, StoreError> {
        if !self.store.delete_pool(name).await? {
            return Ok(false);
        }
        self.finish_deletions().await?;
        tracing::info!(pool = name, "pool deleted");
        Ok(true)
    }

    /// False: nothing was going.
    async fn finish_deletions(&self) -> Result<bool, StoreError> {
        let mut any = false;
        while self.store.delete_some().await? {
            any = true;
        }
        self.forget_deleted().await?;
        self.note_settings().await?;
        self.forget_traces().await?;
        Ok(any)
    }

    pub(super) async fn forget_traces(&self) -> Result<(), StoreError> {
        for _ in 0..TRACE_TRIES {
            if self.store.forget_traces().await? {
                return Ok(());
            }
            sleep(TRACE_PAUSE).await;
        }
        tracing::warn!("the database's log could not be emptied; the next deletion does it");
        Ok(())
    }

    /// Until the process stops: goes on with deletions that others have left, and lets go of what was deleted elsewhere.
    pub async fn watch(self: Arc<Self>, shutdown: CancellationToken) {
        let mut tidied = Instant::now();
        while !shutdown.is_cancelled() {
            let looked = async {
                if self.store.delete_some().await? {
                    self.finish_deletions().await?;
                }
                self.forget_deleted().await?;
                if tidied.elapsed() >= TIDY_EVERY {
                    self.tidy().await?;
                    tidied = Instant::now();
                }
                Ok::<(), StoreError>(())
            };
            tokio::select! {
                looked = looked => if let Err(error) = looked {
                    tracing::debug!(%error, "the pools could not be read");
                },
                () = shutdown.cancelled() => return,
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    pub(super) async fn tidy(&self) -> Result<(), StoreError> {
        self.store.tidy_pools(NOTES_KEPT, SILENT).await
    }

    /// Lets go of what this process holds of pools that were deleted, here or elsewhere: vectors in memory, analyses in the cache.
    pub(super) async fn forget_deleted(&self) -> Result<(), StoreError> {
        loop {
            let notes = self.store.pool_notes(self.noted.load(Ordering::SeqCst), NOTES).await?;
            let Some(last) = notes.last().map(|(number, _)| *number) else { break };
            self.analyses.forget_entries(notes.iter().filter_map(|(_, key)| Key::parse(key)).collect()).await;
            // Afterwards: who comes meanwhile does the same once more.
            self.noted.fetch_max(last, Ordering::SeqCst);
        }
        if !self.galleries().is_empty() {
            let rows = self.store.pools().await?;
            // One that was deleted and is named again has begun anew.
            self.galleries().retain(|name, loaded| rows.iter().any(|row| row.name == *name && row.incarnation == loaded.incarnation));
        }
        Ok(())
    }
}
