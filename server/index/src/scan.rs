//! The first pass: all blocks, on several threads, to a list of rows that is long enough for certain.
//!
//! Each thread takes runs of blocks until none is left. It keeps the k greatest lower bounds that it has seen in a small heap: the
//! k-th of them is a floor, and a row whose upper bound lies below it is out. Threads tell each other the highest floor so far.

use super::blocks::Blocks;
use super::form::Probe;
use super::kernel::Kernel;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Rows below this many runs are scanned by the thread that asks: waking another would take longer.
const RUNS_OF_ONE_THREAD: usize = 4;

/// A row that may be among the best: its cosine lies between the bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounded {
    pub slot: usize,
    pub lower: f32,
    pub upper: f32,
}

pub struct Scan<'a> {
    pub blocks: &'a Blocks,
    pub kernel: Kernel,
    pub k: usize,
    /// By slot; None: every row.
    pub wanted: Option<&'a (dyn Fn(usize) -> bool + Sync)>,
    /// At most so many, 1 or more.
    pub threads: usize,
}

impl Scan<'_> {
    /// For each probe every row that can be among its best k. All probes go through a run before the next one is read.
    pub fn run(&self, probes: &[Probe]) -> Vec<Vec<Bounded>> {
        let (next, runs) = (AtomicUsize::new(0), self.blocks.runs());
        let floors: Vec<Floor> = probes.iter().map(|_| Floor::new()).collect();
        let all: Mutex<Vec<Vec<Best>>> = Mutex::default();
        let work = || {
            let mut best: Vec<Best> = probes.iter().map(|_| Best::new(self.k)).collect();
            loop {
                let run = next.fetch_add(1, Relaxed);
                if run >= runs {
                    break;
                }
                for ((probe, best), floor) in probes.iter().zip(&mut best).zip(&floors) {
                    best.raise(floor.get());
                    self.blocks.run(run).for_each(|(slot, block)| self.compare(probe, slot, block, best));
                    floor.raise(best.floor);
                }
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).push(best);
        };
        on_threads(if runs <= RUNS_OF_ONE_THREAD { 1 } else { self.threads.min(runs) }, &work);
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        let of_probe = |probe: usize| Best::united(self.k, all.iter_mut().filter_map(|of_thread| of_thread.get_mut(probe)));
        (0..probes.len()).map(of_probe).collect()
    }

    fn compare(&self, probe: &Probe, first: usize, block: &[u8], best: &mut Best) {
        probe.compare(self.kernel, block, best.floor, |lane, lower, upper| {
            let slot = first + lane;
            // The floor rises while a block's lanes are told.
            if upper >= best.floor && self.wanted.is_none_or(|wanted| wanted(slot)) {
                best.add(Bounded { slot, lower, upper });
            }
        });
    }
}

/// The highest floor that any thread has. Finite floats in the order of whole numbers.
struct Floor(AtomicI32);

impl Floor {
    fn new() -> Self {
        Self(AtomicI32::new(ordered(f32::MIN)))
    }

    fn get(&self) -> f32 {
        unordered(self.0.load(Relaxed))
    }

    fn raise(&self, floor: f32) {
        self.0.fetch_max(ordered(floor), Relaxed);
    }
}

/// As `f32::total_cmp` does: negative numbers are turned around.
fn ordered(float: f32) -> i32 {
    let bits = float.to_bits() as i32;
    bits ^ (((bits >> 31) as u32) >> 1) as i32
}

fn unordered(bits: i32) -> f32 {
    f32::from_bits((bits ^ (((bits >> 31) as u32) >> 1) as i32) as u32)
}

/// What one thread has found for one probe.
struct Best {
    k: usize,
    /// The k greatest lower bounds so far, the least on top.
    lowers: BinaryHeap<Reverse<Lower>>,
    /// Rows below are out.
    floor: f32,
    rows: Vec<Bounded>,
    /// Rows that fell under a rising floor are dropped when so many are kept.
    full: usize,
}

impl Best {
    fn new(k: usize) -> Self {
        Self { k, lowers: BinaryHeap::new(), floor: f32::MIN, rows: Vec::new(), full: 1024 }
    }

    fn raise(&mut self, floor: f32) {
        self.floor = self.floor.max(floor);
    }

    fn add(&mut self, row: Bounded) {
        if self.k == 0 {
            return;
        }
        self.rows.push(row);
        if self.lowers.len() < self.k {
            self.lowers.push(Reverse(Lower(row.lower)));
        } else if let Some(mut least) = self.lowers.peek_mut()
            && least.0.0 < row.lower
        {
            *least = Reverse(Lower(row.lower));
        }
        if self.lowers.len() == self.k
            && let Some(least) = self.lowers.peek()
        {
            self.floor = self.floor.max(least.0.0);
        }
        if self.rows.len() >= self.full {
            self.rows.retain(|row| row.upper >= self.floor);
            self.full = 2 * self.rows.len().max(512);
        }
    }

    /// Rows that are still in when all threads' bounds are seen together.
    fn united<'a>(k: usize, of_threads: impl Iterator<Item = &'a mut Best>) -> Vec<Bounded> {
        let (mut all, mut rows) = (Best::new(k), Vec::new());
        for thread in of_threads {
            // The rows that gave the bounds are among the thread's rows unless a higher floor has put them out.
            all.raise(thread.floor);
            rows.append(&mut thread.rows);
        }
        rows.into_iter().for_each(|row| {
            if row.upper >= all.floor {
                all.add(row)
            }
        });
        all.rows.retain(|row| row.upper >= all.floor);
        all.rows
    }
}

struct Lower(f32);

impl Ord for Lower {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Lower {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Lower {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Lower {}

/// Runs `work` here and on `threads - 1` others, and waits for all. The others are the scan's own: networks that compute on the
/// shared ones would make a search wait.
pub fn on_threads(threads: usize, work: &(dyn Fn() + Sync)) {
    static OTHERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let others = || ThreadPoolBuilder::new().num_threads(cores.saturating_sub(1).max(1)).thread_name(|n| format!("scan-{n}")).build().ok();
    match if threads > 1 { OTHERS.get_or_init(others) } else { &None } {
        Some(others) => others.in_place_scope(|scope| {
            (1..threads.min(cores)).for_each(|_| scope.spawn(|_| work()));
            work();
        }),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_are_ordered_as_their_numbers_are() {
        let floats = [f32::MIN, -1.0, -0.5, -0.0, 0.0, 1e-9, 0.25, 1.0];
        assert!(floats.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(floats.iter().all(|&float| unordered(ordered(float)).to_bits() == float.to_bits()));
    }

    #[test]
    fn a_row_stays_while_its_bound_reaches_the_kth() {
        let row = |slot, lower, upper| Bounded { slot, lower, upper };
        let (mut one, mut two) = (Best::new(2), Best::new(2));
        [row(0, 0.5, 0.6), row(1, 0.1, 0.5), row(2, 0.1, 0.2)].into_iter().for_each(|row| one.add(row));
        [row(3, 0.5, 0.7), row(4, 0.3, 0.4)].into_iter().for_each(|row| two.add(row));
        let kept = Best::united(2, [&mut one, &mut two].into_iter());
        assert_eq!(kept.iter().map(|row| row.slot).collect::<Vec<_>>(), [0, 1, 3], "the second best lower bound is 0.5");
    }
}
