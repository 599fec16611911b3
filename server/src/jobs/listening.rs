//! Hears what other processes on the same database have done, and wakes whoever waits for it here.

use super::Jobs;
use crate::store::{Lookup, Notice};
use std::sync::Arc;
use tokio::task::JoinSet;

impl Jobs {
    /// Until the process stops; at once where there are no other processes.
    pub async fn listen(self: Arc<Self>) {
        let Some(mut notices) = self.store.notices() else { return };
        let mut forgetting = JoinSet::new();
        loop {
            let notice = tokio::select! {
                notice = notices.next() => notice,
                Some(_) = forgetting.join_next() => continue,
                () = self.shutdown.cancelled() => return,
            };
            match notice {
                Notice::Request(id) => self.wakes.wake(id),
                Notice::Queued => self.something_is_queued(),
                Notice::Erased(id) => {
                    self.wakes.wake(id);
                    // A run takes a moment to stop: the next notice does not wait for it.
                    let jobs = self.clone();
                    forgetting.spawn(async move {
                        let _ = jobs.forget_here(id).await;
                    });
                }
                Notice::Missed => {
                    self.wakes.wake_all();
                    self.something_is_queued();
                    let jobs = self.clone();
                    forgetting.spawn(async move { jobs.forget_what_was_missed().await });
                }
            }
        }
    }

    /// Requests may have been erased while nobody listened: what is held of them here is forgotten. A run of one stops by itself, as
    /// it can write nothing any more.
    async fn forget_what_was_missed(&self) {
        for id in self.downloads.users() {
            match self.store.state(id).await {
                Ok(Lookup::Found(_)) => {}
                Ok(Lookup::Gone | Lookup::Unknown) => self.downloads.forget(id).await,
                Err(error) => {
                    // The next notice of this kind comes when the database is there again.
                    tracing::warn!(%error, "whose downloads are kept could not be asked");
                    break;
                }
            }
        }
        self.analyses.sweep(self.store.as_ref()).await;
    }
}
