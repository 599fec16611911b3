//! What the environment decides: one struct per area, read once at the start.
//!
//! Each variable is documented where it is read, and only there: `face-engine config` prints what was read, with the
//! same words. A bad value stops the start with a sentence that names the variable.

mod analyses;
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

pub use analyses::AnalysesConfig;
pub use discovery::{DiscoveryConfig, Pool, PoolPlace, check_pool_name};
pub use download::DownloadConfig;
pub use engine::EngineConfig;
pub use environment::{ConfigError, Environment, Secret, Variable};
pub use http::HttpConfig;
pub use jobs::JobsConfig;
pub use log::{LogConfig, LogFormat};
pub use quality::QualityConfig;
pub use s3::{S3Config, S3Keys, s3_parts};
pub use storage::{ArtifactsPlace, Database, StorageConfig};
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
    pub analyses: AnalysesConfig,
    pub s3: S3Config,
    /// What this process does; set by the verb, not by the environment.
    pub role: Role,
}

/// What one process of the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Answers requests and works on them.
    Serve,
    /// Answers requests; workers elsewhere work on them.
    ServeOnly,
    /// Works on what others have accepted.
    Worker,
}

impl Role {
    pub fn works(self) -> bool {
        self != Self::ServeOnly
    }
}

impl Config {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let log = LogConfig::from_environment(env)?;
        let storage = StorageConfig::from_environment(env)?;
        let http = HttpConfig::from_environment(env, &storage.data_dir)?;
        let jobs = JobsConfig::from_environment(env)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            log,
            http,
            engine: EngineConfig::from_environment(env, &storage.data_dir)?,
            quality: QualityConfig::from_environment(env)?,
            discovery: DiscoveryConfig::from_environment(env, &storage.data_dir)?,
            download: DownloadConfig::from_environment(env, &storage.data_dir, jobs.max_concurrency.unwrap_or(cores + 1))?,
            analyses: AnalysesConfig::from_environment(env, &storage.data_dir)?,
            s3: S3Config::from_environment(env)?,
            storage,
            jobs,
            role: Role::Serve,
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
        let Database::Sqlite(path) = &config.storage.database else { return Err("no file".into()) };
        assert_eq!(path, std::path::Path::new("data/face-engine.sqlite"));
        assert_eq!(config.jobs.queue_capacity, 64);
        assert_eq!(config.http.uploads_max_bytes, 256 << 20);
        let largest = read(&[("MAX_UPLOAD_BYTES", "1073741824")])?.http;
        assert_eq!(largest.uploads_max_bytes, largest.largest_upload(), "one search always has room");
        assert_eq!(config.quality.gate, app::api::QualityGate::Standard);
        assert_eq!(config.discovery.pools[0].name, "samples");
        assert_eq!(read(&[("MAX_CONCURRENCY", "17")])?.download.at_once, 17);
        Ok(())
    }

    #[test]
    fn the_networks_are_served_as_the_environment_says() -> Result<(), String> {
        let of = |pairs: &[(&str, &str)]| {
            let vision = read(pairs)?.engine.vision();
            Ok::<_, String>((vision.max_batch, vision.max_wait.as_millis(), vision.timeout.as_secs_f64(), vision.flip))
        };
        assert_eq!(of(&[])?, (None, 2, 30.0, false));
        let set = [("MAX_BATCH", "4"), ("MAX_WAIT_MS", "0"), ("MODEL_TIMEOUT", "2.5"), ("EMBED_FLIP", "true")];
        assert_eq!(of(&set)?, (Some(4), 0, 2.5, true));
        assert_eq!(read(&[])?.jobs.max_concurrency, None);
        assert_eq!(read(&[("MAX_CONCURRENCY", "3")])?.jobs.max_concurrency, Some(3));
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
            ("MAX_BATCH", "0"),
            ("MAX_WAIT_MS", "soon"),
            ("MODEL_TIMEOUT", "0"),
            ("EMBED_FLIP", "perhaps"),
            ("DATABASE_URL", "postgres://db"),
            ("DATABASE_URL", "mysql://db"),
            ("WORKER_HEARTBEAT", "60"),
            ("WORKER_HEARTBEAT", "0.9"),
            ("UPLOADS_MAX_BYTES", "1000000"),
            ("ARTIFACTS_URL", "gs://bucket/prefix"),
            ("ARTIFACTS_URL", "s3://"),
            ("ARTIFACTS_URL", "s3://bucket/a/../b"),
            ("ARTIFACTS_PRESIGN", "perhaps"),
            ("ARTIFACTS_PRESIGN", "true"),
            ("POOLS", "no-path"),
            ("POOLS", "a=x,a=y"),
            ("PROVIDERS", "samples,elsewhere"),
            ("SIGNING_KEY", "short"),
            ("SYNC_TIMEOUT", "NaN"),
            ("LOG_FORMAT", "xml"),
            ("FALLBACK_MODEL", "heavy"),
            ("MIN_FREE_MEMORY_MB", "-1"),
        ] {
            let sentence = read(&[(name, value)]).err().unwrap_or_default();
            assert!(sentence.contains(name) && sentence.ends_with('.'), "{name}={value}: {sentence:?}");
        }
    }

    #[test]
    fn who_asks_is_told_with_version_and_contact() -> Result<(), String> {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(read(&[])?.user_agent(), format!("face-engine/{version}"));
        assert_eq!(read(&[("CONTACT", "desk@paper.example")])?.user_agent(), format!("face-engine/{version} (desk@paper.example)"));
        Ok(())
    }

    #[test]
    fn the_pack_that_stands_in_is_another_one_and_keeps_off_the_gpu() -> Result<(), String> {
        use models::EngineChoice;
        let engine = |pairs: &[(&str, &str)]| read(pairs).map(|config| config.engine);
        assert!(engine(&[])?.fallback_vision().is_none() && engine(&[("FALLBACK_MODEL", " ")])?.fallback.is_none());
        for (asked, runs) in [("auto", EngineChoice::Cpu), ("wgpu", EngineChoice::Cpu), ("burn-flex", EngineChoice::BurnFlex)] {
            let vision = engine(&[("MODEL_PACK", "standard"), ("FALLBACK_MODEL", "light"), ("ENGINE", asked)])?.fallback_vision();
            let vision = vision.ok_or("no backup")?;
            assert_eq!((vision.pack.as_deref(), vision.engine), (Some("light"), runs));
        }
        let same = engine(&[("MODEL_PACK", "light"), ("FALLBACK_MODEL", "light")]).err().unwrap_or_default();
        assert!(same.starts_with("FALLBACK_MODEL=light") && same.contains("already"), "{same}");
        let unknown = engine(&[("FALLBACK_MODEL", "heavy")]).err().unwrap_or_default();
        assert!(unknown.contains("light, standard"), "{unknown}");
        assert_eq!(engine(&[])?.min_free_memory, 256 << 20);
        Ok(())
    }

    #[test]
    fn the_pack_that_stands_in_embeds_mirror_images_where_the_first_one_does() -> Result<(), String> {
        let packs = [("MODEL_PACK", "standard"), ("FALLBACK_MODEL", "light")];
        for (set, flips) in [(None, false), (Some("false"), false), (Some("true"), true)] {
            let mut variables = packs.to_vec();
            variables.extend(set.map(|set| ("EMBED_FLIP", set)));
            let engine = read(&variables)?.engine;
            let backup = engine.fallback_vision().ok_or("no backup")?;
            assert_eq!((engine.vision().flip, backup.flip), (flips, flips), "{set:?}");
        }
        Ok(())
    }

    #[test]
    fn the_password_of_a_database_is_never_shown() -> Result<(), String> {
        let address = "postgres://engine:correct-horse@db.example/engine";
        let env = Environment::of(&[("DATABASE_URL", address)]);
        let config = Config::from_environment(&env).map_err(|e| e.to_string())?;
        let Database::Postgres(kept) = &config.storage.database else { return Err("no Postgres".into()) };
        assert_eq!(kept.reveal(), address);
        assert!(!format!("{config:?}").contains("correct-horse"));
        let listed = env.listing();
        assert!(listed.iter().any(|v| v.name == "DATABASE_URL" && v.value == "postgres://engine:***@db.example/engine"));
        let refused = read(&[("DATABASE_URL", "postgres://engine:correct-horse@db.example")]).err().unwrap_or_default();
        assert!(refused.contains("DATABASE_URL") && !refused.contains("correct-horse"), "{refused}");
        Ok(())
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
