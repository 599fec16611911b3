//! Sharpness of an aligned crop: a blurred face makes a poor comparison, so between equals the sharper one goes first.

use image::RgbImage;

/// Variance of the Laplacian (4 neighbours) over the grey picture; 0 for a flat one or one without inner pixels.
pub fn sharpness(crop: &RgbImage) -> f32 {
    let (width, height) = (crop.width() as usize, crop.height() as usize);
    if width < 3 || height < 3 {
        return 0.0;
    }
    // ITU-R BT.601 weights in thousandths.
    let grey: Vec<i32> =
        crop.pixels().map(|p| (299 * i32::from(p[0]) + 587 * i32::from(p[1]) + 114 * i32::from(p[2]) + 500) / 1000).collect();
    let (mut sum, mut squares) = (0_i64, 0_i64);
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let value = i64::from(grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width] - 4 * grey[at]);
            sum += value;
            squares += value * value;
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    (squares as f64 / count - mean * mean).max(0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn an_edge_is_sharper_than_a_ramp_and_a_flat_picture_has_no_sharpness() {
        let flat = RgbImage::from_pixel(112, 112, Rgb([80, 90, 100]));
        let ramp = RgbImage::from_fn(112, 112, |x, _| Rgb([x as u8 * 2; 3]));
        let edges = RgbImage::from_fn(112, 112, |x, _| Rgb([if x / 4 % 2 == 0 { 0 } else { 255 }; 3]));
        assert_eq!(sharpness(&flat), 0.0);
        assert!(sharpness(&ramp) < 1.0);
        assert!(sharpness(&edges) > 1000.0);
    }

    #[test]
    fn a_single_bright_pixel_gives_the_variance_that_one_computes_by_hand() {
        // Over the 3×3 inner pixels of a 5×5 picture: one -400, four 100, four 0; mean 0.
        let mut dot = RgbImage::new(5, 5);
        dot.put_pixel(2, 2, Rgb([100; 3]));
        assert_eq!(sharpness(&dot), (400.0_f32 * 400.0 + 4.0 * 100.0 * 100.0) / 9.0);
        assert_eq!(sharpness(&RgbImage::new(2, 9)), 0.0);
    }
}
