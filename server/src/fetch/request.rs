//! What all fetches of one job share.

use super::{FetchError, RetryBudget};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One per job, cheap to clone.
#[derive(Debug, Clone)]
pub struct FetchRequest {
    pub request_id: Uuid,
    /// Of one picture.
    pub max_bytes: u64,
    /// Retries that the job may make in all.
    pub retries: Arc<RetryBudget>,
    /// When the job gives up what it does not have yet.
    pub deadline: Instant,
    /// Ends every fetch of the job at once.
    pub cancel: CancellationToken,
}

impl FetchRequest {
    /// For a job that starts now and has `time` in all.
    pub fn new(request_id: Uuid, max_bytes: u64, retries: RetryBudget, time: Duration) -> Self {
        let deadline = Instant::now() + time;
        Self { request_id, max_bytes, retries: Arc::new(retries), deadline, cancel: CancellationToken::new() }
    }

    /// Whether the job is over already.
    pub fn check(&self) -> Result<(), FetchError> {
        if self.cancel.is_cancelled() {
            Err(FetchError::Cancelled)
        } else if Instant::now() >= self.deadline {
            Err(FetchError::Deadline)
        } else {
            Ok(())
        }
    }

    /// Does `work` unless the job is over; drops it when the job is cancelled or its deadline passes.
    pub async fn within<T>(&self, work: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
        self.check()?;
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(FetchError::Cancelled),
            done = work => done,
            () = tokio::time::sleep_until(self.deadline) => Err(FetchError::Deadline),
        }
    }
}
