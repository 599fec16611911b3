//! A worker: takes up a request, lets the pipeline run it, and writes down how it ended.

use super::{JobError, JobProgress, Jobs, NotKept, Running, backoff::Backoff, submission::query_key};
use crate::{
    pipeline::{self, MatchJob, PipelineContext, PipelineError, QueryPhoto, QueryPhotos},
    store::{Claim, Claimed, Due, Lookup, Outcome, Retry, StoreError},
};
use app::api::{ErrorDetail, EventKind, MatchResult, RequestState};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often what a job has told is written: followers see it that much later.
const FLUSH_EVERY: Duration = Duration::from_millis(50);
/// The same where the database is away.
const FLUSH_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// The longest pause before a retry.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Between tries to write to a database that is away.
const STORE_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_STORE_PAUSE: Duration = Duration::from_secs(3);
/// How often the end of a run is written when the process is to stop, before the request is left to another worker.
const STOP_TRIES: u32 = 5;
/// How long a request waits for an artifact store that cannot be written to before that is its failure.
const STORAGE_PATIENCE: Duration = Duration::from_secs(3600);

/// How a run ended, seen from outside.
enum Ended {
    Completed(Box<MatchResult>),
    Failed {
        error: ErrorDetail,
        retryable: bool,
    },
    /// The artifact store could not be read or written.
    StorageAway(ErrorDetail),
    /// It was told to stop, or was dropped because it would not.
    Stopped,
}

/// Once the networks are loaded: what every run needs.
pub type Ready = watch::Receiver<Option<Arc<PipelineContext>>>;

impl Jobs {
    /// A request that the queue has handed out: runs it to its end, or back into the queue.
    pub(super) async fn take_up(&self, context: &Arc<PipelineContext>, id: Uuid) {
        // The database was away for so long that the queue took this process for dead, and it was not.
        let still_running = self.running().get(&id).cloned();
        if let Some(running) = still_running {
            return running.ended.cancelled().await;
        }
        let parked = self.parked();
        let appraised = self.until_answered(id, || self.store.appraise(id, self.config.max_retries, &parked, self.clock.now())).await;
        let (suspect, taken_over) = match appraised {
            Some(Due::Run { alone, taken_over }) => (alone, taken_over),
            Some(Due::Parked) => {
                self.metrics.request_failed(&parked.code);
                tracing::warn!(request_id = %id, "a request was interrupted too often and is given up");
                return self.wakes.wake(id);
            }
            Some(Due::Nothing) | None => return,
        };
        if taken_over {
            self.metrics.request_taken_over();
        }
        // What may have ended a process runs alone: if it ends this one as well, nobody else is interrupted by it.
        let alone = suspect || self.config.workers == 1;
        let slots = if alone { u32::try_from(self.config.workers).unwrap_or(u32::MAX) } else { 1 };
        let Ok(_slots) = self.slots.acquire_many(slots).await else { return };
        // Made before the first try: where the answer is lost the next try knows its own claim.
        let claim = Claim { id, token: Uuid::new_v4() };
        if let Some(Some(claimed)) = self.until_answered(id, || self.store.claim(claim, alone, self.clock.now())).await {
            self.run_one(context, *claimed, taken_over).await;
        }
    }

    /// What the database says, however long it is away. None: the process stops; nobody has the request, and another worker is
    /// handed it once this one is known to be gone.
    async fn until_answered<T, F>(&self, id: Uuid, ask: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut backoff = Backoff::new(STORE_PAUSE, LONGEST_STORE_PAUSE);
        loop {
            let again = match ask().await {
                Ok(answer) => return Some(answer),
                Err(error) => {
                    let again = backoff.failed();
                    if again.is_first {
                        tracing::warn!(request_id = %id, %error, "a request could not be taken up; tried again until it can");
                    }
                    again
                }
            };
            tokio::select! {
                () = sleep(again.pause) => {}
                () = self.shutdown.cancelled() => return None,
            }
        }
    }

    async fn run_one(&self, context: &Arc<PipelineContext>, claimed: Claimed, taken_over: bool) {
        let id = claimed.claim.id;
        let running = Arc::new(Running { stop: Arc::default(), stopped: CancellationToken::new(), ended: CancellationToken::new() });
        self.running().insert(id, running.clone());
        // However this ends: who waits for the end of the run is not left waiting.
        let _ended = running.ended.clone().drop_guard();
        tracing::info!(request_id = %id, retry_count = claimed.retry_count, taken_over, "request started");
        let (store, wakes, clock) = (self.store.clone(), self.wakes.clone(), self.clock.clone());
        let progress = Arc::new(JobProgress::new(&claimed, running.stop.clone(), self.shutdown.clone(), store, wakes, clock));
        let ended = match self.job(&claimed).await {
            Ok(Some(job)) => self.drive(context.clone(), job, &progress, &running).await,
            Ok(None) => Ended::Failed {
                error: detail("query_missing", "The query picture is not there any more: send it again."),
                retryable: false,
            },
            Err(error) => {
                tracing::error!(request_id = %id, %error, "the query picture could not be read");
                Ended::StorageAway(storage_failed())
            }
        };
        if self.conclude(&claimed, ended, &progress).await == Some(false) {
            self.clear_after(id).await;
        }
        self.running().remove(&id);
        self.wakes.wake(id);
    }

    /// The request is not this worker's any more. Where it was erased while it ran, what was written after the erasure goes as
    /// well; where another worker has taken over the objects are that one's.
    async fn clear_after(&self, id: Uuid) {
        let cleared = async {
            if let Lookup::Found(_) = self.store.state(id).await? {
                return Ok(());
            }
            self.delete_objects(id).await
        };
        if let Err(error) = cleared.await {
            tracing::error!(request_id = %id, %error, "files of an erased request could not be deleted; the next sweep tries again");
        }
    }

    /// None where a photo is not there any more.
    async fn job(&self, claimed: &Claimed) -> Result<Option<MatchJob>, JobError> {
        let mut photos = Vec::with_capacity(claimed.query_names.len());
        for name in &claimed.query_names {
            let Some(bytes) = self.objects.get(&query_key(claimed.claim.id, name)).await? else { return Ok(None) };
            photos.push(QueryPhoto { name: name.clone(), bytes });
        }
        Ok(QueryPhotos::new(photos).map(|query| MatchJob {
            request_id: claimed.claim.id,
            options: claimed.options.clone(),
            query,
            retry_count: claimed.retry_count,
            max_retries: self.config.max_retries,
            kept: claimed.kept.clone(),
        }))
    }

    /// Runs the pipeline in a task of its own, so that a panic ends only this run, and writes what it tells meanwhile.
    async fn drive(&self, context: Arc<PipelineContext>, job: MatchJob, progress: &Arc<JobProgress>, running: &Running) -> Ended {
        let id = job.request_id;
        // Dropping the set drops the run: nothing goes on behind a worker that is gone.
        let mut run = JoinSet::new();
        let told = progress.clone();
        run.spawn(async move { pipeline::run(&context, &job, told.as_ref()).await });
        let mut ticks = interval(FLUSH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut backoff = Backoff::new(FLUSH_EVERY * 2, FLUSH_AT_LEAST_EVERY);
        let joined = loop {
            tokio::select! {
                joined = run.join_next() => break joined,
                _ = ticks.tick() => match progress.flush().await {
                    Ok(()) => if backoff.recovered() {
                        tracing::info!(request_id = %id, "events are stored again");
                    },
                    Err(NotKept::Lost) => running.stop(),
                    Err(error) => {
                        let again = backoff.failed();
                        if again.is_first {
                            tracing::warn!(request_id = %id, %error, "events could not be stored; tried again until they can");
                        }
                        ticks.reset_after(again.pause);
                    }
                },
                () = self.shutdown.cancelled() => { running.stop(); }
                () = running.stopped.cancelled() => {
                    break match timeout(self.config.stop_timeout, run.join_next()).await {
                        Ok(joined) => joined,
                        Err(_) => { run.shutdown().await; return Ended::Stopped }
                    };
                }
            }
        };
        match joined {
            Some(Ok(Ok(result))) => Ended::Completed(Box::new(result)),
            Some(Ok(Err(PipelineError::Cancelled))) | None => Ended::Stopped,
            Some(Ok(Err(error @ (PipelineError::Objects(_) | PipelineError::Unkept(_))))) => {
                tracing::warn!(request_id = %id, cause = ?error, "a run could not store what it made");
                Ended::StorageAway(detail(error.code(), &error.to_string()))
            }
            Some(Ok(Err(error))) => {
                // The sentence is for the asker; what is behind it is for the log.
                tracing::warn!(request_id = %id, code = error.code(), cause = ?error, "a run failed");
                let told = ErrorDetail { details: error.details(), ..detail(error.code(), &error.to_string()) };
                Ended::Failed { error: told, retryable: error.retryable() }
            }
            Some(Err(error)) if error.is_cancelled() => Ended::Stopped,
            Some(Err(_)) => {
                tracing::error!(request_id = %id, "a run panicked");
                let sentence = "The search stopped with an internal fault: try again, and tell the operator if it stays so.";
                Ended::Failed { error: detail("internal_error", sentence), retryable: true }
            }
        }
    }

    /// Writes down how a run ended. Some(false): the request is erased, or another worker has it. None: the process stops and
    /// the database is away; another worker is handed the request once this one is known to be gone.
    async fn conclude(&self, claimed: &Claimed, ended: Ended, progress: &JobProgress) -> Option<bool> {
        let (id, claim) = (claimed.claim.id, claimed.claim);
        match ended {
            Ended::Completed(mut result) => {
                result.status = RequestState::Completed;
                result.retry_count = claimed.retry_count;
                result.max_retries = self.config.max_retries;
                let done = EventKind::Done { counts: progress.counts(), seconds: result.time_taken };
                tracing::info!(request_id = %id, seconds = result.time_taken, "request completed");
                let (batch, outcome) = (progress.last_batch(Some(done)), Outcome::Completed(result));
                let stored = self.until_stored(id, || self.store.finish(claim, &batch, &outcome, self.clock.now())).await;
                if stored == Some(true) {
                    self.metrics.request_completed();
                }
                stored
            }
            Ended::Failed { error, retryable } if retryable && claimed.retry_count < self.config.max_retries => {
                let pause = self.config.retry_pause.saturating_mul(1 << claimed.retry_count.min(16)).min(LONGEST_PAUSE);
                tracing::info!(request_id = %id, code = error.code, pause_ms = pause.as_millis(), "request will be tried again");
                self.back_to_queue(claimed, progress, Retry::Counted, pause).await
            }
            // No fault of the request: it waits until the store is there again, within reason.
            Ended::StorageAway(error) if self.clock.now().since(claimed.created_at) < STORAGE_PATIENCE => {
                tracing::info!(request_id = %id, code = error.code, "request waits for the store");
                self.back_to_queue(claimed, progress, Retry::Free, self.config.retry_pause.saturating_mul(5)).await
            }
            Ended::StorageAway(error) if claimed.retry_count < self.config.max_retries => {
                tracing::info!(request_id = %id, code = error.code, "request has waited long for the store and will be tried again");
                self.back_to_queue(claimed, progress, Retry::Counted, LONGEST_PAUSE).await
            }
            Ended::Failed { error, retryable } => self.failed(claimed, error, retryable, progress).await,
            Ended::StorageAway(error) => self.failed(claimed, error, true, progress).await,
            Ended::Stopped => self.back_to_queue(claimed, progress, Retry::Free, Duration::ZERO).await,
        }
    }

    async fn failed(&self, claimed: &Claimed, mut error: ErrorDetail, retryable: bool, progress: &JobProgress) -> Option<bool> {
        let id = claimed.claim.id;
        if retryable {
            error.details = serde_json::json!({ "retry_count": claimed.retry_count, "max_retries": self.config.max_retries });
        }
        tracing::info!(request_id = %id, code = error.code, "request failed");
        let batch = progress.last_batch(Some(EventKind::Error { error: error.clone() }));
        let code = error.code.clone();
        let outcome = Outcome::Failed(error);
        let stored = self.until_stored(id, || self.store.finish(claimed.claim, &batch, &outcome, self.clock.now())).await;
        if stored == Some(true) {
            self.metrics.request_failed(&code);
        }
        stored
    }

    async fn back_to_queue(&self, claimed: &Claimed, progress: &JobProgress, retry: Retry, pause: Duration) -> Option<bool> {
        let (claim, batch) = (claimed.claim, progress.last_batch(None));
        if retry == Retry::Counted {
            self.metrics.request_retried();
        }
        let there = self.until_stored(claim.id, || self.store.requeue(claim, &batch, retry, pause, self.clock.now())).await;
        if there == Some(true) && !self.shutdown.is_cancelled() {
            self.something_is_queued();
        }
        there
    }

    /// The database may be away for a while; the result of a long run is worth asking again and again.
    async fn until_stored<F>(&self, id: Uuid, write: impl Fn() -> F) -> Option<bool>
    where
        F: Future<Output = Result<bool, StoreError>>,
    {
        let mut tries_at_the_end = STOP_TRIES;
        let mut backoff = Backoff::new(STORE_PAUSE, LONGEST_STORE_PAUSE);
        loop {
            let again = match write().await {
                Ok(there) => return Some(there),
                Err(error) => {
                    let again = backoff.failed();
                    if again.is_first {
                        tracing::warn!(request_id = %id, %error, "the end of a run could not be stored; tried again until it can");
                    }
                    again
                }
            };
            if self.shutdown.is_cancelled() {
                tries_at_the_end -= 1;
                if tries_at_the_end == 0 {
                    tracing::error!(request_id = %id, "the end of a run could not be stored; the request is run again");
                    return None;
                }
                sleep(STORE_PAUSE).await;
                continue;
            }
            tokio::select! {
                () = sleep(again.pause) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }
}

fn detail(code: &str, message: &str) -> ErrorDetail {
    ErrorDetail { code: code.into(), message: message.into(), details: serde_json::Value::Null }
}

fn storage_failed() -> ErrorDetail {
    detail("storage_failed", "The query picture could not be read from the store: try again, and tell the operator if it stays so.")
}
