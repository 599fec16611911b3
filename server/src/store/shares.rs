//! The rows of share links. At most one link of a request is open; a new one ends the one before.

use super::{Lookup, Share, StoreError, reading};
use crate::clock::Moment;
use sqlx::{AnyConnection, AnyPool};
use uuid::Uuid;

/// Ends the link of a request, if one is open. Was there one?
pub async fn end(tx: &mut AnyConnection, id: Uuid, now: Moment) -> Result<bool, StoreError> {
    let move_it = "INSERT INTO ended_shares (token_hash, ended_at) SELECT token_hash, $1 FROM shares WHERE request_id = $2
                   ON CONFLICT (token_hash) DO NOTHING";
    let ended = sqlx::query(move_it).bind(now.0).bind(id.to_string()).execute(&mut *tx).await?;
    sqlx::query("DELETE FROM shares WHERE request_id = $1").bind(id.to_string()).execute(tx).await?;
    Ok(ended.rows_affected() > 0)
}

pub async fn make(tx: &mut AnyConnection, id: Uuid, token_hash: &str, share: Share, now: Moment) -> Result<(), StoreError> {
    end(tx, id, now).await?;
    sqlx::query("INSERT INTO shares (request_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(token_hash)
        .bind(share.created_at.0)
        .bind(share.expires_at.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// The request behind a link.
pub async fn find(readers: &AnyPool, token_hash: &str, now: Moment) -> Result<Lookup<(Uuid, Share)>, StoreError> {
    let find = "SELECT request_id, created_at, expires_at FROM shares WHERE token_hash = $1";
    let row: Option<(String, i64, i64)> = sqlx::query_as(find).bind(token_hash).fetch_optional(readers).await?;
    if let Some((id, created_at, expires_at)) = row {
        let share = Share { created_at: Moment(created_at), expires_at: Moment(expires_at) };
        return Ok(if share.expires_at > now { Lookup::Found((reading::uuid(&id)?, share)) } else { Lookup::Gone });
    }
    let ended: Option<(i64,)> =
        sqlx::query_as("SELECT ended_at FROM ended_shares WHERE token_hash = $1").bind(token_hash).fetch_optional(readers).await?;
    Ok(if ended.is_some() { Lookup::Gone } else { Lookup::Unknown })
}
