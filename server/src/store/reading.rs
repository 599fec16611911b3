//! The statements that only read.

use super::{Cursor, Idempotency, Leftovers, Lookup, Past, RequestRow, StoreError, Submitted, dialect::Dialect};
use crate::clock::Moment;
use app::api::{Event, LogLine, RequestState, RequestSummary};
use serde::de::DeserializeOwned;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row, any::AnyRow};
use std::collections::BTreeMap;
use uuid::Uuid;

pub fn uuid(text: &str) -> Result<Uuid, StoreError> {
    text.parse().map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Row(serde::de::Error::custom(error))
}

pub fn state_of(text: &str) -> Result<RequestState, StoreError> {
    [RequestState::Queued, RequestState::Running, RequestState::Completed, RequestState::Failed]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| unreadable(format!("`{text}` is no state of a request")))
}

pub fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(row.try_get(column)?)?)
}

fn optional_json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Option<T>, StoreError> {
    Ok(row.try_get::<Option<&str>, _>(column)?.map(serde_json::from_str).transpose()?)
}

async fn tombstone<T>(connection: &mut AnyConnection, id: Uuid) -> Result<Lookup<T>, StoreError> {
    let erased = sqlx::query("SELECT erased_at FROM tombstones WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    Ok(if erased.is_some() { Lookup::Gone } else { Lookup::Unknown })
}

pub async fn request(readers: &AnyPool, id: Uuid) -> Result<Lookup<Box<RequestRow>>, StoreError> {
    let Some(row) = sqlx::query("SELECT * FROM requests WHERE id = $1").bind(id.to_string()).fetch_optional(readers).await? else {
        return tombstone(&mut *readers.acquire().await?, id).await;
    };
    Ok(Lookup::Found(Box::new(RequestRow {
        id,
        state: state_of(row.try_get("state")?)?,
        created_at: Moment(row.try_get("created_at")?),
        updated_at: Moment(row.try_get("updated_at")?),
        expires_at: Moment(row.try_get("expires_at")?),
        retry_count: u32::try_from(row.try_get::<i64, _>("retry_count")?).unwrap_or(u32::MAX),
        query_names: json(&row, "query_names")?,
        options: json(&row, "options")?,
        stages: json(&row, "stages")?,
        counts: json(&row, "counts")?,
        error: optional_json(&row, "error")?,
        result: optional_json(&row, "result")?,
    })))
}

pub async fn state(readers: &AnyPool, id: Uuid) -> Result<Lookup<RequestState>, StoreError> {
    state_in(&mut *readers.acquire().await?, id).await
}

pub async fn state_in(connection: &mut AnyConnection, id: Uuid) -> Result<Lookup<RequestState>, StoreError> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT state FROM requests WHERE id = $1").bind(id.to_string()).fetch_optional(&mut *connection).await?;
    match row {
        Some((state,)) => Ok(Lookup::Found(state_of(&state)?)),
        None => tombstone(connection, id).await,
    }
}

/// Until the end of the transaction nobody else changes the request. SQLite has one writer anyway.
pub async fn lock(tx: &mut AnyConnection, dialect: Dialect, id: Uuid) -> Result<(), StoreError> {
    if dialect == Dialect::Postgres {
        sqlx::query("SELECT 1 FROM requests WHERE id = $1 FOR UPDATE").bind(id.to_string()).execute(tx).await?;
    }
    Ok(())
}

pub async fn events_after(readers: &AnyPool, id: Uuid, seq: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, kind FROM events WHERE request_id = $1 AND seq > $2 ORDER BY seq LIMIT $3")
        .bind(id.to_string())
        .bind(i64::try_from(seq).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(|(seq, kind)| Ok(Event { seq: seq.unsigned_abs(), kind: serde_json::from_str(&kind)? })).collect()
}

pub async fn logs(readers: &AnyPool, id: Uuid) -> Result<Vec<LogLine>, StoreError> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT at, message FROM logs WHERE request_id = $1 ORDER BY seq").bind(id.to_string()).fetch_all(readers).await?;
    Ok(rows.into_iter().map(|(at, message)| LogLine { at: Moment(at).rfc3339(), message }).collect())
}

pub async fn counts(readers: &AnyPool) -> Result<BTreeMap<String, u64>, StoreError> {
    let states = [RequestState::Queued, RequestState::Running, RequestState::Completed, RequestState::Failed, RequestState::Expired];
    let mut counts: BTreeMap<String, u64> = states.into_iter().map(|state| (state.to_string(), 0)).collect();
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT state, count(*) FROM requests GROUP BY state UNION ALL SELECT 'expired', count(*) FROM tombstones")
            .fetch_all(readers)
            .await?;
    counts.extend(rows.into_iter().map(|(state, count)| (state, count.unsigned_abs())));
    Ok(counts)
}

pub async fn page(readers: &AnyPool, cursor: Option<Cursor>, limit: u32) -> Result<Vec<(Cursor, RequestSummary)>, StoreError> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT id, state, created_at, updated_at FROM requests
         WHERE CAST($1 AS BIGINT) IS NULL OR (created_at, id) < (CAST($1 AS BIGINT), CAST($2 AS TEXT))
         ORDER BY created_at DESC, id DESC LIMIT $3",
    )
    .bind(cursor.map(|c| c.created_at.0))
    .bind(cursor.map(|c| c.id.to_string()))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows.into_iter()
        .map(|(id, state, created_at, updated_at)| {
            let cursor = Cursor { created_at: Moment(created_at), id: uuid(&id)? };
            let (created_at, updated_at) = (Moment(created_at).rfc3339(), Moment(updated_at).rfc3339());
            Ok((cursor, RequestSummary { request_id: id, status: state_of(&state)?, created_at, updated_at }))
        })
        .collect()
}

pub async fn recent(readers: &AnyPool, since: Moment, limit: u32) -> Result<Vec<Past>, StoreError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT state, created_at, updated_at FROM requests WHERE created_at >= $1 ORDER BY created_at DESC, id DESC LIMIT $2",
    )
    .bind(since.0)
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    let past = |(state, created_at, updated_at): (String, i64, i64)| {
        Ok(Past { state: state_of(&state)?, created_at: Moment(created_at), updated_at: Moment(updated_at) })
    };
    rows.into_iter().map(past).collect()
}

fn ids(rows: Vec<(String,)>) -> Result<Vec<Uuid>, StoreError> {
    rows.iter().map(|(id,)| uuid(id)).collect()
}

pub async fn expired(readers: &AnyPool, now: Moment) -> Result<Vec<Uuid>, StoreError> {
    ids(sqlx::query_as("SELECT id FROM requests WHERE expires_at <= $1 ORDER BY expires_at").bind(now.0).fetch_all(readers).await?)
}

/// No request owns them: one that does has taken the note of its upload away.
pub async fn leftovers(readers: &AnyPool, dialect: Dialect, which: Leftovers) -> Result<Vec<Uuid>, StoreError> {
    let until = match which {
        Leftovers::Due => dialect.now(),
        Leftovers::All => "9223372036854775807",
    };
    let select = format!(
        "SELECT id FROM erasures WHERE not_before <= {until} AND NOT EXISTS (SELECT 1 FROM requests WHERE requests.id = erasures.id)"
    );
    ids(sqlx::query_as(AssertSqlSafe(select)).fetch_all(readers).await?)
}

pub async fn long_erased(readers: &AnyPool, some: &[Uuid], before: Moment) -> Result<Vec<Uuid>, StoreError> {
    let parameters: Vec<String> = (2..some.len() + 2).map(|number| format!("${number}")).collect();
    let select = format!(
        "SELECT id FROM tombstones WHERE erased_at < $1 AND id IN ({})
         AND NOT EXISTS (SELECT 1 FROM requests WHERE requests.id = tombstones.id)
         AND NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.id = tombstones.id)",
        parameters.join(", ")
    );
    let select = sqlx::query_as(AssertSqlSafe(select)).bind(before.0);
    ids(some.iter().fold(select, |select, id| select.bind(id.to_string())).fetch_all(readers).await?)
}

pub async fn has_room(readers: &AnyPool, capacity: u64, key_hash: Option<&str>) -> Result<bool, StoreError> {
    let count = "SELECT (SELECT count(*) FROM requests WHERE state = 'queued'), (SELECT count(*) FROM idempotency WHERE key_hash = $1)";
    let (queued, known): (i64, i64) = sqlx::query_as(count).bind(key_hash.unwrap_or_default()).fetch_one(readers).await?;
    Ok(queued.unsigned_abs() < capacity || known > 0)
}

/// What a request with this key came to before.
pub async fn known(connection: &mut AnyConnection, idempotency: &Idempotency) -> Result<Option<Submitted>, StoreError> {
    let Idempotency { key_hash, body_hash } = idempotency;
    let known: Option<(String, String)> = sqlx::query_as("SELECT body_hash, request_id FROM idempotency WHERE key_hash = $1")
        .bind(key_hash)
        .fetch_optional(connection)
        .await?;
    let Some((known_hash, request_id)) = known else { return Ok(None) };
    Ok(Some(if known_hash == *body_hash { Submitted::Existing(uuid(&request_id)?) } else { Submitted::Conflict }))
}
