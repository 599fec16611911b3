//! The first thing at the start: what the last process has left half done.

use super::{JobError, Jobs};
use app::api::ErrorDetail;

impl Jobs {
    /// Puts interrupted requests back into the queue (or parks them), and deletes uploads that were never accepted.
    /// Call it before the first worker and the first request.
    pub async fn recover(&self) -> Result<(), JobError> {
        let parked = ErrorDetail {
            code: "interrupted".into(),
            message: format!(
                "The request was interrupted {} times and is given up: send it again, and tell the operator if it happens again.",
                self.config.max_retries + 1
            ),
            details: serde_json::json!({ "max_retries": self.config.max_retries }),
        };
        let recovered = self.store.recover(self.config.max_retries, &parked, self.clock.now()).await?;
        if !recovered.requeued.is_empty() || !recovered.parked.is_empty() {
            tracing::info!(
                requeued = recovered.requeued.len(),
                parked = recovered.parked.len(),
                "requests that were running when the last process ended"
            );
        }
        for id in self.store.unfinished_uploads().await? {
            self.delete_objects(id).await?;
        }
        Ok(())
    }
}
