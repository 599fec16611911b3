//! Numbered migrations, part of the program, applied at the start. A migration that has been released is never
//! changed: the next change is a new number.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "requests", include_str!("../../migrations/0001_requests.sql")),
    (2, "query photos", include_str!("../../migrations/0002_query_photos.sql")),
];

pub fn migrator() -> Migrator {
    up_to(i64::MAX)
}

/// As the program was when `last` was its newest migration.
fn up_to(last: i64) -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .filter(|(version, ..)| *version <= last)
        .map(|(version, name, sql)| {
            Migration::new(*version, Cow::Borrowed(name), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
        })
        .collect();
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}

#[cfg(test)]
mod tests {
    use super::super::{SqliteStore, Store};
    use super::*;
    use crate::clock::Moment;
    use crate::testing::TempFolder;
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

    #[tokio::test]
    async fn a_request_that_was_queued_before_several_photos_were_known_keeps_its_one_photo() {
        let folder = TempFolder::new();
        let path = folder.path().join("old.sqlite");
        let old = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path).create_if_missing(true)).await.expect("opens");
        up_to(1).run(&old).await.expect("the first migration");
        let row = "INSERT INTO requests (id, state, created_at, updated_at, expires_at, not_before, query_name, options)
                   VALUES ('6b6f0f57-55a1-4f0d-9c6e-6d8b3b6b0a01', 'queued', 1, 1, 9, 1, 'query-caaf1a9f.jpg', '{}')";
        sqlx::query(row).execute(&old).await.expect("a row");
        old.close().await;

        let store = SqliteStore::open(&path).await.expect("is brought up to date");
        let claimed = store.claim(Moment(2)).await.expect("reads").expect("a request");
        assert_eq!(claimed.query_names, ["query-caaf1a9f.jpg"]);
        store.close().await;
    }
}
