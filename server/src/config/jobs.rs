//! How much is done at once, and how often something is tried.

use super::{ConfigError, Environment};
use std::time::Duration;

/// * `MAX_CONCURRENCY` (default: cores + 1; where a GPU takes more pictures at once than there are cores, so many + 1):
///   candidate pictures of one request that are worked on at once, and downloads of all requests together.
/// * `WORKERS` (default 1): requests that are worked on at once.
/// * `WORKER_HEARTBEAT` (default 4 s, 1 to 6): how often a worker shows that it lives. What one that has missed three has in hand is given
///   to another.
/// * `QUEUE_CAPACITY` (default 64): requests that may wait; one more is answered 503 with Retry-After.
/// * `JOB_TIMEOUT` (default 120 s): how long a request goes on asking others for candidates and pictures; what it has by
///   then is compared.
/// * `MAX_RETRIES` (default 3): how often a failed or interrupted request is tried again before it is given up.
#[derive(Debug, Clone)]
pub struct JobsConfig {
    /// None: what suits the machine, see [`PipelineContext::new`](crate::pipeline::PipelineContext::new).
    pub max_concurrency: Option<usize>,
    pub workers: usize,
    pub heartbeat: Duration,
    pub queue_capacity: u64,
    pub job_timeout: Duration,
    pub max_retries: u32,
    /// The pause before the first retry; each further one is twice as long. Tests make it shorter.
    pub retry_pause: Duration,
    /// How long running work may take to stop at shutdown or erasure before it is dropped.
    pub stop_timeout: Duration,
}

impl JobsConfig {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            max_concurrency: env.number_or(
                "MAX_CONCURRENCY",
                "auto",
                1..=1024,
                "candidate pictures of one request that are worked on at once, and downloads of all requests together; \
                 `auto`: cores + 1, more where a GPU takes more",
            )?,
            workers: env.number("WORKERS", 1, 1..=64, "requests that are worked on at once")?,
            heartbeat: env.seconds(
                "WORKER_HEARTBEAT",
                4.0,
                1.0..=6.0,
                "seconds between a worker's signs of life; what one that has missed three has in hand is given to another",
            )?,
            queue_capacity: env.number("QUEUE_CAPACITY", 64, 1..=100_000, "requests that may wait; one more is answered 503")?,
            job_timeout: env.seconds(
                "JOB_TIMEOUT",
                120.0,
                1.0..=86_400.0,
                "seconds that a request goes on asking others for candidates and pictures; what it has by then is compared",
            )?,
            max_retries: env.number("MAX_RETRIES", 3, 0..=20, "how often a failed or interrupted request is tried again")?,
            retry_pause: Duration::from_secs(1),
            stop_timeout: Duration::from_secs(10),
        })
    }
}
