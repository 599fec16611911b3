//! Background work: a bounded queue, workers, retries, events, retention and erasure.
//!
//! A request is `queued`, `running`, or has ended, and every step is one transaction. The queue is apalis', on the same
//! database ([`crate::store`]): at least once, never lost. [`Jobs`] hands requests in, erases them and waits for them;
//! `queue` fetches what is due, `worker` lets the pipeline run, `listening` hears what other processes have done.

mod backoff;
mod erasure;
mod listening;
mod progress;
mod queue;
mod recovery;
mod submission;
mod wakes;
mod worker;

pub use progress::{JobProgress, NotKept};
pub use queue::MISSED_HEARTBEATS;
pub use submission::{Accepted, Submission, SubmitError, query_key};
pub use wakes::Wakes;

use crate::{
    analyses::AnalysisCache,
    clock::{Clock, Moment},
    config::JobsConfig,
    fetch::DownloadCache,
    metrics::Metrics,
    objects::{ObjectError, Objects},
    store::{Lookup, Store, StoreError},
};
use app::api::RequestState;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long somebody who waits for a request goes without asking the database: a safety net, wakes come first.
const POLL: Duration = Duration::from_millis(500);

/// Why the work on requests could not go on.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

/// What holds something of requests beside the store and the objects, or counts them.
pub struct Beside {
    pub downloads: Arc<DownloadCache>,
    pub analyses: Arc<AnalysisCache>,
    pub metrics: Arc<Metrics>,
}

/// The work on requests, and what it needs.
pub struct Jobs {
    store: Arc<dyn Store>,
    objects: Arc<dyn Objects>,
    /// Holds pictures of requests for some minutes.
    downloads: Arc<DownloadCache>,
    /// Holds what the networks made of pictures of requests.
    analyses: Arc<AnalysisCache>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    config: JobsConfig,
    retention: Duration,
    /// Tells whoever follows a request that something is new.
    pub wakes: Arc<Wakes>,
    /// Counts up when something was queued.
    queued: watch::Sender<u64>,
    /// One permit per request that is worked on here at once.
    slots: Arc<Semaphore>,
    running: Mutex<HashMap<Uuid, Arc<Running>>>,
    /// When objects that nobody owns were looked for last.
    orphans_sought: Mutex<Option<Moment>>,
    shutdown: CancellationToken,
}

/// A request that a worker of this process has in hand.
struct Running {
    /// Asked by the pipeline between candidates.
    stop: Arc<AtomicBool>,
    stopped: CancellationToken,
    ended: CancellationToken,
}

impl Running {
    fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.stopped.cancel();
    }
}

impl Jobs {
    pub fn new(
        store: Arc<dyn Store>,
        objects: Arc<dyn Objects>,
        beside: Beside,
        clock: Arc<dyn Clock>,
        config: JobsConfig,
        retention: Duration,
        shutdown: CancellationToken,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(config.workers));
        let Beside { downloads, analyses, metrics } = beside;
        Self {
            store,
            objects,
            downloads,
            analyses,
            metrics,
            clock,
            config,
            retention,
            wakes: Arc::default(),
            queued: watch::channel(0).0,
            slots,
            running: Mutex::default(),
            orphans_sought: Mutex::default(),
            shutdown,
        }
    }

    /// Is a request worked on here?
    pub fn is_busy(&self) -> bool {
        !self.running().is_empty()
    }

    /// Workers of this process look at once.
    fn something_is_queued(&self) {
        self.queued.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Running>>> {
        // The map is whole after every step, so a panic of another holder leaves nothing half done.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the request has ended, or the time is over, or the process stops. What is returned is the state then.
    pub async fn wait_until_final(&self, id: Uuid, timeout: Duration) -> Result<Lookup<RequestState>, StoreError> {
        let deadline = Instant::now() + timeout;
        let mut wake = self.wakes.subscribe(id);
        loop {
            let state = self.store.state(id).await?;
            let waiting = matches!(&state, Lookup::Found(state) if !state.is_final());
            if !waiting || Instant::now() >= deadline || self.shutdown.is_cancelled() {
                return Ok(state);
            }
            tokio::select! {
                _ = wake.changed() => {}
                () = tokio::time::sleep(POLL) => {}
                () = tokio::time::sleep_until(deadline) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }
}
