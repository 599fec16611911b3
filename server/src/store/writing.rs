//! The statements that change rows. Each runs inside a transaction that its caller commits.

use super::{Batch, Claimed, Idempotency, Lookup, NewRequest, Outcome, Recovered, Retry, StoreError, Submitted, event_json, reading};
use crate::clock::Moment;
use app::api::{ErrorDetail, EventKind, MatchOptions};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

/// SQLite's integers are signed; a counter of events never gets near the edge.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub async fn submit(tx: &mut SqliteConnection, new: &NewRequest, capacity: u64) -> Result<Submitted, StoreError> {
    if let Some(Idempotency { key_hash, body_hash }) = &new.idempotency {
        let known: Option<(String, String)> = sqlx::query_as("SELECT body_hash, request_id FROM idempotency WHERE key_hash = ?")
            .bind(key_hash)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some((known_hash, request_id)) = known {
            return Ok(if known_hash == *body_hash { Submitted::Existing(reading::uuid(&request_id)?) } else { Submitted::Conflict });
        }
    }
    let inserted = sqlx::query(
        "INSERT INTO requests (id, state, created_at, updated_at, expires_at, not_before, query_names, options)
         SELECT ?1, 'queued', ?2, ?2, ?3, ?2, ?4, ?5 WHERE (SELECT count(*) FROM requests WHERE state = 'queued') < ?6",
    )
    .bind(new.id.to_string())
    .bind(new.created_at.0)
    .bind(new.expires_at.0)
    .bind(serde_json::to_string(&new.query_names)?)
    .bind(serde_json::to_string(&new.options)?)
    .bind(int(capacity))
    .execute(&mut *tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(Submitted::Full);
    }
    sqlx::query("DELETE FROM erasures WHERE id = ?").bind(new.id.to_string()).execute(&mut *tx).await?;
    if let Some(Idempotency { key_hash, body_hash }) = &new.idempotency {
        sqlx::query("INSERT INTO idempotency (key_hash, body_hash, request_id) VALUES (?, ?, ?)")
            .bind(key_hash)
            .bind(body_hash)
            .bind(new.id.to_string())
            .execute(&mut *tx)
            .await?;
    }
    Ok(Submitted::Queued)
}

pub async fn claim(tx: &mut SqliteConnection, now: Moment) -> Result<Option<Claimed>, StoreError> {
    let row = sqlx::query(
        "UPDATE requests SET state = 'running', updated_at = ?1
         WHERE id = (SELECT id FROM requests WHERE state = 'queued' AND not_before <= ?1 ORDER BY created_at, id LIMIT 1)
         RETURNING id, retry_count, query_names, options",
    )
    .bind(now.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id: String = row.try_get("id")?;
    let last = "SELECT (SELECT coalesce(max(seq), 0) FROM events WHERE request_id = ?1), (SELECT coalesce(max(seq), 0) FROM logs WHERE request_id = ?1)";
    let (last_event, last_log): (i64, i64) = sqlx::query_as(last).bind(&id).fetch_one(&mut *tx).await?;
    Ok(Some(Claimed {
        id: reading::uuid(&id)?,
        retry_count: u32::try_from(row.try_get::<i64, _>("retry_count")?).unwrap_or(u32::MAX),
        query_names: serde_json::from_str(row.try_get("query_names")?)?,
        options: serde_json::from_str::<MatchOptions>(row.try_get("options")?)?,
        last_event: last_event.unsigned_abs(),
        last_log: last_log.unsigned_abs(),
    }))
}

pub async fn record(tx: &mut SqliteConnection, id: Uuid, batch: &Batch, now: Moment) -> Result<bool, StoreError> {
    let id = id.to_string();
    let updated = sqlx::query("UPDATE requests SET stages = ?, counts = ?, updated_at = ? WHERE id = ?")
        .bind(serde_json::to_string(&batch.stages)?)
        .bind(serde_json::to_string(&batch.counts)?)
        .bind(now.0)
        .bind(&id)
        .execute(&mut *tx)
        .await?;
    if updated.rows_affected() == 0 {
        return Ok(false);
    }
    for event in &batch.events {
        sqlx::query("INSERT INTO events (request_id, seq, kind) VALUES (?, ?, ?)")
            .bind(&id)
            .bind(int(event.seq))
            .bind(event_json(&event.kind)?)
            .execute(&mut *tx)
            .await?;
    }
    for (seq, at, message) in &batch.logs {
        sqlx::query("INSERT INTO logs (request_id, seq, at, message) VALUES (?, ?, ?, ?)")
            .bind(&id)
            .bind(int(*seq))
            .bind(at.0)
            .bind(message)
            .execute(&mut *tx)
            .await?;
    }
    Ok(true)
}

pub async fn finish(tx: &mut SqliteConnection, id: Uuid, outcome: &Outcome, now: Moment) -> Result<bool, StoreError> {
    let (state, error, result) = match outcome {
        Outcome::Completed(result) => ("completed", None, Some(serde_json::to_string(result)?)),
        Outcome::Failed(error) => ("failed", Some(serde_json::to_string(error)?), None),
    };
    let updated = sqlx::query("UPDATE requests SET state = ?, error = ?, result = ?, updated_at = ? WHERE id = ?")
        .bind(state)
        .bind(error)
        .bind(result)
        .bind(now.0)
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(updated.rows_affected() > 0)
}

pub async fn requeue(
    connection: &mut SqliteConnection,
    id: Uuid,
    retry: Retry,
    not_before: Moment,
    now: Moment,
) -> Result<bool, StoreError> {
    let updated = sqlx::query(
        "UPDATE requests SET state = 'queued', not_before = ?, retry_count = retry_count + ?, updated_at = ?
         WHERE id = ? AND state = 'running'",
    )
    .bind(not_before.0)
    .bind(i64::from(retry == Retry::Counted))
    .bind(now.0)
    .bind(id.to_string())
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() > 0)
}

pub async fn recover(tx: &mut SqliteConnection, max_retries: u32, parked: &ErrorDetail, now: Moment) -> Result<Recovered, StoreError> {
    let running: Vec<(String, i64)> =
        sqlx::query_as("SELECT id, retry_count FROM requests WHERE state = 'running'").fetch_all(&mut *tx).await?;
    let mut recovered = Recovered::default();
    for (text, retry_count) in running {
        let id = reading::uuid(&text)?;
        if retry_count < i64::from(max_retries) {
            requeue(tx, id, Retry::Counted, now, now).await?;
            recovered.requeued.push(id);
        } else {
            finish(tx, id, &Outcome::Failed(parked.clone()), now).await?;
            let event = event_json(&EventKind::Error { error: parked.clone() })?;
            sqlx::query(
                "INSERT INTO events (request_id, seq, kind) SELECT ?1, coalesce(max(seq), 0) + 1, ?2 FROM events WHERE request_id = ?1",
            )
            .bind(&text)
            .bind(event)
            .execute(&mut *tx)
            .await?;
            recovered.parked.push(id);
        }
    }
    Ok(recovered)
}

pub async fn erase(tx: &mut SqliteConnection, id: Uuid, now: Moment) -> Result<Lookup<()>, StoreError> {
    let id = id.to_string();
    // Events, log lines and idempotency keys go with the row (ON DELETE CASCADE).
    let deleted = sqlx::query("DELETE FROM requests WHERE id = ?").bind(&id).execute(&mut *tx).await?;
    if deleted.rows_affected() == 0 {
        let known: Option<(i64,)> =
            sqlx::query_as("SELECT erased_at FROM tombstones WHERE id = ?").bind(&id).fetch_optional(&mut *tx).await?;
        return Ok(if known.is_some() { Lookup::Gone } else { Lookup::Unknown });
    }
    sqlx::query("INSERT INTO tombstones (id, erased_at) VALUES (?, ?)").bind(&id).bind(now.0).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO erasures (id) VALUES (?)").bind(&id).execute(&mut *tx).await?;
    Ok(Lookup::Found(()))
}
