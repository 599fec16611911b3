//! Deleting a pool: it is marked first, and seen by nobody from then on; its pictures go in portions, each a transaction of its
//! own, so that a pool of a million pictures takes no longer at a time than a small one. What a crash interrupts goes on with the
//! next portion, by whichever process comes to it.

use super::sql::{AT_ONCE, now, parameters};
use crate::store::{StoreError, dialect::Dialect};
use sqlx::{Any, AnyPool, AssertSqlSafe, Executor, Transaction};

/// False: there is no such pool. One that is going already is gone on with.
pub async fn begin(writer: &AnyPool, name: &str) -> Result<bool, StoreError> {
    // Without its claim the sync that goes on writes nothing any more.
    let mark = "UPDATE pools SET going = 1, claim = '', claimed_until = 0, wanted_at = 0, version = version + 1 WHERE name = $1";
    Ok(sqlx::query(mark).bind(name).execute(writer).await?.rows_affected() == 1)
}

/// A pool that is going.
pub async fn next<'c>(database: impl Executor<'c, Database = Any>) -> Result<Option<String>, StoreError> {
    let next = sqlx::query_as::<_, (String,)>("SELECT name FROM pools WHERE going = 1 ORDER BY name LIMIT 1");
    Ok(next.fetch_optional(database).await?.map(|(name,)| name))
}

/// False: another process has done the rest.
pub async fn some(tx: &mut Transaction<'static, Any>, dialect: Dialect) -> Result<bool, StoreError> {
    // One process after the other: the row is held until the end, and the notes are seen in the order of their numbers.
    let take = "UPDATE pool_notes_taken SET number = number + $1 WHERE id = 1";
    sqlx::query(take).bind(i64::try_from(AT_ONCE).unwrap_or(i64::MAX)).execute(&mut **tx).await?;
    let Some(pool) = next(&mut **tx).await? else { return Ok(false) };
    let select = "SELECT number FROM pool_pictures WHERE pool = $1 ORDER BY number LIMIT $2";
    let select = sqlx::query_as::<_, (i64,)>(select).bind(&pool).bind(i64::try_from(AT_ONCE).unwrap_or(i64::MAX));
    let numbers: Vec<i64> = select.fetch_all(&mut **tx).await?.into_iter().map(|(number,)| number).collect();
    if numbers.is_empty() {
        sqlx::query("DELETE FROM pools WHERE name = $1 AND going = 1").bind(&pool).execute(&mut **tx).await?;
        return Ok(true);
    }
    let these = format!("FROM pool_pictures WHERE pool = $1 AND number IN ({})", parameters(numbers.len()));
    let note = format!(
        "INSERT INTO pool_notes (number, key, erased_at)
         SELECT (SELECT number FROM pool_notes_taken WHERE id = 1) - {AT_ONCE} + row_number() OVER (ORDER BY k.key), k.key, {}
         FROM (SELECT DISTINCT key {these} AND key <> '') k",
        now(dialect)
    );
    for statement in [note, format!("DELETE {these}")] {
        let statement = sqlx::query(AssertSqlSafe(statement)).bind(&pool);
        numbers.iter().fold(statement, |query, number| query.bind(*number)).execute(&mut **tx).await?;
    }
    Ok(true)
}
