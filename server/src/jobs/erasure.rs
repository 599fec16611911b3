//! Forgetting a request: rows, events, files, its downloads in memory, and what the database's log still holds of it.
//!
//! The row goes first, in one transaction with the tombstone: from then on every link answers 410. A running job is
//! stopped, then the files go. Whatever is interrupted here is noted in the database and finished by the next sweep.

use super::{JobError, Jobs};
use crate::{
    clock::Moment,
    objects::{input_prefix, output_prefix},
    store::{Leftovers, Lookup},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// After this time a worker elsewhere has noticed that its request is erased, or is known to be dead: what it may have written
/// last is deleted then.
const LATE: Duration = Duration::from_secs(60);
/// A reader may hold the log open for a moment; it is asked this often before the sweep takes over.
const CHECKPOINT_TRIES: u32 = 40;
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(25);
/// How often all request folders are gone through for files that nobody owns, and how long ago their request must have been erased.
const SEEK_ORPHANS_EVERY: Duration = Duration::from_secs(3600);
const ORPHAN_AFTER: Duration = Duration::from_secs(600);

impl Jobs {
    /// Erases a request, whatever its state. Goes on to its end even where the caller goes away in between.
    pub async fn erase(self: &Arc<Self>, id: Uuid) -> Result<Lookup<()>, JobError> {
        let jobs = self.clone();
        let erasing = async move {
            let erased = jobs.erase_to_the_end(id).await?;
            jobs.forget_traces().await;
            Ok(erased)
        };
        match tokio::spawn(erasing).await {
            Ok(result) => result,
            Err(error) => Err(JobError::Objects(std::io::Error::other(error).into())),
        }
    }

    async fn erase_to_the_end(&self, id: Uuid) -> Result<Lookup<()>, JobError> {
        let now = self.clock.now();
        let erased = match self.store.erase(id, now, LATE).await? {
            Lookup::Found(erased) => erased,
            Lookup::Gone => return Ok(Lookup::Gone),
            Lookup::Unknown => return Ok(Lookup::Unknown),
        };
        self.wakes.wake(id);
        let ran_here = self.forget_here(id).await;
        self.delete_objects(id).await?;
        if ran_here || !erased.was_running {
            self.store.erasure_finished(id).await?;
        }
        tracing::info!(request_id = %id, "request erased");
        Ok(Lookup::Found(()))
    }

    /// Stops the run of an erased request, and forgets what this process holds of it in memory. Did it run here?
    pub(super) async fn forget_here(&self, id: Uuid) -> bool {
        let running = self.running().get(&id).cloned();
        if let Some(running) = &running {
            running.stop();
            // The worker drops a job that does not stop in time, so this ends.
            running.ended.cancelled().await;
        }
        self.downloads.forget(id).await;
        if let Err(error) = self.analyses.forget(id).await {
            tracing::warn!(request_id = %id, %error, "what the networks made of an erased request's pictures could not be deleted; the sweep tries again");
        }
        running.is_some()
    }

    /// Deletes the files of a request that is no more, and what the networks made of its pictures.
    pub(super) async fn delete_objects(&self, id: Uuid) -> Result<(), JobError> {
        self.analyses.forget(id).await.map_err(|error| JobError::Objects(error.into()))?;
        self.objects.delete_prefix(&input_prefix(id)).await?;
        self.objects.delete_prefix(&output_prefix(id)).await?;
        Ok(())
    }

    /// What is erased is erased, whether its traces go now or with the next sweep.
    async fn forget_traces(&self) {
        for _ in 0..CHECKPOINT_TRIES {
            match self.store.forget_traces().await {
                Ok(true) => return,
                Ok(false) => tokio::time::sleep(CHECKPOINT_PAUSE).await,
                Err(error) => {
                    tracing::warn!(%error, "the database's log could not be emptied; the next sweep does it");
                    return;
                }
            }
        }
        tracing::warn!("the database's log is busy; the next sweep empties it");
    }

    /// Erases what is past its retention, and finishes erasures that were interrupted. The number of requests erased.
    pub async fn sweep(self: &Arc<Self>) -> Result<usize, JobError> {
        let expired = self.store.expired(self.clock.now()).await?;
        // One that fails must not keep the others from being erased.
        let mut failed = None;
        for id in &expired {
            failed = self.erase_to_the_end(*id).await.err().or(failed);
        }
        for id in self.store.leftovers(Leftovers::Due).await? {
            if !self.running().contains_key(&id) {
                failed = self.finish_erasure(id).await.err().or(failed);
            }
        }
        failed = self.seek_orphans().await.err().or(failed);
        self.analyses.sweep(self.store.as_ref()).await;
        self.forget_traces().await;
        // It may take long, and nothing depends on it.
        let vacuumed = self.shutdown.run_until_cancelled(self.store.vacuum()).await;
        if let Some(Err(error)) = vacuumed {
            tracing::warn!(%error, "the database could not be vacuumed; the next sweep tries again");
        }
        self.store.tidy().await?;
        match failed {
            Some(error) => Err(error),
            None => Ok(expired.len()),
        }
    }

    /// The last resort: a worker that did not hear of an erasure may have written when all was deleted, and have died before it could
    /// delete that. Only what this database knows to be erased is touched; others may share the place.
    async fn seek_orphans(&self) -> Result<(), JobError> {
        let now = self.clock.now();
        if self.orphans_sought().is_some_and(|at| now.since(at) < SEEK_ORPHANS_EVERY) {
            return Ok(());
        }
        let mut ids = BTreeSet::new();
        for folder in ["input", "output"] {
            ids.extend(self.objects.children(folder).await?.iter().filter_map(|name| name.parse::<Uuid>().ok()));
        }
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let before = Moment(now.0.saturating_sub(ORPHAN_AFTER.as_millis() as i64));
        for id in self.store.long_erased(&ids, before).await? {
            self.delete_objects(id).await?;
            tracing::warn!(request_id = %id, "files of an erased request were found and deleted");
        }
        *self.orphans_sought() = Some(now);
        Ok(())
    }

    fn orphans_sought(&self) -> std::sync::MutexGuard<'_, Option<Moment>> {
        self.orphans_sought.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn finish_erasure(&self, id: Uuid) -> Result<(), JobError> {
        if !self.store.may_delete(id).await? {
            return Ok(());
        }
        self.delete_objects(id).await?;
        self.store.erasure_finished(id).await?;
        Ok(())
    }

    /// Sweeps now and then until the process stops.
    pub async fn sweep_regularly(self: Arc<Self>, every: Duration) {
        loop {
            match self.sweep().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "requests past their retention erased"),
                Err(error) => tracing::error!(%error, "the sweep failed; the next one tries again"),
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = self.shutdown.cancelled() => return,
            }
        }
    }
}
