//! Small pictures, good and bad.

use image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;

fn encoded(width: u32, height: u32, colour: [u8; 3], format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb(colour)));
    picture.write_to(&mut bytes, format).expect("a picture can be encoded");
    bytes.into_inner()
}

/// 96×96 pixels of one colour.
pub fn png(red: u8, green: u8, blue: u8) -> Vec<u8> {
    encoded(96, 96, [red, green, blue], ImageFormat::Png)
}

/// A face, as [`super::FakeVision`] sees it.
pub fn red() -> Vec<u8> {
    png(200, 30, 30)
}

/// No face.
pub fn grey() -> Vec<u8> {
    png(90, 90, 90)
}

pub fn jpeg() -> Vec<u8> {
    encoded(96, 96, [200, 30, 30], ImageFormat::Jpeg)
}

/// A photograph with texture, another one for each `seed` and the same at every size, around a face of this colour.
pub fn portrait(seed: u32, side: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let [u, v] = [x, y].map(|at| (at as f32 + 0.5) / side as f32);
        if (0.35..0.65).contains(&u) && (0.35..0.65).contains(&v) {
            return image::Rgb(colour);
        }
        let wave = |n: u32| {
            let of = |k: u32| (seed.wrapping_mul(2_654_435_761).wrapping_add(n * 40_503 + k * 97) % 1000) as f32 / 1000.0;
            ((u * (1.0 + 4.0 * of(1)) + v * (1.0 + 4.0 * of(2)) + of(3)) * std::f32::consts::TAU).sin()
        };
        let light = (0..5).map(wave).sum::<f32>() * 22.0 + 120.0;
        image::Rgb([light.clamp(0.0, 255.0) as u8; 3])
    })
}

pub fn as_png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("a picture can be encoded");
    bytes.into_inner()
}

pub fn as_jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).expect("a picture can be encoded");
    bytes
}

/// The header of a PNG with the given size and nothing behind it but a promise.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(13_u32.to_be_bytes());
    bytes.extend(&chunk);
    bytes.extend(crc32(&chunk).to_be_bytes());
    bytes.extend(0_u32.to_be_bytes());
    bytes.extend(b"IDAT");
    bytes.extend(crc32(b"IDAT").to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())))
}
