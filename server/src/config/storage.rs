//! Where things are kept, and for how long.

use super::{ConfigError, Environment, Secret, s3_parts};
use crate::objects::check_key;
use std::{
    fmt,
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
/// * `ARTIFACTS_URL` (default `file:<DATA_DIR>/artifacts`): uploaded pictures, crops and results; `file:` and a path, or
///   `s3://bucket/prefix` (the way to the bucket is [`S3Config`](super::S3Config)'s).
/// * `ARTIFACTS_PRESIGN` (default `false`): pictures in a bucket are opened from the bucket itself, by addresses that it opens
///   for some minutes, instead of through the service.
/// * `RETENTION_DAYS` (default 30): days after which a request and all that belongs to it is forgotten.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    pub data_dir: PathBuf,
    pub database: Database,
    pub artifacts: ArtifactsPlace,
    /// Pictures in a bucket are opened from there.
    pub presign: bool,
    pub retention: Duration,
}

/// Where the files of requests lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactsPlace {
    Folder(PathBuf),
    /// Below the prefix, which has no slash at its end; empty: in the bucket itself.
    Bucket {
        bucket: String,
        prefix: String,
    },
}

impl fmt::Display for ArtifactsPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "file:{}", path.display()),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl StorageConfig {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let data_dir =
            env.path("DATA_DIR", "data".into(), "folder of everything that the service keeps: weights, database, artifacts, page")?;
        let database = format!("sqlite:{}", data_dir.join("face-engine.sqlite").display());
        let artifacts = format!("file:{}", data_dir.join("artifacts").display());
        let meaning = "uploaded pictures, crops and results: `file:` and a path, or `s3://bucket/prefix`";
        let artifacts = env.read("ARTIFACTS_URL", &artifacts, meaning, artifacts_place)?;
        let meaning = "pictures in a bucket are opened from the bucket itself, by addresses good for some minutes: `true` or `false`";
        let presign = env.read("ARTIFACTS_PRESIGN", "false", meaning, |text| match (text, &artifacts) {
            ("true", ArtifactsPlace::Folder(_)) => Err("ARTIFACTS_URL is a folder, and only a bucket opens files itself".into()),
            ("true", _) => Ok(true),
            ("false", _) => Ok(false),
            _ => Err("`true` or `false` is expected".into()),
        })?;
        Ok(Self {
            database: env.read(
                "DATABASE_URL",
                &database,
                "the database: `sqlite:` and a path, or `postgres://user:password@host/name` to share work between machines",
                database_of,
            )?,
            artifacts,
            presign,
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

fn artifacts_place(url: &str) -> Result<ArtifactsPlace, String> {
    if url.starts_with("s3:") {
        let place = s3_parts(url).map(|(bucket, prefix)| (bucket, prefix.trim_end_matches('/')));
        // A prefix keeps the rule of the keys below it, and leaves them room.
        let Some((bucket, prefix)) = place.filter(|(_, prefix)| prefix.is_empty() || (prefix.len() <= 400 && check_key(prefix).is_ok()))
        else {
            return Err("a bucket is expected: s3://bucket or s3://bucket/prefix".into());
        };
        return Ok(ArtifactsPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() });
    }
    let Some(path) = url.strip_prefix("file:") else {
        return Err("an address that begins with `file:` or `s3://` is expected".into());
    };
    local_path(path).map(ArtifactsPlace::Folder).ok_or_else(|| "a path is expected after `file:`".into())
}

fn local_path(path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty() && !path.contains('?')).then(|| Path::new(path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_lie_in_a_folder_or_below_a_prefix_of_a_bucket() -> Result<(), String> {
        let place =
            |url: &str| StorageConfig::from_environment(&Environment::of(&[("ARTIFACTS_URL", url)])).map(|c| c.artifacts.to_string());
        for (url, shown) in [
            ("file:kept", "file:kept"),
            ("file:///srv/kept", "file:/srv/kept"),
            ("s3://faces", "s3://faces/"),
            ("s3://faces/engine/kept/", "s3://faces/engine/kept"),
        ] {
            assert_eq!(place(url).map_err(|e| e.to_string())?, shown);
        }
        Ok(())
    }
}
