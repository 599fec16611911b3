//! How a request comes into a worker's hands, and back into the queue.

use super::{
    Claim, Claimed, Delivery, EventKindJson, Outcome, Recovered, Retry, StoreError, Taken, deliveries, dialect::Dialect, reading, writing,
};
use crate::clock::Moment;
use app::api::{ErrorDetail, EventKind, MatchOptions, RequestState};
use sqlx::{AnyConnection, Row};
use std::time::Duration;
use uuid::Uuid;

/// See [`Store::claim`](super::Store::claim).
pub async fn claim(
    tx: &mut AnyConnection,
    dialect: Dialect,
    id: Uuid,
    max_retries: u32,
    parked: &ErrorDetail,
    now: Moment,
) -> Result<Taken, StoreError> {
    let statement = match dialect {
        // Its transaction is the only one that writes.
        Dialect::Sqlite => "SELECT state, retry_count FROM requests WHERE id = $1",
        Dialect::Postgres => "SELECT state, retry_count FROM requests WHERE id = $1 FOR UPDATE",
    };
    let row: Option<(String, i64)> = sqlx::query_as(statement).bind(id.to_string()).fetch_optional(&mut *tx).await?;
    let (state, retry_count) = match row {
        Some((state, retry_count)) => (Some(reading::state_of(&state)?), retry_count),
        None => (None, 0),
    };
    let taken_over = match state {
        Some(RequestState::Queued) => false,
        Some(RequestState::Running) => true,
        _ => {
            deliveries::remove(tx, dialect, &Delivery::Request(id)).await?;
            return Ok(Taken::Nothing);
        }
    };
    if taken_over && retry_count >= i64::from(max_retries) {
        park(tx, dialect, id, parked, now).await?;
        return Ok(Taken::Parked);
    }
    let token = Uuid::new_v4();
    let row = sqlx::query(
        "UPDATE requests SET state = 'running', claim = $1, retry_count = retry_count + $2, updated_at = $3 WHERE id = $4
         RETURNING retry_count, created_at, query_names, options, stages, counts",
    )
    .bind(token.to_string())
    .bind(i64::from(taken_over))
    .bind(now.0)
    .bind(id.to_string())
    .fetch_one(&mut *tx)
    .await?;
    let last = "SELECT (SELECT coalesce(max(seq), 0) FROM events WHERE request_id = $1),
                       (SELECT coalesce(max(seq), 0) FROM logs WHERE request_id = $1)";
    let (last_event, last_log): (i64, i64) = sqlx::query_as(last).bind(id.to_string()).fetch_one(&mut *tx).await?;
    let kept: Vec<(String, String)> =
        sqlx::query_as("SELECT key, value FROM kept WHERE request_id = $1").bind(id.to_string()).fetch_all(&mut *tx).await?;
    Ok(Taken::Run(Box::new(Claimed {
        claim: Claim { id, token },
        taken_over,
        created_at: Moment(row.try_get("created_at")?),
        retry_count: u32::try_from(row.try_get::<i64, _>("retry_count")?).unwrap_or(u32::MAX),
        query_names: reading::json(&row, "query_names")?,
        options: reading::json::<MatchOptions>(&row, "options")?,
        last_event: last_event.unsigned_abs(),
        last_log: last_log.unsigned_abs(),
        stages: reading::json(&row, "stages")?,
        counts: reading::json(&row, "counts")?,
        kept: kept.into_iter().collect(),
    })))
}

/// It was interrupted once too often: it ends as failed, and followers are told.
async fn park(tx: &mut AnyConnection, dialect: Dialect, id: Uuid, parked: &ErrorDetail, now: Moment) -> Result<(), StoreError> {
    writing::end(tx, dialect, id, &Outcome::Failed(parked.clone()), now).await?;
    let event = EventKind::Error { error: parked.clone() }.json()?;
    sqlx::query(
        "INSERT INTO events (request_id, seq, kind)
         SELECT $1, coalesce(max(seq), 0) + 1, $2 FROM events WHERE request_id = $3",
    )
    .bind(id.to_string())
    .bind(event)
    .bind(id.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// False: another has it, or nobody.
pub async fn requeue(
    tx: &mut AnyConnection,
    dialect: Dialect,
    claim: Claim,
    retry: Retry,
    pause: Duration,
    now: Moment,
) -> Result<bool, StoreError> {
    let updated = sqlx::query(
        "UPDATE requests SET state = 'queued', claim = NULL, not_before = $1, retry_count = retry_count + $2, updated_at = $3
         WHERE id = $4 AND claim = $5 AND state = 'running'",
    )
    .bind(now.plus(pause).0)
    .bind(i64::from(retry == Retry::Counted))
    .bind(now.0)
    .bind(claim.id.to_string())
    .bind(claim.token.to_string())
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() == 0 {
        return Ok(false);
    }
    deliveries::put(tx, dialect, &Delivery::Request(claim.id), pause).await?;
    Ok(true)
}

/// See [`Store::recover`](super::Store::recover).
pub async fn recover(
    tx: &mut AnyConnection,
    dialect: Dialect,
    max_retries: u32,
    parked: &ErrorDetail,
    now: Moment,
) -> Result<Recovered, StoreError> {
    let open: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT id, state, retry_count FROM requests WHERE state IN ('queued', 'running') ORDER BY created_at, id")
            .fetch_all(&mut *tx)
            .await?;
    let mut recovered = Recovered::default();
    for (text, state, retry_count) in open {
        let id = reading::uuid(&text)?;
        if reading::state_of(&state)? == RequestState::Running {
            if retry_count >= i64::from(max_retries) {
                park(tx, dialect, id, parked, now).await?;
                recovered.parked.push(id);
                continue;
            }
            let again = "UPDATE requests SET state = 'queued', claim = NULL, retry_count = retry_count + 1, updated_at = $1 WHERE id = $2";
            sqlx::query(again).bind(now.0).bind(&text).execute(&mut *tx).await?;
            recovered.requeued.push(id);
        }
        // Also one that was queued: its delivery may be in the hands of a worker that is gone.
        deliveries::put(tx, dialect, &Delivery::Request(id), Duration::ZERO).await?;
    }
    Ok(recovered)
}
