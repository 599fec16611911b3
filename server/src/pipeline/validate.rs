//! Validation: is this a picture that we read, small enough, and whole?
//!
//! The content decides, never the name or a header that a stranger sent. The cheap questions come first: size, type
//! by the magic bytes, dimensions from the picture's own header; only then are pixels touched.

use super::{ValidateError, decode};
use image::ImageFormat;
use sha2::{Digest, Sha256};

/// How much of a picture is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageLimits {
    /// Of the file.
    pub max_bytes: u64,
    /// Width times height, from the header.
    pub max_pixels: u64,
    /// Bytes that the decoder may allocate for one picture.
    pub max_alloc: u64,
}

impl Default for ImageLimits {
    /// 12 MiB, 40 megapixels, 256 MiB.
    fn default() -> Self {
        Self { max_bytes: 12 << 20, max_pixels: 40_000_000, max_alloc: 256 << 20 }
    }
}

/// The formats that are read, told apart by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    Jpeg,
    Png,
    WebP,
    /// The first frame of it.
    Gif,
}

impl PictureFormat {
    /// By the magic bytes; None for everything else.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            Some(Self::Gif)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::WebP)
        } else {
            None
        }
    }

    /// The usual ending of a file name, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    pub(super) fn image_format(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
            Self::Gif => ImageFormat::Gif,
        }
    }
}

/// A query picture that will decode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedQuery {
    pub format: PictureFormat,
    /// Of the upright picture, in pixels.
    pub width: u32,
    pub height: u32,
    /// Of the file, hex.
    pub sha256: String,
    /// `query-caaf1a9f.jpg`: says nothing about the person who sent it.
    pub name: String,
}

/// Size and type, before any decoder sees the bytes.
pub(super) fn check_bytes(bytes: &[u8], limits: &ImageLimits) -> Result<PictureFormat, ValidateError> {
    if bytes.is_empty() {
        return Err(ValidateError::Empty);
    }
    if bytes.len() as u64 > limits.max_bytes {
        return Err(ValidateError::TooLarge { bytes: bytes.len() as u64, limit: limits.max_bytes });
    }
    PictureFormat::of(bytes).ok_or(ValidateError::UnsupportedType)
}

/// Whether the query picture can be used at all, asked before anything is queued. Decodes it whole, so that a broken
/// picture is refused at once: call it on a blocking thread.
pub fn validate_query(bytes: &[u8], limits: &ImageLimits) -> Result<ValidatedQuery, ValidateError> {
    let format = check_bytes(bytes, limits)?;
    let picture = decode(bytes, limits)?;
    let sha256 = hex(&Sha256::digest(bytes));
    let name = format!("query-{}.{}", &sha256[..8], format.ending());
    Ok(ValidatedQuery { format, width: picture.width(), height: picture.height(), sha256, name })
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
