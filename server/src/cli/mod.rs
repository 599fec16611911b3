//! The verbs of `face-engine`.

mod bench;
mod bench_crowd;
mod bench_downloads;
mod bench_embedding;
mod bench_index;
mod calibrate;
mod config;
mod detect;
pub mod match_;
mod migrate;
mod providers;
mod recall;
mod serve;
mod table;
mod worker;

use crate::config::{Config, Environment, LogConfig, LogFormat};
use clap::{Parser, Subcommand};
use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

/// Finds a face again in other pictures: detection, alignment, embedding, ranking.
#[derive(Debug, Parser)]
#[command(name = "face-engine", version, about)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serves the page and the API, and works on what it accepts.
    Serve(serve::ServeArgs),
    /// Works on what `serve` has accepted, on this machine or another: any number of them on one Postgres (DATABASE_URL) and one
    /// artifact store (ARTIFACTS_URL).
    Worker,
    /// Brings the database (DATABASE_URL) up to date, as `serve` and `worker` do at their start.
    Migrate,
    Match(match_::MatchArgs),
    Detect(detect::DetectArgs),
    /// Lists every variable of the environment that is read: value, default, meaning.
    Config,
    Providers(providers::ProvidersArgs),
    Calibrate(calibrate::CalibrateArgs),
    /// Times a search over named pictures; `make bench` compares it with the reference pipeline.
    #[command(hide = true)]
    Bench(bench::BenchArgs),
    /// Times `/health/live` while two hundred photos are uploaded at once, and while they are worked on; `make bench` prints it.
    #[command(hide = true)]
    BenchCrowd(bench_crowd::BenchCrowdArgs),
    /// Times downloads from hosts with latency against the ideal; `make bench` prints it.
    #[command(hide = true)]
    BenchDownloads(bench_downloads::BenchDownloadsArgs),
    /// Times the embedding network on aligned crops, one by one and in batches; `make bench` prints it.
    #[command(hide = true)]
    BenchEmbedding(bench_embedding::BenchEmbeddingArgs),
    /// Times exact search over stored vectors against reading them; `make bench` prints it beside FAISS.
    #[command(hide = true)]
    BenchIndex(bench_index::BenchIndexArgs),
    /// Measures how many known faces are found in photos, and in close-ups, small, turned and masked copies of them.
    #[command(hide = true)]
    Recall(recall::RecallArgs),
    /// Asked by `serve` of a child process: is there a GPU that computes right?
    #[command(hide = true)]
    ProbeGpu,
}

/// What `main` does.
pub fn main() -> ExitCode {
    let ended = match Arguments::parse().verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Worker => worker::run(),
        Verb::Migrate => migrate::run(),
        Verb::Match(arguments) => match_::run(arguments),
        Verb::Detect(arguments) => Ok(detect::run(&arguments)),
        Verb::Config => config::run(),
        Verb::Providers(arguments) => providers::run(&arguments),
        Verb::Calibrate(arguments) => calibrate::run(arguments),
        Verb::Bench(arguments) => bench::run(arguments),
        Verb::BenchCrowd(arguments) => bench_crowd::run(&arguments),
        Verb::BenchDownloads(arguments) => bench_downloads::run(arguments),
        Verb::BenchEmbedding(arguments) => bench_embedding::run(&arguments),
        Verb::BenchIndex(arguments) => bench_index::run(&arguments),
        Verb::Recall(arguments) => recall::run(&arguments),
        Verb::ProbeGpu => probe_gpu(),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("face-engine: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The verb is [`models::engine::probe::ARGUMENT`]; the line and the exit status are the answer.
fn probe_gpu() -> anyhow::Result<ExitCode> {
    let config = Config::from_environment(&Environment::of_process())?;
    let adapter = models::engine::probe::child(&config.engine.vision())?;
    println!("{}{adapter}", models::engine::probe::VERDICT);
    Ok(ExitCode::SUCCESS)
}

/// Log lines go to stderr: stdout belongs to what a verb has to say.
pub fn start_logging(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).with_ansi(io::stderr().is_terminal());
    // A second call (in tests) changes nothing.
    let _ = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
