//! Exact search over stored vectors: the k rows with the greatest cosine to a probe, found by reading all of them. A library
//! room: it knows nothing of pictures, stores, requests or HTTP.
//!
//! Memory holds a small form of each row ([`Form`]), its original lies elsewhere ([`Originals`]). The first pass ([`scan`]) reads
//! the small form and keeps every row that *can* be among the best k, by a bound on what the small form has lost ([`form`]); those
//! few are compared by their originals. So the answer is that of a scan over the originals, at a fraction of its memory traffic,
//! which is what such a search costs. `docs/SEARCH.md` has the measurements.

mod blocks;
mod form;
mod kernel;
mod scan;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use form::Form;
pub use kernel::Kernel;
pub use scan::on_threads;

use blocks::Blocks;
use form::Probe;
use scan::Scan;
use std::collections::HashMap;

/// How far from 1 the length of a row or a probe may be.
const LENGTH_TOLERANCE: f64 = 1e-3;

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("this index holds vectors of {expected} numbers, and one of {got} was given")]
    Dimension { expected: usize, got: usize },
    #[error("an index needs a dimension of 1 to 65536, not {0}")]
    NoDimension(usize),
    #[error("a vector has a component that is not a finite number")]
    NotFinite,
    #[error("a vector has the length {0}, where 1 is needed")]
    Length(f64),
    #[error("no memory for more vectors: {0}")]
    Memory(std::io::Error),
}

/// A row and its cosine to the probe, -1..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub key: u64,
    pub cosine: f32,
}

/// Where the vectors are as they were inserted.
pub trait Originals {
    /// None: not there any more; the row is left out.
    fn original(&self, key: u64) -> Option<&[f32]>;
}

impl Originals for HashMap<u64, Vec<f32>> {
    fn original(&self, key: u64) -> Option<&[f32]> {
        self.get(&key).map(Vec::as_slice)
    }
}

/// Which keys count. Must not depend on the order in which it is asked.
pub type Filter<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// Vectors of one dimension by their keys.
#[derive(Debug)]
pub struct ExactIndex {
    blocks: Blocks,
    /// By slot.
    keys: Vec<u64>,
    slots: HashMap<u64, usize>,
    kernel: Kernel,
    threads: usize,
}

impl ExactIndex {
    /// Empty, with the machine's best kernel, on all its cores.
    pub fn new(dimension: usize, form: Form) -> Result<Self, IndexError> {
        if !(1..=kernel::MAX_DIMENSION).contains(&dimension) {
            return Err(IndexError::NoDimension(dimension));
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let blocks = Blocks::new(form, dimension);
        Ok(Self { blocks, keys: Vec::new(), slots: HashMap::new(), kernel: Kernel::detect(), threads })
    }

    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// A search uses at most so many threads, the one that asks among them.
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    pub fn dimension(&self) -> usize {
        self.blocks.dimension()
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn contains(&self, key: u64) -> bool {
        self.slots.contains_key(&key)
    }

    /// Of the small form: what one search reads.
    pub fn bytes(&self) -> usize {
        self.blocks.bytes()
    }

    /// Adds a row, or replaces the one with this key. `vector`: finite, of length 1.
    pub fn insert(&mut self, key: u64, vector: &[f32]) -> Result<(), IndexError> {
        form::check(vector, self.dimension())?;
        let row = form::stored(self.blocks.form(), vector);
        if let Some(&slot) = self.slots.get(&key) {
            self.blocks.write(slot, &row);
            return Ok(());
        }
        let slot = self.blocks.push(&row)?;
        self.keys.push(key);
        self.slots.insert(key, slot);
        Ok(())
    }

    /// False: there was none.
    pub fn remove(&mut self, key: u64) -> bool {
        let Some(slot) = self.slots.remove(&key) else { return false };
        self.blocks.swap_remove(slot);
        self.keys.swap_remove(slot);
        if let Some(&moved) = self.keys.get(slot) {
            self.slots.insert(moved, slot);
        }
        true
    }

    /// The best `k`, best first; of equal ones the lower key first. Fewer, where fewer are there or pass the filter.
    pub fn search(&self, probe: &[f32], k: usize, filter: Option<Filter<'_>>, originals: &impl Originals) -> Result<Vec<Hit>, IndexError> {
        let all = self.search_many(&[probe], k, filter, originals)?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    /// [`Self::search`] for each probe; memory is read once for all of them.
    pub fn search_many(
        &self,
        probes: &[&[f32]],
        k: usize,
        filter: Option<Filter<'_>>,
        originals: &impl Originals,
    ) -> Result<Vec<Vec<Hit>>, IndexError> {
        let shortlists = self.shortlists(probes, k, filter)?;
        Ok(probes.iter().zip(shortlists).map(|(probe, shortlist)| shortlist.rank(probe, originals)).collect())
    }

    /// The first pass alone, for whoever has to fetch the originals first.
    pub fn shortlist(&self, probe: &[f32], k: usize, filter: Option<Filter<'_>>) -> Result<Shortlist, IndexError> {
        let all = self.shortlists(&[probe], k, filter)?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    fn shortlists(&self, probes: &[&[f32]], k: usize, filter: Option<Filter<'_>>) -> Result<Vec<Shortlist>, IndexError> {
        let ready = |probe: &&[f32]| form::check(probe, self.dimension()).map(|()| Probe::new(self.blocks.form(), probe));
        let ready = probes.iter().map(ready).collect::<Result<Vec<_>, _>>()?;
        let by_slot = |slot: usize| self.keys.get(slot).is_some_and(|&key| filter.is_none_or(|filter| filter(key)));
        let wanted = filter.is_some().then_some(&by_slot as &(dyn Fn(usize) -> bool + Sync));
        let scan = Scan { blocks: &self.blocks, kernel: self.kernel, k: k.min(self.len()), wanted, threads: self.threads };
        let keyed = |rows: Vec<scan::Bounded>| rows.into_iter().filter_map(|row| self.keys.get(row.slot).copied()).collect();
        Ok(scan.run(&ready).into_iter().map(|rows| Shortlist { k, keys: keyed(rows) }).collect())
    }

    /// Reads the small form once, as a search does, and compares nothing: the least time that a search can take.
    pub fn read_all(&self) -> u64 {
        let (next, sum) = (std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::AtomicU64::new(0));
        on_threads(self.threads, &|| {
            loop {
                let run = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if run >= self.blocks.runs() {
                    break;
                }
                sum.fetch_add(self.kernel.read(self.blocks.run_bytes(run)), std::sync::atomic::Ordering::Relaxed);
            }
        });
        sum.into_inner()
    }
}

/// Every row that can be among the best k of one probe, in no order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shortlist {
    k: usize,
    keys: Vec<u64>,
}

impl Shortlist {
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The best k by their originals, best first; of equal ones the lower key first.
    pub fn rank(&self, probe: &[f32], originals: &impl Originals) -> Vec<Hit> {
        let hit = |&key: &u64| originals.original(key).map(|original| Hit { key, cosine: cosine(probe, original) });
        let mut hits: Vec<Hit> = self.keys.iter().filter_map(hit).filter(|hit| hit.cosine.is_finite()).collect();
        hits.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.key.cmp(&b.key)));
        hits.truncate(self.k);
        hits
    }
}

/// Of vectors of length 1. In 64 bits and in one order, so that every machine says the same.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f64; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(a) * f64::from(b);
        }
    }
    sums.iter().sum::<f64>() as f32
}
