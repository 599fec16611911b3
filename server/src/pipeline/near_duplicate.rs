//! Near-duplicates: one photograph in several files, encoded anew, made smaller, cropped a little or brightened.
//!
//! **The hash** is the difference hash in both directions (N. Krawetz, "Kind of Like That", The Hacker Factor Blog,
//! 2013): the upright picture is averaged into 9 × 8 and into 8 × 9 cells of grey, and each of the 128 bits says whether a
//! cell is brighter than its neighbour. Encoding, size and brightness move averages little and their order less.
//!
//! **The rule** asks pictures and faces, because a portrait is laid out like the next portrait:
//!
//! | The hashes differ in | and the best faces' cosine is at least |
//! |---|---|
//! | up to [`SAME_LAYOUT`] bits | halfway from the match threshold to 1 |
//! | up to [`CROPPED_LAYOUT`] bits | seven eighths of the way: a crop leaves the face as it was |
//! | up to [`SAME_LAYOUT`] bits | neither picture has a face |
//!
//! Measured on LFW10 and 15 other photographs: copies that were re-encoded, resized or brightened differ in at most 11
//! bits, copies cropped by a twentieth at every edge in at most 36; two different photographs differ in at least 24. With
//! the standard pack (match threshold 0.40, so 0.70 and 0.925) faces of copies agree to 0.80 and of cropped copies to
//! 0.97; faces of one person in two photographs to 0.86 at most, of two people to 0.27 at most. Flat and tiny pictures
//! have no hash: what is left of them is noise.
//!
//! **The groups**: pictures come in order of precedence, and each joins the nearest of the leaders before it, or leads a
//! new group. Every member is near its leader, so that a chain of small changes never ties distant pictures together,
//! and the groups do not depend on the order in which the pictures arrived.

use image::RgbImage;
use models::Embedding;

/// Bits in which two files of one photograph may differ.
const SAME_LAYOUT: u32 = 14;
/// The same where its edges may have been cut off.
const CROPPED_LAYOUT: u32 = 36;

/// Cells to a side before they are joined into 9 × 8 and 8 × 9, and the least side of a picture that has a hash.
const FINE: usize = 72;
/// Rows of pixels that are looked at in each row of cells, at most: more say nothing new.
const ROWS_PER_CELL: usize = 8;
/// A cell is brighter than its neighbour by more than this; less is noise. Of 255 grey levels.
const BRIGHTER: f32 = 1.0;
/// A step that is seen, and how many of the 128 a picture must have so as not to be flat.
const STEP: f32 = 3.0;
const LEAST_STEPS: usize = 24;
/// Bits of either direction that must be set, and unset: what only grows brighter to one side is a mere ground.
const LEAST_BITS: u32 = 6;

/// What a picture looks like, in 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureHash {
    /// Row by row: a cell is brighter than the one to its left.
    across: u64,
    /// A cell is brighter than the one above.
    down: u64,
}

impl PictureHash {
    /// None for a picture that is flat or tiny.
    pub fn of(picture: &RgbImage) -> Option<Self> {
        let fine = fine_cells(picture)?;
        let (across, steps_across) = bits(&joined(&fine, 9, 8), 9, 1);
        let (down, steps_down) = bits(&joined(&fine, 8, 9), 8, 8);
        let lively = |bits: u64| (LEAST_BITS..=64 - LEAST_BITS).contains(&bits.count_ones());
        (steps_across + steps_down >= LEAST_STEPS && lively(across) && lively(down)).then_some(Self { across, down })
    }

    /// As it is kept: `[across, down]`.
    pub fn bits(self) -> [u64; 2] {
        [self.across, self.down]
    }

    pub fn of_bits([across, down]: [u64; 2]) -> Self {
        Self { across, down }
    }

    /// Bits that differ.
    pub fn distance(self, other: Self) -> u32 {
        (self.across ^ other.across).count_ones() + (self.down ^ other.down).count_ones()
    }
}

/// Mean grey of `FINE` × `FINE` cells, row by row.
fn fine_cells(picture: &RgbImage) -> Option<Vec<f32>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width < FINE || height < FINE {
        return None;
    }
    let mut sums = vec![0_u64; FINE * FINE];
    let mut counts = vec![0_u64; FINE * FINE];
    let column_of: Vec<usize> = (0..width).map(|x| x * FINE / width).collect();
    let step = (height / (FINE * ROWS_PER_CELL)).max(1);
    for (y, row) in picture.rows().enumerate().step_by(step) {
        let first = y * FINE / height * FINE;
        for (pixel, column) in row.zip(&column_of) {
            // ITU-R BT.601 weights in thousandths.
            let [r, g, b] = pixel.0.map(u64::from);
            sums[first + column] += 299 * r + 587 * g + 114 * b;
            counts[first + column] += 1;
        }
    }
    Some(sums.into_iter().zip(counts).map(|(sum, count)| sum as f32 / (count.max(1) * 1000) as f32).collect())
}

/// The fine cells joined into `columns` × `rows`, both of which divide [`FINE`].
fn joined(fine: &[f32], columns: usize, rows: usize) -> Vec<f32> {
    let (wide, high) = (FINE / columns, FINE / rows);
    let mut cells = vec![0.0; columns * rows];
    for (at, value) in fine.iter().enumerate() {
        cells[at / FINE / high * columns + at % FINE / wide] += value / (wide * high) as f32;
    }
    cells
}

/// One bit for each cell that has a neighbour `back` places before it, in its own row or the one above; and how many of
/// them differ visibly.
fn bits(cells: &[f32], columns: usize, back: usize) -> (u64, usize) {
    let (mut bits, mut steps) = (0_u64, 0);
    for (at, value) in cells.iter().enumerate() {
        let has_neighbour = if back == 1 { at % columns > 0 } else { at >= back };
        if has_neighbour {
            let brighter = value - cells[at - back];
            bits = bits << 1 | u64::from(brighter > BRIGHTER);
            steps += usize::from(brighter.abs() >= STEP);
        }
    }
    (bits, steps)
}

/// What the rule asks of one picture.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    pub hash: Option<PictureHash>,
    /// Of the face that is compared with the probe; None where the picture has no face.
    pub face: Option<&'a Embedding>,
}

/// When two pictures are near-duplicates; belongs to the embedding network, by its match threshold.
#[derive(Debug, Clone, Copy)]
pub struct Nearness {
    same_layout: f32,
    cropped_layout: f32,
}

impl Nearness {
    pub fn new(match_threshold: f32) -> Self {
        let way = |part: f32| match_threshold + (1.0 - match_threshold) * part;
        Self { same_layout: way(0.5), cropped_layout: way(0.875) }
    }

    /// The distance of the hashes, where the two are near-duplicates.
    pub fn of(&self, a: &Look<'_>, b: &Look<'_>) -> Option<u32> {
        let distance = a.hash?.distance(b.hash?);
        let near = match (a.face, b.face) {
            (None, None) => distance <= SAME_LAYOUT,
            // A NaN is near nothing, and so is the vector of another network.
            (Some(a), Some(b)) if distance <= SAME_LAYOUT => a.cosine(b).is_ok_and(|cosine| cosine >= self.same_layout),
            (Some(a), Some(b)) if distance <= CROPPED_LAYOUT => a.cosine(b).is_ok_and(|cosine| cosine >= self.cropped_layout),
            _ => false,
        };
        near.then_some(distance)
    }

    /// The pictures, given in order of precedence, in groups; each begins with its leader.
    pub fn groups(&self, looks: &[Look<'_>]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, look) in looks.iter().enumerate() {
            let to_leader = |group: &Vec<usize>| group.first().and_then(|leader| self.of(&looks[*leader], look));
            let near = groups.iter().enumerate().filter_map(|(place, group)| Some((to_leader(group)?, place))).min();
            match near {
                Some((_, place)) => groups[place].push(index),
                None => groups.push(vec![index]),
            }
        }
        groups
    }

    /// Whether the looks hold `most` pictures or more of which no two are near-duplicates.
    pub fn has_different<'a>(&self, looks: impl Iterator<Item = Look<'a>>, most: usize) -> bool {
        let mut different: Vec<Look<'a>> = Vec::new();
        for look in looks {
            if different.len() >= most {
                break;
            }
            if different.iter().all(|known| self.of(known, &look).is_none()) {
                different.push(look);
            }
        }
        different.len() >= most
    }
}

#[cfg(test)]
mod tests;
