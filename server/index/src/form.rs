//! The two stored forms of a vector, and how far a sum over stored components can be from the cosine.
//!
//! A row `x` is stored as `x' = scale * q`, where `q` are whole numbers of -127..127 with `scale = max|x| / 127`, or halves with
//! `scale = 1`. What is lost, `e = x - x'`, is known when the row is stored; its length is kept beside it. A probe `p` becomes
//! `p' = scale * q` in the same way (or stays as it is). Then
//!
//! ```text
//! x·p = x'·p' + e·p' + x·(p - p')
//! |x·p - x'·p'| <= |e| |p'| + |x| |p - p'|          (Cauchy and Schwarz)
//! ```
//!
//! so that each row's cosine lies in an interval that is known without the row's original ([`Terms`]). Rows whose interval
//! ends below the k-th best beginning cannot be among the best k, and all others are compared by their originals: the answer is
//! exact, not likely.

use super::kernel::{Kernel, LANES, STEP, Terms, head_of};
use super::{IndexError, LENGTH_TOLERANCE};
use half::f16;

/// How rows are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One byte a component.
    #[default]
    Int8,
    /// Two bytes a component: twice the memory and the time, a shortlist that is shorter.
    Half,
}

impl Form {
    pub fn bytes(self) -> usize {
        match self {
            Self::Int8 => 1,
            Self::Half => 2,
        }
    }

    /// Components of one row that lie beside one another.
    pub fn side_by_side(self) -> usize {
        match self {
            Self::Int8 => 4,
            Self::Half => 1,
        }
    }

    /// Where component `at` of row `lane` begins in a block's body.
    pub fn place(self, lane: usize, at: usize) -> usize {
        match self {
            Self::Int8 => at / 4 * 4 * LANES + lane * 4 + at % 4,
            Self::Half => (at * LANES + lane) * 2,
        }
    }
}

/// A row as it is written into a block.
#[derive(Debug)]
pub struct StoredRow {
    pub scale: f32,
    /// Length of what was lost, not rounded down.
    pub error: f32,
    /// [`Form::bytes`] for each component.
    pub components: Vec<u8>,
}

/// A row's or a probe's components, checked: as many as the index has, finite, of length 1.
pub fn check(vector: &[f32], dimension: usize) -> Result<(), IndexError> {
    if vector.len() != dimension {
        return Err(IndexError::Dimension { expected: dimension, got: vector.len() });
    }
    if !vector.iter().all(|component| component.is_finite()) {
        return Err(IndexError::NotFinite);
    }
    let length = length(vector.iter().map(|&component| f64::from(component)));
    if (length - 1.0).abs() > LENGTH_TOLERANCE { Err(IndexError::Length(length)) } else { Ok(()) }
}

fn length(components: impl Iterator<Item = f64>) -> f64 {
    components.map(|component| component * component).sum::<f64>().sqrt()
}

/// The next numbers up: a bound that is stored in 32 bits must not come out smaller.
fn rounded_up(bound: f64) -> f32 {
    (bound * (1.0 + 1e-6)) as f32 + f32::MIN_POSITIVE
}

fn quantised(vector: &[f32]) -> (f32, Vec<i8>) {
    let greatest = vector.iter().fold(0.0f32, |greatest, component| greatest.max(component.abs()));
    let scale = greatest / 127.0;
    let whole = |&component: &f32| (component / scale).round().clamp(-127.0, 127.0) as i8;
    (scale, vector.iter().map(whole).collect())
}

/// `vector` has passed [`check`].
pub fn stored(form: Form, vector: &[f32]) -> StoredRow {
    match form {
        Form::Int8 => {
            let (scale, components) = quantised(vector);
            let lost = vector.iter().zip(&components).map(|(&x, &q)| f64::from(x) - f64::from(scale) * f64::from(q));
            StoredRow { scale, error: rounded_up(length(lost)), components: components.iter().map(|&q| (q as u8) ^ 0x80).collect() }
        }
        Form::Half => {
            let halves: Vec<f16> = vector.iter().map(|&component| f16::from_f32(component)).collect();
            let lost = vector.iter().zip(&halves).map(|(&x, half)| f64::from(x) - half.to_f64());
            StoredRow {
                scale: 1.0,
                error: rounded_up(length(lost)),
                components: halves.iter().flat_map(|half| half.to_ne_bytes()).collect(),
            }
        }
    }
}

/// A probe, ready to be compared with blocks of one form.
#[derive(Debug)]
pub struct Probe {
    components: Components,
    terms: Terms,
}

#[derive(Debug)]
enum Components {
    Int8(Vec<i8>),
    Single(Vec<f32>),
}

impl Probe {
    /// `vector` has passed [`check`].
    pub fn new(form: Form, vector: &[f32]) -> Self {
        let padded = vector.len().next_multiple_of(STEP);
        // The products and sums in 32 bits that make a bound of a sum: a few roundings of numbers around 1.
        let arithmetic = 2e-6;
        match form {
            Form::Int8 => {
                let (scale, mut components) = quantised(vector);
                let kept = |q: &i8| f64::from(scale) * f64::from(*q);
                let slope = length(components.iter().map(kept));
                let lost = length(vector.iter().zip(&components).map(|(&x, q)| f64::from(x) - kept(q)));
                components.resize(padded, 0);
                let excess = 128 * components.iter().map(|&q| i32::from(q)).sum::<i32>();
                let base = (1.0 + LENGTH_TOLERANCE) * lost + arithmetic;
                let terms = Terms { excess, scale, slope: rounded_up(slope), base: rounded_up(base), floor: f32::MIN };
                Self { components: Components::Int8(components), terms }
            }
            Form::Half => {
                let slope = length(vector.iter().map(|&x| f64::from(x)));
                let mut components = vector.to_vec();
                components.resize(padded, 0.0);
                // A sum of n products in 32 bits, in any order, is off by at most n roundings of the sum of their sizes.
                let base = arithmetic + padded as f64 * f64::from(f32::EPSILON) * slope * (1.0 + 2.0 * LENGTH_TOLERANCE);
                let terms = Terms { excess: 0, scale: 1.0, slope: rounded_up(slope), base: rounded_up(base), floor: f32::MIN };
                Self { components: Components::Single(components), terms }
            }
        }
    }

    /// Tells of each row of the block that may reach `floor` its lane, and between what its cosine lies.
    pub fn compare(&self, kernel: Kernel, block: &[u8], floor: f32, mut reached: impl FnMut(usize, f32, f32)) {
        let terms = Terms { floor, ..self.terms };
        let (mut whole, mut single) = ([0; LANES], [0.0; LANES]);
        let mut mask = match &self.components {
            Components::Int8(components) => kernel.int8(block, components, &terms, &mut whole),
            Components::Single(components) => kernel.half(block, components, &terms, &mut single),
        };
        while mask != 0 {
            let lane = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            let sum = if matches!(self.components, Components::Int8(_)) { (whole[lane] - terms.excess) as f32 } else { single[lane] };
            let (scale, error) = head_of(block, lane);
            let (about, bound) = (sum * (scale * terms.scale), error * terms.slope + terms.base);
            reached(lane, about - bound, about + bound);
        }
    }
}
