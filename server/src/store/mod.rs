//! The rows of the service: requests, their events, what running jobs have kept, and tombstones.
//!
//! [`Store`] is the seam; [`SqlStore`] the implementation, on SQLite (one process) or Postgres (any number of machines).
//! Every method is one transaction. Whoever works on a request holds a [`Claim`]; a write by a claim that is not the newest,
//! or to a request that has been erased meanwhile, changes nothing and says so.
//!
//! The queue is apalis' (its SQLite and Postgres storages, on the same database): it fetches what is due by priority, knows
//! which workers live and hands on the jobs of those that do not. A job is put into its table by the very transaction that
//! makes the request (`deliveries`), and leaves it by the one that ends the request.

mod claiming;
mod deliveries;
mod dialect;
mod migrations;
mod notices;
mod pools;
mod reading;
mod shares;
mod sql;
mod writing;

pub use deliveries::{Delivery, QUEUE, Queue};
pub use notices::{Notice, Notices};
pub use pools::{
    NewPicture, NewPool, PictureRow, PoolAdded, PoolOrigin, PoolRow, PoolStore, PublishedContract, StoredAnalysis, SyncClaim, SyncEnd,
};
pub use sql::SqlStore;

use crate::clock::Moment;
use app::api::{Counts, ErrorDetail, Event, EventKind, LogLine, MatchOptions, MatchResult, RequestState, RequestSummary, StageReport};
use async_trait::async_trait;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// Why the store gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
    /// No answer within the time that a statement may take.
    #[error("the database does not answer")]
    Silent,
    /// SQLite's disk, or Postgres', has no room left.
    #[error("the disk of the database is full")]
    Full,
    /// A migration cannot be applied: the database is newer than the program, or was changed by hand.
    #[error("the database cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row does not read as what it was written as.
    #[error("a row is unreadable: {0}")]
    Row(#[from] serde_json::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLITE_FULL, and Postgres' disk_full.
        let full = |code: &str| matches!(code, "13" | "53100");
        match error.as_database_error().and_then(|error| error.code()) {
            Some(code) if full(&code) => Self::Full,
            _ => Self::Database(error),
        }
    }
}

/// A request as it is handed in.
#[derive(Debug, Clone)]
pub struct NewRequest {
    pub id: Uuid,
    pub created_at: Moment,
    pub expires_at: Moment,
    /// Of the query photos among the request's objects, the first first.
    pub query_names: Vec<String>,
    pub options: MatchOptions,
    pub idempotency: Option<Idempotency>,
}

/// Hex SHA-256 of an Idempotency-Key and of what was sent with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key_hash: String,
    pub body_hash: String,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    Queued,
    /// The same key came with the same body before: this is its request.
    Existing(Uuid),
    /// The same key came with another body before.
    Conflict,
    /// The queue holds as many requests as it may.
    Full,
    /// The upload took so long that it was taken for abandoned.
    TooLate,
}

/// A request as it stands.
#[derive(Debug, Clone)]
pub struct RequestRow {
    pub id: Uuid,
    pub state: RequestState,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub expires_at: Moment,
    pub retry_count: u32,
    pub query_names: Vec<String>,
    pub options: MatchOptions,
    pub stages: Vec<StageReport>,
    pub counts: Counts,
    pub error: Option<ErrorDetail>,
    pub result: Option<MatchResult>,
}

/// What an id leads to.
#[derive(Debug, Clone)]
pub enum Lookup<T> {
    Found(T),
    /// Erased or expired.
    Gone,
    Unknown,
}

/// Who works on a request: made anew whenever one is taken up, so that a worker that was thought dead cannot write over the
/// one that has taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub id: Uuid,
    pub token: Uuid,
}

/// What is to be done with a request that the queue has handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It is to be run.
    Run {
        /// Its process is to run nothing else meanwhile: one died with this request and others in hand, and nobody knows of which.
        alone: bool,
        /// Its worker before ended in the middle of it.
        taken_over: bool,
    },
    /// Its workers ended in the middle of it more often than it may be tried: it has failed now.
    Parked,
    /// It has ended or is erased.
    Nothing,
}

/// Which objects are to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// Those whose time has come, by the database's clock.
    Due,
    /// All of them: right where nobody else can be writing.
    All,
}

impl<T> Lookup<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(value) => Lookup::Found(change(value)),
            Self::Gone => Lookup::Gone,
            Self::Unknown => Lookup::Unknown,
        }
    }
}

/// A request taken from the queue.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub claim: Claim,
    pub created_at: Moment,
    pub retry_count: u32,
    pub query_names: Vec<String>,
    pub options: MatchOptions,
    /// Sequence numbers of the last event and the last log line that are stored.
    pub last_event: u64,
    pub last_log: u64,
    /// Where it stood when it was left.
    pub stages: Vec<StageReport>,
    pub counts: Counts,
    /// What earlier runs have kept, by key: a run goes on from there.
    pub kept: BTreeMap<String, String>,
}

/// What a running request has told since the last batch, and where it stands.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub events: Vec<Event>,
    /// Sequence number, time, line.
    pub logs: Vec<(u64, Moment, String)>,
    /// Key and value: what a later run of the request goes on from. A key that is there is written over.
    pub kept: Vec<(String, String)>,
    pub stages: Vec<StageReport>,
    pub counts: Counts,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.logs.is_empty() && self.kept.is_empty()
    }
}

/// How a request ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    Completed(Box<MatchResult>),
    Failed(ErrorDetail),
}

/// Whether a request that goes back to the queue has used one of its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It was handed back (shutdown): no fault of its own.
    Free,
    Counted,
}

/// What was found running at the start, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    pub requeued: Vec<Uuid>,
    /// Interrupted more often than `max_retries`.
    pub parked: Vec<Uuid>,
}

/// A place in the list of requests, newest first: the last request that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Moment,
    pub id: Uuid,
}

/// A request without anything of its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    pub state: RequestState,
    pub created_at: Moment,
    /// When it ended, where it has.
    pub updated_at: Moment,
}

/// A link by which others read a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub created_at: Moment,
    pub expires_at: Moment,
}

/// An erased request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// A worker had it in hand, here or elsewhere, and may write a last object before it notices.
    pub was_running: bool,
}

#[async_trait]
pub trait Store: PoolStore + Send + Sync {
    /// May one more request be handed in? Yes where fewer than `capacity` wait, or where a request of this key (as hex SHA-256) is
    /// known. What is said here may have changed when it comes to [`Store::submit`], which decides.
    async fn has_room(&self, capacity: u64, key_hash: Option<&str>) -> Result<bool, StoreError>;

    /// What a request with this key came to before: [`Submitted::Existing`] or [`Submitted::Conflict`]; None where the key is new.
    async fn known(&self, idempotency: &Idempotency) -> Result<Option<Submitted>, StoreError>;

    /// Notes that files of a request are about to be written, before there is a row: [`Store::submit`] takes the note
    /// away with the same transaction that queues the request. After `grace`, by the database's clock, the sweep takes it for
    /// abandoned, and it is queued no more.
    async fn begin_upload(&self, id: Uuid, grace: Duration) -> Result<(), StoreError>;

    /// Requests whose objects are to be deleted: of abandoned uploads and of erased requests.
    async fn leftovers(&self, which: Leftovers) -> Result<Vec<Uuid>, StoreError>;

    /// Before the objects of one of [`Leftovers::Due`] are deleted. False: there is a request now that owns them, or another process
    /// has deleted them. True: nobody can queue it any more.
    async fn may_delete(&self, id: Uuid) -> Result<bool, StoreError>;

    /// Which of these were erased before a time, and have nothing noted that is still to be deleted.
    async fn long_erased(&self, ids: &[Uuid], before: Moment) -> Result<Vec<Uuid>, StoreError>;

    /// Puts a request into the queue, unless it is full or the idempotency key is known.
    async fn submit(&self, new: &NewRequest, capacity: u64) -> Result<Submitted, StoreError>;

    /// Looks at a request that the queue has handed out. Where it is running its worker is gone. If that run had its process for
    /// itself it counts as a retry, and after `max_retries` of them it fails with `parked`. If it had company it counts as nothing, as
    /// a neighbour may be to blame, and the next run is alone. Either way it is queued again, so that this can be asked twice.
    async fn appraise(&self, id: Uuid, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Due, StoreError>;

    /// Takes up a request that waits; it is `running` from then on. `alone`: its process runs nothing else meanwhile. None: it does
    /// not wait any more, or another has it. Asked twice with one token, as where the first answer was lost, it is taken up once.
    async fn claim(&self, claim: Claim, alone: bool, now: Moment) -> Result<Option<Box<Claimed>>, StoreError>;

    /// Stores what a running request has told. False: it is erased, or another worker has taken over.
    async fn record(&self, claim: Claim, batch: &Batch, now: Moment) -> Result<bool, StoreError>;

    /// Ends a request together with its last events; what it kept goes. False: as for [`Store::record`].
    async fn finish(&self, claim: Claim, batch: &Batch, outcome: &Outcome, now: Moment) -> Result<bool, StoreError>;

    /// Puts a running request back into the queue with what it has told, not to be taken before a pause is over. False: as
    /// for [`Store::record`].
    async fn requeue(&self, claim: Claim, batch: &Batch, retry: Retry, pause: Duration, now: Moment) -> Result<bool, StoreError>;

    /// At the start of the only process there can be: what is `running` was interrupted; it goes back to the queue, or is
    /// parked as failed, as [`Store::appraise`] says. Where other machines share the database they take over what has lost its worker.
    async fn recover(&self, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Recovered, StoreError>;

    /// Forgets a request: its rows go, a tombstone stays, its objects are noted as still to be deleted (after `late` once more
    /// where it was running).
    async fn erase(&self, id: Uuid, now: Moment, late: Duration) -> Result<Lookup<Erased>, StoreError>;

    /// The objects of an erased request, or of an upload that was not accepted, are gone.
    async fn erasure_finished(&self, id: Uuid) -> Result<(), StoreError>;

    /// Empties SQLite's log, so that nothing of erased rows is in it. False: a reader was in the way, try again later. Postgres' log is
    /// not the program's: nothing is done there.
    async fn forget_traces(&self) -> Result<bool, StoreError>;

    /// Postgres vacuums, however long that takes; SQLite has overwritten what was deleted.
    async fn vacuum(&self) -> Result<(), StoreError>;

    /// Forgets workers that have long been silent.
    async fn tidy(&self) -> Result<(), StoreError>;

    async fn request(&self, id: Uuid) -> Result<Lookup<Box<RequestRow>>, StoreError>;

    /// Where a request stands, without reading its result.
    async fn state(&self, id: Uuid) -> Result<Lookup<RequestState>, StoreError>;

    /// Events after a sequence number, in order.
    async fn events_after(&self, id: Uuid, seq: u64, limit: u32) -> Result<Vec<Event>, StoreError>;

    async fn logs(&self, id: Uuid) -> Result<Vec<LogLine>, StoreError>;

    /// How many requests are in each state; `expired` counts tombstones.
    async fn counts(&self) -> Result<BTreeMap<String, u64>, StoreError>;

    /// The newest requests, after `cursor`.
    async fn page(&self, cursor: Option<Cursor>, limit: u32) -> Result<Vec<(Cursor, RequestSummary)>, StoreError>;

    /// The newest requests that were made since a time, newest first: only how they stand and when.
    async fn recent(&self, since: Moment, limit: u32) -> Result<Vec<Past>, StoreError>;

    /// Requests whose time is over.
    async fn expired(&self, now: Moment) -> Result<Vec<Uuid>, StoreError>;

    /// Can it be read and written?
    async fn check(&self) -> Result<(), StoreError>;

    /// Opens a link to a request, by the hash of its token; one that was open before ends.
    async fn share(&self, id: Uuid, token_hash: &str, share: Share, now: Moment) -> Result<Lookup<()>, StoreError>;

    /// Ends the link to a request. False: there was none.
    async fn end_share(&self, id: Uuid, now: Moment) -> Result<Lookup<bool>, StoreError>;

    /// The request behind a link that is open.
    async fn shared(&self, token_hash: &str, now: Moment) -> Result<Lookup<(Uuid, Share)>, StoreError>;

    /// Workers, on any machine, that have shown life within a time.
    async fn workers(&self, within: Duration) -> Result<u64, StoreError>;

    /// A secret that all machines share: the one that is there, or `fresh`, which is from then on.
    async fn secret(&self, name: &str, fresh: &str) -> Result<String, StoreError>;

    /// What other processes have done, as it happens; None where there are no others.
    fn notices(&self) -> Option<Notices>;

    /// Where the queue of jobs lies.
    fn queue(&self) -> Queue;

    /// May only one process use it?
    fn is_exclusive(&self) -> bool {
        self.notices().is_none()
    }

    /// Closes every connection.
    async fn close(&self);
}

/// An event as it is stored and sent.
trait EventKindJson {
    fn json(&self) -> Result<String, serde_json::Error>;
}

impl EventKindJson for EventKind {
    fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
