//! `face-engine bench-embedding`: crops a second of the embedding network, 64 aligned crops one by one against batches of 8,
//! on the engine in force. `make bench` prints it.
//!
//! Each is measured as a request has it, preparation of the input and normalisation of the vectors included, by one caller and
//! by as many as the engine has lanes. The last line of stdout is one JSON object.

use super::start_logging;
use crate::config::{Config, Environment};
use anyhow::{Context, ensure};
use image::RgbImage;
use models::batch::{Batcher, Limits};
use models::engine::{self, Engine, NetworkFiles, Tensor};
use models::pack::Network;
use models::{Analyser, Caller, Embedding, Vision, align, preprocess};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct BenchEmbeddingArgs {
    /// Aligned crops of one run.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    crops: u16,
    /// Crops of one call.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(2..=256))]
    batch: u16,
    /// Timed runs of each after the warm-up; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Pictures with faces: their crops are taken in turns.
    #[arg(required = true)]
    pictures: Vec<PathBuf>,
}

pub fn run(arguments: &BenchEmbeddingArgs) -> anyhow::Result<ExitCode> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    if std::env::var_os("LOG").is_none() {
        config.log.filter = "warn".into();
    }
    start_logging(&config.log);
    let vision_config = config.engine.vision();
    let (engine, skipped) = engine::choose(&vision_config)?;
    let analyser = Analyser::new(&vision_config, engine.as_ref(), skipped)?;
    let crops = crops(&analyser, arguments)?;
    let folder = vision_config.models_dir.join(&analyser.info().pack);
    let embedder = |max_batch: usize| Embedder::load(engine.as_ref(), &analyser, &folder, max_batch);
    let batch = usize::from(arguments.batch);
    let (single, batched) = (embedder(1)?, embedder(batch)?);
    let mut rows = Vec::new();
    let mut callers = vec![1, engine.lanes()];
    callers.dedup();
    for callers in callers {
        let (mut one_by_one, mut together) = (Vec::new(), Vec::new());
        // The first run of each warms up; then in turns, so that a machine that slows down slows down both.
        for run in 0..=arguments.runs {
            let times = [single.seconds(&crops, callers, 1)?, batched.seconds(&crops, callers, batch)?];
            if run > 0 {
                one_by_one.push(times[0]);
                together.push(times[1]);
            }
        }
        let per_second = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 2).map_or(0.0, |median| crops.len() as f64 / median)
        };
        let (single, batched) = (per_second(&mut one_by_one), per_second(&mut together));
        rows.push(json!({
            "callers": callers,
            "single_per_s": rounded(single),
            "batched_per_s": rounded(batched),
            "ratio": rounded(batched / single),
        }));
    }
    let info = analyser.info();
    let in_force = info.networks.iter().find(|network| network.role == "embedding").map(|network| network.max_batch);
    let measured = json!({
        "engine": info.engine,
        "model": info.embedding_model,
        "crops": crops.len(),
        "batch": batch,
        "in_force": in_force,
        "embedding": rows,
    });
    println!("{measured}");
    Ok(ExitCode::SUCCESS)
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// So many crops as were asked for, of the faces in the pictures, over and over.
fn crops(analyser: &Analyser, arguments: &BenchEmbeddingArgs) -> anyhow::Result<Vec<RgbImage>> {
    let (wanted, caller) = (usize::from(arguments.crops), Caller::new());
    let mut crops = Vec::new();
    for path in &arguments.pictures {
        if crops.len() >= wanted {
            break;
        }
        let picture = image::open(path).with_context(|| format!("cannot read {}", path.display()))?.to_rgb8();
        let found = analyser.faces(&caller, &picture, analyser.info().face_side)?;
        crops.extend(found.faces.iter().map(|face| align::align(&picture, &face.landmarks)));
    }
    ensure!(!crops.is_empty(), "the pictures show no face");
    Ok(crops.iter().cycle().take(wanted).cloned().collect())
}

/// The embedding network alone, with a greatest batch of its own.
struct Embedder<'a> {
    network: &'a Network,
    analyser: &'a Analyser,
    batcher: Batcher,
}

impl<'a> Embedder<'a> {
    fn load(engine: &dyn Engine, analyser: &'a Analyser, folder: &std::path::Path, max_batch: usize) -> anyhow::Result<Self> {
        let network = &analyser.pack().embedding;
        let files =
            NetworkFiles { network: network.network.clone(), onnx: folder.join("embedding.onnx"), weights: folder.join("embedding.bpk") };
        let no_limit = std::time::Duration::from_secs(600);
        let limits = Limits { workers: engine.lanes(), max_batch, max_wait: std::time::Duration::ZERO, timeout: no_limit };
        Ok(Self { network, analyser, batcher: Batcher::new("embedding", engine.load(&files)?, limits)? })
    }

    /// All crops, shared among so many callers, each of which asks for `at_once` of them at a time.
    fn seconds(&self, crops: &[RgbImage], callers: usize, at_once: usize) -> anyhow::Result<f64> {
        let began = Instant::now();
        let shares = crops.chunks(crops.len().div_ceil(callers).next_multiple_of(at_once));
        let embedded = std::thread::scope(|scope| {
            let callers: Vec<_> = shares.map(|share| scope.spawn(move || self.embed(share, at_once))).collect();
            let ended = callers.into_iter().map(|caller| caller.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a caller panicked"))));
            ended.sum::<anyhow::Result<usize>>()
        })?;
        ensure!(embedded == crops.len(), "{embedded} vectors for {} crops", crops.len());
        Ok(began.elapsed().as_secs_f64())
    }

    fn embed(&self, crops: &[RgbImage], at_once: usize) -> anyhow::Result<usize> {
        let (caller, side, contract) = (Caller::new(), self.network.input.size as usize, &self.analyser.info().contract);
        let mut embedded = 0;
        for part in crops.chunks(at_once) {
            let mut data = Vec::with_capacity(part.len() * 3 * side * side);
            part.iter().for_each(|crop| preprocess::normalise(crop, &self.network.input, &mut data));
            let outputs = self.batcher.run(&caller, Tensor { shape: vec![part.len(), 3, side, side], data })?;
            let vectors = outputs.first().context("the network gave nothing")?;
            for vector in vectors.data.chunks_exact(contract.dimension) {
                Embedding::from_raw(vector.to_vec(), contract)?;
                embedded += 1;
            }
        }
        Ok(embedded)
    }
}
