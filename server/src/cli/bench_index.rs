//! `face-engine bench-index`: exact search over stored vectors, timed against what reading the stored form takes. `make bench`
//! prints it beside FAISS, which searches the same vectors from the files that this verb leaves in a folder.
//!
//! The vectors come from a fixed seed and lie as those of faces do: people with ten pictures each, about 0.6 alike, and nobody
//! like anybody else. Three of four probes are one more picture of somebody, the others are strangers. The last line of stdout
//! is one JSON object.

use crate::index::{ExactIndex, Form, Hit, Originals};
use anyhow::{Context, ensure};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const PICTURES_OF_ONE: usize = 10;
/// Length of what tells two pictures of one face apart; the face's own part has length 1. Cosine: 1 / (1 + noise²).
const NOISE: f32 = 0.8;
const K: usize = 10;
/// Rows that one thread makes at a time.
const PORTION: usize = 1000;

#[derive(Debug, clap::Args)]
pub struct BenchIndexArgs {
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    rows: u32,
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..))]
    dimension: u16,
    /// Threads of one search; unset: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Probes that are searched for, one by one and then all together.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    probes: u16,
    /// Keep rows as halves instead of bytes.
    #[arg(long)]
    half: bool,
    /// Where `rows.f32` and `probes.f32` are written for the peer.
    #[arg(long)]
    folder: Option<PathBuf>,
}

pub fn run(arguments: &BenchIndexArgs) -> anyhow::Result<ExitCode> {
    let (rows, dimension) = (arguments.rows as usize, usize::from(arguments.dimension));
    let threads = arguments.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let gallery = Gallery::new(rows, dimension, threads);
    let probes: Vec<f32> = (0..usize::from(arguments.probes)).flat_map(|probe| gallery.probe(probe)).collect();
    if let Some(folder) = &arguments.folder {
        write(&folder.join("rows.f32"), &gallery.vectors)?;
        write(&folder.join("probes.f32"), &probes)?;
    }
    let probes: Vec<&[f32]> = probes.chunks_exact(dimension).collect();
    let mut index = ExactIndex::new(dimension, if arguments.half { Form::Half } else { Form::Int8 })?.with_threads(threads);
    let began = Instant::now();
    gallery.vectors.chunks_exact(dimension).zip(0..).try_for_each(|(vector, key)| index.insert(key, vector))?;
    let inserted = began.elapsed().as_secs_f64();

    // Reading and searching in turns, so that a machine that slows down slows down both.
    let (mut reads, mut searches, mut shortlists, mut found) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut read = 0u64;
    index.search(probes.first().context("no probe")?, K, None, &gallery)?;
    for probe in &probes {
        let began = Instant::now();
        read = read.wrapping_add(index.read_all());
        reads.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let shortlist = index.shortlist(probe, K, None)?;
        let hits = shortlist.rank(probe, &gallery);
        searches.push(began.elapsed().as_secs_f64());
        shortlists.push(shortlist.keys().len() as f64);
        found.push(hits);
    }
    // What was read is used, so that it has to be read.
    std::hint::black_box(read);
    let began = Instant::now();
    let together = index.search_many(&probes, K, None, &gallery)?;
    let batch = began.elapsed().as_secs_f64() / probes.len() as f64;
    ensure!(together == found, "probes together found something else than one by one");

    let keys = |hits: &Vec<Hit>| hits.iter().map(|hit| hit.key).collect::<Vec<_>>();
    let bytes = index.bytes();
    let (read_best, read_median) = best_and_median(&mut reads);
    let (best, median) = best_and_median(&mut searches);
    let measured = json!({
        "rows": rows, "dimension": dimension, "threads": threads, "kernel": index.kernel().name(), "bytes": bytes,
        "insert_s": inserted, "read_best_s": read_best, "read_median_s": read_median, "bytes_per_s": bytes as f64 / read_best,
        "best_s": best, "median_s": median, "together_s": batch, "shortlist_median": best_and_median(&mut shortlists).1,
        "found": found.iter().map(keys).collect::<Vec<_>>(),
    });
    println!("{measured}");
    Ok(ExitCode::SUCCESS)
}

fn best_and_median(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |at: usize| values.get(at).copied().unwrap_or_default();
    (at(0), at(values.len() / 2))
}

/// Numbers of 32 bits, little-endian, one behind the other.
fn write(path: &Path, numbers: &[f32]) -> anyhow::Result<()> {
    let begun = || format!("cannot write {}", path.display());
    let mut file = std::fs::File::create(path).with_context(begun)?;
    for portion in numbers.chunks(1 << 18) {
        let bytes: Vec<u8> = portion.iter().flat_map(|number| number.to_le_bytes()).collect();
        file.write_all(&bytes).with_context(begun)?;
    }
    Ok(())
}

/// The vectors as they were made, one behind the other; a row's key is its place.
struct Gallery {
    dimension: usize,
    vectors: Vec<f32>,
}

impl Originals for Gallery {
    fn original(&self, key: u64) -> Option<&[f32]> {
        let from = usize::try_from(key).ok()?.checked_mul(self.dimension)?;
        self.vectors.get(from..from + self.dimension)
    }
}

impl Gallery {
    fn new(rows: usize, dimension: usize, threads: usize) -> Self {
        let mut vectors = vec![0.0; rows * dimension];
        let portions = std::sync::Mutex::new(vectors.chunks_mut(PORTION * dimension).enumerate());
        let make = || {
            loop {
                let portion = portions.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                let Some((portion, vectors)) = portion else { break };
                for (row, vector) in vectors.chunks_mut(dimension).enumerate() {
                    let row = portion * PORTION + row;
                    picture(row / PICTURES_OF_ONE, Random(row as u64 | 1 << 40), vector);
                }
            }
        };
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(make))));
        Self { dimension, vectors }
    }

    /// A new picture of somebody whose pictures are there, or of a stranger.
    fn probe(&self, number: usize) -> Vec<f32> {
        let rows = self.vectors.len() / self.dimension;
        let people = rows.div_ceil(PICTURES_OF_ONE);
        let mut random = Random(number as u64 | 1 << 41);
        let person = if number % 4 == 3 { people + number } else { random.next() as usize % people };
        let mut vector = vec![0.0; self.dimension];
        picture(person, random, &mut vector);
        vector
    }
}

/// Of length 1: the face's own direction and some noise.
fn picture(person: usize, mut noise: Random, into: &mut [f32]) {
    let mut face = Random(person as u64 | 1 << 42);
    let each = (into.len() as f32).sqrt().recip();
    into.iter_mut().for_each(|component| *component = each * (face.normal() + NOISE * noise.normal()));
    let length = into.iter().map(|&component| f64::from(component).powi(2)).sum::<f64>().sqrt();
    into.iter_mut().for_each(|component| *component = (f64::from(*component) / length) as f32);
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// About normally distributed, with variance 1: the sum of four uniform numbers of 16 bits.
    fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        (sum as f32 / 65_536.0 - 2.0) * 3.0f32.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::cosine;

    #[test]
    fn pictures_of_one_person_are_alike_and_those_of_others_are_not() {
        let gallery = Gallery::new(3 * PORTION, 512, 2);
        let row = |key: u64| gallery.original(key).unwrap();
        assert!((cosine(row(1000), row(1000)) - 1.0).abs() < 1e-6);
        assert!((0.5..0.72).contains(&cosine(row(1000), row(1009))), "{}", cosine(row(1000), row(1009)));
        assert!(cosine(row(1000), row(1010)).abs() < 0.25);
        assert_eq!(Gallery::new(3 * PORTION, 512, 1).vectors, gallery.vectors, "the same on any number of threads");
    }
}
