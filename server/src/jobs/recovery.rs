//! The first thing at the start: what the last process has left half done.

use super::{JobError, Jobs};
use crate::store::Leftovers;
use app::api::ErrorDetail;

impl Jobs {
    /// Where this is the only process: puts interrupted requests back into the queue (or parks them), and deletes uploads that
    /// were never accepted. Call it before the first worker and the first request. Where other machines share the database they
    /// may be working on them: the queue hands on what has lost its worker, and the sweep deletes what is abandoned.
    pub async fn recover(&self) -> Result<(), JobError> {
        if !self.store.is_exclusive() {
            return Ok(());
        }
        let recovered = self.store.recover(self.config.max_retries, &self.parked(), self.clock.now()).await?;
        if !recovered.requeued.is_empty() || !recovered.parked.is_empty() {
            tracing::info!(
                requeued = recovered.requeued.len(),
                parked = recovered.parked.len(),
                "requests that were running when the last process ended"
            );
        }
        for id in self.store.leftovers(Leftovers::All).await? {
            self.delete_objects(id).await?;
            self.store.erasure_finished(id).await?;
        }
        Ok(())
    }

    /// What is said of a request whose workers ended in the middle of it more often than it may be tried.
    pub(super) fn parked(&self) -> ErrorDetail {
        ErrorDetail {
            code: "interrupted".into(),
            message: format!(
                "The request was interrupted {} times and is given up: send it again, and tell the operator if it happens again.",
                self.config.max_retries + 1
            ),
            details: serde_json::json!({ "max_retries": self.config.max_retries }),
        }
    }
}
