//! Parts of the aligned crop, where the template puts the parts of a face, and the colours of its pixels.
//!
//! The template has the eyes at (38, 52) and (74, 51), the nose at (56, 72), the corners of the mouth at (42, 92) and (71, 92), in
//! 112 × 112 pixels.

use image::{Rgb, RgbImage};

/// A rectangle of the crop: `left..right` × `top..bottom`, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

/// From the brows to below the mouth, from the outer corner of one eye to that of the other.
pub const INNER: Region = Region { left: 28, top: 40, right: 84, bottom: 102 };

impl Region {
    #[cfg(test)]
    pub fn contains(&self, x: u32, y: u32) -> bool {
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }

    /// Row by row; those that the crop has.
    pub fn pixels<'a>(&self, crop: &'a RgbImage) -> impl Iterator<Item = Rgb<u8>> + use<'a> {
        let (right, bottom) = (self.right.min(crop.width()), self.bottom.min(crop.height()));
        let columns = self.left.min(right)..right;
        (self.top.min(bottom)..bottom).flat_map(move |y| columns.clone().map(move |x| *crop.get_pixel(x, y)))
    }
}

/// Grey level 0..255 by the weights of ITU-R BT.601.
pub fn grey(Rgb([r, g, b]): Rgb<u8>) -> f32 {
    0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
}

/// Colour without brightness: Cb and Cr of ITU-R BT.601, each -127.5..127.5; grey is (0, 0).
pub fn chroma(pixel: Rgb<u8>) -> [f32; 2] {
    let y = grey(pixel);
    [(f32::from(pixel[2]) - y) * 0.564, (f32::from(pixel[0]) - y) * 0.713]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_gives_its_pixels_and_no_more_than_the_crop_has() {
        let crop = RgbImage::from_fn(112, 112, |x, y| Rgb([x as u8, y as u8, 0]));
        let region = Region { left: 10, top: 20, right: 12, bottom: 22 };
        let seen: Vec<[u8; 3]> = region.pixels(&crop).map(|p| p.0).collect();
        assert_eq!(seen, [[10, 20, 0], [11, 20, 0], [10, 21, 0], [11, 21, 0]]);
        assert_eq!(region.pixels(&RgbImage::new(11, 21)).count(), 1);
        assert_eq!(region.pixels(&RgbImage::new(5, 5)).count(), 0);
    }

    #[test]
    fn grey_has_no_colour_and_red_and_blue_have_their_own() {
        assert!(chroma(Rgb([90; 3])).iter().all(|c| c.abs() < 1e-3));
        let ([cb, cr], [cb_of_red, cr_of_red]) = (chroma(Rgb([0, 0, 255])), chroma(Rgb([255, 0, 0])));
        assert!((cb - 127.4).abs() < 0.2 && cr < 0.0 && (cr_of_red - 127.4).abs() < 0.2 && cb_of_red < 0.0);
    }
}
