//! Decoding: from untrusted bytes to an upright RGB picture.
//!
//! Decoders panic on malicious input, so a panic is caught and becomes an error of that picture alone; dimensions are
//! read from the header and memory is bounded before a pixel is decoded.

use super::validate::check_bytes;
use super::{ImageLimits, PictureFormat, ValidateError, jpeg};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgb, RgbImage};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The picture as a person would see it: EXIF orientation applied, transparency laid on white, 8-bit RGB. Of a GIF
/// or an animated WebP, the first frame. Blocks: run it on a blocking thread.
pub fn decode(bytes: &[u8], limits: &ImageLimits) -> Result<RgbImage, ValidateError> {
    let format = check_bytes(bytes, limits)?;
    catch_unwind(AssertUnwindSafe(|| decode_format(bytes, format, limits)))
        .unwrap_or_else(|_| Err(ValidateError::Unreadable("the decoder panicked".into())))
}

fn decode_format(bytes: &[u8], format: PictureFormat, limits: &ImageLimits) -> Result<RgbImage, ValidateError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.image_format());
    reader.limits(Limits::no_limits());
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(ValidateError::Unreadable("the header says that the picture has no pixels".into()));
    }
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(ValidateError::TooManyPixels { width, height, limit: limits.max_pixels });
    }
    if decoder.total_bytes() > limits.max_alloc {
        return Err(ValidateError::TooMuchMemory);
    }
    if format == PictureFormat::Jpeg && !jpeg::is_complete(bytes) {
        return Err(ValidateError::Unreadable("the JPEG ends before its end-of-image marker".into()));
    }
    let mut allocation = Limits::no_limits();
    allocation.max_alloc = Some(limits.max_alloc);
    decoder.set_limits(allocation).map_err(refusal)?;
    // Damaged metadata is no reason to refuse a picture: it is taken as upright.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    picture.apply_orientation(orientation);
    Ok(opaque(picture))
}

/// 8-bit RGB; what shows through is white.
fn opaque(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (from, to) in rgba.pixels().zip(rgb.pixels_mut()) {
        let [r, g, b, a] = from.0.map(u32::from);
        let over_white = |value: u32| ((value * a + 255 * (255 - a) + 127) / 255) as u8;
        *to = Rgb([over_white(r), over_white(g), over_white(b)]);
    }
    rgb
}

fn refusal(error: ImageError) -> ValidateError {
    match error {
        ImageError::Limits(_) => ValidateError::TooMuchMemory,
        other => ValidateError::Unreadable(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
