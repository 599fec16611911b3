//! The rows of pools: what pools there are, who syncs one, and what the networks have made of their pictures.
//!
//! Whoever syncs a pool holds a [`SyncClaim`]. Every write of a sync renews it, and changes nothing where another machine has
//! taken over or the pool is deleted: then it says so.

use super::StoreError;
use super::sql::{SqlStore, within_limit};
use crate::clock::Moment;
use async_trait::async_trait;
use sqlx::{Any, AssertSqlSafe, Row, Transaction, any::AnyRow};
use uuid::Uuid;

/// Numbers in one statement.
const AT_ONCE: usize = 200;

/// Where a pool was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolOrigin {
    Settings,
    Route,
}

impl PoolOrigin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Route => "route",
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewPool<'a> {
    pub name: &'a str,
    pub place: &'a str,
    pub origin: PoolOrigin,
}

/// A pool as it stands.
#[derive(Debug, Clone)]
pub struct PoolRow {
    pub name: String,
    pub place: String,
    pub origin: PoolOrigin,
    /// Counts up with every change of its pictures.
    pub version: i64,
    /// Of the vectors that are searched; empty: never synced.
    pub contract: String,
    pub synced_at: Option<Moment>,
    /// A sync was asked for, and has not ended.
    pub wanted: bool,
    /// Until when somebody is known to sync it.
    pub claimed_until: Option<Moment>,
    /// Of the newest sync.
    pub to_do: u64,
    pub done: u64,
    pub failed: u64,
    pub error: String,
    /// Pictures with an analysis, their faces, and pictures without one.
    pub pictures: u64,
    pub faces: u64,
    pub unreadable: u64,
}

/// One sync of one pool.
#[derive(Debug, Clone)]
pub struct SyncClaim {
    pub pool: String,
    pub token: Uuid,
    /// What was asked for by then is done by this sync.
    pub since: Moment,
}

/// A picture without its analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureRow {
    pub number: i64,
    pub place: String,
    pub etag: String,
    pub sha256: String,
    pub networks: String,
    pub contract: String,
    pub faces: u64,
}

/// A picture that was looked at.
#[derive(Debug, Clone)]
pub struct NewPicture {
    pub place: String,
    pub etag: String,
    pub sha256: String,
    pub networks: String,
    pub contract: String,
    /// Empty where there is no analysis.
    pub key: String,
    pub faces: usize,
    /// Why there is no analysis; else empty.
    pub failure: String,
    pub analysis: Vec<u8>,
}

/// The analysis of one picture, as it was written, and its key.
#[derive(Debug, Clone)]
pub struct StoredAnalysis {
    pub number: i64,
    pub key: String,
    pub bytes: Vec<u8>,
}

/// How a sync ended.
#[derive(Debug, Clone)]
pub enum SyncEnd {
    /// Everything that is listed was looked at, by networks of this contract.
    Synced { contract: String },
    /// A sentence for the operator.
    Failed(String),
    /// To be gone on with, by whoever comes next.
    LeftOff,
}

#[async_trait]
pub trait PoolStore: Send + Sync {
    async fn pools(&self) -> Result<Vec<PoolRow>, StoreError>;

    async fn pool(&self, name: &str) -> Result<Option<PoolRow>, StoreError>;

    /// False: there is one of this name; its place and origin are brought up to date where it is named by the settings.
    async fn add_pool(&self, new: &NewPool<'_>, now: Moment) -> Result<bool, StoreError>;

    /// Asks for a sync. False: there is no such pool.
    async fn want_sync(&self, name: &str, now: Moment) -> Result<bool, StoreError>;

    /// At the start of the only process there can be: nobody syncs.
    async fn release_syncs(&self) -> Result<(), StoreError>;

    /// Takes up a sync that is wanted and that nobody has in hand, the one that waits longest first.
    async fn claim_sync(&self, now: Moment, until: Moment) -> Result<Option<SyncClaim>, StoreError>;

    /// Renews a claim and tells how far it is. False, here and below: the pool is deleted, or another machine has taken over.
    async fn sync_goes_on(&self, claim: &SyncClaim, counts: (u64, u64, u64), until: Moment) -> Result<bool, StoreError>;

    /// Puts a picture in the place of the one that was there.
    async fn put_picture(&self, claim: &SyncClaim, picture: &NewPicture, until: Moment) -> Result<bool, StoreError>;

    /// The file was touched and is the same.
    async fn touch_picture(&self, claim: &SyncClaim, number: i64, etag: &str) -> Result<bool, StoreError>;

    async fn drop_pictures(&self, claim: &SyncClaim, numbers: &[i64], until: Moment) -> Result<bool, StoreError>;

    async fn end_sync(&self, claim: &SyncClaim, end: &SyncEnd, now: Moment) -> Result<bool, StoreError>;

    /// All pictures of a pool, without their analyses.
    async fn pictures(&self, pool: &str) -> Result<Vec<PictureRow>, StoreError>;

    /// Those of these pictures that are there and have one.
    async fn analyses(&self, pool: &str, numbers: &[i64]) -> Result<Vec<StoredAnalysis>, StoreError>;

    /// Of any pool.
    async fn analysis_by_key(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The pool, its pictures and their vectors go; the keys of their analyses are noted. False: there is no such pool.
    async fn delete_pool(&self, name: &str, now: Moment) -> Result<bool, StoreError>;

    /// Keys of analyses of deleted pools, noted at this time or later.
    async fn pool_erasures(&self, since: Moment) -> Result<Vec<(String, Moment)>, StoreError>;

    /// Notes of before are needed by nobody any more.
    async fn forget_pool_erasures(&self, before: Moment) -> Result<(), StoreError>;
}

const SELECT: &str = "SELECT p.*,
    (SELECT count(*) FROM pool_pictures c WHERE c.pool = p.name AND c.failure = '') AS pictures,
    (SELECT CAST(coalesce(sum(c.faces), 0) AS BIGINT) FROM pool_pictures c WHERE c.pool = p.name) AS faces,
    (SELECT count(*) FROM pool_pictures c WHERE c.pool = p.name AND c.failure <> '') AS unreadable
    FROM pools p";

fn pool_of(row: &AnyRow) -> Result<PoolRow, StoreError> {
    let count = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    let moment = |column: &str| row.try_get::<i64, _>(column).map(|at| (at > 0).then_some(Moment(at)));
    let origin: String = row.try_get("origin")?;
    Ok(PoolRow {
        name: row.try_get("name")?,
        place: row.try_get("place")?,
        origin: if origin == PoolOrigin::Settings.as_str() { PoolOrigin::Settings } else { PoolOrigin::Route },
        version: row.try_get("version")?,
        contract: row.try_get("contract")?,
        synced_at: moment("synced_at")?,
        wanted: moment("wanted_at")?.is_some(),
        claimed_until: moment("claimed_until")?,
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
fn parameters(count: usize) -> String {
    (2..count + 2).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// Renews the claim within a transaction, and keeps others from changing the pool until it ends.
async fn renew(tx: &mut Transaction<'static, Any>, claim: &SyncClaim, until: Moment, changed: bool) -> Result<bool, StoreError> {
    let renew = "UPDATE pools SET claimed_until = $1, version = version + $2 WHERE name = $3 AND claim = $4";
    let renewed = sqlx::query(renew).bind(until.0).bind(i64::from(changed)).bind(&claim.pool).bind(claim.token.to_string());
    Ok(renewed.execute(&mut **tx).await?.rows_affected() == 1)
}

#[async_trait]
impl PoolStore for SqlStore {
    async fn pools(&self) -> Result<Vec<PoolRow>, StoreError> {
        within_limit(async {
            let rows = sqlx::query(AssertSqlSafe(format!("{SELECT} ORDER BY p.name"))).fetch_all(&self.readers).await?;
            rows.iter().map(pool_of).collect()
        })
        .await
    }

    async fn pool(&self, name: &str) -> Result<Option<PoolRow>, StoreError> {
        within_limit(async {
            let select = sqlx::query(AssertSqlSafe(format!("{SELECT} WHERE p.name = $1"))).bind(name);
            select.fetch_optional(&self.readers).await?.as_ref().map(pool_of).transpose()
        })
        .await
    }

    async fn add_pool(&self, new: &NewPool<'_>, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let insert = "INSERT INTO pools (name, place, origin, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING";
            let added = sqlx::query(insert).bind(new.name).bind(new.place).bind(new.origin.as_str()).bind(now.0);
            let added = added.execute(&mut *tx).await?.rows_affected() == 1;
            if !added && new.origin == PoolOrigin::Settings {
                let update = "UPDATE pools SET place = $1, origin = $2 WHERE name = $3";
                sqlx::query(update).bind(new.place).bind(new.origin.as_str()).bind(new.name).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok(added)
        })
        .await
    }

    async fn want_sync(&self, name: &str, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let want = sqlx::query("UPDATE pools SET wanted_at = $1 WHERE name = $2").bind(now.0).bind(name);
            Ok(want.execute(&self.writer).await?.rows_affected() == 1)
        })
        .await
    }

    async fn release_syncs(&self) -> Result<(), StoreError> {
        within_limit(async {
            sqlx::query("UPDATE pools SET claim = '', claimed_until = 0").execute(&self.writer).await?;
            Ok(())
        })
        .await
    }

    async fn claim_sync(&self, now: Moment, until: Moment) -> Result<Option<SyncClaim>, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            self.dialect.one_at_a_time(&mut tx).await?;
            let next = "SELECT name FROM pools WHERE wanted_at > 0 AND claimed_until <= $1 ORDER BY wanted_at, name LIMIT 1";
            let Some((pool,)) = sqlx::query_as::<_, (String,)>(next).bind(now.0).fetch_optional(&mut *tx).await? else {
                return Ok(None);
            };
            let claim = SyncClaim { pool, token: Uuid::new_v4(), since: now };
            let take = "UPDATE pools SET claim = $1, claimed_until = $2, to_do = 0, done = 0, failed = 0, error = '' WHERE name = $3";
            sqlx::query(take).bind(claim.token.to_string()).bind(until.0).bind(&claim.pool).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(Some(claim))
        })
        .await
    }

    async fn sync_goes_on(&self, claim: &SyncClaim, counts: (u64, u64, u64), until: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let update = "UPDATE pools SET claimed_until = $1, to_do = $2, done = $3, failed = $4 WHERE name = $5 AND claim = $6";
            let update = sqlx::query(update).bind(until.0).bind(number(counts.0)).bind(number(counts.1)).bind(number(counts.2));
            let updated = update.bind(&claim.pool).bind(claim.token.to_string()).execute(&self.writer).await?;
            Ok(updated.rows_affected() == 1)
        })
        .await
    }

    async fn put_picture(&self, claim: &SyncClaim, picture: &NewPicture, until: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            if !renew(&mut tx, claim, until, true).await? {
                return Ok(false);
            }
            let number = "SELECT next_number FROM pools WHERE name = $1";
            let (number,): (i64,) = sqlx::query_as(number).bind(&claim.pool).fetch_one(&mut *tx).await?;
            let next = "UPDATE pools SET next_number = $1 WHERE name = $2";
            sqlx::query(next).bind(number + 1).bind(&claim.pool).execute(&mut *tx).await?;
            let before = "DELETE FROM pool_pictures WHERE pool = $1 AND place = $2";
            sqlx::query(before).bind(&claim.pool).bind(&picture.place).execute(&mut *tx).await?;
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
                .bind(i64::try_from(picture.faces).unwrap_or(i64::MAX))
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

    async fn drop_pictures(&self, claim: &SyncClaim, numbers: &[i64], until: Moment) -> Result<bool, StoreError> {
        for numbers in numbers.chunks(AT_ONCE) {
            let there = within_limit(async {
                let mut tx = self.begin().await?;
                if !renew(&mut tx, claim, until, true).await? {
                    return Ok(false);
                }
                let delete = format!("DELETE FROM pool_pictures WHERE pool = $1 AND number IN ({})", parameters(numbers.len()));
                let delete = numbers.iter().fold(sqlx::query(AssertSqlSafe(delete)).bind(&claim.pool), |query, number| query.bind(*number));
                delete.execute(&mut *tx).await?;
                tx.commit().await?;
                Ok(true)
            });
            if !there.await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn end_sync(&self, claim: &SyncClaim, end: &SyncEnd, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            if !renew(&mut tx, claim, Moment(0), false).await? {
                return Ok(false);
            }
            let token = claim.token.to_string();
            match end {
                SyncEnd::Synced { contract } => {
                    let update = "UPDATE pools SET contract = $1, synced_at = $2, version = version + 1 WHERE name = $3";
                    sqlx::query(update).bind(contract).bind(now.0).bind(&claim.pool).execute(&mut *tx).await?;
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
                sqlx::query(done).bind(&claim.pool).bind(claim.since.0).execute(&mut *tx).await?;
            }
            sqlx::query("UPDATE pools SET claim = '' WHERE name = $1 AND claim = $2")
                .bind(&claim.pool)
                .bind(token)
                .execute(&mut *tx)
                .await?;
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
            let select =
                format!("SELECT number, key, analysis FROM pool_pictures WHERE pool = $1 AND number IN ({})", parameters(numbers.len()));
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
            let select = "SELECT analysis FROM pool_pictures WHERE key = $1 LIMIT 1";
            let row = sqlx::query(select).bind(key).fetch_optional(&self.readers).await?;
            Ok(row.map(|row| row.try_get("analysis")).transpose()?)
        })
        .await
    }

    async fn delete_pool(&self, name: &str, now: Moment) -> Result<bool, StoreError> {
        within_limit(async {
            let mut tx = self.begin().await?;
            let note = "INSERT INTO pool_erasures (key, erased_at)
                        SELECT DISTINCT key, CAST($1 AS BIGINT) FROM pool_pictures WHERE pool = $2 AND key <> ''
                        ON CONFLICT (key, erased_at) DO NOTHING";
            sqlx::query(note).bind(now.0).bind(name).execute(&mut *tx).await?;
            let deleted = sqlx::query("DELETE FROM pools WHERE name = $1").bind(name).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(deleted.rows_affected() == 1)
        })
        .await
    }

    async fn pool_erasures(&self, since: Moment) -> Result<Vec<(String, Moment)>, StoreError> {
        within_limit(async {
            let select = "SELECT key, erased_at FROM pool_erasures WHERE erased_at >= $1";
            let rows: Vec<(String, i64)> = sqlx::query_as(select).bind(since.0).fetch_all(&self.readers).await?;
            Ok(rows.into_iter().map(|(key, at)| (key, Moment(at))).collect())
        })
        .await
    }

    async fn forget_pool_erasures(&self, before: Moment) -> Result<(), StoreError> {
        within_limit(async {
            sqlx::query("DELETE FROM pool_erasures WHERE erased_at < $1").bind(before.0).execute(&self.writer).await?;
            Ok(())
        })
        .await
    }
}
