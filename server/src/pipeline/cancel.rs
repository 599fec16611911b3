//! Cancellation: how stages ask whether the job they belong to is still wanted.

use super::{PipelineError, Progress};
use std::time::Duration;

/// How often a waiting stage asks.
pub const CANCEL_POLL: Duration = Duration::from_millis(200);

/// Asked between two steps.
pub fn stop_if_cancelled(progress: &dyn Progress) -> Result<(), PipelineError> {
    if progress.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

/// Ends when the job is cancelled: to be raced against what a stage waits for.
pub async fn cancelled(progress: &dyn Progress) {
    while !progress.cancelled() {
        tokio::time::sleep(CANCEL_POLL).await;
    }
}
