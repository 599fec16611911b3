//! Occlusion: a hint that something covers the lower half of a face.
//!
//! What covers a face is seldom skin: it differs from the skin around the eyes in colour or brightness, or it is smooth where a
//! mouth and nostrils would be. Two numbers of the aligned crop, each 0..1, and the hint is the greater:
//!
//! * **colour**: how far the middle colour of nose, mouth and chin lies from that of the bridge of the nose and the cheekbones;
//! * **texture**: how much smoother the mouth is than the eyes.

use super::region::{Region, chroma, grey};
use image::RgbImage;

/// Around the eyes: bridge of the nose and brows.
const EYES: Region = Region { left: 28, top: 40, right: 84, bottom: 60 };
/// Nose, mouth and chin.
const LOWER: Region = Region { left: 38, top: 72, right: 74, bottom: 104 };
/// Where the lips are.
const MOUTH: Region = Region { left: 38, top: 84, right: 74, bottom: 102 };

pub fn occlusion(crop: &RgbImage) -> f32 {
    colour(crop).max(texture(crop))
}

fn colour(crop: &RgbImage) -> f32 {
    let (eyes, lower) = (middle(crop, EYES), middle(crop, LOWER));
    let apart = (eyes[0] - lower[0]).hypot(eyes[1] - lower[1]);
    (apart / 40.0).clamp(0.0, 1.0)
}

fn texture(crop: &RgbImage) -> f32 {
    let (eyes, mouth) = (super::light::light_of(crop, EYES).contrast, super::light::light_of(crop, MOUTH).contrast);
    (1.0 - mouth / eyes.max(1.0)).clamp(0.0, 1.0)
}

fn middle(crop: &RgbImage, region: Region) -> [f32; 3] {
    let mut channels = [Vec::new(), Vec::new(), Vec::new()];
    for pixel in region.pixels(crop) {
        let [cb, cr] = chroma(pixel);
        for (channel, value) in channels.iter_mut().zip([cb, cr, grey(pixel)]) {
            channel.push(value);
        }
    }
    channels.map(|mut values| {
        let half = values.len() / 2;
        if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(half, f32::total_cmp).1 }
    })
}
