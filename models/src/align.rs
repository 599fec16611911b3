//! Face alignment: five landmarks to the 112×112 ArcFace template by a similarity transform.

use crate::Landmarks;
use image::RgbImage;

/// Side of an aligned crop in pixels.
pub const SIZE: u32 = 112;

/// Where the landmarks of an aligned face lie, in pixels of the crop (InsightFace's `arcface_dst`).
pub const TEMPLATE: Landmarks = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];

/// `x' = a x - b y + tx`, `y' = b x + a y + ty`: rotation, one scale, shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    pub a: f64,
    pub b: f64,
    pub tx: f64,
    pub ty: f64,
}

impl Similarity {
    /// The similarity that brings `from` nearest to `to` in the least squares sense (Umeyama, 1991).
    ///
    /// In the plane the closed form needs no singular value decomposition: with centred points as complex numbers it
    /// is `Σ conj(from) to / Σ |from|²`. `None` where the points coincide or are not finite.
    pub fn between(from: &Landmarks, to: &Landmarks) -> Option<Self> {
        let mean = |points: &Landmarks, axis: usize| points.iter().map(|p| f64::from(p[axis])).sum::<f64>() / points.len() as f64;
        let (fx, fy, gx, gy) = (mean(from, 0), mean(from, 1), mean(to, 0), mean(to, 1));
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let (x, y) = (f64::from(p[0]) - fx, f64::from(p[1]) - fy);
            let (u, v) = (f64::from(q[0]) - gx, f64::from(q[1]) - gy);
            dot += x * u + y * v;
            cross += x * v - y * u;
            spread += x * x + y * y;
        }
        let (a, b) = (dot / spread, cross / spread);
        let found = Self { a, b, tx: gx - a * fx + b * fy, ty: gy - b * fx - a * fy };
        (spread > 1e-9 && a.hypot(b) > 1e-9 && found.tx.is_finite() && found.ty.is_finite()).then_some(found)
    }

    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.a * x - self.b * y + self.tx, self.b * x + self.a * y + self.ty]
    }

    /// The way back. The scale is never zero (see [`Self::between`]).
    pub fn inverse(&self) -> Self {
        let norm = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / norm, -self.b / norm);
        Self { a, b, tx: -(a * self.tx - b * self.ty), ty: -(b * self.tx + a * self.ty) }
    }
}

/// The face turned, scaled and moved so that its landmarks lie on the template: 112×112, bilinear, black where the
/// picture ends. Landmarks that fix no transform (all in one point, NaN) give a black crop.
pub fn align(picture: &RgbImage, landmarks: &Landmarks) -> RgbImage {
    match Similarity::between(landmarks, &TEMPLATE) {
        Some(transform) => warp(picture, &transform.inverse()),
        None => RgbImage::new(SIZE, SIZE),
    }
}

/// Fractions of a pixel are rounded to 1/32, as OpenCV's `warpAffine` does.
const FRACTIONS: f64 = 32.0;

fn warp(picture: &RgbImage, back: &Similarity) -> RgbImage {
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let (pixels, stride) = (picture.as_raw().as_slice(), picture.width() as usize * 3);
    let pixel = |x: i64, y: i64| -> [u8; 3] {
        let inside = x >= 0 && y >= 0 && x < width && y < height;
        if inside { picture.get_pixel(x as u32, y as u32).0 } else { [0; 3] }
    };
    let mut crop = RgbImage::new(SIZE, SIZE);
    for (row, line) in crop.chunks_exact_mut(SIZE as usize * 3).enumerate() {
        for (column, out) in line.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let [x, y] = back.apply([column as f64, row as f64]).map(|v| (v * FRACTIONS).round().clamp(-1e12, 1e12) as i64);
            let (x0, y0) = (x >> 5, y >> 5);
            let (fx, fy) = ((x & 31) as u32, (y & 31) as u32);
            let corners = if x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height {
                // All four inside: two runs of six bytes, one below the other.
                let at = y0 as usize * stride + x0 as usize * 3;
                let (above, below) = (&pixels[at..at + 6], &pixels[at + stride..at + stride + 6]);
                [
                    [above[0], above[1], above[2]],
                    [above[3], above[4], above[5]],
                    [below[0], below[1], below[2]],
                    [below[3], below[4], below[5]],
                ]
            } else {
                [pixel(x0, y0), pixel(x0 + 1, y0), pixel(x0, y0 + 1), pixel(x0 + 1, y0 + 1)]
            };
            let weights = [(32 - fx) * (32 - fy), fx * (32 - fy), (32 - fx) * fy, fx * fy];
            *out = std::array::from_fn(|c| {
                let sum: u32 = corners.iter().zip(weights).map(|(p, w)| u32::from(p[c]) * w).sum();
                ((sum + 512) >> 10) as u8
            });
        }
    }
    crop
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn landmarks_on_the_template_stay_and_turned_ones_come_back() {
        let same = Similarity::between(&TEMPLATE, &TEMPLATE).unwrap();
        assert!((same.a - 1.0).abs() < 1e-9 && same.b.abs() < 1e-9 && same.tx.abs() < 1e-6 && same.ty.abs() < 1e-6);
        let turned = TEMPLATE.map(|[x, y]| [300.0 - 2.0 * y, 40.0 + 2.0 * x]);
        let back = Similarity::between(&turned, &TEMPLATE).unwrap();
        for (from, to) in turned.iter().zip(TEMPLATE) {
            let [x, y] = back.apply(from.map(f64::from));
            assert!((x - f64::from(to[0])).abs() < 1e-4 && (y - f64::from(to[1])).abs() < 1e-4);
            let [u, v] = back.inverse().apply([x, y]);
            assert!((u - f64::from(from[0])).abs() < 1e-3 && (v - f64::from(from[1])).abs() < 1e-3);
        }
    }

    #[test]
    fn a_face_on_the_template_is_cut_out_unchanged_and_the_outside_is_black() {
        let picture = RgbImage::from_fn(112, 112, |x, y| Rgb([x as u8, y as u8, 7]));
        assert_eq!(align(&picture, &TEMPLATE), picture);
        let shifted = TEMPLATE.map(|[x, y]| [x - 60.0, y]);
        let crop = align(&picture, &shifted);
        assert_eq!(crop.get_pixel(0, 5).0, [0, 0, 0]);
        assert_eq!(crop.get_pixel(100, 5).0, [40, 5, 7]);
    }

    #[test]
    fn landmarks_that_say_nothing_give_a_black_crop() {
        let picture = RgbImage::from_pixel(50, 50, Rgb([9, 9, 9]));
        for nothing in [[[3.0, 3.0]; 5], [[f32::NAN, 1.0]; 5]] {
            assert!(align(&picture, &nothing).pixels().all(|p| p.0 == [0, 0, 0]));
        }
    }
}
