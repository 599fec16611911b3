//! Occlusion: a hint that something covers part of a face.
//!
//! What covers a face is seldom skin, and seldom as lively as a mouth. Two numbers of the aligned crop, each 0..1; the hint is the
//! greater:
//!
//! * **texture**: how much smoother mouth and chin are than the eyes, by the mean step from pixel to pixel. Of bare faces (LFW10)
//!   the mouth has 0.57 to 1.9 times the steps of the eyes, blurred and shrunk ones 0.46 and more, faces under a painted mask 0.37
//!   at most;
//! * **colour**: how far the middle colour from nose to chin lies from that around the eyes, in Cb and Cr (ITU-R BT.601). Of bare
//!   faces 4 (95 in 100: under 7), under masks and behind dark glasses 14 to 85, under a mask of the colour of skin 2 to 20.
//!
//! What it misses: one side of the face covered (4 in 100 are noticed), and, as it knows two regions only, hands and scarves that
//! look as lively as a mouth. In a picture without colours texture alone speaks. A bare face that is lit in one colour from below
//! may raise it.

use super::region::{Region, chroma, grey};
use image::RgbImage;

/// Brows and eyes.
const EYES: Region = Region { left: 28, top: 42, right: 84, bottom: 60 };
/// From the tip of the nose to the chin.
const LOWER: Region = Region { left: 38, top: 70, right: 74, bottom: 104 };
/// Lips and chin.
const MOUTH: Region = Region { left: 38, top: 80, right: 74, bottom: 104 };

/// The mouth's steps by those of the eyes: no hint from the first down, a certain one at the second.
const LIVELY: f32 = 0.6;
const SMOOTH: f32 = 0.1;
/// Distance of the two colours: no hint up to the first, a certain one from the second.
const LIKE: f32 = 8.0;
const UNLIKE: f32 = 28.0;
/// Added to both steps, in grey levels: where there is no texture at all, the mouth's says nothing.
const LEAST_STEP: f32 = 0.5;

/// 0: nothing covers the lower face; 1: something does.
pub fn occlusion(crop: &RgbImage) -> f32 {
    let lively = (mean_step(crop, MOUTH) + LEAST_STEP) / (mean_step(crop, EYES) + LEAST_STEP);
    let (eyes, lower) = (middle_colour(crop, EYES), middle_colour(crop, LOWER));
    let apart = (eyes[0] - lower[0]).hypot(eyes[1] - lower[1]);
    let (texture, colour) = ((LIVELY - lively) / (LIVELY - SMOOTH), (apart - LIKE) / (UNLIKE - LIKE));
    texture.max(colour).clamp(0.0, 1.0)
}

/// Mean of |step to the right| + |step down|, in grey levels.
fn mean_step(crop: &RgbImage, region: Region) -> f32 {
    let (right, bottom) = (region.right.min(crop.width().saturating_sub(1)), region.bottom.min(crop.height().saturating_sub(1)));
    let (mut sum, mut count) = (0.0_f32, 0_u32);
    for y in region.top..bottom {
        for x in region.left..right {
            let at = |x, y| grey(*crop.get_pixel(x, y));
            sum += (at(x, y) - at(x + 1, y)).abs() + (at(x, y) - at(x, y + 1)).abs();
            count += 1;
        }
    }
    sum / count.max(1) as f32
}

/// Median of Cb and of Cr.
fn middle_colour(crop: &RgbImage, region: Region) -> [f32; 2] {
    let (mut blue, mut red): (Vec<f32>, Vec<f32>) = region.pixels(crop).map(chroma).map(|[cb, cr]| (cb, cr)).unzip();
    [&mut blue, &mut red].map(|values| {
        let half = values.len() / 2;
        if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(half, f32::total_cmp).1 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Skin with the same texture everywhere.
    fn bare() -> RgbImage {
        RgbImage::from_fn(112, 112, |x, y| {
            let shade = ((x * 7 + y * 13) % 11) as u8 * 4;
            Rgb([150 + shade, 110 + shade, 90 + shade])
        })
    }

    fn covered(colour: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
        let mut crop = bare();
        crop.enumerate_pixels_mut().filter(|(_, y, _)| *y > 64).for_each(|(x, y, pixel)| pixel.0 = colour(x, y));
        crop
    }

    #[test]
    fn a_bare_face_gives_no_hint_and_a_flat_mask_of_any_colour_gives_a_certain_one() {
        assert_eq!(occlusion(&bare()), 0.0);
        for colour in [[120, 160, 200], [225; 3], [30; 3], [190, 140, 115]] {
            assert_eq!(occlusion(&covered(|_, _| colour)), 1.0, "{colour:?}");
        }
    }

    #[test]
    fn a_lively_cloth_is_told_by_its_colour_alone() {
        let cloth = |x: u32, y: u32| {
            let shade = ((x * 7 + y * 13) % 11) as u8 * 4;
            [90 + shade, 120 + shade, 170 + shade]
        };
        assert!(occlusion(&covered(cloth)) > 0.9);
        let grey = |crop: RgbImage| image::DynamicImage::ImageRgb8(crop).to_luma8();
        let without_colour = image::DynamicImage::ImageLuma8(grey(covered(cloth))).to_rgb8();
        assert_eq!(occlusion(&without_colour), 0.0, "as the text says");
    }

    #[test]
    fn a_flat_or_tiny_crop_gives_no_hint() {
        for crop in [RgbImage::from_pixel(112, 112, Rgb([9; 3])), RgbImage::new(0, 0), RgbImage::new(50, 50)] {
            assert_eq!(occlusion(&crop), 0.0);
        }
    }
}
