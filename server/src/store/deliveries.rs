//! The rows of the queue: what stands in apalis' table for each request that is to be worked on.
//!
//! A row is put in, set free and taken out by the transactions that change the request, so that the two never differ;
//! everything in between (who fetches it, by which priority, whether that worker still lives) is apalis' own work. Its
//! idempotency key is the request's.

use super::{StoreError, dialect::Dialect};
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, PgPool, SqlitePool};
use std::{fmt, time::Duration};
use ulid::Ulid;
use uuid::Uuid;

/// The name of the queue: apalis' `job_type`.
pub const QUEUE: &str = "face-engine";

/// Where the queue lies, for the worker that fetches from it.
#[derive(Debug, Clone)]
pub enum Queue {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// What a worker is handed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    Request(Uuid),
}

impl Delivery {
    /// Larger comes first: somebody waits for a request.
    fn priority(&self) -> i32 {
        match self {
            Self::Request(_) => 10,
        }
    }
}

/// The idempotency key: one row for each request.
impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(id) => write!(f, "request:{id}"),
        }
    }
}

fn millis(pause: Duration) -> i64 {
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}

/// Puts it into the queue, or sets it free where it is there already: to be fetched when the pause is over, by the database's
/// own clock.
pub async fn put(tx: &mut AnyConnection, dialect: Dialect, delivery: &Delivery, pause: Duration) -> Result<(), StoreError> {
    let statement = match dialect {
        // Its times are whole seconds: a pause of less is none.
        Dialect::Sqlite => {
            "INSERT INTO Jobs (job, id, job_type, run_at, priority, idempotency_key)
             VALUES ($1, $2, $3, strftime('%s', 'now') + $4 / 1000, $5, $6)
             ON CONFLICT (job_type, idempotency_key) DO UPDATE
             SET status = 'Pending', lock_by = NULL, lock_at = NULL, done_at = NULL, run_at = excluded.run_at"
        }
        Dialect::Postgres => {
            "INSERT INTO apalis.jobs (job, id, job_type, run_at, priority, idempotency_key)
             VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond', $5, $6)
             ON CONFLICT (job_type, idempotency_key) DO UPDATE
             SET status = 'Pending', lock_by = NULL, lock_at = NULL, done_at = NULL, run_at = excluded.run_at"
        }
    };
    sqlx::query(statement)
        .bind(serde_json::to_vec(delivery)?)
        .bind(Ulid::generate().to_string())
        .bind(QUEUE)
        .bind(millis(pause))
        .bind(delivery.priority())
        .bind(delivery.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes it out: there is nothing left to do.
pub async fn remove(tx: &mut AnyConnection, dialect: Dialect, delivery: &Delivery) -> Result<(), StoreError> {
    let statement = match dialect {
        Dialect::Sqlite => "DELETE FROM Jobs WHERE job_type = $1 AND idempotency_key = $2",
        Dialect::Postgres => "DELETE FROM apalis.jobs WHERE job_type = $1 AND idempotency_key = $2",
    };
    sqlx::query(statement).bind(QUEUE).bind(delivery.to_string()).execute(tx).await?;
    Ok(())
}

/// Workers that have shown life within a time.
pub async fn workers(tx: &mut AnyConnection, dialect: Dialect, within: Duration) -> Result<u64, StoreError> {
    let statement = match dialect {
        Dialect::Sqlite => "SELECT count(*) FROM Workers WHERE worker_type = $1 AND strftime('%s', 'now') - last_seen <= $2 / 1000",
        Dialect::Postgres => {
            "SELECT count(*) FROM apalis.workers WHERE worker_type = $1 AND last_seen > now() - $2 * interval '1 millisecond'"
        }
    };
    let (count,): (i64,) = sqlx::query_as(statement).bind(QUEUE).bind(millis(within)).fetch_one(tx).await?;
    Ok(count.unsigned_abs())
}

/// Forgets workers that have been silent for a time and hold nothing.
pub async fn forget_workers(tx: &mut AnyConnection, dialect: Dialect, silent: Duration) -> Result<(), StoreError> {
    let statement = match dialect {
        Dialect::Sqlite => {
            "DELETE FROM Workers WHERE strftime('%s', 'now') - last_seen > $1 / 1000
             AND id NOT IN (SELECT lock_by FROM Jobs WHERE lock_by IS NOT NULL)"
        }
        Dialect::Postgres => {
            "DELETE FROM apalis.workers WHERE last_seen < now() - $1 * interval '1 millisecond'
             AND id NOT IN (SELECT lock_by FROM apalis.jobs WHERE lock_by IS NOT NULL)"
        }
    };
    sqlx::query(statement).bind(millis(silent)).execute(tx).await?;
    Ok(())
}
