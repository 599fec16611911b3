//! What is logged, and how it looks.

use super::{ConfigError, Environment};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// * `LOG` (default `info`, without what Postgres remarks on migrations): which messages, in the notation of tracing's EnvFilter: `debug`, `server=debug,info`.
/// * `LOG_FORMAT` (default `text`): `text` or `json`.
#[derive(Debug, Clone)]
pub struct LogConfig {
    pub filter: String,
    pub format: LogFormat,
}

impl LogConfig {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            filter: env.read(
                "LOG",
                "info,sqlx::postgres::notice=warn",
                "which messages are logged: `warn`, `info`, `server=debug,info`",
                |text| {
                    tracing_subscriber::EnvFilter::try_new(text)
                        .map_err(|_| "a level or a list like `server=debug,info` is expected".to_owned())?;
                    Ok(text.to_owned())
                },
            )?,
            format: env.read("LOG_FORMAT", "text", "how log lines look: `text` or `json`", |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("`text` or `json` is expected".into()),
            })?,
        })
    }
}
