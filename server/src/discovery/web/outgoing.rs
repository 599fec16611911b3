//! The query picture as it leaves: upright, of bounded size, and without a word about where it came from.
//!
//! Nobody outside gets the file that was uploaded. It is decoded and written anew as a JPEG, so that the place, the
//! camera, the owner's name and the embedded preview that files carry stay here.

use crate::discovery::{Need, ProviderError};
use crate::pipeline::{ImageLimits, decode};
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{ImageError, RgbImage};
use tokio::sync::Semaphore;

/// The longest side in pixels: engines look at less, and a face in a group is still there.
const MAX_SIDE: u32 = 1600;
/// No provider sees anything in less.
const MIN_SIDE: u32 = 64;
/// Tried in this order at one size, before the picture is made smaller.
const QUALITIES: [u8; 3] = [90, 80, 70];

/// A decoded picture is large: several providers of one request take turns.
static PREPARING: Semaphore = Semaphore::const_new(1);

/// A JPEG of at most `max_bytes`.
pub async fn prepare(picture: &Bytes, max_bytes: usize) -> Result<Bytes, ProviderError> {
    let picture = picture.clone();
    // The semaphore is never closed.
    let permit = PREPARING.acquire().await.ok();
    let prepared = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        // Size and type were checked when the picture came in; memory is bounded here again.
        let limits = ImageLimits { max_bytes: u64::MAX, max_pixels: u64::MAX, ..ImageLimits::default() };
        let upright = decode(&picture, &limits).ok()?;
        drop(picture);
        fitted(upright, max_bytes).ok().flatten()
    });
    prepared.await.ok().flatten().map(Bytes::from).ok_or(ProviderError::Needs(Need::Picture))
}

/// As much of the picture as fits; None where nothing of use does.
fn fitted(mut picture: RgbImage, max_bytes: usize) -> Result<Option<Vec<u8>>, ImageError> {
    let mut side = picture.width().max(picture.height()).min(MAX_SIDE);
    loop {
        picture = scaled(picture, side);
        for quality in QUALITIES {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&picture)?;
            if bytes.len() <= max_bytes {
                return Ok(Some(bytes));
            }
        }
        side = side / 4 * 3;
        if side < MIN_SIDE {
            return Ok(None);
        }
    }
}

/// The longest side becomes `side`, never longer than it was.
fn scaled(picture: RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return picture;
    }
    let short = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    resize(&picture, short(width), short(height), FilterType::Triangle)
}

/// Standard base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= three.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, Rgb};
    use std::io::Cursor;

    /// Detail everywhere, so that it does not compress well.
    fn busy(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let mixed = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).rotate_left(x % 31);
            let [r, g, b, _] = mixed.to_le_bytes();
            Rgb([r, g, b])
        })
    }

    fn jpeg(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 100).encode_image(picture).expect("encodes");
        bytes
    }

    /// An EXIF segment with an orientation and a camera's name, right behind the start of the file.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend([0x0f, 0x01, 2, 0, 14, 0, 0, 0, 38, 0, 0, 0]); // Make, at 38
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        tiff.extend([0; 4]);
        tiff.extend(b"Secret Camera\0");
        let length = u16::try_from(tiff.len() + 2).expect("short").to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1][..], &length[..], &tiff[..], &jpeg[2..]].concat()
    }

    #[tokio::test]
    async fn what_leaves_is_upright_and_carries_no_metadata() {
        let mut picture = RgbImage::from_pixel(40, 20, Rgb([10, 10, 10]));
        for y in 0..20 {
            (0..20).for_each(|x| picture.put_pixel(x, y, Rgb([240, 240, 240])));
        }
        // 6: to be turned a quarter clockwise. The bright left half belongs on top.
        let file = with_exif(&jpeg(&picture), 6);
        assert!(file.windows(13).any(|w| w == b"Secret Camera"), "the picture that came in tells");
        let sent = prepare(&file.into(), 1 << 20).await.expect("a picture");
        assert!(!sent.windows(13).any(|w| w == b"Secret Camera") && !sent.windows(4).any(|w| w == b"Exif"));
        let seen = image::load_from_memory(&sent).expect("a JPEG").into_rgb8();
        assert_eq!(seen.dimensions(), (20, 40));
        assert!(seen.get_pixel(10, 5)[0] > 200 && seen.get_pixel(10, 35)[0] < 50);
    }

    #[tokio::test]
    async fn a_picture_is_made_smaller_until_it_fits() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(busy(700, 500)).write_to(&mut png, ImageFormat::Png).expect("encodes");
        let png = Bytes::from(png.into_inner());
        for limit in [1 << 20, 100_000, 20_000] {
            let sent = prepare(&png, limit).await.expect("fits");
            assert!(sent.len() <= limit, "{} of {limit} bytes", sent.len());
            assert_eq!(image::guess_format(&sent).ok(), Some(ImageFormat::Jpeg));
        }
        assert_eq!(prepare(&png, 100).await, Err(ProviderError::Needs(Need::Picture)));
    }

    #[test]
    fn the_longest_side_is_bounded_and_the_shape_stays() {
        assert_eq!(scaled(RgbImage::new(3200, 1600), MAX_SIDE).dimensions(), (1600, 800));
        assert_eq!(scaled(RgbImage::new(5000, 1), MAX_SIDE).dimensions(), (1600, 1));
        assert_eq!(scaled(RgbImage::new(300, 400), MAX_SIDE).dimensions(), (300, 400));
    }

    #[tokio::test]
    async fn what_is_no_picture_is_not_sent() {
        assert_eq!(prepare(&Bytes::from_static(b"\xff\xd8\xff but no more"), 1 << 20).await, Err(ProviderError::Needs(Need::Picture)));
    }

    #[test]
    fn base64_is_that_of_the_standards_examples() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }
}
