//! `make bench`: the same query and the same twenty pictures through the reference pipeline in Python and through the
//! product, one after the other, both warm, with the same weights; a ratio per stage and in total. Below 1 means that
//! the product is faster.
//!
//! Both programs print one line of JSON with `wall_s` and `stages_s`; this module only runs them and divides.
//!
//! Then embedding: crops a second, one by one and in batches, on the engine in force.
//!
//! Then downloads: the product fetches pictures from hosts with latency, against what latency and bandwidth alone would take.
//!
//! Then a crowd: two hundred uploads at once ([`crate::bench_crowd`]).
//!
//! What follows is search in stored vectors ([`crate::bench_index`]).

use crate::{bench_crowd, bench_env, places, places::Places, process};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pictures that are searched.
const CANDIDATES: usize = 20;
const RUNS: &str = "3";

/// Seconds of one program: the median wall clock, and of the last run each stage's share of it. The reference gives each
/// stage all cores and does one after the other; the product computes several pictures side by side (lanes), so a stage's
/// sum over all pictures is divided by their number.
#[derive(Debug, PartialEq)]
struct Measured {
    wall: f64,
    stages: Vec<(String, f64)>,
    faces: u64,
    /// Wall clock of a run that also writes what a request leaves behind.
    with_artifacts: Option<f64>,
}

pub fn run(places: &Places) -> Result<()> {
    // One does not need the other: what can be measured is printed.
    let compared = compare(places);
    let embedded = embedding(places);
    downloads(places)?;
    compared.and(embedded).and(crowd(places))
}

/// The query of the comparison, uploaded two hundred times at once.
pub fn crowd(places: &Places) -> Result<()> {
    let (query, _) = pictures(places)?;
    bench_crowd::run(places, &query)
}

/// 64 aligned crops one by one and in batches of 8.
fn embedding(places: &Places) -> Result<()> {
    let (_, pictures) = pictures(places)?;
    let mut engine = Command::new(places.target.join("debug/face-engine"));
    engine.arg("bench-embedding").args(&pictures).env("DATA_DIR", &places.data);
    print!("{}", embedding_lines(&process::text(&mut engine, "measuring the embedding network")?)?);
    Ok(())
}

/// The last line of `face-engine bench-embedding`, for people.
fn embedding_lines(said: &str) -> Result<String> {
    let line = said.lines().last().unwrap_or_default();
    let wrong = || format!("this is no measurement: {line}");
    let value: serde_json::Value = serde_json::from_str(line).with_context(wrong)?;
    let number = |value: &serde_json::Value, name: &str| value.pointer(name).and_then(|number| number.as_f64()).with_context(wrong);
    let word = |name: &str| json_text(line, name).with_context(wrong);
    let (crops, batch) = (number(&value, "/crops")?, number(&value, "/batch")?);
    let mut text = format!("\nembedding {crops} aligned crops with {} on {}\n", word("model")?, word("engine")?);
    text.push_str(&format!("{:<14}{:>16}{:>16}{:>10}\n", "callers", "one by one /s", format!("by {batch} /s"), "ratio"));
    for row in value.get("embedding").and_then(|rows| rows.as_array()).with_context(wrong)? {
        let (callers, single, batched) = (number(row, "/callers")?, number(row, "/single_per_s")?, number(row, "/batched_per_s")?);
        text.push_str(&format!("{callers:<14}{single:>16.1}{batched:>16.1}{:>10.2}\n", number(row, "/ratio")?));
    }
    text.push_str(&format!("A ratio above 1: batches are faster. In force: calls of at most {}.\n", number(&value, "/in_force")?));
    Ok(text)
}

/// Pictures through hosts with latency: wall time against the ideal.
fn downloads(places: &Places) -> Result<()> {
    let mut engine = Command::new(places.target.join("debug/face-engine"));
    engine.arg("bench-downloads").env("DATA_DIR", &places.data);
    print!("{}", download_lines(&process::text(&mut engine, "measuring downloads")?)?);
    Ok(())
}

/// The last line of `face-engine bench-downloads`, for people.
fn download_lines(said: &str) -> Result<String> {
    let line = said.lines().last().unwrap_or_default();
    let wrong = || format!("this is no measurement: {line}");
    let value: serde_json::Value = serde_json::from_str(line).with_context(wrong)?;
    let number = |value: &serde_json::Value, name: &str| value.pointer(name).and_then(|number| number.as_f64()).with_context(wrong);
    let (latency, concurrency) = (number(&value, "/link/latency_s")? * 1000.0, number(&value, "/concurrency")?);
    let mut text = format!("\ndownloads from hosts with {latency:.0} ms of latency, {concurrency} at a time\n");
    text.push_str(&format!("{:<14}{:>12}{:>12}{:>10}\n", "pictures", "wall s", "ideal s", "ratio"));
    for row in value.get("downloads").and_then(|rows| rows.as_array()).with_context(wrong)? {
        let (pictures, wall) = (number(row, "/pictures")?, number(row, "/wall_s")?);
        text.push_str(&format!("{pictures:<14}{wall:>12.3}{:>12.3}{:>10.2}\n", number(row, "/ideal_s")?, number(row, "/ratio")?));
    }
    text.push_str("The ideal is what latency and bandwidth take by themselves; the goal is a ratio of at most 1.15.\n");
    Ok(text)
}

fn compare(places: &Places) -> Result<()> {
    let reference = places.root.join("../shared/reference/bench.py");
    if !reference.is_file() {
        println!("bench: skipped, because the reference pipeline (../shared/reference/bench.py) is not here to compare with");
        return Ok(());
    }
    let weights = [places::from_environment("MODELS_DIR", &places.root), Some(places.root.join("../shared/models"))];
    let Some(weights) = weights.into_iter().flatten().find(|folder| folder.join("w600k_mbf.onnx").is_file()) else {
        bail!("the comparison needs the raw files of the standard pack: set MODELS_DIR to their folder")
    };
    let (query, candidates) = pictures(places)?;
    println!("bench: {} and {} candidates, {RUNS} runs each after a warm-up", name(&query), candidates.len());

    let mut python = Command::new(bench_env::python(places));
    python.arg(&reference).arg(&weights).arg(&query).args(&candidates).args(["--runs", RUNS]);
    let theirs = measured(&process::text(&mut python, "running the reference pipeline")?)?;

    let mut engine = Command::new(places.target.join("debug/face-engine"));
    engine.args(["bench", "--runs", RUNS]).arg(&query).args(&candidates).env("DATA_DIR", &places.data).env("MODEL_PACK", "standard");
    let said = process::text(&mut engine, "running the product")?;
    let ours = measured(&said)?;
    if let Some(engine) = said.lines().last().and_then(|line| json_text(line, "engine")) {
        println!("bench: the product ran on {engine}");
    }
    print!("{}", table(&theirs, &ours));
    if let Some(wall) = ours.with_artifacts {
        println!("With crops, marked pictures and result files, which the reference does not write: {wall:.3} s.");
    }
    Ok(())
}

/// A query with one face and twenty candidates: the photographs of the testing folder where it is there, filled up with
/// faces in the wild; else the sample pictures.
fn pictures(places: &Places) -> Result<(PathBuf, Vec<PathBuf>)> {
    let testing = places.root.join("../shared/testdata");
    let mut candidates = Vec::new();
    collect(&testing.join("photos"), &mut candidates)?;
    let query = candidates.iter().position(|file| name(file) == "obama.jpg").map(|at| candidates.remove(at));
    let mut portraits = Vec::new();
    collect(&testing.join("lfw10"), &mut portraits)?;
    candidates.extend(portraits);
    let query = match query {
        Some(query) => query,
        None => {
            candidates.clear();
            collect(&places.data.join("samples/pool"), &mut candidates)?;
            places.data.join("samples/query.jpg")
        }
    };
    candidates.truncate(CANDIDATES);
    if candidates.is_empty() || !query.is_file() {
        bail!("there are no pictures to measure with: run `cargo xtask samples`");
    }
    Ok((query, candidates))
}

/// JPEG and PNG files below a folder, in the order of their names.
fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.sort();
    for path in found {
        if path.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|e| ["jpg", "jpeg", "png"].iter().any(|known| e.eq_ignore_ascii_case(known))) {
            into.push(path);
        }
    }
    Ok(())
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads the last line of a program's output.
fn measured(said: &str) -> Result<Measured> {
    let line = said.lines().last().unwrap_or_default();
    let wrong = || format!("this is no measurement: {line}");
    let value: serde_json::Value = serde_json::from_str(line).with_context(wrong)?;
    let stages = value.get("stages_s").and_then(|s| s.as_object()).with_context(wrong)?;
    let lanes = value.get("lanes").and_then(|l| l.as_f64()).unwrap_or(1.0).max(1.0);
    Ok(Measured {
        wall: value.get("wall_s").and_then(|w| w.as_f64()).with_context(wrong)?,
        stages: stages.iter().filter_map(|(stage, seconds)| Some((stage.clone(), seconds.as_f64()? / lanes))).collect(),
        faces: value.get("faces").and_then(|f| f.as_u64()).unwrap_or_default(),
        with_artifacts: value.pointer("/with_artifacts/wall_s").and_then(|w| w.as_f64()),
    })
}

fn json_text(line: &str, key: &str) -> Option<String> {
    serde_json::from_str::<serde_json::Value>(line).ok()?.get(key)?.as_str().map(str::to_string)
}

/// Stages that both have, then the others, then the wall clock.
fn table(theirs: &Measured, ours: &Measured) -> String {
    let of = |measured: &Measured, stage: &str| measured.stages.iter().find(|(name, _)| name == stage).map(|(_, seconds)| *seconds);
    let mut stages: Vec<&str> = theirs.stages.iter().map(|(name, _)| name.as_str()).collect();
    stages.extend(ours.stages.iter().map(|(name, _)| name.as_str()).filter(|name| of(theirs, name).is_none()));
    let mut text = format!("\n{:<14}{:>12}{:>12}{:>10}\n", "stage", "reference s", "product s", "ratio");
    let mut row = |name: &str, theirs: Option<f64>, ours: Option<f64>| {
        let shown = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_string(), |s| format!("{s:.3}"));
        let ratio = match (theirs, ours) {
            (Some(theirs), Some(ours)) if theirs > 0.0 => format!("{:.2}", ours / theirs),
            _ => "-".to_string(),
        };
        text.push_str(&format!("{name:<14}{:>12}{:>12}{ratio:>10}\n", shown(theirs), shown(ours)));
    };
    for stage in stages {
        row(stage, of(theirs, stage), of(ours, stage));
    }
    row("wall clock", Some(theirs.wall), Some(ours.wall));
    text.push_str(&format!("\nfaces: reference {}, product {}. A ratio below 1: the product is faster.\n", theirs.faces, ours.faces));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_the_last_line_of_the_output() {
        let measured = measured("a warning\n{\"wall_s\": 2.5, \"stages_s\": {\"face\": 2.0}, \"faces\": 7, \"lanes\": 2}").unwrap();
        assert_eq!(measured, Measured { wall: 2.5, stages: vec![("face".into(), 1.0)], faces: 7, with_artifacts: None });
        assert!(super::measured("Traceback").unwrap_err().to_string().contains("Traceback"));
    }

    #[test]
    fn embedding_is_told_with_its_ratio() {
        let said = r#"{"engine":"e (cpu)","model":"m@1","crops":64,"batch":8,"in_force":1,
            "embedding":[{"callers":2,"single_per_s":80.0,"batched_per_s":100.0,"ratio":1.25}]}"#
            .replace('\n', "");
        let lines = embedding_lines(&said).unwrap();
        assert!(lines.contains("embedding 64 aligned crops with m@1 on e (cpu)"), "{lines}");
        assert!(lines.contains("2                         80.0           100.0      1.25"), "{lines}");
        assert!(lines.contains("at most 1."), "{lines}");
        assert!(embedding_lines("face-engine: no faces").is_err());
    }

    #[test]
    fn downloads_are_told_with_their_ratio() {
        let said =
            r#"{"concurrency":3,"link":{"latency_s":0.05},"downloads":[{"pictures":20,"wall_s":0.44,"ideal_s":0.42,"ratio":1.048}]}"#;
        let lines = download_lines(said).unwrap();
        assert!(lines.contains("50 ms of latency, 3 at a time"), "{lines}");
        assert!(lines.contains("20                   0.440       0.420      1.05"), "{lines}");
        assert!(download_lines("thread panicked").is_err());
    }

    #[test]
    fn the_table_divides_what_both_measured_and_shows_the_rest() {
        let theirs = Measured { wall: 4.0, stages: vec![("face".into(), 3.0)], faces: 7, with_artifacts: None };
        let ours = Measured { wall: 2.0, stages: vec![("face".into(), 1.0), ("fetch".into(), 0.5)], faces: 7, with_artifacts: None };
        let table = table(&theirs, &ours);
        assert!(table.contains("face                 3.000       1.000      0.33"), "{table}");
        assert!(table.contains("fetch                    -       0.500         -"), "{table}");
        assert!(table.contains("wall clock           4.000       2.000      0.50"), "{table}");
    }
}
