//! The two databases, as far as their ways differ: the statements are the same ones but for what stands here.

use super::StoreError;
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The database's own time in milliseconds since 1970, as a term of a statement: machines that share it agree on this one. SQLite's
    /// is of whole seconds.
    pub fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "(CAST(strftime('%s', 'now') AS INTEGER) * 1000)",
            Self::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// A transaction that writes. SQLite takes its lock at once: one that reads first and writes later would fail where
    /// another has written in between, instead of waiting for it.
    pub async fn begin(self, pool: &AnyPool) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self {
            Self::Sqlite => pool.begin_with("BEGIN IMMEDIATE").await?,
            Self::Postgres => pool.begin().await?,
        })
    }

    /// Until the end of the transaction no other one that asks for the same goes on: counting the queue and adding to it is one
    /// step. SQLite has one writer anyway.
    pub async fn one_at_a_time(self, tx: &mut AnyConnection) -> Result<(), StoreError> {
        if self == Self::Postgres {
            // Any number that nothing else uses.
            sqlx::query("SELECT pg_advisory_xact_lock(7426011)").execute(tx).await?;
        }
        Ok(())
    }

    /// Tells all processes, when the transaction commits. SQLite has one process, which knows already.
    pub async fn notify(self, tx: &mut AnyConnection, notice: super::Notice) -> Result<(), StoreError> {
        if self == Self::Postgres {
            sqlx::query("SELECT pg_notify($1, $2)").bind(super::notices::CHANNEL).bind(notice.to_string()).execute(tx).await?;
        }
        Ok(())
    }
}
