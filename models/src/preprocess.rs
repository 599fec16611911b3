//! From a picture to a network's input: letterbox (its `placement`), bilinear resize, channel order, normalisation, NCHW.
//!
//! The arithmetic follows OpenCV's `INTER_LINEAR` for 8-bit pictures (half-pixel centres, 11-bit weights, no
//! anti-aliasing), because the networks were trained on it and the golden numbers were made with it.

mod placement;

pub use placement::{BLOCK, Letterbox};

use crate::pack::{Channels, Input};
use image::RgbImage;

/// The picture scaled to fit the input, padded, normalised: `[3, rows, columns]` appended to `out`, where the columns and
/// rows are those of [`Letterbox::canvas`].
pub fn letterbox(picture: &RgbImage, input: &Input, out: &mut Vec<f32>) -> Letterbox {
    let placed = Letterbox::of(picture.width(), picture.height(), input);
    let [columns, rows] = placed.canvas.map(|side| side as usize);
    let [new_width, new_height] = placed.scaled;
    let (left, top) = (placed.left as usize, placed.top as usize);
    let plane = columns * rows;
    let start = out.len();
    let table = normalisation(input);
    out.resize(start + 3 * plane, table[usize::from(input.pad)]);
    let order = channel_order(input.channels);
    resize_rows(picture, new_width, new_height, |y, row| {
        let line = (y as usize + top) * columns + left;
        for (target, source) in order.iter().enumerate() {
            let to = &mut out[start + target * plane + line..][..new_width as usize];
            for (value, pixel) in to.iter_mut().zip(row.chunks_exact(3)) {
                *value = table[usize::from(pixel[*source])];
            }
        }
    });
    placed
}

/// An aligned crop, normalised: `[3, side, side]` appended to `out`.
pub fn normalise(crop: &RgbImage, input: &Input, out: &mut Vec<f32>) {
    let table = normalisation(input);
    for source in channel_order(input.channels) {
        out.extend(crop.pixels().map(|p| table[usize::from(p.0[source])]));
    }
}

fn channel_order(channels: Channels) -> [usize; 3] {
    match channels {
        Channels::Rgb => [0, 1, 2],
        Channels::Bgr => [2, 1, 0],
    }
}

/// What each 8-bit value becomes.
fn normalisation(input: &Input) -> [f32; 256] {
    std::array::from_fn(|v| (v as f32 - input.mean) / input.std)
}

/// Bits of an interpolation weight.
const WEIGHT_BITS: i32 = 11;
const ONE: i32 = 1 << WEIGHT_BITS;

/// For each target position: the two source positions and the weight of each.
fn taps(source: u32, target: u32) -> Vec<(usize, usize, i32, i32)> {
    let ratio = f64::from(source) / f64::from(target);
    let last = source as i64 - 1;
    (0..target)
        .map(|t| {
            let at = (f64::from(t) + 0.5) * ratio - 0.5;
            let floor = at.floor();
            let (mut base, mut part) = (floor as i64, at - floor);
            if base < 0 {
                (base, part) = (0, 0.0);
            }
            if base >= last {
                (base, part) = (last, 0.0);
            }
            let second = ((part as f32) * ONE as f32).round_ties_even() as i32;
            (base as usize, (base + 1).min(last) as usize, ONE - second, second)
        })
        .collect()
}

/// Calls `sink` with each row (interleaved RGB) of the picture scaled to `width` × `height`.
fn resize_rows(picture: &RgbImage, width: u32, height: u32, mut sink: impl FnMut(u32, &[u8])) {
    let stride = picture.width() as usize * 3;
    let pixels = picture.as_raw();
    if (width, height) == picture.dimensions() {
        pixels.chunks_exact(stride).enumerate().for_each(|(y, row)| sink(y as u32, row));
        return;
    }
    let columns = taps(picture.width(), width);
    let samples = width as usize * 3;
    // Two horizontally scaled source rows at a time; `held` says which rows they are.
    let mut lines = [vec![0i32; samples], vec![0i32; samples]];
    let mut held = [usize::MAX; 2];
    let mut row = vec![0u8; samples];
    for (y, (y0, y1, w0, w1)) in taps(picture.height(), height).into_iter().enumerate() {
        for (slot, wanted) in [(0, y0), (1, y1)] {
            if held[slot] == wanted {
                continue;
            }
            if held[1 - slot] == wanted && slot == 0 {
                lines.swap(0, 1);
                held.swap(0, 1);
                continue;
            }
            scale_line(&pixels[wanted * stride..][..stride], &columns, &mut lines[slot]);
            held[slot] = wanted;
        }
        let (first, second) = (&lines[0], &lines[1]);
        for ((value, a), b) in row.iter_mut().zip(first).zip(second) {
            // OpenCV's rounding, step by step: 4 bits dropped before, 16 after the product, 2 at the end.
            let mixed = ((w0 * (a >> 4)) >> 16) + ((w1 * (b >> 4)) >> 16);
            *value = ((mixed + 2) >> 2).clamp(0, 255) as u8;
        }
        sink(y as u32, &row);
    }
}

fn scale_line(source: &[u8], columns: &[(usize, usize, i32, i32)], line: &mut [i32]) {
    for (target, &(x0, x1, w0, w1)) in line.chunks_exact_mut(3).zip(columns) {
        let (a, b) = (&source[x0 * 3..x0 * 3 + 3], &source[x1 * 3..x1 * 3 + 3]);
        for channel in 0..3 {
            target[channel] = i32::from(a[channel]) * w0 + i32::from(b[channel]) * w1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::Resize;

    fn input(resize: Resize, channels: Channels) -> Input {
        Input { size: 8, resize, pad: 114, channels, mean: 0.0, std: 1.0, rim: None, enlarge: None }
    }

    #[test]
    fn a_wide_picture_is_centred_between_bars_and_points_come_back() {
        let picture = RgbImage::from_pixel(8, 4, image::Rgb([1, 2, 3]));
        let mut out = Vec::new();
        let placed = letterbox(&picture, &input(Resize::Centre, Channels::Rgb), &mut out);
        assert_eq!(out.len(), 3 * 64);
        assert_eq!((out[0], out[2 * 8], out[5 * 8], out[6 * 8]), (114.0, 1.0, 1.0, 114.0), "rows 2..6 hold the picture");
        assert_eq!(placed.to_picture([3.0, 2.0]), [3.0, 0.0]);
    }

    #[test]
    fn top_left_leaves_the_padding_below_and_bgr_turns_the_channels() {
        let picture = RgbImage::from_pixel(16, 8, image::Rgb([1, 2, 3]));
        let mut out = Vec::new();
        let placed = letterbox(&picture, &input(Resize::TopLeft, Channels::Bgr), &mut out);
        assert_eq!((out[0], out[64], out[128]), (3.0, 2.0, 1.0), "blue first");
        assert_eq!((out[3 * 8], out[4 * 8]), (3.0, 114.0));
        assert_eq!(placed.to_picture([4.0, 4.0]), [8.0, 8.0]);
    }

    #[test]
    fn halving_takes_the_mean_of_two_by_two() {
        let picture = RgbImage::from_fn(16, 16, |x, y| image::Rgb([((x + y) * 8) as u8; 3]));
        let mut out = Vec::new();
        letterbox(&picture, &input(Resize::TopLeft, Channels::Rgb), &mut out);
        assert_eq!(out[0], 8.0);
        assert_eq!(out[9], 40.0);
    }

    #[test]
    fn enlarging_keeps_the_edges() {
        let picture = RgbImage::from_fn(2, 2, |x, _| image::Rgb([if x == 0 { 0 } else { 200 }; 3]));
        let mut out = Vec::new();
        letterbox(&picture, &input(Resize::TopLeft, Channels::Rgb), &mut out);
        assert_eq!((out[0], out[1], out[6], out[7]), (0.0, 0.0, 200.0, 200.0));
        assert!(out[3] > 50.0 && out[3] < 100.0);
    }
}
