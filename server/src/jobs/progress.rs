//! What a running job tells the world: events, stages, counts and log lines, gathered in memory and written in batches.
//!
//! Five hundred candidates make some 1500 events; each written alone would wait for the disk 1500 times. The worker
//! calls [`JobProgress::flush`] every few hundredths of a second, and followers are woken after each. What a later run is to go
//! on from is written in the same batch: what followers have seen and what is kept never differ.

use super::Wakes;
use crate::{
    clock::{Clock, Moment},
    pipeline::{KeepError, Progress},
    store::{Batch, Claim, Claimed, Store, StoreError},
};
use app::api::{Counts, Event, EventKind, StageReport};
use async_trait::async_trait;
use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

pub struct JobProgress {
    claim: Claim,
    store: Arc<dyn Store>,
    wakes: Arc<Wakes>,
    stop: Arc<AtomicBool>,
    /// It is not this worker's any more.
    lost: AtomicBool,
    /// The process stops.
    shutdown: CancellationToken,
    clock: Arc<dyn Clock>,
    told: Mutex<Told>,
    /// One write at a time, so that what was told first is stored first.
    writing: tokio::sync::Mutex<()>,
}

/// Why what was to be kept is not.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the request is erased, or another worker has taken over")]
    Lost,
}

/// What was told and is not stored yet, and where the request stands.
struct Told {
    last_event: u64,
    last_log: u64,
    events: Vec<Event>,
    logs: Vec<(u64, Moment, String)>,
    kept: Vec<(String, String)>,
    stages: Vec<StageReport>,
    counts: Counts,
}

impl Told {
    fn event(&mut self, kind: EventKind) {
        self.last_event += 1;
        self.events.push(Event { seq: self.last_event, kind });
    }

    fn batch(&mut self) -> Batch {
        Batch {
            events: mem::take(&mut self.events),
            logs: mem::take(&mut self.logs),
            kept: mem::take(&mut self.kept),
            stages: self.stages.clone(),
            counts: self.counts,
        }
    }
}

impl JobProgress {
    /// Goes on where an earlier run has left off.
    pub fn new(
        claimed: &Claimed,
        stop: Arc<AtomicBool>,
        shutdown: CancellationToken,
        store: Arc<dyn Store>,
        wakes: Arc<Wakes>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let told = Told {
            last_event: claimed.last_event,
            last_log: claimed.last_log,
            events: Vec::new(),
            logs: Vec::new(),
            kept: Vec::new(),
            stages: claimed.stages.clone(),
            counts: claimed.counts,
        };
        let (told, lost, writing) = (Mutex::new(told), AtomicBool::new(false), tokio::sync::Mutex::default());
        Self { claim: claimed.claim, store, wakes, stop, lost, shutdown, clock, told, writing }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn counts(&self) -> Counts {
        self.told().counts
    }

    /// Writes what is new. A request that is not this worker's any more is told to stop; what the database refuses is kept for
    /// the next time.
    pub async fn flush(&self) -> Result<(), NotKept> {
        let _one_at_a_time = self.writing.lock().await;
        let batch = {
            let mut told = self.told();
            let batch = told.batch();
            if batch.is_empty() {
                return Ok(());
            }
            batch
        };
        match self.store.record(self.claim, &batch, self.clock.now()).await {
            Ok(true) => {
                self.wakes.wake(self.claim.id);
                Ok(())
            }
            Ok(false) => {
                self.lost.store(true, Ordering::SeqCst);
                self.stop.store(true, Ordering::SeqCst);
                Err(NotKept::Lost)
            }
            Err(error) => {
                let mut told = self.told();
                told.events.splice(..0, batch.events);
                told.logs.splice(..0, batch.logs);
                told.kept.splice(..0, batch.kept);
                Err(error.into())
            }
        }
    }

    /// What is left to write, with the last event of all behind it.
    pub fn last_batch(&self, last: Option<EventKind>) -> Batch {
        let mut told = self.told();
        if let Some(last) = last {
            told.event(last);
        }
        told.batch()
    }
}

impl Told {
    fn hear(&mut self, event: EventKind) {
        match &event {
            // The last event is the worker's to send, after the result is stored.
            EventKind::Done { counts, .. } => {
                self.counts = *counts;
                return;
            }
            EventKind::Error { .. } => return,
            EventKind::Stage { stage, counts } => {
                self.counts = *counts;
                match self.stages.iter_mut().find(|known| known.name == stage.name) {
                    Some(known) => *known = stage.clone(),
                    None => self.stages.push(stage.clone()),
                }
            }
            EventKind::Candidate { counts, .. } => self.counts = *counts,
            EventKind::Match { .. } => {}
        }
        self.event(event);
    }
}

#[async_trait]
impl Progress for JobProgress {
    fn emit(&self, event: EventKind) {
        self.told().hear(event);
    }

    fn keep(&self, key: &str, value: String) {
        self.told().kept.push((key.to_owned(), value));
    }

    fn emit_and_keep(&self, event: EventKind, key: &str, value: String) {
        let mut told = self.told();
        told.hear(event);
        told.kept.push((key.to_owned(), value));
    }

    async fn keep_now(&self, key: &str, value: String) -> Result<(), KeepError> {
        self.keep(key, value);
        self.flush().await.map_err(|error| match error {
            NotKept::Store(error) => KeepError::Unreachable(error.to_string()),
            NotKept::Lost => KeepError::TakenAway,
        })
    }

    fn log(&self, message: String) {
        let at = self.clock.now();
        let mut told = self.told();
        told.last_log += 1;
        let seq = told.last_log;
        told.logs.push((seq, at, message));
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn hands_over(&self) -> bool {
        self.shutdown.is_cancelled() && !self.lost.load(Ordering::SeqCst)
    }
}
