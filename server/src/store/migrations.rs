//! Numbered migrations, part of the program, applied at the start. A migration that has been released is never
//! changed: the next change is a new number.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "requests", include_str!("../../migrations/0001_requests.sql"))];

pub fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| Migration::new(*version, Cow::Borrowed(name), MigrationType::Simple, Cow::Borrowed(sql), false))
        .collect();
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}
