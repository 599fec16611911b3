//! Where things are kept, and for how long.

use super::{ConfigError, Environment, Secret};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Where the rows are kept.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// An address, which may hold a password.
    Postgres(Secret),
}

/// * `DATA_DIR` (default `data`): folder of everything that the service keeps: weights, database, artifacts, page.
/// * `DATABASE_URL` (default `sqlite:<DATA_DIR>/face-engine.sqlite`): the database; `sqlite:` and a path, for one process, or
///   `postgres://user:password@host/name`, to share the work between processes and machines.
/// * `ARTIFACTS_URL` (default `file:<DATA_DIR>/artifacts`): uploaded pictures, crops and results; `file:` and a path.
/// * `RETENTION_DAYS` (default 30): days after which a request and all that belongs to it is forgotten.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    pub data_dir: PathBuf,
    pub database: Database,
    /// The folder of artifacts.
    pub artifacts: PathBuf,
    pub retention: Duration,
}

impl StorageConfig {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let data_dir =
            env.path("DATA_DIR", "data".into(), "folder of everything that the service keeps: weights, database, artifacts, page")?;
        let database = format!("sqlite:{}", data_dir.join("face-engine.sqlite").display());
        let artifacts = format!("file:{}", data_dir.join("artifacts").display());
        Ok(Self {
            database: env.read(
                "DATABASE_URL",
                &database,
                "the database: `sqlite:` and a path, or `postgres://user:password@host/name` to share work between machines",
                database_of,
            )?,
            artifacts: env.read("ARTIFACTS_URL", &artifacts, "uploaded pictures, crops and results: `file:` and a path", folder_path)?,
            retention: env
                .number("RETENTION_DAYS", 30_u32, 1..=36_500, "days after which a request and all that belongs to it is forgotten")
                .map(|days| Duration::from_secs(u64::from(days) * 86_400))?,
            data_dir,
        })
    }
}

/// `sqlite:path`, `sqlite://path` (relative) and `sqlite:///path` (absolute), or the address of a Postgres.
fn database_of(url: &str) -> Result<Database, String> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return match url::Url::parse(url) {
            Ok(parsed) if parsed.path().len() > 1 => Ok(Database::Postgres(Secret::new(url))),
            Ok(_) => Err("the name of the database is missing: `postgres://user:password@host/name` is expected".into()),
            Err(_) => Err("this is no address: `postgres://user:password@host/name` is expected".into()),
        };
    }
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Err("an address that begins with `sqlite:` or `postgres://` is expected".into());
    };
    local_path(path).map(Database::Sqlite).ok_or_else(|| "a path is expected after `sqlite:`".into())
}

fn folder_path(url: &str) -> Result<PathBuf, String> {
    if url.starts_with("s3:") {
        return Err("buckets are not in this build yet, write `file:path/to/folder`".into());
    }
    let Some(path) = url.strip_prefix("file:") else {
        return Err("an address that begins with `file:` is expected".into());
    };
    local_path(path).ok_or_else(|| "a path is expected after `file:`".into())
}

fn local_path(path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty() && !path.contains('?')).then(|| Path::new(path).to_owned())
}
