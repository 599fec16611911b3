//! What a running job tells the world: events, stages, counts and log lines, gathered in memory and written in batches.
//!
//! Five hundred candidates make some 1500 events; each written alone would wait for the disk 1500 times. The worker
//! calls [`JobProgress::flush`] every few hundredths of a second, and followers are woken after each.

use super::Wakes;
use crate::{
    clock::{Clock, Moment},
    pipeline::{KeepError, Progress},
    store::{Batch, Claimed, Store, StoreError},
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
use uuid::Uuid;

pub struct JobProgress {
    id: Uuid,
    stop: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
    told: Mutex<Told>,
}

/// What was told and is not stored yet, and where the request stands.
struct Told {
    last_event: u64,
    last_log: u64,
    events: Vec<Event>,
    logs: Vec<(u64, Moment, String)>,
    stages: Vec<StageReport>,
    counts: Counts,
    kept: Vec<(String, String)>,
}

impl Told {
    fn event(&mut self, kind: EventKind) {
        self.last_event += 1;
        self.events.push(Event { seq: self.last_event, kind });
    }

    fn batch(&mut self) -> Batch {
        // There is no place to keep them in yet.
        self.kept.clear();
        Batch { events: mem::take(&mut self.events), logs: mem::take(&mut self.logs), stages: self.stages.clone(), counts: self.counts }
    }
}

impl JobProgress {
    pub fn new(claimed: &Claimed, stop: Arc<AtomicBool>, clock: Arc<dyn Clock>) -> Self {
        let (last_event, last_log) = (claimed.last_event, claimed.last_log);
        let told = Told {
            last_event,
            last_log,
            events: Vec::new(),
            logs: Vec::new(),
            stages: Vec::new(),
            counts: Counts::default(),
            kept: Vec::new(),
        };
        Self { id: claimed.id, stop, clock, told: Mutex::new(told) }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn counts(&self) -> Counts {
        self.told().counts
    }

    /// Writes what is new. A request that was erased meanwhile is told to stop; what the database refuses is kept for
    /// the next time.
    pub async fn flush(&self, store: &dyn Store, wakes: &Wakes) -> Result<(), StoreError> {
        let batch = {
            let mut told = self.told();
            let batch = told.batch();
            if batch.is_empty() {
                return Ok(());
            }
            batch
        };
        match store.record(self.id, &batch, self.clock.now()).await {
            Ok(true) => wakes.wake(self.id),
            Ok(false) => self.stop.store(true, Ordering::SeqCst),
            Err(error) => {
                let mut told = self.told();
                told.events.splice(..0, batch.events);
                told.logs.splice(..0, batch.logs);
                return Err(error);
            }
        }
        Ok(())
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
        Ok(())
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
}
