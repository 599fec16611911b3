//! A worker: takes a request from the queue, lets the pipeline run it, and writes down how it ended.

use super::{JobError, JobProgress, Jobs, Running, submission::query_key};
use crate::{
    pipeline::{self, MatchJob, PipelineContext, PipelineError, QueryPhoto, QueryPhotos},
    store::{Batch, Claimed, Outcome, Retry, StoreError},
};
use app::api::{ErrorDetail, EventKind, MatchResult, RequestState};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often what a job has told is written: followers see it that much later.
const FLUSH_EVERY: Duration = Duration::from_millis(50);
/// How long an idle worker goes without looking at the queue: retries become due without anybody saying so.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest pause before a retry.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often the end of a request is written before it is left to the next start.
const FINISH_TRIES: u32 = 5;

/// How a run ended, seen from outside.
enum Ended {
    Completed(Box<MatchResult>),
    Failed {
        error: ErrorDetail,
        retryable: bool,
    },
    /// It was told to stop, or was dropped because it would not.
    Stopped,
}

/// Once the networks are loaded: what every run needs.
pub type Ready = watch::Receiver<Option<Arc<PipelineContext>>>;

impl Jobs {
    /// Works until the process stops.
    pub async fn work(self: Arc<Self>, mut ready: Ready) {
        let context = tokio::select! {
            () = self.shutdown.cancelled() => return,
            context = ready.wait_for(Option::is_some) => match context.ok().and_then(|context| context.clone()) {
                Some(context) => context,
                // The networks could not be loaded: the process is about to end.
                None => return,
            },
        };
        while !self.shutdown.is_cancelled() {
            match self.store.claim(self.clock.now()).await {
                Ok(Some(claimed)) => self.run_one(&context, claimed).await,
                Ok(None) => self.pause(LOOK_EVERY).await,
                Err(error) => {
                    tracing::error!(%error, "the queue could not be read");
                    self.pause(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn pause(&self, at_most: Duration) {
        tokio::select! {
            () = self.queued.notified() => {}
            () = sleep(at_most) => {}
            () = self.shutdown.cancelled() => {}
        }
    }

    async fn run_one(&self, context: &Arc<PipelineContext>, claimed: Claimed) {
        let id = claimed.id;
        let running = Arc::new(Running { stop: Arc::default(), stopped: CancellationToken::new(), ended: CancellationToken::new() });
        self.running().insert(id, running.clone());
        tracing::info!(request_id = %id, retry_count = claimed.retry_count, "request started");
        let progress = Arc::new(JobProgress::new(&claimed, running.stop.clone(), self.clock.clone()));
        let ended = match self.job(&claimed).await {
            Ok(Some(job)) => self.drive(context.clone(), job, &progress, &running).await,
            Ok(None) => Ended::Failed {
                error: detail("query_missing", "The query picture is not there any more: send it again."),
                retryable: false,
            },
            Err(error) => {
                tracing::error!(request_id = %id, %error, "the query picture could not be read");
                Ended::Failed { error: storage_failed(), retryable: true }
            }
        };
        match self.conclude(&claimed, ended, &progress).await {
            Ok(true) => {}
            // Erased while it ran: what it wrote after the erasure goes as well.
            Ok(false) => {
                if let Err(error) = self.delete_objects(id).await {
                    tracing::error!(request_id = %id, %error, "files of an erased request could not be deleted; the next sweep tries again");
                }
            }
            Err(error) => {
                tracing::error!(request_id = %id, %error, "the end of a request could not be stored; the next start runs it again")
            }
        }
        self.running().remove(&id);
        running.ended.cancel();
        self.wakes.wake(id);
    }

    /// None where a photo is not there any more.
    async fn job(&self, claimed: &Claimed) -> Result<Option<MatchJob>, JobError> {
        let mut photos = Vec::with_capacity(claimed.query_names.len());
        for name in &claimed.query_names {
            let Some(bytes) = self.objects.get(&query_key(claimed.id, name)).await? else { return Ok(None) };
            photos.push(QueryPhoto { name: name.clone(), bytes });
        }
        Ok(QueryPhotos::new(photos).map(|query| MatchJob {
            request_id: claimed.id,
            options: claimed.options.clone(),
            query,
            retry_count: claimed.retry_count,
            max_retries: self.config.max_retries,
            kept: BTreeMap::new(),
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
        let joined = loop {
            tokio::select! {
                joined = run.join_next() => break joined,
                _ = ticks.tick() => if let Err(error) = progress.flush(self.store.as_ref(), &self.wakes).await {
                    tracing::warn!(request_id = %id, %error, "events could not be stored; tried again");
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

    /// Writes down how a run ended. False: the request was erased meanwhile.
    async fn conclude(&self, claimed: &Claimed, ended: Ended, progress: &JobProgress) -> Result<bool, StoreError> {
        let id = claimed.id;
        match ended {
            Ended::Completed(mut result) => {
                result.status = RequestState::Completed;
                result.retry_count = claimed.retry_count;
                result.max_retries = self.config.max_retries;
                let done = EventKind::Done { counts: progress.counts(), seconds: result.time_taken };
                tracing::info!(request_id = %id, seconds = result.time_taken, "request completed");
                self.finish(claimed, &progress.last_batch(Some(done)), &Outcome::Completed(result)).await
            }
            Ended::Failed { error, retryable } if retryable && claimed.retry_count < self.config.max_retries => {
                let pause = self.config.retry_pause.saturating_mul(1 << claimed.retry_count.min(16)).min(LONGEST_PAUSE);
                tracing::info!(request_id = %id, code = error.code, pause_ms = pause.as_millis(), "request will be tried again");
                self.back_to_queue(claimed, progress, Retry::Counted, pause).await
            }
            Ended::Failed { mut error, retryable } => {
                if retryable {
                    error.details = serde_json::json!({ "retry_count": claimed.retry_count, "max_retries": self.config.max_retries });
                }
                tracing::info!(request_id = %id, code = error.code, "request failed");
                let last = EventKind::Error { error: error.clone() };
                self.finish(claimed, &progress.last_batch(Some(last)), &Outcome::Failed(error)).await
            }
            Ended::Stopped => self.back_to_queue(claimed, progress, Retry::Free, Duration::ZERO).await,
        }
    }

    /// The database may be away for a moment; the result of a long run is worth asking again.
    async fn finish(&self, claimed: &Claimed, batch: &Batch, outcome: &Outcome) -> Result<bool, StoreError> {
        let mut tries = 1;
        loop {
            match self.store.finish(claimed.id, batch, outcome, self.clock.now()).await {
                Err(error) if tries < FINISH_TRIES => {
                    tracing::warn!(request_id = %claimed.id, %error, tries, "the end of a request could not be stored; tried again");
                    sleep(Duration::from_millis(200) * tries).await;
                    tries += 1;
                }
                ended => return ended,
            }
        }
    }

    async fn back_to_queue(&self, claimed: &Claimed, progress: &JobProgress, retry: Retry, pause: Duration) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let there = self.store.record(claimed.id, &progress.last_batch(None), now).await?;
        let there = there && self.store.requeue(claimed.id, retry, now.plus(pause), now).await?;
        if there && !self.shutdown.is_cancelled() {
            self.queued.notify_one();
        }
        Ok(there)
    }
}

fn detail(code: &str, message: &str) -> ErrorDetail {
    ErrorDetail { code: code.into(), message: message.into(), details: serde_json::Value::Null }
}

fn storage_failed() -> ErrorDetail {
    detail("storage_failed", "The query picture could not be read from the store: try again, and tell the operator if it stays so.")
}
