//! Where a picture lies on a detector's input, and how large that input is.
//!
//! The picture's longer side becomes the input's side. The reference pads every picture to a square; padding is computed like
//! anything else, so `input.rim` leaves away what a narrow picture does not need: whole blocks of 32 pixels, so that the
//! picture lies on the network's cells as it does in the square, down to a bucket of 64 pixels, so that pictures of like
//! shapes share an input's shape (8 shapes for the reference's 45 pictures, 10 with buckets of 32, which save half a percent more).
//!
//! What an input costs, in ms of one core's time (ONNX Runtime 1.32.0, one thread, AMD EPYC, least of 24 runs beside other work):
//!
//! | rows × columns | SCRFD 2.5G | YOLOv8n | CenterFace |
//! |---|---|---|---|
//! | 640 × 640 | 68.2 | 68.1 | 63.1 |
//! | 480 × 640 | 51.6 | 51.4 | 40.5 |
//! | 256 × 640 | 27.1 | 28.6 | 20.4 |
//! | 320 × 320 | 17.4 | 17.6 | 12.9 |
//!
//! What it changes, on the reference's pictures (79 faces, 76 people): where the padding ends, a convolution sees zeros of its
//! own instead, and cells near it answer a little differently.
//!
//! | network | padding kept | pixels | worst IoU | worst landmark | faces or people moved beyond the limit |
//! |---|---|---|---|---|---|
//! | SCRFD | all | 1.00 | .9997 | 0.01 px | 0 |
//! | SCRFD | rim of 64 | 0.91 | .9997 | 0.09 px | 0 |
//! | SCRFD | **rim of 32** | 0.89 | .9983 | 0.36 px | 0 |
//! | SCRFD | none, buckets of 32 | 0.87 | .9964 | 0.47 px | 0 |
//! | YOLOv8n | **all** | 1.00 | .9999 | | 0 |
//! | YOLOv8n | rim of 96 | 0.97 | .9968 | | 0 |
//! | YOLOv8n | rim of 64 | 0.95 | .9885 | | 0 |
//! | YOLOv8n | rim of 32 | 0.91 | .9678 | | 1 |
//! | YOLOv8n | as Ultralytics' `auto` (other cells) | 0.87 | .8640 | | 18, and 4 people too many |
//!
//! Cut into 150 halves and thirds, most with people cut in two, the same pictures are harder: with a rim of 32 SCRFD finds
//! the same 190 faces, 5 of them moved beyond the limit; YOLOv8n moves 20 of 266 people with a rim of 96, and 9 with 128. So
//! faces are looked for with a rim of 32, and people on the whole square, as the reference does.
//!
//! A small picture holds no more for being enlarged more: `input.enlarge` stops at about four times. Of the reference's
//! pictures without the crowd, shrunk so that the longer side has so many pixels, 50 faces are to be found:
//!
//! | longer side | enlarged to 640 | six times | four times | three times | twice |
//! |---|---|---|---|---|---|
//! | 48 | 40 | 42 | 42 | 40 | 41 |
//! | 64 | 43 | 44 | 45 | 46 | 42 |
//! | 80 | 46 | 45 | 46 | 47 | 46 |
//! | 112 | 49 | 49 | 50 | 50 | 48 |

use crate::pack::{Input, Resize};

/// Sides of an input are multiples of this: input pixels per cell of the coarsest map.
pub const BLOCK: u32 = 32;
/// Sides of a fitted input are multiples of this, so that pictures of one kind share a shape.
const BUCKET: u32 = 64;
/// No input is smaller, however small the picture.
const LEAST_SIDE: u32 = 64;

/// Where a picture lies on a network's input: `input = picture * scale + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Letterbox {
    /// Input pixels per picture pixel.
    pub scale: f32,
    /// Padding on the left and above, in input pixels.
    pub left: f32,
    pub top: f32,
    /// The picture's own size.
    pub width: u32,
    pub height: u32,
    /// The picture's width and height on the input.
    pub scaled: [u32; 2],
    /// Width and height of the input, padding included.
    pub canvas: [u32; 2],
}

impl Letterbox {
    /// The place of a picture of `width` × `height` pixels; neither may be zero.
    pub fn of(width: u32, height: u32, input: &Input) -> Self {
        let size = side(width.max(height), input);
        let scale = (f64::from(size) / f64::from(height)).min(f64::from(size) / f64::from(width));
        let fit = |side: u32| ((f64::from(side) * scale).round_ties_even() as u32).clamp(1, size);
        let scaled = [fit(width), fit(height)];
        let [(left, columns), (top, rows)] = scaled.map(|length| span(length, size, input));
        Self { scale: scale as f32, left: left as f32, top: top as f32, width, height, scaled, canvas: [columns, rows] }
    }

    /// From input pixels back to pixels of the picture.
    pub fn to_picture(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [(x - self.left) / self.scale, (y - self.top) / self.scale]
    }

    /// Any placement at all, for decoders that are fed by hand.
    #[cfg(test)]
    pub fn at(scale: f32, [left, top]: [f32; 2], [width, height]: [u32; 2]) -> Self {
        let scaled = [width, height].map(|side| (side as f32 * scale) as u32);
        Self { scale, left, top, width, height, scaled, canvas: scaled }
    }
}

/// What the picture's longer side is brought to: the network's size, or less where that would enlarge it too much.
fn side(longer: u32, input: &Input) -> u32 {
    let Some(most) = input.enlarge else { return input.size };
    let enough = ((f64::from(longer) * f64::from(most)).ceil() as u32).clamp(LEAST_SIDE, input.size.max(LEAST_SIDE));
    enough.next_multiple_of(BLOCK).min(input.size)
}

/// Along one axis: the padding before the picture and the length of the input.
fn span(scaled: u32, size: u32, input: &Input) -> (u32, u32) {
    let before = match input.resize {
        Resize::Centre => half_padding(size - scaled),
        Resize::TopLeft | Resize::Aligned => 0,
    };
    let Some(rim) = input.rim else { return (before, size) };
    // Whole blocks go, so that the picture lies on the network's cells as it does in the square.
    let cut = before.saturating_sub(rim) / BLOCK * BLOCK;
    let before = before - cut;
    (before, (before + scaled + rim).next_multiple_of(BUCKET).min(size - cut))
}

/// Half of the padding, as Ultralytics rounds it: an odd pixel goes to the right or below.
fn half_padding(padding: u32) -> u32 {
    (f64::from(padding) / 2.0 - 0.1).round().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::Channels;

    fn input(size: u32, resize: Resize, rim: Option<u32>, enlarge: Option<f32>) -> Input {
        Input { size, resize, pad: 0, channels: Channels::Rgb, mean: 0.0, std: 1.0, rim, enlarge }
    }

    #[test]
    fn a_narrow_picture_costs_what_it_needs() {
        let fit = input(640, Resize::TopLeft, Some(32), None);
        let canvas = |width, height| Letterbox::of(width, height, &fit).canvas;
        assert_eq!(canvas(1280, 400), [640, 256], "a strip: 200 rows of picture, a rim, whole blocks");
        assert_eq!(canvas(400, 1280), [256, 640]);
        assert_eq!(canvas(1000, 1000), [640, 640]);
        assert_eq!(canvas(1000, 990), [640, 640], "never more than the square");
        let square = Input { rim: None, ..fit };
        assert_eq!(Letterbox::of(1280, 400, &square).canvas, [640, 640]);
    }

    #[test]
    fn what_goes_is_whole_blocks_so_that_the_picture_lies_on_the_same_cells() {
        for (width, height) in [(1280, 720), (720, 1280), (1000, 300), (77, 640), (640, 479), (3000, 2171)] {
            let square = Letterbox::of(width, height, &input(640, Resize::Centre, None, None));
            let fitted = Letterbox::of(width, height, &input(640, Resize::Centre, Some(32), None));
            assert_eq!((square.scale, square.scaled), (fitted.scale, fitted.scaled));
            for cut in [square.left - fitted.left, square.top - fitted.top] {
                assert!(cut >= 0.0 && cut % BLOCK as f32 == 0.0, "{width}×{height}: {cut}");
            }
        }
    }

    #[test]
    fn every_picture_lies_inside_its_input_whatever_its_shape() {
        for (width, height) in [(1, 1), (1, 9000), (9000, 1), (63, 64), (65, 31), (641, 640), (4000, 3000), (u16::MAX.into(), 2)] {
            for resize in [Resize::Centre, Resize::TopLeft] {
                for (rim, enlarge) in [(None, None), (Some(32), None), (None, Some(4.0)), (Some(32), Some(4.0))] {
                    for size in [64, 160, 640, 1280] {
                        let placed = Letterbox::of(width, height, &input(size, resize, rim, enlarge));
                        let ends = [placed.left as u32 + placed.scaled[0], placed.top as u32 + placed.scaled[1]];
                        for (end, side) in ends.into_iter().zip(placed.canvas) {
                            assert!(end <= side && side <= size && side.is_multiple_of(BLOCK), "{width}×{height} at {size}: {placed:?}");
                        }
                        let [x, y] = placed.to_picture([placed.left, placed.top]);
                        assert_eq!([x, y], [0.0, 0.0]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_small_picture_is_enlarged_only_so_far() {
        let side = |longer| Letterbox::of(longer, longer, &input(640, Resize::TopLeft, None, Some(4.0))).canvas[0];
        assert_eq!([side(3), side(50), side(100), side(160), side(5000)], [64, 224, 416, 640, 640]);
    }
}
