//! The statements that change rows. Each runs inside a transaction that its caller commits.

use super::{
    Batch, Claim, Delivery, Erased, EventKindJson, Idempotency, Lookup, NewRequest, Notice, Outcome, StoreError, Submitted, deliveries,
    dialect::Dialect, reading, shares,
};
use crate::clock::Moment;
use sqlx::{AnyConnection, AssertSqlSafe};
use std::time::Duration;
use uuid::Uuid;

/// The databases' integers are signed; a counter of events never gets near the edge.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub async fn submit(tx: &mut AnyConnection, dialect: Dialect, new: &NewRequest, capacity: u64) -> Result<Submitted, StoreError> {
    dialect.one_at_a_time(tx).await?;
    let id = new.id.to_string();
    if let Some(idempotency) = &new.idempotency
        && let Some(known) = reading::known(tx, idempotency).await?
    {
        return Ok(known);
    }
    let (queued,): (i64,) = sqlx::query_as("SELECT count(*) FROM requests WHERE state = 'queued'").fetch_one(&mut *tx).await?;
    if queued.unsigned_abs() >= capacity {
        return Ok(Submitted::Full);
    }
    // The note of the upload. Where it is gone, or its time is over, the sweep takes the upload for abandoned, and its photos with it.
    let note = format!("DELETE FROM erasures WHERE id = $1 AND not_before > {}", dialect.now());
    let noted = sqlx::query(AssertSqlSafe(note)).bind(&id).execute(&mut *tx).await?;
    if noted.rows_affected() == 0 {
        return Ok(Submitted::TooLate);
    }
    sqlx::query(
        "INSERT INTO requests (id, state, created_at, updated_at, expires_at, not_before, query_names, options)
         VALUES ($1, 'queued', $2, $3, $4, $5, $6, $7)",
    )
    .bind(&id)
    .bind(new.created_at.0)
    .bind(new.created_at.0)
    .bind(new.expires_at.0)
    .bind(new.created_at.0)
    .bind(serde_json::to_string(&new.query_names)?)
    .bind(serde_json::to_string(&new.options)?)
    .execute(&mut *tx)
    .await?;
    sqlx::query("INSERT INTO consents (request_id, purpose, given_at) VALUES ($1, $2, $3)")
        .bind(&id)
        .bind(&new.options.purpose)
        .bind(new.created_at.0)
        .execute(&mut *tx)
        .await?;
    if let Some(Idempotency { key_hash, body_hash }) = &new.idempotency {
        sqlx::query("INSERT INTO idempotency (key_hash, body_hash, request_id) VALUES ($1, $2, $3)")
            .bind(key_hash)
            .bind(body_hash)
            .bind(&id)
            .execute(&mut *tx)
            .await?;
    }
    deliveries::put(tx, dialect, &Delivery::Request(new.id), Duration::ZERO).await?;
    dialect.notify(tx, Notice::Queued).await?;
    Ok(Submitted::Queued)
}

/// False: another has it, or nobody.
pub async fn record(tx: &mut AnyConnection, dialect: Dialect, claim: Claim, batch: &Batch, now: Moment) -> Result<bool, StoreError> {
    let id = claim.id.to_string();
    let updated = sqlx::query("UPDATE requests SET stages = $1, counts = $2, updated_at = $3 WHERE id = $4 AND claim = $5")
        .bind(serde_json::to_string(&batch.stages)?)
        .bind(serde_json::to_string(&batch.counts)?)
        .bind(now.0)
        .bind(&id)
        .bind(claim.token.to_string())
        .execute(&mut *tx)
        .await?;
    if updated.rows_affected() == 0 {
        return Ok(false);
    }
    // What is there already was written by this very claim: the answer to its commit was lost, and it is written once more.
    for event in &batch.events {
        sqlx::query("INSERT INTO events (request_id, seq, kind) VALUES ($1, $2, $3) ON CONFLICT (request_id, seq) DO NOTHING")
            .bind(&id)
            .bind(int(event.seq))
            .bind(event.kind.json()?)
            .execute(&mut *tx)
            .await?;
    }
    for (seq, at, message) in &batch.logs {
        sqlx::query("INSERT INTO logs (request_id, seq, at, message) VALUES ($1, $2, $3, $4) ON CONFLICT (request_id, seq) DO NOTHING")
            .bind(&id)
            .bind(int(*seq))
            .bind(at.0)
            .bind(message)
            .execute(&mut *tx)
            .await?;
    }
    for (key, value) in &batch.kept {
        let keep = "INSERT INTO kept (request_id, key, value) VALUES ($1, $2, $3)
                    ON CONFLICT (request_id, key) DO UPDATE SET value = excluded.value";
        sqlx::query(keep).bind(&id).bind(key).bind(value).execute(&mut *tx).await?;
    }
    dialect.notify(tx, Notice::Request(claim.id)).await?;
    Ok(true)
}

/// Ends the request and takes away what only a running one needs.
pub async fn end(tx: &mut AnyConnection, dialect: Dialect, id: Uuid, outcome: &Outcome, now: Moment) -> Result<(), StoreError> {
    let (state, error, result) = match outcome {
        Outcome::Completed(result) => ("completed", None, Some(serde_json::to_string(result)?)),
        Outcome::Failed(error) => ("failed", Some(serde_json::to_string(error)?), None),
    };
    let text = id.to_string();
    sqlx::query("UPDATE requests SET state = $1, error = $2, result = $3, updated_at = $4, claim = NULL WHERE id = $5")
        .bind(state)
        .bind(error)
        .bind(result)
        .bind(now.0)
        .bind(&text)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM kept WHERE request_id = $1").bind(&text).execute(&mut *tx).await?;
    deliveries::remove(tx, dialect, &Delivery::Request(id)).await?;
    dialect.notify(tx, Notice::Request(id)).await
}

pub async fn erase(tx: &mut AnyConnection, dialect: Dialect, id: Uuid, now: Moment, late: Duration) -> Result<Lookup<Erased>, StoreError> {
    let text = id.to_string();
    // Who shares it, or erases it as well, comes before or after this.
    reading::lock(tx, dialect, id).await?;
    shares::end(tx, id, now).await?;
    // Events, log lines, what was kept, the consent and idempotency keys go with the row (ON DELETE CASCADE).
    let deleted: Option<(String,)> =
        sqlx::query_as("DELETE FROM requests WHERE id = $1 RETURNING state").bind(&text).fetch_optional(&mut *tx).await?;
    let Some((state,)) = deleted else {
        let known: Option<(i64,)> =
            sqlx::query_as("SELECT erased_at FROM tombstones WHERE id = $1").bind(&text).fetch_optional(&mut *tx).await?;
        return Ok(if known.is_some() { Lookup::Gone } else { Lookup::Unknown });
    };
    let was_running = state == "running";
    sqlx::query("INSERT INTO tombstones (id, erased_at) VALUES ($1, $2)").bind(&text).bind(now.0).execute(&mut *tx).await?;
    note_leftover(tx, dialect, id, if was_running { late } else { Duration::ZERO }).await?;
    deliveries::remove(tx, dialect, &Delivery::Request(id)).await?;
    dialect.notify(tx, Notice::Erased(id)).await?;
    Ok(Lookup::Found(Erased { was_running }))
}

/// Objects of this id are to be deleted when the time is over, by the database's clock.
pub async fn note_leftover(tx: &mut AnyConnection, dialect: Dialect, id: Uuid, after: Duration) -> Result<(), StoreError> {
    let note = format!("INSERT INTO erasures (id, not_before) VALUES ($1, {} + CAST($2 AS BIGINT))", dialect.now());
    let millis = i64::try_from(after.as_millis()).unwrap_or(i64::MAX >> 1);
    sqlx::query(AssertSqlSafe(note)).bind(id.to_string()).bind(millis).execute(tx).await?;
    Ok(())
}

/// See [`Store::may_delete`](super::Store::may_delete). A submission that takes the note away at the same time is waited for.
pub async fn may_delete(tx: &mut AnyConnection, dialect: Dialect, id: Uuid) -> Result<bool, StoreError> {
    let take = format!(
        "UPDATE erasures SET not_before = 0 WHERE id = $1 AND not_before <= {}
         AND NOT EXISTS (SELECT 1 FROM requests WHERE requests.id = erasures.id)",
        dialect.now()
    );
    Ok(sqlx::query(AssertSqlSafe(take)).bind(id.to_string()).execute(tx).await?.rows_affected() == 1)
}
