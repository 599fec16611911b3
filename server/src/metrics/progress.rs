//! Counts what a search tells on its way, and passes it on.

use super::Metrics;
use super::family::word;
use crate::pipeline::{KeepError, Progress};
use app::api::{CandidateState, EventKind};
use async_trait::async_trait;

/// See [`Metrics::watching`].
pub struct Watched<'a> {
    progress: &'a dyn Progress,
    metrics: &'a Metrics,
}

impl<'a> Watched<'a> {
    pub fn new(progress: &'a dyn Progress, metrics: &'a Metrics) -> Self {
        Self { progress, metrics }
    }
}

impl Watched<'_> {
    fn count(&self, event: &EventKind) {
        match event {
            EventKind::Stage { stage, .. } => {
                // Told while it runs without a time, and once with it when it has ended.
                if let Some(seconds) = stage.seconds {
                    self.metrics.stages.with([word(&stage.name)]).observe(seconds);
                }
            }
            EventKind::Candidate { state, faces, kind, .. } => {
                let outcome = match (state, kind.as_deref()) {
                    (CandidateState::Failed, _) => "failed",
                    (CandidateState::Done, Some(kind)) => word(kind),
                    (CandidateState::Done, None) => "compared",
                };
                self.metrics.candidates.with([outcome]).inc();
                self.metrics.faces.with([]).inc_by(*faces as u64);
            }
            EventKind::Match { .. } | EventKind::Done { .. } | EventKind::Error { .. } => {}
        }
    }
}

#[async_trait]
impl Progress for Watched<'_> {
    fn emit(&self, event: EventKind) {
        self.count(&event);
        self.progress.emit(event);
    }

    fn keep(&self, key: &str, value: String) {
        self.progress.keep(key, value);
    }

    fn emit_and_keep(&self, event: EventKind, key: &str, value: String) {
        self.count(&event);
        self.progress.emit_and_keep(event, key, value);
    }

    async fn keep_now(&self, key: &str, value: String) -> Result<(), KeepError> {
        self.progress.keep_now(key, value).await
    }

    fn log(&self, message: String) {
        self.progress.log(message);
    }

    fn cancelled(&self) -> bool {
        self.progress.cancelled()
    }

    fn hands_over(&self) -> bool {
        self.progress.hands_over()
    }
}
