//! The inner loop of a scan: a block of sixteen stored rows against one probe. Written for AVX-512 with VNNI, for AVX2, and
//! portably; what the machine can do is found out at run time. Knows the bytes of a block, and nothing of slots or keys.
//!
//! A block is a head (16 scales, then 16 errors, as `f32`) and a body that holds 16 rows that are interleaved, so that sums come out side by side and no row has to be added up across a
//! register. Int8: a line of 64 bytes is 4 components of each row, stored as `component + 128` (unsigned), because the
//! instruction of VNNI multiplies unsigned by signed bytes. Halves: 32 bytes are one component of each row.
//!
//! All paths give the same integer sums. The sums of halves are rounded in another order on each, which the bound of
//! [`super::form`] covers.
//!
//! The only file of this folder with `unsafe`: loads by pointer and calls of functions that need what was found out.

use half::f16;

/// Rows of one block.
pub const LANES: usize = 16;
/// Bytes of a block's head: a scale for each row, then what each has lost (see [`super::form`]).
pub const HEAD: usize = 2 * 4 * LANES;
/// Components are padded with zeros to a multiple of this.
pub const STEP: usize = 16;
/// Greatest dimension: sums of `255 * 128` stay within 32 bits up to here.
pub const MAX_DIMENSION: usize = 65_536;
/// Bytes that are asked for ahead of where the scan reads. The machine's own prefetcher stops at the end of a page.
const AHEAD: usize = 4096;

/// What makes a row's bound of its sum: `(sum - excess) * (its scale * scale) + its error * slope + base`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// What `component + 128` adds to every sum of bytes.
    pub excess: i32,
    pub scale: f32,
    pub slope: f32,
    pub base: f32,
    /// Rows whose bound is less are of no interest.
    pub floor: f32,
}

/// An implementation of the inner loop. Made by [`Kernel::available`] alone, so that whoever holds one may run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Path);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// AVX-512 F, BW and VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2, FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Kernel {
    /// Runs everywhere.
    pub const PORTABLE: Self = Self(Path::Portable);

    /// The fastest one that this machine can run.
    pub fn detect() -> Self {
        Self::available().first().copied().unwrap_or(Self::PORTABLE)
    }

    /// All that this machine can run, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni") {
                found.push(Self(Path::Avx512));
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
                found.push(Self(Path::Avx2));
            }
        }
        found.push(Self::PORTABLE);
        found
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => "avx2",
            Path::Portable => "portable",
        }
    }

    /// Of each row of a block the sum over all components of `(component + 128) * probe`, and the lanes that may reach the floor.
    /// `body`: `16 * probe.len()` bytes, `probe`: a multiple of [`STEP`] long and at most [`MAX_DIMENSION`].
    pub fn int8(self, block: &[u8], probe: &[i8], terms: &Terms, sums: &mut [i32; LANES]) -> u16 {
        assert!(block.len() == HEAD + LANES * probe.len() && probe.len().is_multiple_of(STEP));
        match self.0 {
            // Safety: `available` is the only maker of this value, and found the features.
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => unsafe { x86::int8_avx512(block, probe, terms, sums) },
            // Safety: as above.
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => unsafe { x86::int8_avx2(block, probe, terms, sums) },
            Path::Portable => int8_portable(block, probe, terms, sums),
        }
    }

    /// Of each row of a block the sum over all components of `component * probe`, and the lanes that may reach the floor. `body`:
    /// `32 * probe.len()` bytes, halves in the machine's byte order; `probe`: a multiple of [`STEP`] long.
    pub fn half(self, block: &[u8], probe: &[f32], terms: &Terms, sums: &mut [f32; LANES]) -> u16 {
        assert!(block.len() == HEAD + 2 * LANES * probe.len() && probe.len().is_multiple_of(STEP));
        match self.0 {
            // Safety: as above.
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => unsafe { x86::half_avx512(block, probe, terms, sums) },
            // Safety: as above.
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => unsafe { x86::half_avx2(block, probe, terms, sums) },
            Path::Portable => half_portable(block, probe, terms, sums),
        }
    }

    /// Reads every byte once and adds up words, as fast as this machine reads: the yardstick of the measurement.
    pub fn read(self, bytes: &[u8]) -> u64 {
        match self.0 {
            // Safety: as above.
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => unsafe { x86::read_avx512(bytes) },
            _ => read_portable(bytes),
        }
    }
}

/// The rest of less than 8 bytes is left out.
fn read_portable(bytes: &[u8]) -> u64 {
    bytes.chunks_exact(8).fold(0, |sum: u64, word| {
        let mut eight = [0; 8];
        eight.copy_from_slice(word);
        sum.wrapping_add(u64::from_ne_bytes(eight))
    })
}

fn int8_portable(block: &[u8], probe: &[i8], terms: &Terms, sums: &mut [i32; LANES]) -> u16 {
    let (head, body) = block.split_at(HEAD);
    *sums = [0; LANES];
    for (line, four) in body.chunks_exact(4 * LANES).zip(probe.chunks_exact(4)) {
        for (sum, row) in sums.iter_mut().zip(line.chunks_exact(4)) {
            *sum += row.iter().zip(four).map(|(&stored, &probe)| i32::from(stored) * i32::from(probe)).sum::<i32>();
        }
    }
    reaching(head, &sums.map(|sum| (sum - terms.excess) as f32), terms)
}

fn half_portable(block: &[u8], probe: &[f32], terms: &Terms, sums: &mut [f32; LANES]) -> u16 {
    let (head, body) = block.split_at(HEAD);
    *sums = [0.0; LANES];
    for (line, &probe) in body.chunks_exact(2 * LANES).zip(probe) {
        for (sum, bytes) in sums.iter_mut().zip(line.chunks_exact(2)) {
            *sum += f16::from_ne_bytes([bytes[0], bytes[1]]).to_f32() * probe;
        }
    }
    reaching(head, sums, terms)
}

/// Lanes whose upper bound is the floor or above.
fn reaching(head: &[u8], sums: &[f32; LANES], terms: &Terms) -> u16 {
    let above = |lane: usize| {
        let (scale, error) = head_of(head, lane);
        sums[lane] * (scale * terms.scale) + (error * terms.slope + terms.base) >= terms.floor
    };
    (0..LANES).fold(0, |mask, lane| mask | u16::from(above(lane)) << lane)
}

/// Scale and error of a lane.
pub fn head_of(block: &[u8], lane: usize) -> (f32, f32) {
    let float = |at: usize| f32::from_ne_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    (float(4 * lane), float(4 * (LANES + lane)))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{AHEAD, HEAD, LANES, STEP, Terms, read_portable};
    use std::arch::x86_64::*;

    /// Four chains of sums, because one would wait for itself: an addition takes five cycles, and two begin in each.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub fn int8_avx512(block: &[u8], probe: &[i8], terms: &Terms, sums: &mut [i32; LANES]) -> u16 {
        let (head, body) = block.split_at(HEAD);
        let zero = _mm512_setzero_si512();
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        for (lines, probe) in body.chunks_exact(LANES * STEP).zip(probe.chunks_exact(STEP)) {
            let (lines, probe) = (lines.as_ptr(), probe.as_ptr().cast::<i32>());
            // Safety: the slices have 4 lines of 64 bytes, and 4 times 4 components. Prefetches read nothing, wherever they point.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 64).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 128).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 192).cast());
                a = _mm512_dpbusd_epi32(a, _mm512_loadu_si512(lines.cast()), _mm512_set1_epi32(probe.read_unaligned()));
                b = _mm512_dpbusd_epi32(b, _mm512_loadu_si512(lines.add(64).cast()), _mm512_set1_epi32(probe.add(1).read_unaligned()));
                c = _mm512_dpbusd_epi32(c, _mm512_loadu_si512(lines.add(128).cast()), _mm512_set1_epi32(probe.add(2).read_unaligned()));
                d = _mm512_dpbusd_epi32(d, _mm512_loadu_si512(lines.add(192).cast()), _mm512_set1_epi32(probe.add(3).read_unaligned()));
            }
        }
        let sum = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
        // Safety: 16 sums of 4 bytes are the 64 bytes that are stored.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), sum) };
        reaching_avx512(head, _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, _mm512_set1_epi32(terms.excess))), terms)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn reaching_avx512(head: &[u8], sums: __m512, terms: &Terms) -> u16 {
        assert!(head.len() == HEAD);
        // Safety: a head is two times 64 bytes.
        let (scales, errors) = unsafe { (_mm512_loadu_ps(head.as_ptr().cast()), _mm512_loadu_ps(head.as_ptr().add(4 * LANES).cast())) };
        let bounds = _mm512_fmadd_ps(errors, _mm512_set1_ps(terms.slope), _mm512_set1_ps(terms.base));
        let uppers = _mm512_fmadd_ps(sums, _mm512_mul_ps(scales, _mm512_set1_ps(terms.scale)), bounds);
        _mm512_cmp_ps_mask::<_CMP_GE_OQ>(uppers, _mm512_set1_ps(terms.floor))
    }

    /// In 16 bits, because the multiplication of bytes that AVX2 has would saturate. A register holds 4 rows; two sums of each.
    #[target_feature(enable = "avx2,fma")]
    pub fn int8_avx2(block: &[u8], probe: &[i8], terms: &Terms, sums: &mut [i32; LANES]) -> u16 {
        let (head, body) = block.split_at(HEAD);
        let zero = _mm256_setzero_si256();
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        for (line, four) in body.chunks_exact(4 * LANES).zip(probe.chunks_exact(4)) {
            let line = line.as_ptr();
            // Safety: the slices have 64 bytes and 4 components. A prefetch reads nothing, wherever it points.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(line.wrapping_add(AHEAD).cast());
                let four = _mm256_cvtepi8_epi16(_mm_set1_epi32(four.as_ptr().cast::<i32>().read_unaligned()));
                a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(line.cast())), four));
                b = _mm256_add_epi32(b, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(line.add(16).cast())), four));
                c = _mm256_add_epi32(c, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(line.add(32).cast())), four));
                d = _mm256_add_epi32(d, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(line.add(48).cast())), four));
            }
        }
        // Neighbours added up: rows 0 1 4 5 2 3 6 7, then in their order.
        let (low, high) = (_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
        let (low, high) = (_mm256_permute4x64_epi64::<0b11_01_10_00>(low), _mm256_permute4x64_epi64::<0b11_01_10_00>(high));
        // Safety: two times 8 sums of 4 bytes fill the array.
        unsafe {
            _mm256_storeu_si256(sums.as_mut_ptr().cast(), low);
            _mm256_storeu_si256(sums.as_mut_ptr().add(8).cast(), high);
        }
        let excess = _mm256_set1_epi32(terms.excess);
        let singles = [low, high].map(|sums| _mm256_cvtepi32_ps(_mm256_sub_epi32(sums, excess)));
        reaching_avx2(head, singles, terms)
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn reaching_avx2(head: &[u8], sums: [__m256; 2], terms: &Terms) -> u16 {
        assert!(head.len() == HEAD);
        let mut mask = 0;
        for (part, sums) in sums.into_iter().enumerate() {
            // Safety: a head is 16 scales and 16 errors; 8 of each are read.
            let (scales, errors) = unsafe {
                let scales = head.as_ptr().cast::<f32>().add(8 * part);
                (_mm256_loadu_ps(scales), _mm256_loadu_ps(scales.add(LANES)))
            };
            let bounds = _mm256_fmadd_ps(errors, _mm256_set1_ps(terms.slope), _mm256_set1_ps(terms.base));
            let uppers = _mm256_fmadd_ps(sums, _mm256_mul_ps(scales, _mm256_set1_ps(terms.scale)), bounds);
            mask |= _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(uppers, _mm256_set1_ps(terms.floor))) << (8 * part);
        }
        mask as u16
    }

    #[target_feature(enable = "avx512f")]
    pub fn half_avx512(block: &[u8], probe: &[f32], terms: &Terms, sums: &mut [f32; LANES]) -> u16 {
        let (head, body) = block.split_at(HEAD);
        let zero = _mm512_setzero_ps();
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        for (lines, probe) in body.chunks_exact(4 * 2 * LANES).zip(probe.chunks_exact(4)) {
            let lines = lines.as_ptr();
            // Safety: the slice has 4 times 32 bytes. Prefetches read nothing, wherever they point.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 64).cast());
                a = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_loadu_si256(lines.cast())), _mm512_set1_ps(probe[0]), a);
                b = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_loadu_si256(lines.add(32).cast())), _mm512_set1_ps(probe[1]), b);
                c = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_loadu_si256(lines.add(64).cast())), _mm512_set1_ps(probe[2]), c);
                d = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_loadu_si256(lines.add(96).cast())), _mm512_set1_ps(probe[3]), d);
            }
        }
        let sum = _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d));
        // Safety: 16 sums of 4 bytes are the 64 bytes that are stored.
        unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), sum) };
        reaching_avx512(head, sum, terms)
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    pub fn half_avx2(block: &[u8], probe: &[f32], terms: &Terms, sums: &mut [f32; LANES]) -> u16 {
        let (head, body) = block.split_at(HEAD);
        let zero = _mm256_setzero_ps();
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        for (lines, probe) in body.chunks_exact(2 * 2 * LANES).zip(probe.chunks_exact(2)) {
            let lines = lines.as_ptr();
            let (first, second) = (_mm256_set1_ps(probe[0]), _mm256_set1_ps(probe[1]));
            // Safety: the slice has 2 times 32 bytes. A prefetch reads nothing, wherever it points.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD).cast());
                a = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128(lines.cast())), first, a);
                b = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128(lines.add(16).cast())), first, b);
                c = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128(lines.add(32).cast())), second, c);
                d = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128(lines.add(48).cast())), second, d);
            }
        }
        let (low, high) = (_mm256_add_ps(a, c), _mm256_add_ps(b, d));
        // Safety: two times 8 sums of 4 bytes fill the array.
        unsafe {
            _mm256_storeu_ps(sums.as_mut_ptr(), low);
            _mm256_storeu_ps(sums.as_mut_ptr().add(8), high);
        }
        reaching_avx2(head, [low, high], terms)
    }

    #[target_feature(enable = "avx512f")]
    pub fn read_avx512(bytes: &[u8]) -> u64 {
        let zero = _mm512_setzero_si512();
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        let lines = bytes.chunks_exact(256);
        let rest = read_portable(lines.remainder());
        for lines in lines {
            let lines = lines.as_ptr();
            // Safety: the slice has 4 lines of 64 bytes. Prefetches read nothing, wherever they point.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 64).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 128).cast());
                _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(AHEAD + 192).cast());
                a = _mm512_add_epi64(a, _mm512_loadu_si512(lines.cast()));
                b = _mm512_add_epi64(b, _mm512_loadu_si512(lines.add(64).cast()));
                c = _mm512_add_epi64(c, _mm512_loadu_si512(lines.add(128).cast()));
                d = _mm512_add_epi64(d, _mm512_loadu_si512(lines.add(192).cast()));
            }
        }
        let sum = _mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d));
        (_mm512_reduce_add_epi64(sum) as u64).wrapping_add(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn every_path_gives_the_same_integer_sums() {
        let mut random = Random::new(1);
        for padded in [16, 32, 48, 80, 512, 528, 2048] {
            for edge in [false, true] {
                // The edges are the products that overflow 16 bits first.
                let mut stored = || if edge { [0, 1, 255][random.below(3)] } else { random.below(256) as u8 };
                let block: Vec<u8> = (0..HEAD).map(|_| 0).chain((0..LANES * padded).map(|_| stored())).collect();
                let mut component = || if edge { [-128, 127][random.below(2)] } else { random.below(256) as u8 as i8 };
                let probe: Vec<i8> = (0..padded).map(|_| component()).collect();
                let expected: [i32; LANES] = std::array::from_fn(|row| {
                    let stored = |d: usize| i32::from(block[HEAD + d / 4 * 64 + row * 4 + d % 4]);
                    (0..padded).map(|d| stored(d) * i32::from(probe[d])).sum()
                });
                for kernel in Kernel::available() {
                    let mut sums = [7; LANES];
                    kernel.int8(&block, &probe, &Terms::default(), &mut sums);
                    assert_eq!(sums, expected, "{} at {padded}", kernel.name());
                }
            }
        }
    }

    #[test]
    fn the_greatest_sum_fits() {
        let block = vec![255; HEAD + LANES * MAX_DIMENSION];
        for kernel in Kernel::available() {
            for component in [-128, 127] {
                let mut sums = [0; LANES];
                kernel.int8(&block, &vec![component; MAX_DIMENSION], &Terms::default(), &mut sums);
                assert_eq!(sums, [i32::from(component) * 255 * MAX_DIMENSION as i32; LANES], "{}", kernel.name());
            }
        }
    }

    #[test]
    fn every_path_adds_halves_up_to_the_same_but_for_rounding() {
        let mut random = Random::new(2);
        for padded in [16, 48, 512] {
            let stored: Vec<f16> = (0..LANES * padded).map(|_| f16::from_f32(random.normal())).collect();
            let block: Vec<u8> = (0..HEAD).map(|_| 0).chain(stored.iter().flat_map(|half| half.to_ne_bytes())).collect();
            let probe: Vec<f32> = (0..padded).map(|_| random.normal()).collect();
            for kernel in Kernel::available() {
                let mut sums = [7.0; LANES];
                kernel.half(&block, &probe, &Terms::default(), &mut sums);
                for (row, sum) in sums.into_iter().enumerate() {
                    let terms = (0..padded).map(|d| stored[d * LANES + row].to_f64() * f64::from(probe[d]));
                    let (exact, size) = terms.fold((0.0, 0.0), |(exact, size), term| (exact + term, size + term.abs()));
                    assert!((f64::from(sum) - exact).abs() <= padded as f64 * f64::from(f32::EPSILON) * size, "{}", kernel.name());
                }
            }
        }
    }

    #[test]
    fn every_path_tells_the_lanes_that_reach_the_floor() {
        let mut random = Random::new(4);
        let padded = 32;
        for round in 0..200 {
            let head: Vec<f32> = (0..2 * LANES).map(|_| random.normal().abs()).collect();
            // No row in lane 5.
            let head = head.iter().enumerate().map(|(at, &float)| if at == LANES + 5 { f32::NEG_INFINITY } else { float });
            let block: Vec<u8> = head.flat_map(f32::to_ne_bytes).chain((0..LANES * padded).map(|_| random.below(256) as u8)).collect();
            let probe: Vec<i8> = (0..padded).map(|_| random.below(256) as u8 as i8).collect();
            // From lanes that all reach it to none.
            let floor = if round == 0 { f32::MIN } else { (round as f32 - 100.0) * 10.0 };
            let terms = Terms { excess: random.below(1000) as i32, scale: 1e-3, slope: 2.0, base: 0.25, floor };
            for kernel in Kernel::available() {
                let mut sums = [0; LANES];
                let mask = kernel.int8(&block, &probe, &terms, &mut sums);
                for (lane, &sum) in sums.iter().enumerate() {
                    let (scale, error) = head_of(&block, lane);
                    let upper = f64::from(sum - terms.excess) * f64::from(scale) * 1e-3 + f64::from(error) * 2.0 + 0.25;
                    // Where rounding decides, either is right.
                    if (upper - f64::from(floor)).abs() > 1e-3 {
                        assert_eq!(mask >> lane & 1 == 1, upper >= f64::from(floor), "{} lane {lane}", kernel.name());
                    }
                }
                assert_eq!(mask >> 5 & 1, 0, "{}", kernel.name());
            }
        }
    }

    #[test]
    fn the_yardstick_reads_every_byte() {
        let mut random = Random::new(3);
        let bytes: Vec<u8> = (0..4096).map(|_| random.below(256) as u8).collect();
        for kernel in Kernel::available() {
            assert_eq!(kernel.read(&bytes), Kernel::PORTABLE.read(&bytes), "{}", kernel.name());
        }
    }
}
