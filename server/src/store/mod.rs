//! The rows of the service: requests, their events, and tombstones.
//!
//! [`Store`] is the seam; [`SqliteStore`] the implementation. Every method is one transaction. A write that names a
//! request which has been erased meanwhile changes nothing and says so.

mod migrations;
mod reading;
mod sqlite;
mod writing;

pub use sqlite::SqliteStore;

use crate::clock::Moment;
use app::api::{Counts, ErrorDetail, Event, EventKind, LogLine, MatchOptions, MatchResult, RequestState, RequestSummary, StageReport};
use async_trait::async_trait;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Why the store gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration cannot be applied: the database is newer than the program, or was changed by hand.
    #[error("the database cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row does not read as what it was written as.
    #[error("a row is unreadable: {0}")]
    Row(#[from] serde_json::Error),
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

/// A request taken from the queue.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: Uuid,
    pub retry_count: u32,
    pub query_names: Vec<String>,
    pub options: MatchOptions,
    /// Sequence numbers of the last event and the last log line that are stored.
    pub last_event: u64,
    pub last_log: u64,
}

/// What a running request has told since the last batch, and where it stands.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub events: Vec<Event>,
    /// Sequence number, time, line.
    pub logs: Vec<(u64, Moment, String)>,
    pub stages: Vec<StageReport>,
    pub counts: Counts,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.logs.is_empty()
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

#[async_trait]
pub trait Store: Send + Sync {
    /// Notes that files of a request are about to be written, before there is a row: [`Store::submit`] takes the note
    /// away with the same transaction that queues the request.
    async fn begin_upload(&self, id: Uuid) -> Result<(), StoreError>;

    /// Requests whose files were written but that were never queued. To be asked at the start only: later they are
    /// uploads in progress.
    async fn unfinished_uploads(&self) -> Result<Vec<Uuid>, StoreError>;

    /// Puts a request into the queue, unless it is full or the idempotency key is known.
    async fn submit(&self, new: &NewRequest, capacity: u64) -> Result<Submitted, StoreError>;

    /// Takes the oldest queued request that is due; it is `running` from then on.
    async fn claim(&self, now: Moment) -> Result<Option<Claimed>, StoreError>;

    /// Stores what a running request has told. False: it is erased.
    async fn record(&self, id: Uuid, batch: &Batch, now: Moment) -> Result<bool, StoreError>;

    /// Ends a request together with its last events. False: it is erased.
    async fn finish(&self, id: Uuid, batch: &Batch, outcome: &Outcome, now: Moment) -> Result<bool, StoreError>;

    /// Puts a running request back into the queue, not to be taken before a time. False: it is erased.
    async fn requeue(&self, id: Uuid, retry: Retry, not_before: Moment, now: Moment) -> Result<bool, StoreError>;

    /// At the start: what is `running` was interrupted; it goes back to the queue, or is parked as failed.
    async fn recover(&self, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Recovered, StoreError>;

    /// Forgets a request: its rows go, a tombstone stays, its objects are noted as still to be deleted.
    async fn erase(&self, id: Uuid, now: Moment) -> Result<Lookup<()>, StoreError>;

    /// Erased requests whose objects may still be there.
    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, StoreError>;

    /// The objects of an erased request, or of an upload that was not accepted, are gone.
    async fn erasure_finished(&self, id: Uuid) -> Result<(), StoreError>;

    /// Leaves no erased row in the database's log (WAL). False: a reader was in the way, try again later.
    async fn forget_traces(&self) -> Result<bool, StoreError>;

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

    /// Requests whose time is over.
    async fn expired(&self, now: Moment) -> Result<Vec<Uuid>, StoreError>;

    /// Can it be read and written?
    async fn check(&self) -> Result<(), StoreError>;
}

/// An event as it is stored and sent.
pub fn event_json(kind: &EventKind) -> Result<String, serde_json::Error> {
    serde_json::to_string(kind)
}
