//! `face-engine bench`: one search over named pictures, timed. `make bench` runs it beside the reference pipeline.
//!
//! The whole pipeline runs as a job would: reading, decoding, people, faces, alignment, embedding, ranking. Networks
//! are warm, pictures are decoded from their files each time. The last line of stdout is one JSON object.

use super::start_logging;
use crate::config::{Config, Environment};
use crate::discovery::{Candidate, Found, Location, ProbeQuery, Provider, ProviderError};
use crate::objects::{FolderObjects, Objects};
use crate::pipeline::{ImageLimits, MatchJob, PipelineContext, Progress, QueryPhoto, Stage, StageTimes, run_timed, validate_query};
use anyhow::{Context, ensure};
use app::api::{Counts, EventKind, MatchOptions, ProviderReport};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use uuid::Uuid;

#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Timed runs after the warm-up; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    query: PathBuf,
    #[arg(required = true)]
    candidates: Vec<PathBuf>,
}

pub fn run(arguments: BenchArgs) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(arguments))?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(arguments: BenchArgs) -> anyhow::Result<()> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    if std::env::var_os("LOG").is_none() {
        config.log.filter = "warn".into();
    }
    start_logging(&config.log);
    let query = Bytes::from(std::fs::read(&arguments.query).with_context(|| format!("cannot read {}", arguments.query.display()))?);
    // Sizes are the peer's affair too: what it reads is read here.
    let limits = ImageLimits { max_bytes: 1 << 30, ..ImageLimits::default() };
    let query = QueryPhoto { name: validate_query(&query, &limits)?.name, bytes: query };
    let vision_config = config.engine.vision();
    let vision = tokio::task::spawn_blocking(move || models::load(&vision_config)).await??;
    let providers: Vec<Arc<dyn Provider>> = vec![Arc::new(Listed(arguments.candidates.clone()))];
    let mut context = PipelineContext::new(vision, providers, None);
    context.limits = limits;
    context.max_concurrency = config.jobs.max_concurrency.unwrap_or(context.max_concurrency);
    let job = || MatchJob {
        request_id: Uuid::new_v4(),
        options: MatchOptions { max_candidates: arguments.candidates.len(), ..MatchOptions::default() },
        query: query.clone().into(),
        retry_count: 0,
        max_retries: 0,
        kept: BTreeMap::new(),
    };

    timed(&context, &job()).await?;
    let mut walls = Vec::new();
    let mut last = None;
    for _ in 0..arguments.runs {
        let run = timed(&context, &job()).await?;
        walls.push(run.wall);
        last = Some(run);
    }
    let last = last.context("no run was made")?;
    ensure!(last.counts.failed == 0, "{} picture(s) failed: the times would not compare", last.counts.failed);

    // The same once more with everything that a request leaves behind.
    let kept = std::env::temp_dir().join(format!("face-engine-bench-{}", Uuid::new_v4()));
    let objects: Arc<dyn Objects> = Arc::new(FolderObjects::open(&kept)?);
    context.objects = Some(objects);
    let with_artifacts = timed(&context, &job()).await;
    let _ = std::fs::remove_dir_all(&kept);
    let with_artifacts = with_artifacts?;

    let stages = |times: &StageTimes| -> serde_json::Map<_, _> {
        Stage::ALL.iter().map(|&stage| (stage.name().to_owned(), json!(rounded(times.seconds(stage))))).collect()
    };
    let info = context.vision.info();
    let measured = json!({
        "candidates": last.counts.candidates,
        "faces": last.counts.faces,
        "wall_s": rounded(median(&mut walls)),
        "walls_s": walls.iter().copied().map(rounded).collect::<Vec<_>>(),
        // Summed over the pictures computed side by side (`lanes` of them).
        "stages_s": stages(&last.times),
        "with_artifacts": {"wall_s": rounded(with_artifacts.wall), "artifacts_s": rounded(with_artifacts.times.seconds(Stage::Artifacts))},
        "engine": info.engine,
        "lanes": info.lanes,
        "concurrency": context.max_concurrency,
    });
    println!("{measured}");
    Ok(())
}

struct Run {
    wall: f64,
    times: StageTimes,
    counts: Counts,
}

async fn timed(context: &PipelineContext, job: &MatchJob) -> anyhow::Result<Run> {
    let (times, counter) = (StageTimes::default(), Counter::default());
    let start = Instant::now();
    run_timed(context, job, &counter, &times).await?;
    let wall = start.elapsed().as_secs_f64();
    let counts = *counter.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Run { wall, times, counts })
}

/// Of an even number of values, the upper middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// The pictures named on the command line, in their order.
struct Listed(Vec<PathBuf>);

#[async_trait]
impl Provider for Listed {
    fn name(&self) -> &str {
        "listed"
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new("listed", true, "pictures named on the command line")
    }

    async fn discover(&self, _: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let listed: Result<Vec<_>, _> = self.0.iter().take(limit).enumerate().map(|(rank, path)| candidate(rank, path)).collect();
        listed.map(Found::from)
    }
}

fn candidate(rank: usize, path: &Path) -> Result<Candidate, ProviderError> {
    let full = path.canonicalize().map_err(|e| ProviderError::Unavailable(format!("{}: {e}", path.display())))?;
    let (Some(pool), Some(name)) = (full.parent(), full.file_name()) else {
        return Err(ProviderError::Unavailable(format!("{} is no file", path.display())));
    };
    let location = Location::File { pool: pool.into(), path: name.into() };
    let uri = format!("file:{}", name.to_string_lossy());
    Ok(Candidate { provider_rank: rank, source_quality: 1.0, ..Candidate::new("listed", location, uri) })
}

/// Keeps the last counts that were told.
#[derive(Default)]
struct Counter(Mutex<Counts>);

impl Progress for Counter {
    fn emit(&self, event: EventKind) {
        if let EventKind::Candidate { counts, .. } = event {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counts;
        }
    }

    fn log(&self, message: String) {
        tracing::debug!("{message}");
    }

    fn cancelled(&self) -> bool {
        false
    }
}
