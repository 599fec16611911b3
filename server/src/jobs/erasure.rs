//! Forgetting a request: rows, events, files, its downloads in memory, and what the database's log still holds of it.
//!
//! The row goes first, in one transaction with the tombstone: from then on every link answers 410. A running job is
//! stopped, then the files go. Whatever is interrupted here is noted in the database and finished by the next sweep.

use super::{JobError, Jobs};
use crate::{
    objects::{input_prefix, output_prefix},
    store::Lookup,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// After this time a worker elsewhere has noticed that its request is erased, or is known to be dead: what it may have written
/// last is deleted then.
const LATE: Duration = Duration::from_secs(60);
/// A reader may hold the log open for a moment; it is asked this often before the sweep takes over.
const CHECKPOINT_TRIES: u32 = 40;
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(25);

impl Jobs {
    /// Erases a request, whatever its state. Goes on to its end even where the caller goes away in between.
    pub async fn erase(self: &Arc<Self>, id: Uuid) -> Result<Lookup<()>, JobError> {
        let jobs = self.clone();
        match tokio::spawn(async move { jobs.erase_to_the_end(id).await }).await {
            Ok(result) => result,
            Err(error) => Err(JobError::Objects(std::io::Error::other(error).into())),
        }
    }

    async fn erase_to_the_end(&self, id: Uuid) -> Result<Lookup<()>, JobError> {
        let now = self.clock.now();
        let erased = match self.store.erase(id, now, now.plus(LATE)).await? {
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
        self.forget_traces().await?;
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

    async fn forget_traces(&self) -> Result<(), JobError> {
        for _ in 0..CHECKPOINT_TRIES {
            if self.store.forget_traces().await? {
                return Ok(());
            }
            tokio::time::sleep(CHECKPOINT_PAUSE).await;
        }
        tracing::warn!("the database's log is busy; the next sweep empties it");
        Ok(())
    }

    /// Erases what is past its retention, and finishes erasures that were interrupted. The number of requests erased.
    pub async fn sweep(self: &Arc<Self>) -> Result<usize, JobError> {
        let expired = self.store.expired(self.clock.now()).await?;
        // One that fails must not keep the others from being erased.
        let mut failed = None;
        for id in &expired {
            failed = self.erase(*id).await.err().or(failed);
        }
        for id in self.store.leftovers(Some(self.clock.now())).await? {
            if !self.running().contains_key(&id) {
                failed = self.finish_erasure(id).await.err().or(failed);
            }
        }
        self.analyses.sweep(self.store.as_ref()).await;
        self.forget_traces().await?;
        self.store.tidy().await?;
        match failed {
            Some(error) => Err(error),
            None => Ok(expired.len()),
        }
    }

    async fn finish_erasure(&self, id: Uuid) -> Result<(), JobError> {
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
