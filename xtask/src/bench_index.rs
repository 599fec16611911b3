//! `cargo xtask bench index`: exact search over 100,000 and 1,000,000 vectors of faces, against what reading the stored form
//! takes on this machine, and against FAISS's flat index on the same vectors with as many threads.
//!
//! `face-engine bench-index` makes the vectors, leaves them in a temporary folder and measures itself; the Python program beside
//! this file measures FAISS. Each prints one line of JSON; this module runs them one after the other and divides.

use crate::{bench_env, places::Places, process};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const ROWS: [usize; 2] = [100_000, 1_000_000];
const PEER: &str = include_str!("bench_index.py");
/// Neighbours of one search.
const K: &str = "10";

pub fn run(places: &Places) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("face-engine-bench-index-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let measured = ROWS.iter().try_for_each(|&rows| one(places, &folder, rows));
    // Gigabytes: they go, whatever happened.
    std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    measured
}

fn one(places: &Places, folder: &Path, rows: usize) -> Result<()> {
    let mut engine = Command::new(places.target.join("debug/face-engine"));
    engine.args(["bench-index", "--rows", &rows.to_string(), "--folder"]).arg(folder);
    let ours = last_line(&process::text(&mut engine, "measuring exact search")?)?;
    let mut python = Command::new(bench_env::python(places));
    let (dimension, threads) = (number(&ours, "/dimension")?.to_string(), number(&ours, "/threads")?.to_string());
    python.args(["-c", PEER]).arg(folder).args([&dimension, &threads, K]).env("OMP_NUM_THREADS", &threads);
    // Set where other programs need it; FAISS's own BLAS knows the machine better.
    python.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
    let theirs = last_line(&process::text(&mut python, "measuring FAISS")?)?;
    print!("{}", lines(&ours, &theirs)?);
    Ok(())
}

fn last_line(said: &str) -> Result<Value> {
    let line = said.lines().last().unwrap_or_default();
    serde_json::from_str(line).with_context(|| format!("this is no measurement: {line}"))
}

fn number(value: &Value, name: &str) -> Result<f64> {
    value.pointer(name).and_then(Value::as_f64).with_context(|| format!("a measurement lacks {name}"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.pointer(name).and_then(Value::as_str).unwrap_or_default()
}

/// The share of what FAISS found that we found, over all probes.
fn recall(ours: &Value, theirs: &Value) -> Result<f64> {
    let found = |value: &Value| -> Option<Vec<Vec<u64>>> {
        let rows = |probe: &Value| probe.as_array()?.iter().map(Value::as_u64).collect();
        value.pointer("/found")?.as_array()?.iter().map(rows).collect()
    };
    let (ours, theirs) = found(ours).zip(found(theirs)).filter(|(a, b)| a.len() == b.len()).context("a measurement lacks /found")?;
    let hit = ours.iter().zip(&theirs).map(|(ours, theirs)| theirs.iter().filter(|row| ours.contains(row)).count()).sum::<usize>();
    Ok(hit as f64 / theirs.iter().map(Vec::len).sum::<usize>().max(1) as f64)
}

fn lines(ours: &Value, theirs: &Value) -> Result<String> {
    let (ms, gb) = (|value: &Value, name: &str| Ok::<f64, anyhow::Error>(number(value, name)? * 1e3), 1e9);
    let mut said = format!(
        "\nexact search, {} vectors of {} numbers, {} thread(s), best {K}, {}; FAISS {} ({})\n",
        number(ours, "/rows")?,
        number(ours, "/dimension")?,
        number(ours, "/threads")?,
        text(ours, "/kernel"),
        text(theirs, "/version"),
        text(theirs, "/options"),
    );
    said.push_str(&format!("{:<44}{:>12}{:>12}\n", "milliseconds for one probe", "best", "median"));
    let mut row = |what: &str, best: Option<f64>, median: f64| {
        let best = best.map_or_else(|| "-".to_string(), |best| format!("{best:.2}"));
        said.push_str(&format!("{what:<44}{best:>12}{median:>12.2}\n"));
    };
    let read = (ms(ours, "/read_best_s")?, ms(ours, "/read_median_s")?);
    let own = (ms(ours, "/best_s")?, ms(ours, "/median_s")?);
    let flat = (ms(theirs, "/flat/best_s")?, ms(theirs, "/flat/median_s")?);
    let sharded = (ms(theirs, "/sharded/best_s")?, ms(theirs, "/sharded/median_s")?);
    let what = format!("reading {:.0} MB ({:.1} GB/s at best)", number(ours, "/bytes")? / 1e6, number(ours, "/bytes_per_s")? / gb);
    row(&what, Some(read.0), read.1);
    row("the product", Some(own.0), own.1);
    row("FAISS IndexFlatIP", Some(flat.0), flat.1);
    row("FAISS IndexFlatIP in a shard for each thread", Some(sharded.0), sharded.1);
    row("the product, all probes together", None, ms(ours, "/together_s")?);
    row("FAISS IndexFlatIP, all probes together", None, ms(theirs, "/together_s")?);
    said.push_str(&format!("product / reading      {:.2} best, {:.2} median (goal: at most 1.3)\n", own.0 / read.0, own.1 / read.1));
    // Against the better of the two.
    let (best, median) = (flat.0.min(sharded.0), flat.1.min(sharded.1));
    said.push_str(&format!("product / FAISS        {:.2} best, {:.2} median (goal: at most 0.5)\n", own.0 / best, own.1 / median));
    said.push_str(&format!("recall@{K} against FAISS {:.4} (goal: at least 0.999)\n", recall(ours, theirs)?));
    said.push_str(&format!("rows compared by their originals: {:.0} (median)\n", number(ours, "/shortlist_median")?));
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_search_is_told_with_its_ratios_to_reading_and_to_the_better_of_faiss() {
        let ours = json!({"rows": 1000, "dimension": 4, "threads": 2, "kernel": "avx2", "bytes": 5e6, "bytes_per_s": 1e10,
            "read_best_s": 0.001, "read_median_s": 0.002, "best_s": 0.0012, "median_s": 0.0022, "together_s": 0.0005,
            "shortlist_median": 12.0, "found": [[1, 2], [3, 4]]});
        let theirs = json!({"version": "1", "options": "AVX2", "flat": {"best_s": 0.006, "median_s": 0.008},
            "sharded": {"best_s": 0.004, "median_s": 0.0044}, "together_s": 0.001, "found": [[2, 1], [3, 5]]});
        let said = lines(&ours, &theirs).unwrap();
        assert!(said.contains("reading 5 MB (10.0 GB/s at best)                    1.00        2.00"), "{said}");
        assert!(said.contains("product / reading      1.20 best, 1.10 median"), "{said}");
        assert!(said.contains("product / FAISS        0.30 best, 0.50 median"), "{said}");
        assert!(said.contains("recall@10 against FAISS 0.7500"), "{said}");
        assert!(lines(&ours, &json!({})).is_err());
    }
}
