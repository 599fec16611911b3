//! The store on SQLite or Postgres, by one set of statements through sqlx's `Any` driver.
//!
//! SQLite: one connection that writes, a few that read, write-ahead logging between them; `secure_delete` overwrites what is
//! deleted, and [`Store::forget_traces`] empties the log, so that an erased request is in no file afterwards. Postgres: one
//! pool; what is deleted is vacuumed, and its log and backups are the operator's.

use super::{
    Batch, Claim, Claimed, Cursor, Due, Erased, Idempotency, Leftovers, Lookup, NewRequest, Notices, Outcome, Past, Queue, Recovered,
    RequestRow, Retry, Share, Store, StoreError, Submitted, claiming, deliveries, dialect::Dialect, migrations, reading, shares, writing,
};
use crate::clock::Moment;
use app::api::{ErrorDetail, Event, LogLine, RequestState, RequestSummary};
use async_trait::async_trait;
use sqlx::{
    Any, AnyPool, Transaction,
    any::AnyPoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{collections::BTreeMap, path::Path, str::FromStr, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

/// Connections of one process to Postgres, beside the queue's three and the one that listens.
const CONNECTIONS: u32 = 8;
const SQLITE_READERS: u32 = 4;
const QUEUE_CONNECTIONS: u32 = 3;
/// How long a connection is waited for: an outage is told soon, with a Retry-After.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one transaction may take, as long as SQLite's writers wait for each other and a little more.
const LIMIT: Duration = Duration::from_secs(12);
/// How long a vacuum may take: it is nobody's transaction, and goes through whole tables.
const VACUUM_LIMIT: Duration = Duration::from_secs(600);
/// What one statement asks about.
const AT_ONCE: usize = 500;
/// Workers that were silent for so long are forgotten.
const FORGET_WORKERS: Duration = Duration::from_secs(3600);
/// Of every session on Postgres. A process that stands still in the middle of a transaction (it is stopped, its machine sleeps or
/// has lost its power) must not keep the rows that others wait for: the server ends its session. Who waits for a row gives up in
/// time to keep the connection.
const SESSION: &str = "SET idle_in_transaction_session_timeout = '5s';
    SET lock_timeout = '8s';
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3";

pub struct SqlStore {
    pub(super) dialect: Dialect,
    pub(super) writer: AnyPool,
    pub(super) readers: AnyPool,
    queue: Queue,
    /// Of Postgres, for those who listen.
    postgres: Option<PgConnectOptions>,
}

impl SqlStore {
    /// Opens the file, making it where needed (for the owner alone), and brings it up to date.
    pub async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let mut file = std::fs::OpenOptions::new();
        file.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        // SQLite gives its log the same permissions as the file.
        file.open(path).map_err(sqlx::Error::Io)?;
        let absolute = std::path::absolute(path).map_err(sqlx::Error::Io)?;
        let address = format!("sqlite://{}", crate::objects::encode_path(&absolute.to_string_lossy()));
        sqlx::any::install_default_drivers();
        // An accepted request is on the disk before its 202, even through a power cut: `synchronous` is full.
        let options = |connections| {
            AnyPoolOptions::new().max_connections(connections).acquire_timeout(LIMIT).after_connect(|connection, _| {
                Box::pin(async move {
                    for pragma in [
                        "PRAGMA busy_timeout = 10000",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL",
                        "PRAGMA foreign_keys = ON",
                        "PRAGMA secure_delete = ON",
                    ] {
                        sqlx::raw_sql(pragma).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
        };
        // A single connection: writers wait for it in order instead of failing with "database is locked".
        let writer = options(1).connect(&address).await?;
        migrations::run(&writer, Dialect::Sqlite).await?;
        let readers = options(SQLITE_READERS).connect(&address).await?;
        let jobs = SqliteConnectOptions::from_str(&address)?
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
            .pragma("secure_delete", "ON");
        let queue = Queue::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_lazy_with(jobs));
        Ok(Self { dialect: Dialect::Sqlite, writer, readers, queue, postgres: None })
    }

    /// Connects, and brings the database up to date.
    pub async fn open_postgres(address: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let options = PgConnectOptions::from_str(address)?.application_name("face-engine");
        let pool = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECT_TIMEOUT);
        let pool = pool.after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(SESSION).execute(connection).await?;
                Ok(())
            })
        });
        let pool = pool.connect(address).await?;
        migrations::run(&pool, Dialect::Postgres).await?;
        let jobs = PgPoolOptions::new().max_connections(QUEUE_CONNECTIONS).acquire_timeout(CONNECT_TIMEOUT);
        let jobs = jobs.after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(SESSION).execute(connection).await?;
                Ok(())
            })
        });
        let queue = Queue::Postgres(jobs.connect_lazy_with(options.clone()));
        Ok(Self { dialect: Dialect::Postgres, writer: pool.clone(), readers: pool, queue, postgres: Some(options) })
    }

    /// For statements of other rooms of the store, and for tests that look behind it.
    pub fn pool(&self) -> &AnyPool {
        &self.writer
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.dialect.begin(&self.writer).await
    }
}

/// Runs it, but not for ever: a connection that hangs is given up, and the pool makes another.
pub(super) async fn within_limit<T>(work: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, StoreError> {
    timeout(LIMIT, work).await.unwrap_or(Err(StoreError::Silent))
}

#[async_trait]
impl Store for SqlStore {
    async fn has_room(&self, capacity: u64, key_hash: Option<&str>) -> Result<bool, StoreError> {
        within_limit(reading::has_room(&self.readers, capacity, key_hash)).await
    }

    async fn known(&self, idempotency: &Idempotency) -> Result<Option<Submitted>, StoreError> {
        within_limit(async { reading::known(&mut *self.readers.acquire().await?, idempotency).await }).await
    }

    async fn begin_upload(&self, id: Uuid, grace: Duration) -> Result<(), StoreError> {
        within_limit(async { writing::note_leftover(&mut *self.writer.acquire().await?, self.dialect, id, grace).await }).await
    }

    async fn leftovers(&self, which: Leftovers) -> Result<Vec<Uuid>, StoreError> {
        within_limit(reading::leftovers(&self.readers, self.dialect, which)).await
    }

    async fn may_delete(&self, id: Uuid) -> Result<bool, StoreError> {
        within_limit(async { writing::may_delete(&mut *self.writer.acquire().await?, self.dialect, id).await }).await
    }

    async fn long_erased(&self, ids: &[Uuid], before: Moment) -> Result<Vec<Uuid>, StoreError> {
        let mut erased = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            erased.extend(within_limit(reading::long_erased(&self.readers, some, before)).await?);
        }
        Ok(erased)
    }

    async fn submit(&self, new: &NewRequest, capacity: u64) -> Result<Submitted, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let submitted = writing::submit(&mut tx, self.dialect, new, capacity).await?;
            tx.commit().await?;
            Ok(submitted)
        })
        .await
    }

    async fn appraise(&self, id: Uuid, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Due, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let due = claiming::appraise(&mut tx, self.dialect, id, max_retries, parked, now).await?;
            tx.commit().await?;
            Ok(due)
        })
        .await
    }

    async fn claim(&self, claim: Claim, alone: bool, now: Moment) -> Result<Option<Box<Claimed>>, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let claimed = claiming::claim(&mut tx, claim, alone, now).await?;
            tx.commit().await?;
            Ok(claimed)
        })
        .await
    }

    async fn record(&self, claim: Claim, batch: &Batch, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let there = writing::record(&mut tx, self.dialect, claim, batch, now).await?;
            tx.commit().await?;
            Ok(there)
        })
        .await
    }

    async fn finish(&self, claim: Claim, batch: &Batch, outcome: &Outcome, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let there = writing::record(&mut tx, self.dialect, claim, batch, now).await?;
            if there {
                writing::end(&mut tx, self.dialect, claim.id, outcome, now).await?;
            }
            tx.commit().await?;
            Ok(there)
        })
        .await
    }

    async fn requeue(&self, claim: Claim, batch: &Batch, retry: Retry, pause: Duration, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let there = writing::record(&mut tx, self.dialect, claim, batch, now).await?
                && claiming::requeue(&mut tx, self.dialect, claim, retry, pause, now).await?;
            self.dialect.notify(&mut tx, super::Notice::Queued).await?;
            tx.commit().await?;
            Ok(there)
        })
        .await
    }

    async fn recover(&self, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Recovered, StoreError> {
        let mut tx = self.begin().await?;
        let recovered = claiming::recover(&mut tx, self.dialect, max_retries, parked, now).await?;
        tx.commit().await?;
        Ok(recovered)
    }

    async fn erase(&self, id: Uuid, now: Moment, late: Duration) -> Result<Lookup<Erased>, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let erased = writing::erase(&mut tx, self.dialect, id, now, late).await?;
            tx.commit().await?;
            Ok(erased)
        })
        .await
    }

    async fn erasure_finished(&self, id: Uuid) -> Result<(), StoreError> {
        within_limit(async {
            sqlx::query("DELETE FROM erasures WHERE id = $1").bind(id.to_string()).execute(&self.writer).await?;
            Ok(())
        })
        .await
    }

    async fn forget_traces(&self) -> Result<bool, StoreError> {
        within_limit(async {
            match self.dialect {
                Dialect::Sqlite => {
                    let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.writer).await?;
                    Ok(busy == 0)
                }
                Dialect::Postgres => Ok(true),
            }
        })
        .await
    }

    async fn vacuum(&self) -> Result<(), StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(());
        }
        // Where another process is at it already, that one does it.
        let tables = "VACUUM (SKIP_LOCKED) requests, events, logs, kept, consents, idempotency, shares, erasures, pools, pool_pictures";
        let vacuum = sqlx::raw_sql(tables).execute(&self.writer);
        timeout(VACUUM_LIMIT, vacuum).await.map_err(|_| StoreError::Silent)??;
        Ok(())
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            deliveries::forget_workers(&mut tx, self.dialect, FORGET_WORKERS).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn request(&self, id: Uuid) -> Result<Lookup<Box<RequestRow>>, StoreError> {
        within_limit(reading::request(&self.readers, id)).await
    }

    async fn state(&self, id: Uuid) -> Result<Lookup<RequestState>, StoreError> {
        within_limit(reading::state(&self.readers, id)).await
    }

    async fn events_after(&self, id: Uuid, seq: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
        within_limit(reading::events_after(&self.readers, id, seq, limit)).await
    }

    async fn logs(&self, id: Uuid) -> Result<Vec<LogLine>, StoreError> {
        within_limit(reading::logs(&self.readers, id)).await
    }

    async fn counts(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        within_limit(reading::counts(&self.readers)).await
    }

    async fn page(&self, cursor: Option<Cursor>, limit: u32) -> Result<Vec<(Cursor, RequestSummary)>, StoreError> {
        within_limit(reading::page(&self.readers, cursor, limit)).await
    }

    async fn recent(&self, since: Moment, limit: u32) -> Result<Vec<Past>, StoreError> {
        within_limit(reading::recent(&self.readers, since, limit)).await
    }

    async fn expired(&self, now: Moment) -> Result<Vec<Uuid>, StoreError> {
        within_limit(reading::expired(&self.readers, now)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        within_limit(async {
            sqlx::query("SELECT 1").execute(&self.readers).await?;
            // The smallest write there is: takes the lock and changes nothing.
            sqlx::query("DELETE FROM erasures WHERE id = ''").execute(&self.writer).await?;
            Ok(())
        })
        .await
    }

    async fn share(&self, id: Uuid, token_hash: &str, share: Share, now: Moment) -> Result<Lookup<()>, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            reading::lock(&mut tx, self.dialect, id).await?;
            let there = reading::state_in(&mut tx, id).await?;
            if let Lookup::Found(_) = there {
                shares::make(&mut tx, id, token_hash, share, now).await?;
            }
            tx.commit().await?;
            Ok(there.map(|_| ()))
        })
        .await
    }

    async fn end_share(&self, id: Uuid, now: Moment) -> Result<Lookup<bool>, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            reading::lock(&mut tx, self.dialect, id).await?;
            let there = reading::state_in(&mut tx, id).await?;
            let ended = shares::end(&mut tx, id, now).await?;
            tx.commit().await?;
            Ok(there.map(|_| ended))
        })
        .await
    }

    async fn shared(&self, token_hash: &str, now: Moment) -> Result<Lookup<(Uuid, Share)>, StoreError> {
        within_limit(shares::find(&self.readers, token_hash, now)).await
    }

    async fn workers(&self, within: Duration) -> Result<u64, StoreError> {
        within_limit(async {
            let mut connection = self.readers.acquire().await?;
            deliveries::workers(&mut connection, self.dialect, within).await
        })
        .await
    }

    async fn secret(&self, name: &str, fresh: &str) -> Result<String, StoreError> {
        within_limit(async {
            let put = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
            sqlx::query(put).bind(name).bind(fresh).execute(&self.writer).await?;
            let (value,): (String,) =
                sqlx::query_as("SELECT value FROM secrets WHERE name = $1").bind(name).fetch_one(&self.writer).await?;
            Ok(value)
        })
        .await
    }

    fn notices(&self) -> Option<Notices> {
        self.postgres.clone().map(Notices::new)
    }

    fn queue(&self) -> Queue {
        self.queue.clone()
    }

    async fn close(&self) {
        match &self.queue {
            Queue::Sqlite(pool) => pool.close().await,
            Queue::Postgres(pool) => pool.close().await,
        }
        self.readers.close().await;
        self.writer.close().await;
    }
}
