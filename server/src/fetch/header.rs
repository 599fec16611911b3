//! What a download is, from its first bytes: its type by the magic bytes, its size in pixels by the picture's own header.
//!
//! Looked at while the bytes arrive, so that a page named `.jpg` ends with its first chunk and a picture of a billion
//! pixels before it costs anything. Nothing is decoded here, and nothing is concluded from what cannot be read: a
//! picture whose header lies deeper than [`MAX_PREFIX`] is judged when it is decoded, by the same limit.

use super::FetchError;
use crate::pipeline::PictureFormat;

/// Bytes from the start that are looked at: cameras put a thumbnail of up to 64 KiB before a JPEG's size.
const MAX_PREFIX: usize = 256 << 10;
/// Enough for every magic number.
const MAGIC: usize = 12;

/// Reads the beginning of a download as it comes in.
#[derive(Debug)]
pub struct Header {
    max_pixels: u64,
    prefix: Vec<u8>,
    /// Where the next JPEG segment begins.
    at: usize,
    format: Option<PictureFormat>,
    settled: bool,
}

impl Header {
    pub fn new(max_pixels: u64) -> Self {
        Self { max_pixels, prefix: Vec::new(), at: 2, format: None, settled: false }
    }

    /// Looks at the next bytes; an error as soon as it is known that they belong to nothing that is wanted.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        if self.settled {
            return Ok(());
        }
        let room = MAX_PREFIX - self.prefix.len();
        self.prefix.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if self.format.is_none() {
            self.format = PictureFormat::of(&self.prefix);
            if self.format.is_none() && (self.prefix.len() >= MAGIC || !may_become_a_picture(&self.prefix)) {
                return Err(FetchError::NotAPicture);
            }
        }
        let size = match self.format {
            None => None,
            Some(PictureFormat::Png) => png(&self.prefix),
            Some(PictureFormat::Gif) => gif(&self.prefix),
            Some(PictureFormat::WebP) => webp(&self.prefix),
            Some(PictureFormat::Jpeg) => self.jpeg(),
        };
        if let Some((width, height)) = size {
            self.settle();
            if u64::from(width) * u64::from(height) > self.max_pixels {
                return Err(FetchError::TooManyPixels { width, height, limit: self.max_pixels });
            }
        } else if self.prefix.len() >= MAX_PREFIX {
            self.settle();
        }
        Ok(())
    }

    /// Whether everything that came was too little to be any picture.
    pub fn is_a_picture(&self) -> bool {
        self.format.is_some()
    }

    fn settle(&mut self) {
        self.settled = true;
        self.prefix = Vec::new();
    }

    /// Walks the segments to the frame header, and goes on from where it stood when more has come.
    fn jpeg(&mut self) -> Option<(u32, u32)> {
        loop {
            let segment = self.prefix.get(self.at..)?;
            let [0xff, marker, rest @ ..] = segment else {
                // Stray bytes between segments are passed over, as decoders do; a lone 0xff may be half a marker.
                if segment.len() < 2 {
                    return None;
                }
                self.at += 1;
                continue;
            };
            match *marker {
                // Fill bytes, and markers that stand alone.
                0xff => self.at += 1,
                0x00 | 0x01 | 0xd0..=0xd8 => self.at += 2,
                // SOF0 to SOF15 without DHT, JPG and DAC: length, precision, height, width.
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                    let [_, _, _, h1, h0, w1, w0, ..] = rest else { return None };
                    return Some((u32::from(u16::from_be_bytes([*w1, *w0])), u32::from(u16::from_be_bytes([*h1, *h0]))));
                }
                // The scan or the end without a frame header: the decoder will say so.
                0xd9 | 0xda => return Some((0, 0)),
                _ => {
                    let [l1, l0, ..] = rest else { return None };
                    self.at += 2 + usize::from(u16::from_be_bytes([*l1, *l0])).max(2);
                }
            }
        }
    }
}

/// Whether so few bytes may still be the beginning of a picture.
fn may_become_a_picture(start: &[u8]) -> bool {
    let webp = start.iter().zip(b"RIFF").all(|(a, b)| a == b);
    webp || [b"\xff\xd8\xff".as_slice(), b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"].iter().any(|magic| magic.starts_with(start))
}

/// Width and height are the first of the IHDR chunk, which is the first.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = (four(bytes, 16)?, four(bytes, 20)?);
    Some((u32::from_be_bytes(width), u32::from_be_bytes(height)))
}

fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    let [w0, w1, h0, h1] = four(bytes, 6)?;
    Some((u16::from_le_bytes([w0, w1]).into(), u16::from_le_bytes([h0, h1]).into()))
}

/// Three kinds of first chunk: lossy, lossless, extended.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    match &four(bytes, 12)? {
        b"VP8 " => {
            let [w0, w1, h0, h1] = four(bytes, 26)?;
            // The two upper bits of each say how it is to be scaled.
            let fourteen = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Some((fourteen(w0, w1), fourteen(h0, h1)))
        }
        b"VP8L" => {
            let packed = u32::from_le_bytes(four(bytes, 21)?);
            Some(((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => {
            let [w0, w1, w2, h0] = four(bytes, 24)?;
            let [_, _, h1, h2] = four(bytes, 26)?;
            Some((u32::from_le_bytes([w0, w1, w2, 0]) + 1, u32::from_le_bytes([h0, h1, h2, 0]) + 1))
        }
        // The decoder will say what it is.
        _ => Some((0, 0)),
    }
}

fn four(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at + 4)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spoil::spoiled;
    use image::{DynamicImage, ImageFormat};
    use std::io::Cursor;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).expect("encoded");
        bytes.into_inner()
    }

    /// One byte at a time: what is said, and after how many bytes.
    fn drip(bytes: &[u8], max_pixels: u64) -> (Result<(), FetchError>, usize) {
        let mut header = Header::new(max_pixels);
        for (index, byte) in bytes.iter().enumerate() {
            if let Err(error) = header.push(&[*byte]) {
                return (Err(error), index + 1);
            }
        }
        (Ok(()), bytes.len())
    }

    #[test]
    fn the_size_is_read_from_the_header_of_every_format() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            let bytes = picture(123, 45, format);
            assert_eq!(drip(&bytes, 123 * 45).0, Ok(()), "{format:?}");
            let (said, after) = drip(&bytes, 123 * 45 - 1);
            assert_eq!(said, Err(FetchError::TooManyPixels { width: 123, height: 45, limit: 123 * 45 - 1 }), "{format:?}");
            assert!(after < bytes.len(), "{format:?}: known before the end");
            assert!(Header::new(99).push(&bytes).is_err(), "{format:?}: in one piece too");
        }
    }

    #[test]
    fn the_other_webp_headers_are_read_as_well() {
        let mut lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a".to_vec();
        lossy.extend([0x80, 0x42, 0xe0, 0x01]);
        assert_eq!(webp(&lossy), Some((640, 480)));
        let mut extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
        extended.extend([0xff, 0xff, 0x01, 0x0f, 0, 0]);
        assert_eq!(webp(&extended), Some((131_072, 16)));
    }

    #[test]
    fn a_jpeg_with_much_before_its_frame_header_is_walked_through() {
        let mut bytes = vec![0xff, 0xd8];
        for _ in 0..3 {
            bytes.extend([0xff, 0xe1, 0xff, 0xff]);
            bytes.extend(vec![0xff; 0xfffd]);
        }
        bytes.extend([0xff, 0xff, 0xc2, 0x00, 0x11, 8, 0x75, 0x30, 0x75, 0x30, 3]);
        let (said, after) = drip(&bytes, 40_000_000);
        assert_eq!(said, Err(FetchError::TooManyPixels { width: 30_000, height: 30_000, limit: 40_000_000 }));
        assert_eq!(after, bytes.len() - 1);
    }

    #[test]
    fn what_is_no_picture_ends_with_its_first_bytes() {
        assert_eq!(drip(b"<!DOCTYPE html>", 9), (Err(FetchError::NotAPicture), 1));
        assert_eq!(drip(b"RIFF\0\0\0\0WAVEfmt ", 9), (Err(FetchError::NotAPicture), 12));
        assert_eq!(drip(b"\xff\xd8\x00", 9).0, Err(FetchError::NotAPicture));
        let mut header = Header::new(9);
        assert_eq!(header.push(b"GIF8"), Ok(()));
        assert!(!header.is_a_picture(), "too little to tell");
    }

    #[test]
    fn of_spoiled_files_none_is_refused_that_decodes_and_the_pieces_they_come_in_change_nothing() {
        use crate::pipeline::{ImageLimits, decode};
        let limits = ImageLimits { max_pixels: 64 * 32, ..ImageLimits::default() };
        let (mut refused, mut read) = (0, 0);
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            for bytes in spoiled(&picture(64, 32, format), 1500) {
                let said = Header::new(limits.max_pixels).push(&bytes);
                assert_eq!(drip(&bytes, limits.max_pixels).0, said, "{format:?}: {bytes:?}");
                let decodes = decode(&bytes, &limits).is_ok();
                assert!(said.is_ok() || !decodes, "{format:?}, {said:?}: {bytes:?}");
                refused += usize::from(said.is_err());
                read += usize::from(decodes);
            }
        }
        assert!(refused > 100 && read > 100, "faults of both kinds: {refused} refused, {read} read");
    }

    #[test]
    fn a_header_that_never_comes_is_left_to_the_decoder() {
        let mut header = Header::new(9);
        assert_eq!(header.push(b"\xff\xd8\xff\xe0"), Ok(()));
        for _ in 0..64 {
            assert_eq!(header.push(&[0x11; 8192]), Ok(()));
        }
        assert!(header.is_a_picture() && header.prefix.is_empty());
    }
}
