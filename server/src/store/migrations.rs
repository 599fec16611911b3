//! Numbered migrations, part of the program, applied at the start and by `face-engine migrate`. A migration that has been
//! released is never changed: the next change is a new number.
//!
//! There is one schema. It is written for SQLite; Postgres gets the same text with its own names of types, or a text of its
//! own where a statement has to differ. The queue's tables come with apalis' own migrations, counted in a table of their own.

use super::{StoreError, dialect::Dialect};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sqlx::{
    AnyPool, AssertSqlSafe, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use std::borrow::Cow;

struct Numbered {
    version: i64,
    name: &'static str,
    sql: &'static str,
    /// Where Postgres needs other words.
    postgres: Option<&'static str>,
}

const MIGRATIONS: [Numbered; 7] = [
    Numbered { version: 1, name: "requests", sql: include_str!("../../migrations/0001_requests.sql"), postgres: None },
    Numbered {
        version: 2,
        name: "query photos",
        sql: include_str!("../../migrations/0002_query_photos.sql"),
        postgres: Some(include_str!("../../migrations/0002_query_photos.postgres.sql")),
    },
    Numbered { version: 3, name: "many machines", sql: include_str!("../../migrations/0003_many_machines.sql"), postgres: None },
    Numbered { version: 4, name: "shares", sql: include_str!("../../migrations/0004_shares.sql"), postgres: None },
    Numbered { version: 5, name: "pools", sql: include_str!("../../migrations/0005_pools.sql"), postgres: None },
    Numbered { version: 6, name: "pools again", sql: include_str!("../../migrations/0006_pools_again.sql"), postgres: None },
    Numbered { version: 7, name: "alone", sql: include_str!("../../migrations/0007_alone.sql"), postgres: None },
];

/// Brings the database up to date. Several processes may do it at once: each step is done once.
pub async fn run(pool: &AnyPool, dialect: Dialect) -> Result<(), StoreError> {
    let mut queue = match dialect {
        Dialect::Sqlite => SqliteStorage::migrations(),
        Dialect::Postgres => PostgresStorage::migrations(),
    };
    match dialect {
        Dialect::Sqlite => queue.dangerous_set_table_name("_apalis_migrations"),
        Dialect::Postgres => {
            queue.create_schema("apalis");
            queue.dangerous_set_table_name("apalis._sqlx_migrations")
        }
    };
    queue.run(pool).await?;
    up_to(i64::MAX, dialect).run(pool).await?;
    Ok(())
}

/// As the program was when `last` was its newest migration.
fn up_to(last: i64, dialect: Dialect) -> Migrator {
    let migrations = MIGRATIONS.iter().filter(|migration| migration.version <= last).map(|migration| {
        let sql = match (dialect, migration.postgres) {
            (Dialect::Sqlite, _) => SqlSafeStr::into_sql_str(migration.sql),
            (Dialect::Postgres, Some(own)) => SqlSafeStr::into_sql_str(own),
            (Dialect::Postgres, None) => AssertSqlSafe(for_postgres(migration.sql)).into_sql_str(),
        };
        Migration::new(migration.version, Cow::Borrowed(migration.name), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Postgres' names for the types that the schema uses; its tables are strict anyway.
fn for_postgres(sql: &str) -> String {
    let names = [(" STRICT, WITHOUT ROWID;", ";"), (" STRICT;", ";"), (" INTEGER", " BIGINT"), (" BLOB", " BYTEA")];
    names.iter().fold(sql.to_owned(), |sql, (sqlite, postgres)| sql.replace(sqlite, postgres))
}

#[cfg(test)]
mod tests {
    use super::super::{Claim, SqlStore, Store};
    use super::*;
    use crate::clock::Moment;
    use crate::testing::TempFolder;
    use app::api::ErrorDetail;

    #[test]
    fn nothing_of_sqlite_is_left_in_what_postgres_gets() {
        for migration in up_to(i64::MAX, Dialect::Postgres).iter() {
            let sql = migration.sql.as_str();
            for word in ["STRICT", "ROWID", "INTEGER", "BLOB"] {
                assert!(!sql.contains(word), "{word} in {}", migration.description);
            }
        }
    }

    #[tokio::test]
    async fn a_request_that_was_queued_before_several_photos_were_known_keeps_its_one_photo_and_is_delivered() {
        let folder = TempFolder::new();
        let path = folder.path().join("old.sqlite");
        sqlx::any::install_default_drivers();
        std::fs::write(&path, b"").expect("a file");
        let old = AnyPool::connect(&format!("sqlite:{}", path.display())).await.expect("opens");
        up_to(1, Dialect::Sqlite).run(&old).await.expect("the first migration");
        let id = "6b6f0f57-55a1-4f0d-9c6e-6d8b3b6b0a01";
        let row = "INSERT INTO requests (id, state, created_at, updated_at, expires_at, not_before, query_name, options)
                   VALUES ($1, 'queued', 1, 1, 9, 1, 'query-caaf1a9f.jpg', '{}')";
        sqlx::query(row).bind(id).execute(&old).await.expect("a row");
        old.close().await;

        let store = SqlStore::open_sqlite(&path).await.expect("is brought up to date");
        let parked = ErrorDetail { code: "interrupted".into(), message: "Too often.".into(), details: serde_json::Value::Null };
        store.recover(3, &parked, Moment(2)).await.expect("recovers");
        let (waiting,): (i64,) = sqlx::query_as("SELECT count(*) FROM Jobs WHERE idempotency_key = $1")
            .bind(format!("request:{id}"))
            .fetch_one(store.pool())
            .await
            .expect("reads");
        assert_eq!(waiting, 1, "the queue of before knew no deliveries");
        let claim = Claim { id: id.parse().expect("an id"), token: uuid::Uuid::new_v4() };
        let claimed = store.claim(claim, true, Moment(2)).await.expect("reads").expect("it waits");
        assert_eq!(claimed.query_names, ["query-caaf1a9f.jpg"]);
        store.close().await;
    }
}
