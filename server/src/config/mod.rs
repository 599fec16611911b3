//! What the environment decides: one struct per area, read once at the start.
//!
//! Each variable is documented where it is read, and only there: `face-engine config` prints what was read, with the
//! same words. A bad value stops the start with a sentence that names the variable.

mod discovery;
mod download;
mod engine;
mod environment;
mod http;
mod jobs;
mod log;
mod quality;
mod s3;
mod storage;
mod web_providers;

pub use discovery::{DiscoveryConfig, Pool, PoolPlace};
pub use download::DownloadConfig;
pub use engine::EngineConfig;
pub use environment::{ConfigError, Environment, Secret, Variable};
pub use http::HttpConfig;
pub use jobs::JobsConfig;
pub use log::{LogConfig, LogFormat};
pub use quality::QualityConfig;
pub use s3::S3Config;
pub use storage::StorageConfig;
pub use web_providers::{Keyed, WEB_PROVIDERS, WebConfig};

/// Everything that the environment decides.
#[derive(Debug, Clone)]
pub struct Config {
    pub log: LogConfig,
    pub storage: StorageConfig,
    pub http: HttpConfig,
    pub jobs: JobsConfig,
    pub engine: EngineConfig,
    pub quality: QualityConfig,
    pub discovery: DiscoveryConfig,
    pub download: DownloadConfig,
    pub s3: S3Config,
}

impl Config {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let log = LogConfig::from_environment(env)?;
        let storage = StorageConfig::from_environment(env)?;
        Ok(Self {
            log,
            http: HttpConfig::from_environment(env, &storage.data_dir)?,
            jobs: JobsConfig::from_environment(env)?,
            engine: EngineConfig::from_environment(env, &storage.data_dir)?,
            quality: QualityConfig::from_environment(env)?,
            discovery: DiscoveryConfig::from_environment(env, &storage.data_dir)?,
            download: DownloadConfig::from_environment(env, &storage.data_dir)?,
            s3: S3Config::from_environment(env)?,
            storage,
        })
    }

    /// Who asks, as other hosts read it, and how to reach them.
    pub fn user_agent(&self) -> String {
        let name = concat!("face-engine/", env!("CARGO_PKG_VERSION"));
        match &self.discovery.contact {
            Some(contact) => format!("{name} ({contact})"),
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        Config::from_environment(&Environment::of(pairs)).map_err(|e| e.to_string())
    }

    #[test]
    fn nothing_set_gives_the_defaults() -> Result<(), String> {
        let config = read(&[])?;
        assert_eq!((config.http.host.to_string().as_str(), config.http.port), ("127.0.0.1", 3000));
        assert_eq!(config.http.max_upload_bytes, 12 * 1024 * 1024);
        assert_eq!(config.storage.database, std::path::Path::new("data/face-engine.sqlite"));
        assert_eq!(config.jobs.queue_capacity, 64);
        assert_eq!(config.quality.gate, app::api::QualityGate::Standard);
        assert_eq!(config.discovery.pools[0].name, "samples");
        Ok(())
    }

    #[test]
    fn a_bad_value_is_a_sentence_that_names_the_variable() {
        for (name, value) in [
            ("PORT", "70000"),
            ("HOST", "here"),
            ("MAX_CONCURRENCY", "0"),
            ("MAX_CONCURRENCY", "many"),
            ("RETENTION_DAYS", "-1"),
            ("ENGINE", "abacus"),
            ("QUALITY_GATE", "high"),
            ("DATABASE_URL", "postgres://db/engine"),
            ("DATABASE_URL", "mysql://db"),
            ("ARTIFACTS_URL", "s3://bucket/prefix"),
            ("POOLS", "no-path"),
            ("POOLS", "a=x,a=y"),
            ("PROVIDERS", "samples,elsewhere"),
            ("SIGNING_KEY", "short"),
            ("SYNC_TIMEOUT", "NaN"),
            ("LOG_FORMAT", "xml"),
        ] {
            let sentence = read(&[(name, value)]).err().unwrap_or_default();
            assert!(sentence.contains(name) && sentence.ends_with('.'), "{name}={value}: {sentence:?}");
        }
        assert!(read(&[("DATABASE_URL", "postgres://db/engine")]).err().unwrap_or_default().contains("SQLite only"));
        assert!(read(&[("ARTIFACTS_URL", "s3://bucket/prefix")]).err().unwrap_or_default().contains("not in this build yet"));
    }

    #[test]
    fn a_secret_is_never_shown() -> Result<(), String> {
        let key = "correct horse battery staple";
        let env = Environment::of(&[("SIGNING_KEY", key), ("PORT", "3001")]);
        let config = Config::from_environment(&env).map_err(|e| e.to_string())?;
        assert!(!format!("{config:?}").contains(key));
        let listed = env.listing();
        assert!(listed.iter().any(|v| v.name == "SIGNING_KEY" && v.value == "(set)"));
        assert!(listed.iter().any(|v| v.name == "PORT" && v.value == "3001" && v.default == "3000"));
        assert!(listed.iter().all(|v| !v.meaning.is_empty()));
        let refused = read(&[("SIGNING_KEY", "tiny secret")]).err().unwrap_or_default();
        assert!(!refused.contains("tiny secret"), "{refused}");
        Ok(())
    }
}
