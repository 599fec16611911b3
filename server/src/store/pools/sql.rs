//! The statements of pools, for both databases.

use super::{
    NewPicture, NewPool, PictureRow, PoolAdded, PoolOrigin, PoolRow, PoolStore, PublishedContract, StoredAnalysis, SyncClaim, SyncEnd,
    deleting,
};
use crate::clock::Moment;
use crate::store::sql::{SqlStore, within_limit};
use crate::store::{StoreError, dialect::Dialect};
use async_trait::async_trait;
use sqlx::{Any, AssertSqlSafe, Row, Transaction, any::AnyRow};
use std::time::Duration;
use uuid::Uuid;

/// Numbers in one statement.
pub(super) const AT_ONCE: usize = 200;

/// Milliseconds since 1970 by the database's clock.
pub(super) fn now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "CAST(unixepoch('subsec') * 1000 AS BIGINT)",
        Dialect::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
    }
}

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Columns of `pools`; what is going is not seen.
fn select(dialect: Dialect) -> String {
    let now = now(dialect);
    format!("SELECT p.*, CAST(CASE WHEN p.claimed_until > {now} THEN 1 ELSE 0 END AS BIGINT) AS claimed FROM pools p WHERE p.going = 0")
}

fn pool_of(row: &AnyRow) -> Result<PoolRow, StoreError> {
    let count = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    let moment = |column: &str| row.try_get::<i64, _>(column).map(|at| (at > 0).then_some(Moment(at)));
    let origin: String = row.try_get("origin")?;
    Ok(PoolRow {
        name: row.try_get("name")?,
        place: row.try_get("place")?,
        origin: if origin == PoolOrigin::Settings.as_str() { PoolOrigin::Settings } else { PoolOrigin::Route },
        incarnation: row.try_get("incarnation")?,
        version: row.try_get("version")?,
        contract: row.try_get("contract")?,
        synced_at: moment("synced_at")?,
        wanted: moment("wanted_at")?.is_some(),
        is_claimed: row.try_get::<i64, _>("claimed")? != 0,
        to_do: count("to_do")?,
        done: count("done")?,
        failed: count("failed")?,
        error: row.try_get("error")?,
        pictures: count("pictures")?,
        faces: count("faces")?,
        unreadable: count("unreadable")?,
    })
}

/// `$2, $3, ...`: so many parameters behind the first.
pub(super) fn parameters(count: usize) -> String {
    (2..count + 2).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// Pictures with an analysis, their faces, pictures without one: what some pictures add to their pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held(i64, i64, i64);

impl Held {
    fn of(faces: i64, failure: &str) -> Self {
        if failure.is_empty() { Self(1, faces, 0) } else { Self(0, faces, 1) }
    }

    /// Of what a statement has deleted: `RETURNING faces, failure`.
    fn of_rows(rows: &[AnyRow]) -> Result<Self, StoreError> {
        rows.iter().try_fold(Self::default(), |sum, row| {
            let one = Self::of(row.try_get("faces")?, &row.try_get::<String, _>("failure")?);
            Ok(Self(sum.0 + one.0, sum.1 + one.1, sum.2 + one.2))
        })
    }

    fn less(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1, self.2 - other.2)
    }

    async fn add_to(self, tx: &mut Transaction<'static, Any>, pool: &str) -> Result<(), StoreError> {
        let add = "UPDATE pools SET pictures = pictures + $1, faces = faces + $2, unreadable = unreadable + $3 WHERE name = $4";
        sqlx::query(add).bind(self.0).bind(self.1).bind(self.2).bind(pool).execute(&mut **tx).await?;
        Ok(())
    }
}

impl SqlStore {
    /// Renews the claim within a transaction, and keeps others from changing the pool until it ends.
    async fn renew(&self, tx: &mut Transaction<'static, Any>, claim: &SyncClaim, changed: bool) -> Result<bool, StoreError> {
        let now = now(self.dialect);
        let renew = format!("UPDATE pools SET claimed_until = {now} + $1, version = version + $2 WHERE name = $3 AND claim = $4");
        let renewed = sqlx::query(AssertSqlSafe(renew)).bind(millis(claim.lease)).bind(i64::from(changed));
        let renewed = renewed.bind(&claim.pool).bind(claim.token.to_string());
        Ok(renewed.execute(&mut **tx).await?.rows_affected() == 1)
    }
}

#[async_trait]
impl PoolStore for SqlStore {
    async fn pools(&self) -> Result<Vec<PoolRow>, StoreError> {
        within_limit(async {
            let select = format!("{} ORDER BY p.name", select(self.dialect));
            let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(&self.readers).await?;
            rows.iter().map(pool_of).collect()
        })
        .await
    }

    async fn pool(&self, name: &str) -> Result<Option<PoolRow>, StoreError> {
        within_limit(async {
            let select = format!("{} AND p.name = $1", select(self.dialect));
            let select = sqlx::query(AssertSqlSafe(select)).bind(name);
            select.fetch_optional(&self.readers).await?.as_ref().map(pool_of).transpose()
        })
        .await
    }

    async fn add_pool(&self, new: &NewPool<'_>) -> Result<PoolAdded, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let now = now(self.dialect);
            let insert = format!(
                "INSERT INTO pools (name, place, origin, incarnation, created_at) VALUES ($1, $2, $3, $4, {now}) ON CONFLICT (name) DO NOTHING"
            );
            let added = sqlx::query(AssertSqlSafe(insert)).bind(new.name).bind(new.place).bind(new.origin.as_str());
            let added = added.bind(Uuid::new_v4().to_string()).execute(&mut *tx).await?.rows_affected() == 1;
            if !added && new.origin == PoolOrigin::Settings {
                let update = "UPDATE pools SET place = $1, origin = $2 WHERE name = $3 AND going = 0";
                sqlx::query(update).bind(new.place).bind(new.origin.as_str()).bind(new.name).execute(&mut *tx).await?;
            }
            let going = sqlx::query("SELECT name FROM pools WHERE name = $1 AND going = 1").bind(new.name);
            let going = going.fetch_optional(&mut *tx).await?.is_some();
            tx.commit().await?;
            Ok(match (added, going) {
                (true, _) => PoolAdded::New,
                (false, false) => PoolAdded::Exists,
                (false, true) => PoolAdded::Going,
            })
        })
        .await
    }

    async fn want_sync(&self, name: &str) -> Result<bool, StoreError> {
        within_limit(async {
            let now = now(self.dialect);
            // Two who ask are told apart, however soon after each other they do, or where the clock is set back.
            let want = format!(
                "UPDATE pools SET wanted_at = CASE WHEN wanted_at >= {now} THEN wanted_at + 1 ELSE {now} END WHERE name = $1 AND going = 0"
            );
            Ok(sqlx::query(AssertSqlSafe(want)).bind(name).execute(&self.writer).await?.rows_affected() == 1)
        })
        .await
    }

    async fn release_syncs(&self) -> Result<(), StoreError> {
        within_limit(async {
            sqlx::query("UPDATE pools SET claim = '', claimed_until = 0").execute(&self.writer).await?;
            sqlx::query("DELETE FROM contracts").execute(&self.writer).await?;
            Ok(())
        })
        .await
    }

    async fn claim_sync(&self, lease: Duration) -> Result<Option<SyncClaim>, StoreError> {
        within_limit(async {
            let now = now(self.dialect);
            let mut tx = self.begin().await?;
            self.dialect.one_at_a_time(&mut tx).await?;
            let next = format!(
                "SELECT name, wanted_at FROM pools WHERE wanted_at > 0 AND going = 0 AND claimed_until <= {now}
                 ORDER BY wanted_at, name LIMIT 1"
            );
            let next = sqlx::query_as::<_, (String, i64)>(AssertSqlSafe(next)).fetch_optional(&mut *tx).await?;
            let Some((pool, wanted_at)) = next else { return Ok(None) };
            let claim = SyncClaim { pool, token: Uuid::new_v4(), wanted_at: Moment(wanted_at), lease };
            let take = format!(
                "UPDATE pools SET claim = $1, claimed_until = {now} + $2, to_do = 0, done = 0, failed = 0, error = '' WHERE name = $3"
            );
            let take = sqlx::query(AssertSqlSafe(take)).bind(claim.token.to_string()).bind(millis(lease)).bind(&claim.pool);
            take.execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(Some(claim))
        })
        .await
    }

    async fn sync_goes_on(&self, claim: &SyncClaim, counts: (u64, u64, u64)) -> Result<bool, StoreError> {
        within_limit(async {
            let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let now = now(self.dialect);
            let update =
                format!("UPDATE pools SET claimed_until = {now} + $1, to_do = $2, done = $3, failed = $4 WHERE name = $5 AND claim = $6");
            let update = sqlx::query(AssertSqlSafe(update)).bind(millis(claim.lease));
            let update = update.bind(number(counts.0)).bind(number(counts.1)).bind(number(counts.2));
            let updated = update.bind(&claim.pool).bind(claim.token.to_string()).execute(&self.writer).await?;
            Ok(updated.rows_affected() == 1)
        })
        .await
    }

    async fn put_picture(&self, claim: &SyncClaim, picture: &NewPicture) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            if !self.renew(&mut tx, claim, true).await? {
                return Ok(false);
            }
            let number = "SELECT next_number FROM pools WHERE name = $1";
            let (number,): (i64,) = sqlx::query_as(number).bind(&claim.pool).fetch_one(&mut *tx).await?;
            let next = "UPDATE pools SET next_number = $1 WHERE name = $2";
            sqlx::query(next).bind(number + 1).bind(&claim.pool).execute(&mut *tx).await?;
            let before = "DELETE FROM pool_pictures WHERE pool = $1 AND place = $2 RETURNING faces, failure";
            let before = sqlx::query(before).bind(&claim.pool).bind(&picture.place).fetch_all(&mut *tx).await?;
            let faces = i64::try_from(picture.faces).unwrap_or(i64::MAX);
            Held::of(faces, &picture.failure).less(Held::of_rows(&before)?).add_to(&mut tx, &claim.pool).await?;
            let insert = "INSERT INTO pool_pictures
                (pool, number, place, etag, sha256, networks, contract, key, faces, failure, analysis)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
            sqlx::query(insert)
                .bind(&claim.pool)
                .bind(number)
                .bind(&picture.place)
                .bind(&picture.etag)
                .bind(&picture.sha256)
                .bind(&picture.networks)
                .bind(&picture.contract)
                .bind(&picture.key)
                .bind(faces)
                .bind(&picture.failure)
                .bind(picture.analysis.as_slice())
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn touch_picture(&self, claim: &SyncClaim, number: i64, etag: &str) -> Result<bool, StoreError> {
        within_limit(async {
            let update = "UPDATE pool_pictures SET etag = $1 WHERE pool = $2 AND number = $3
                          AND EXISTS (SELECT 1 FROM pools WHERE name = $2 AND claim = $4)";
            let update = sqlx::query(update).bind(etag).bind(&claim.pool).bind(number).bind(claim.token.to_string());
            Ok(update.execute(&self.writer).await?.rows_affected() == 1)
        })
        .await
    }

    async fn drop_pictures(&self, claim: &SyncClaim, numbers: &[i64]) -> Result<bool, StoreError> {
        let portions: Vec<&[i64]> = if numbers.is_empty() { vec![numbers] } else { numbers.chunks(AT_ONCE).collect() };
        for numbers in portions {
            let there = within_limit(async {
                let mut tx = self.begin().await?;
                if !self.renew(&mut tx, claim, !numbers.is_empty()).await? {
                    return Ok(false);
                }
                if !numbers.is_empty() {
                    let places = parameters(numbers.len());
                    let delete = format!("DELETE FROM pool_pictures WHERE pool = $1 AND number IN ({places}) RETURNING faces, failure");
                    let delete = sqlx::query(AssertSqlSafe(delete)).bind(&claim.pool);
                    let delete = numbers.iter().fold(delete, |query, number| query.bind(*number));
                    let gone = delete.fetch_all(&mut *tx).await?;
                    Held::default().less(Held::of_rows(&gone)?).add_to(&mut tx, &claim.pool).await?;
                }
                tx.commit().await?;
                Ok(true)
            });
            if !there.await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn end_sync(&self, claim: &SyncClaim, end: &SyncEnd) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            if !self.renew(&mut tx, claim, false).await? {
                return Ok(false);
            }
            match end {
                SyncEnd::Synced { contract, left_out } => {
                    let now = now(self.dialect);
                    let update =
                        format!("UPDATE pools SET contract = $1, error = $2, synced_at = {now}, version = version + 1 WHERE name = $3");
                    let update = sqlx::query(AssertSqlSafe(update)).bind(contract).bind(left_out).bind(&claim.pool);
                    update.execute(&mut *tx).await?;
                }
                SyncEnd::Failed(sentence) => {
                    let update = "UPDATE pools SET error = $1 WHERE name = $2";
                    sqlx::query(update).bind(sentence).bind(&claim.pool).execute(&mut *tx).await?;
                }
                SyncEnd::LeftOff => {}
            }
            if !matches!(end, SyncEnd::LeftOff) {
                // Who has asked since then has to be answered yet.
                let done = "UPDATE pools SET wanted_at = 0 WHERE name = $1 AND wanted_at <= $2";
                sqlx::query(done).bind(&claim.pool).bind(claim.wanted_at.0).execute(&mut *tx).await?;
            }
            let let_go = "UPDATE pools SET claim = '', claimed_until = 0 WHERE name = $1 AND claim = $2";
            sqlx::query(let_go).bind(&claim.pool).bind(claim.token.to_string()).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn pictures(&self, pool: &str) -> Result<Vec<PictureRow>, StoreError> {
        let select = "SELECT number, place, etag, sha256, networks, contract, faces FROM pool_pictures WHERE pool = $1 ORDER BY number";
        let rows = sqlx::query(select).bind(pool).fetch_all(&self.readers).await?;
        let picture = |row: &AnyRow| {
            Ok(PictureRow {
                number: row.try_get("number")?,
                place: row.try_get("place")?,
                etag: row.try_get("etag")?,
                sha256: row.try_get("sha256")?,
                networks: row.try_get("networks")?,
                contract: row.try_get("contract")?,
                faces: row.try_get::<i64, _>("faces")?.unsigned_abs(),
            })
        };
        rows.iter().map(picture).collect()
    }

    async fn analyses(&self, pool: &str, numbers: &[i64]) -> Result<Vec<StoredAnalysis>, StoreError> {
        let mut all = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(AT_ONCE) {
            let select = format!(
                "SELECT number, key, analysis FROM pool_pictures WHERE pool = $1 AND key <> '' AND number IN ({})",
                parameters(numbers.len())
            );
            let select = numbers.iter().fold(sqlx::query(AssertSqlSafe(select)).bind(pool), |query, number| query.bind(*number));
            let rows = within_limit(async { Ok(select.fetch_all(&self.readers).await?) }).await?;
            for row in &rows {
                all.push(StoredAnalysis { number: row.try_get("number")?, key: row.try_get("key")?, bytes: row.try_get("analysis")? });
            }
        }
        Ok(all)
    }

    async fn analysis_by_key(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        within_limit(async {
            let select = "SELECT c.analysis FROM pool_pictures c JOIN pools p ON p.name = c.pool AND p.going = 0 WHERE c.key = $1 LIMIT 1";
            let row = sqlx::query(select).bind(key).fetch_optional(&self.readers).await?;
            Ok(row.map(|row| row.try_get("analysis")).transpose()?)
        })
        .await
    }

    async fn delete_pool(&self, name: &str) -> Result<bool, StoreError> {
        within_limit(deleting::begin(&self.writer, name)).await
    }

    async fn delete_some(&self) -> Result<bool, StoreError> {
        within_limit(async {
            // Mostly there is nothing, and nobody's turn to write is taken for that.
            if deleting::next(&self.readers).await?.is_none() {
                return Ok(false);
            }
            let mut tx = self.begin().await?;
            let done = deleting::some(&mut tx, self.dialect).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await
    }

    async fn pool_notes(&self, after: i64, limit: u32) -> Result<Vec<(i64, String)>, StoreError> {
        within_limit(async {
            let select = "SELECT number, key FROM pool_notes WHERE number > $1 ORDER BY number LIMIT $2";
            Ok(sqlx::query_as(select).bind(after).bind(i64::from(limit)).fetch_all(&self.readers).await?)
        })
        .await
    }

    async fn tidy_pools(&self, notes: Duration, silent: Duration) -> Result<(), StoreError> {
        within_limit(async {
            for (table, time, older) in [("pool_notes", "erased_at", notes), ("contracts", "seen_at", silent)] {
                let forget = format!("DELETE FROM {table} WHERE {time} < {} - $1", now(self.dialect));
                sqlx::query(AssertSqlSafe(forget)).bind(millis(older)).execute(&self.writer).await?;
            }
            Ok(())
        })
        .await
    }

    async fn publish_contract(&self, worker: Uuid, published: &PublishedContract) -> Result<(), StoreError> {
        within_limit(async {
            let put = format!(
                "INSERT INTO contracts (worker, name, contract, seen_at) VALUES ($1, $2, $3, {now})
                 ON CONFLICT (worker) DO UPDATE SET name = excluded.name, contract = excluded.contract, seen_at = excluded.seen_at",
                now = now(self.dialect)
            );
            let put = sqlx::query(AssertSqlSafe(put)).bind(worker.to_string()).bind(&published.name).bind(&published.contract);
            put.execute(&self.writer).await?;
            Ok(())
        })
        .await
    }

    async fn withdraw_contract(&self, worker: Uuid) -> Result<(), StoreError> {
        within_limit(async {
            sqlx::query("DELETE FROM contracts WHERE worker = $1").bind(worker.to_string()).execute(&self.writer).await?;
            Ok(())
        })
        .await
    }

    async fn contracts(&self, within: Duration) -> Result<Vec<PublishedContract>, StoreError> {
        within_limit(async {
            let select = format!("SELECT name, contract FROM contracts WHERE seen_at > {} - $1 ORDER BY seen_at DESC", now(self.dialect));
            let select = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(select)).bind(millis(within));
            let rows = select.fetch_all(&self.readers).await?;
            Ok(rows.into_iter().map(|(name, contract)| PublishedContract { name, contract }).collect())
        })
        .await
    }
}
