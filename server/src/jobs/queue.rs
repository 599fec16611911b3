//! The queue's worker: apalis fetches what is due, highest priority first, shows that this process lives, and takes over what
//! dead ones have left. Each delivery becomes a run that goes on to its end whatever happens to the worker.
//!
//! A delivery is not acknowledged: it leaves the queue by the transaction that ends its request, so that neither can happen
//! without the other. A worker that loses the database ends; another one begins as soon as it is there again.

use super::{Jobs, backoff::Backoff, worker::Ready};
use crate::store::{Delivery, QUEUE, Queue};
use apalis::prelude::{BoxDynError, Data, WorkerBuilder, WorkerBuilderExt, WorkerError};
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy, PollWith};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use futures::{FutureExt, future::BoxFuture};
use std::{
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

/// How long an idle worker goes without looking at the queue: retries become due without anybody saying so.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Heartbeats that a worker may miss before its work is handed on.
pub const MISSED_HEARTBEATS: u32 = 3;
/// Before another worker begins where one has lost the database.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A worker that has worked for so long had the database: what it has lost since is another outage.
const HAD_IT: Duration = Duration::from_secs(15);

/// Hands a delivery over to those who run it; the other end is told when it has ended.
type HandOver = mpsc::UnboundedSender<(Delivery, oneshot::Sender<()>)>;

impl Jobs {
    /// Works, as many requests at once as the settings say, until the process stops.
    pub async fn work(self: Arc<Self>, mut ready: Ready) {
        let context = tokio::select! {
            () = self.shutdown.cancelled() => return,
            context = ready.wait_for(Option::is_some) => match context.ok().and_then(|context| context.clone()) {
                Some(context) => context,
                // The networks could not be loaded: the process is about to end.
                None => return,
            },
        };
        let (hand_over, mut handed) = mpsc::unbounded_channel();
        // Runs belong to this task and not to the queue's worker, which ends where it loses the database.
        let mut runs = JoinSet::new();
        let mut fetching = pin!(self.keep_fetching(hand_over));
        loop {
            tokio::select! {
                () = &mut fetching => break,
                Some((delivery, ended)) = handed.recv() => {
                    let (jobs, context) = (self.clone(), context.clone());
                    runs.spawn(async move {
                        match delivery {
                            Delivery::Request(id) => jobs.take_up(&context, id).await,
                        }
                        // Nobody may be waiting any more.
                        let _ = ended.send(());
                    });
                }
                // A panic was logged where it happened; the delivery is handed out again when this process is gone.
                Some(_) = runs.join_next() => {}
            }
        }
        // They have been told to stop, and write down where they stand.
        let all = async { while runs.join_next().await.is_some() {} };
        if timeout(self.config.stop_timeout + Duration::from_secs(3), all).await.is_err() {
            tracing::warn!("some runs did not stop in time; they are taken up again elsewhere, or by the next start");
        }
    }

    async fn keep_fetching(&self, hand_over: HandOver) {
        let mut backoff = Backoff::new(PAUSE, LONGEST_PAUSE);
        while !self.shutdown.is_cancelled() {
            let begun = Instant::now();
            let fetched = self.fetch(hand_over.clone()).await;
            if begun.elapsed() >= HAD_IT {
                backoff.recovered();
            }
            let again = backoff.failed();
            if let Err(error) = fetched
                && again.is_first
            {
                tracing::warn!(%error, "the queue cannot be reached; tried again until it can");
            }
            tokio::select! {
                () = sleep(again.pause) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }

    /// One worker of the queue, until the process stops or the database is lost.
    async fn fetch(&self, hand_over: HandOver) -> Result<(), WorkerError> {
        // A name that nobody has had: what an earlier worker of this process holds is known by the other name.
        let name = format!("{}-{}", std::process::id(), Uuid::new_v4());
        let shutdown = self.shutdown.clone();
        let stop = async move {
            shutdown.cancelled().await;
            Ok::<(), io::Error>(())
        };
        let (at_once, heartbeat, missed) = (self.config.workers, self.config.heartbeat, MISSED_HEARTBEATS as usize);
        let looks = Looks::new(self.queued.subscribe());
        match self.store.queue() {
            Queue::Sqlite(pool) => {
                let config = apalis_sqlite::Config::default().queue(QUEUE).batch_size(1).heartbeat_interval(heartbeat);
                let config = config.missed_heartbeats(missed).lock_tasks(false).persist_results(false);
                let backend = PollWith::new(SqliteStorage::<Delivery>::new(&pool).with_config(config), looks);
                WorkerBuilder::new(name).backend(backend).concurrency(at_once).data(hand_over).build(deliver).run_until(stop).await
            }
            Queue::Postgres(pool) => {
                let config = apalis_postgres::Config::default().queue(QUEUE).batch_size(1).heartbeat_interval(heartbeat);
                let config = config.missed_heartbeats(missed).lock_tasks(false).persist_results(false);
                let backend = PollWith::new(PostgresStorage::<Delivery>::new(&pool).with_config(config), looks);
                WorkerBuilder::new(name).backend(backend).concurrency(at_once).data(hand_over).build(deliver).run_until(stop).await
            }
        }
    }
}

/// Waits for the run, so that the queue's worker fetches no more than can be run.
async fn deliver(delivery: Delivery, hand_over: Data<HandOver>) -> Result<(), BoxDynError> {
    let (ended, end) = oneshot::channel();
    hand_over.send((delivery, ended))?;
    // An error is a run that panicked.
    let _ = end.await;
    Ok(())
}

/// When an idle worker looks: when something was queued here or elsewhere, and now and then.
struct Looks {
    queued: watch::Receiver<u64>,
    next: BoxFuture<'static, ()>,
}

impl Looks {
    fn new(queued: watch::Receiver<u64>) -> Self {
        let next = Self::wait(queued.clone());
        Self { queued, next }
    }

    fn wait(mut queued: watch::Receiver<u64>) -> BoxFuture<'static, ()> {
        async move {
            tokio::select! {
                changed = queued.changed() => if changed.is_err() { sleep(LOOK_EVERY).await },
                () = sleep(LOOK_EVERY) => {}
            }
        }
        .boxed()
    }
}

impl PollStrategy for Looks {
    /// Polled until it waits, so that whoever is queued next wakes the worker.
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut looked = Poll::Pending;
        while self.next.poll_unpin(cx).is_ready() {
            self.queued.mark_unchanged();
            self.next = Self::wait(self.queued.clone());
            looked = Poll::Ready(Some(()));
        }
        looked
    }
}
