//! Hears what other processes on the same database have done, and wakes whoever waits for it here.

use super::Jobs;
use crate::store::Notice;
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
                    forgetting.spawn(async move { jobs.forget_here(id).await });
                }
                Notice::Missed => {
                    self.wakes.wake_all();
                    self.something_is_queued();
                }
            }
        }
    }
}
