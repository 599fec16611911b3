//! SQLite: one connection that writes, a few that read, write-ahead logging between them.
//!
//! `secure_delete` overwrites what is deleted, and [`SqliteStore::forget_traces`] empties the log: an erased request
//! is in no file afterwards. The statements stand in `writing` and `reading`.

use super::{
    Batch, Claimed, Cursor, Lookup, NewRequest, Outcome, Recovered, RequestRow, Retry, Store, StoreError, Submitted, migrations, reading,
    writing,
};
use crate::clock::Moment;
use app::api::{ErrorDetail, Event, LogLine, RequestState, RequestSummary};
use async_trait::async_trait;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{collections::BTreeMap, path::Path, time::Duration};
use uuid::Uuid;

const READERS: u32 = 4;

pub struct SqliteStore {
    /// A single connection: writers wait for it in order instead of failing with "database is locked".
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, making it where needed (for the owner alone), and brings it up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let mut file = std::fs::OpenOptions::new();
        file.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        // SQLite gives its log the same permissions as the file.
        file.open(path).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An accepted request is on the disk before its 202, even through a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("secure_delete", "ON");
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        migrations::migrator().run(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await?;
        Ok(Self { writer, readers })
    }

    /// Closes every connection; SQLite empties and removes the log with the last.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin_upload(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO erasures (id) VALUES (?)").bind(id.to_string()).execute(&self.writer).await?;
        Ok(())
    }

    async fn unfinished_uploads(&self) -> Result<Vec<Uuid>, StoreError> {
        reading::unfinished_uploads(&self.readers).await
    }

    async fn submit(&self, new: &NewRequest, capacity: u64) -> Result<Submitted, StoreError> {
        let mut tx = self.writer.begin().await?;
        let submitted = writing::submit(&mut tx, new, capacity).await?;
        tx.commit().await?;
        Ok(submitted)
    }

    async fn claim(&self, now: Moment) -> Result<Option<Claimed>, StoreError> {
        let mut tx = self.writer.begin().await?;
        let claimed = writing::claim(&mut tx, now).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn record(&self, id: Uuid, batch: &Batch, now: Moment) -> Result<bool, StoreError> {
        let mut tx = self.writer.begin().await?;
        let there = writing::record(&mut tx, id, batch, now).await?;
        tx.commit().await?;
        Ok(there)
    }

    async fn finish(&self, id: Uuid, batch: &Batch, outcome: &Outcome, now: Moment) -> Result<bool, StoreError> {
        let mut tx = self.writer.begin().await?;
        let there = writing::record(&mut tx, id, batch, now).await? && writing::finish(&mut tx, id, outcome, now).await?;
        tx.commit().await?;
        Ok(there)
    }

    async fn requeue(&self, id: Uuid, retry: Retry, not_before: Moment, now: Moment) -> Result<bool, StoreError> {
        let mut connection = self.writer.acquire().await?;
        writing::requeue(&mut connection, id, retry, not_before, now).await
    }

    async fn recover(&self, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Recovered, StoreError> {
        let mut tx = self.writer.begin().await?;
        let recovered = writing::recover(&mut tx, max_retries, parked, now).await?;
        tx.commit().await?;
        Ok(recovered)
    }

    async fn erase(&self, id: Uuid, now: Moment) -> Result<Lookup<()>, StoreError> {
        let mut tx = self.writer.begin().await?;
        let erased = writing::erase(&mut tx, id, now).await?;
        tx.commit().await?;
        Ok(erased)
    }

    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, StoreError> {
        reading::unfinished_erasures(&self.readers).await
    }

    async fn erasure_finished(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM erasures WHERE id = ?").bind(id.to_string()).execute(&self.writer).await?;
        Ok(())
    }

    async fn forget_traces(&self) -> Result<bool, StoreError> {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.writer).await?;
        Ok(busy == 0)
    }

    async fn request(&self, id: Uuid) -> Result<Lookup<Box<RequestRow>>, StoreError> {
        reading::request(&self.readers, id).await
    }

    async fn state(&self, id: Uuid) -> Result<Lookup<RequestState>, StoreError> {
        reading::state(&self.readers, id).await
    }

    async fn events_after(&self, id: Uuid, seq: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
        reading::events_after(&self.readers, id, seq, limit).await
    }

    async fn logs(&self, id: Uuid) -> Result<Vec<LogLine>, StoreError> {
        reading::logs(&self.readers, id).await
    }

    async fn counts(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        reading::counts(&self.readers).await
    }

    async fn page(&self, cursor: Option<Cursor>, limit: u32) -> Result<Vec<(Cursor, RequestSummary)>, StoreError> {
        reading::page(&self.readers, cursor, limit).await
    }

    async fn expired(&self, now: Moment) -> Result<Vec<Uuid>, StoreError> {
        reading::expired(&self.readers, now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        // The smallest write there is: takes the lock and changes nothing.
        sqlx::query("DELETE FROM erasures WHERE id = ''").execute(&self.writer).await?;
        Ok(())
    }
}
