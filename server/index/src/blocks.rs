//! Where stored rows lie: blocks of sixteen, one behind the other, in mapped segments that never move. Knows slots and bytes;
//! which row a slot belongs to is not its business.
//!
//! Rows are dense: a row that goes leaves its place to the last one. A block's bytes are told in [`super::kernel`].

use super::IndexError;
use super::form::{Form, StoredRow};
use super::kernel::{HEAD, LANES, STEP, head_of};
use memmap2::MmapMut;

/// Blocks that a thread takes at once: half a megabyte of the usual dimension, which several probes then find in the cache.
pub const RUN: usize = 64;
const RUNS_OF_SEGMENT: usize = 32;
/// An error that makes every bound of its lane negative beyond everything: no row is there.
const ABSENT: f32 = f32::NEG_INFINITY;

#[derive(Debug)]
pub struct Blocks {
    form: Form,
    dimension: usize,
    block_bytes: usize,
    segments: Vec<MmapMut>,
    rows: usize,
}

impl Blocks {
    pub fn new(form: Form, dimension: usize) -> Self {
        let block_bytes = HEAD + LANES * dimension.next_multiple_of(STEP) * form.bytes();
        Self { form, dimension, block_bytes, segments: Vec::new(), rows: 0 }
    }

    pub fn form(&self) -> Form {
        self.form
    }

    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Of all blocks that hold rows.
    pub fn bytes(&self) -> usize {
        self.rows.div_ceil(LANES) * self.block_bytes
    }

    /// Runs of [`RUN`] blocks that hold rows.
    pub fn runs(&self) -> usize {
        self.rows.div_ceil(LANES * RUN)
    }

    /// The bytes of one run, without blocks that hold no row.
    pub fn run_bytes(&self, run: usize) -> &[u8] {
        let Some(segment) = self.segments.get(run / RUNS_OF_SEGMENT) else { return &[] };
        let blocks = self.rows.div_ceil(LANES).saturating_sub(run * RUN).min(RUN);
        let from = run % RUNS_OF_SEGMENT * RUN * self.block_bytes;
        segment.get(from..from + blocks * self.block_bytes).unwrap_or_default()
    }

    /// The blocks of one run, each with the slot of its first row.
    pub fn run(&self, run: usize) -> impl Iterator<Item = (usize, &[u8])> {
        let blocks = self.run_bytes(run).chunks_exact(self.block_bytes);
        blocks.enumerate().map(move |(at, block)| ((run * RUN + at) * LANES, block))
    }

    /// Behind the last row.
    pub fn push(&mut self, row: &StoredRow) -> Result<usize, IndexError> {
        let slot = self.rows;
        if slot / (LANES * RUN * RUNS_OF_SEGMENT) == self.segments.len() {
            let segment = MmapMut::map_anon(self.block_bytes * RUN * RUNS_OF_SEGMENT).map_err(IndexError::Memory)?;
            // Fewer look-ups of addresses; where the system has no large pages, small ones do.
            #[cfg(target_os = "linux")]
            let _ = segment.advise(memmap2::Advice::HugePage);
            self.segments.push(segment);
        }
        if slot.is_multiple_of(LANES) {
            (0..LANES).for_each(|lane| self.write_head(slot + lane, 0.0, ABSENT));
        }
        self.rows += 1;
        self.write(slot, row);
        Ok(slot)
    }

    pub fn write(&mut self, slot: usize, row: &StoredRow) {
        self.write_head(slot, row.scale, row.error);
        let (form, side_by_side) = (self.form, self.form.side_by_side());
        let (block, lane) = self.block_mut(slot);
        for (at, components) in row.components.chunks(side_by_side * form.bytes()).enumerate() {
            let place = HEAD + form.place(lane, at * side_by_side);
            block[place..place + components.len()].copy_from_slice(components);
        }
    }

    /// The last row goes to `slot`; returns the slot that it had.
    pub fn swap_remove(&mut self, slot: usize) -> usize {
        let last = self.rows - 1;
        if slot != last {
            let row = self.read(last);
            self.write(slot, &row);
        }
        // Nothing of a person stays behind, not even in memory that is not read any more.
        let nothing = StoredRow { scale: 0.0, error: ABSENT, components: vec![0; self.dimension * self.form.bytes()] };
        self.write(last, &nothing);
        self.rows = last;
        last
    }

    fn read(&mut self, slot: usize) -> StoredRow {
        let (form, width, dimension) = (self.form, self.form.bytes(), self.dimension);
        let (block, lane) = self.block_mut(slot);
        let (scale, error) = head_of(block, lane);
        let component = |at: usize| {
            let place = HEAD + form.place(lane, at);
            &block[place..place + width]
        };
        StoredRow { scale, error, components: (0..dimension).flat_map(component).copied().collect() }
    }

    fn write_head(&mut self, slot: usize, scale: f32, error: f32) {
        let (block, lane) = self.block_mut(slot);
        block[4 * lane..4 * lane + 4].copy_from_slice(&scale.to_ne_bytes());
        let at = 4 * (LANES + lane);
        block[at..at + 4].copy_from_slice(&error.to_ne_bytes());
    }

    /// The block of a slot below the capacity, and the lane in it.
    fn block_mut(&mut self, slot: usize) -> (&mut [u8], usize) {
        let (block, of_segment) = (slot / LANES, RUN * RUNS_OF_SEGMENT);
        let from = block % of_segment * self.block_bytes;
        (&mut self.segments[block / of_segment][from..from + self.block_bytes], slot % LANES)
    }
}
