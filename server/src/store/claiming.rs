//! How a request comes into a worker's hands, and back into the queue.

use super::{
    Claim, Claimed, Delivery, Due, EventKindJson, Outcome, Recovered, Retry, StoreError, deliveries, dialect::Dialect, reading, writing,
};
use crate::clock::Moment;
use app::api::{ErrorDetail, EventKind, MatchOptions, RequestState};
use sqlx::{AnyConnection, Row};
use std::time::Duration;
use uuid::Uuid;

/// See [`Store::appraise`](super::Store::appraise).
pub async fn appraise(
    tx: &mut AnyConnection,
    dialect: Dialect,
    id: Uuid,
    max_retries: u32,
    parked: &ErrorDetail,
    now: Moment,
) -> Result<Due, StoreError> {
    let statement = match dialect {
        // Its transaction is the only one that writes.
        Dialect::Sqlite => "SELECT state, retry_count, alone FROM requests WHERE id = $1",
        Dialect::Postgres => "SELECT state, retry_count, alone FROM requests WHERE id = $1 FOR UPDATE",
    };
    let row: Option<(String, i64, i64)> = sqlx::query_as(statement).bind(id.to_string()).fetch_optional(&mut *tx).await?;
    let Some((state, retry_count, alone)) = row else { return nothing(tx, dialect, id).await };
    match reading::state_of(&state)? {
        RequestState::Queued => Ok(Due::Run { alone: alone != 0, taken_over: false }),
        RequestState::Running => match interrupted(tx, dialect, id, (retry_count, alone != 0), max_retries, parked, now).await? {
            true => Ok(Due::Parked),
            false => Ok(Due::Run { alone: true, taken_over: true }),
        },
        _ => nothing(tx, dialect, id).await,
    }
}

async fn nothing(tx: &mut AnyConnection, dialect: Dialect, id: Uuid) -> Result<Due, StoreError> {
    deliveries::remove(tx, dialect, &Delivery::Request(id)).await?;
    Ok(Due::Nothing)
}

/// The process that had it in hand is gone. True: it is given up. False: it waits again, for a process that runs nothing else.
async fn interrupted(
    tx: &mut AnyConnection,
    dialect: Dialect,
    id: Uuid,
    (retry_count, alone): (i64, bool),
    max_retries: u32,
    parked: &ErrorDetail,
    now: Moment,
) -> Result<bool, StoreError> {
    if alone && retry_count >= i64::from(max_retries) {
        park(tx, dialect, id, parked, now).await?;
        return Ok(true);
    }
    let again = "UPDATE requests SET state = 'queued', claim = NULL, alone = 1, retry_count = retry_count + $1, updated_at = $2
                 WHERE id = $3";
    sqlx::query(again).bind(i64::from(alone)).bind(now.0).bind(id.to_string()).execute(tx).await?;
    Ok(false)
}

/// See [`Store::claim`](super::Store::claim).
pub async fn claim(tx: &mut AnyConnection, claim: Claim, alone: bool, now: Moment) -> Result<Option<Box<Claimed>>, StoreError> {
    let (id, token) = (claim.id.to_string(), claim.token.to_string());
    let row = sqlx::query(
        "UPDATE requests SET state = 'running', claim = $1, alone = $2, updated_at = $3
         WHERE id = $4 AND (state = 'queued' OR (state = 'running' AND claim = $5))
         RETURNING retry_count, created_at, query_names, options, stages, counts",
    )
    .bind(&token)
    .bind(i64::from(alone))
    .bind(now.0)
    .bind(&id)
    .bind(&token)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let last = "SELECT (SELECT coalesce(max(seq), 0) FROM events WHERE request_id = $1),
                       (SELECT coalesce(max(seq), 0) FROM logs WHERE request_id = $1)";
    let (last_event, last_log): (i64, i64) = sqlx::query_as(last).bind(&id).fetch_one(&mut *tx).await?;
    let kept: Vec<(String, String)> =
        sqlx::query_as("SELECT key, value FROM kept WHERE request_id = $1").bind(&id).fetch_all(&mut *tx).await?;
    Ok(Some(Box::new(Claimed {
        claim,
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
    let open: Vec<(String, String, i64, i64)> =
        sqlx::query_as("SELECT id, state, retry_count, alone FROM requests WHERE state IN ('queued', 'running') ORDER BY created_at, id")
            .fetch_all(&mut *tx)
            .await?;
    let mut recovered = Recovered::default();
    for (text, state, retry_count, alone) in open {
        let id = reading::uuid(&text)?;
        if reading::state_of(&state)? == RequestState::Running {
            if interrupted(tx, dialect, id, (retry_count, alone != 0), max_retries, parked, now).await? {
                recovered.parked.push(id);
                continue;
            }
            recovered.requeued.push(id);
        }
        // Also one that was queued: its delivery may be in the hands of a worker that is gone.
        deliveries::put(tx, dialect, &Delivery::Request(id), Duration::ZERO).await?;
    }
    Ok(recovered)
}
