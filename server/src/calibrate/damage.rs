//! Pictures made worse on purpose, so that a set of good pictures also tells what blur, smallness and darkness cost.
//!
//! The measure is the face: a blur or a shrinking is so strong for *it*, whatever the picture's size.

use image::{RgbImage, imageops};
use serde::Serialize;

/// One way of making a picture worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    Blurred,
    Small,
    Dark,
}

/// Deviation of the blur, as a share of the distance between the eyes.
const BLUR: f32 = 0.08;
/// Pixels between the eyes of a small face.
const SMALL: f32 = 20.0;
/// What is left of the light.
const DARK: u16 = 8;

impl Damage {
    pub const ALL: [Self; 3] = [Self::Blurred, Self::Small, Self::Dark];

    /// For tables.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blurred => "blurred (deviation 8 % of the distance between the eyes)",
            Self::Small => "small (20 pixels between the eyes)",
            Self::Dark => "dark (an eighth of the light)",
        }
    }

    /// The damaged copy. `eyes`: pixels between the eyes of the face that the picture is about. None where the picture is
    /// that bad already, or says nothing of its size.
    pub fn apply(self, picture: &RgbImage, eyes: f32) -> Option<RgbImage> {
        let known = eyes.is_finite() && eyes > 0.0;
        match self {
            Self::Blurred => known.then(|| imageops::blur(picture, eyes * BLUR)),
            Self::Small => {
                let side = |pixels: u32| (pixels as f32 * SMALL / eyes).round().max(1.0) as u32;
                let (width, height) = picture.dimensions();
                (known && eyes > SMALL).then(|| imageops::resize(picture, side(width), side(height), imageops::FilterType::Triangle))
            }
            Self::Dark => {
                let mut dark = picture.clone();
                dark.iter_mut().for_each(|value| *value = ((u16::from(*value) + DARK / 2) / DARK) as u8);
                Some(dark)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn stripes() -> RgbImage {
        RgbImage::from_fn(100, 80, |x, _| Rgb([if x / 2 % 2 == 0 { 0 } else { 240 }; 3]))
    }

    #[test]
    fn each_damage_does_what_its_name_says() {
        let blurred = Damage::Blurred.apply(&stripes(), 40.0).expect("a copy");
        let middle = blurred.get_pixel(50, 40)[0];
        assert!((100..140).contains(&middle), "black and white ran together: {middle}");
        let small = Damage::Small.apply(&stripes(), 40.0).expect("a copy");
        assert_eq!(small.dimensions(), (50, 40));
        let dark = Damage::Dark.apply(&stripes(), 40.0).expect("a copy");
        assert_eq!((dark.get_pixel(2, 0)[0], dark.get_pixel(0, 0)[0]), (30, 0));
    }

    #[test]
    fn a_face_that_is_small_already_is_not_made_smaller() {
        assert!(Damage::Small.apply(&stripes(), 20.0).is_none());
        for eyes in [f32::NAN, 0.0, -3.0] {
            assert!(Damage::Small.apply(&stripes(), eyes).is_none() && Damage::Blurred.apply(&stripes(), eyes).is_none());
        }
    }
}
