//! Light: how bright the inner face is, and how much its brightness varies.

use super::region::{INNER, Region, grey};
use image::RgbImage;

/// Of grey levels 0..255 (ITU-R BT.601 weights) in the inner face of the aligned crop, from the brows to below the mouth: hair,
/// background and the black beyond a picture's edge are not looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Mean, 0..255.
    pub brightness: f32,
    /// Standard deviation, 0..127.5.
    pub contrast: f32,
}

pub fn light(crop: &RgbImage) -> Light {
    light_of(crop, INNER)
}

/// The same of any part of the crop; zero where the part holds no pixel.
pub fn light_of(crop: &RgbImage, region: Region) -> Light {
    let (mut count, mut sum, mut squares) = (0_u32, 0.0_f64, 0.0_f64);
    for pixel in region.pixels(crop) {
        let value = f64::from(grey(pixel));
        count += 1;
        sum += value;
        squares += value * value;
    }
    let count = f64::from(count.max(1));
    let mean = sum / count;
    Light { brightness: mean as f32, contrast: (squares / count - mean * mean).max(0.0).sqrt() as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn brightness_and_contrast_are_those_of_the_inner_face_alone() {
        let (dark, light) = (Rgb([40; 3]), Rgb([100; 3]));
        let stripes = RgbImage::from_fn(112, 112, |x, y| match INNER.contains(x, y) {
            true if x % 2 == 0 => dark,
            true => light,
            false => Rgb([255; 3]),
        });
        let seen = super::light(&stripes);
        assert!((seen.brightness - 70.0).abs() < 0.01 && (seen.contrast - 30.0).abs() < 0.01, "{seen:?}");
    }

    #[test]
    fn colours_weigh_as_the_eye_sees_them() {
        let green = RgbImage::from_pixel(112, 112, Rgb([0, 255, 0]));
        let blue = RgbImage::from_pixel(112, 112, Rgb([0, 0, 255]));
        assert!((super::light(&green).brightness - 149.685).abs() < 0.01);
        assert!((super::light(&blue).brightness - 29.07).abs() < 0.01);
        assert_eq!(super::light(&green).contrast, 0.0);
        assert_eq!(super::light(&RgbImage::new(3, 3)), Light { brightness: 0.0, contrast: 0.0 }, "no pixel of the inner face");
    }
}
