//! Pictures as strangers send them: turned, transparent, grey, in ink colours, cut short, with lying headers.

use super::*;
use crate::pipeline::validate_query;
use crate::spoil::spoiled;
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgba};

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255; 3];
const LIMITS: fn() -> ImageLimits = ImageLimits::default;

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 100).encode_image(picture).expect("encodes");
    bytes
}

/// 64×32: red and green above, blue and white below.
fn upright() -> RgbImage {
    RgbImage::from_fn(64, 32, |x, y| {
        Rgb(match (x < 32, y < 16) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        })
    })
}

fn is_near(picture: &RgbImage, x: u32, y: u32, colour: [u8; 3]) -> bool {
    picture.get_pixel(x, y).0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 12)
}

fn looks_upright(picture: &RgbImage) -> bool {
    picture.dimensions() == (64, 32)
        && is_near(picture, 8, 4, RED)
        && is_near(picture, 56, 4, GREEN)
        && is_near(picture, 8, 28, BLUE)
        && is_near(picture, 56, 28, WHITE)
}

/// The picture as a camera stores it that writes this EXIF orientation: by the standard, orientation 6 means "the
/// first stored row is the right side of the picture, the first stored column its upper edge", and so on.
fn stored(orientation: u8) -> RgbImage {
    let picture = upright();
    let (width, height) = picture.dimensions();
    let (right_first, bottom_first) = match orientation {
        1 | 5 => (false, false),
        2 | 6 => (true, false),
        3 | 7 => (true, true),
        _ => (false, true),
    };
    let seen =
        |x: u32, y: u32| *picture.get_pixel(if right_first { width - 1 - x } else { x }, if bottom_first { height - 1 - y } else { y });
    if orientation <= 4 { RgbImage::from_fn(width, height, seen) } else { RgbImage::from_fn(height, width, |x, y| seen(y, x)) }
}

fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn all_eight_exif_orientations_come_out_upright() {
    for orientation in 1..=8 {
        let bytes = with_orientation(&jpeg(&stored(orientation)), orientation);
        let picture = decode(&bytes, &LIMITS()).expect("reads");
        assert!(looks_upright(&picture), "orientation {orientation}");
        let query = validate_query(&bytes, &LIMITS()).expect("a query");
        assert_eq!((query.width, query.height), (64, 32), "the size is that of the upright picture");
    }
}

#[test]
fn a_senseless_orientation_is_taken_as_upright() {
    for orientation in [0, 9, 255] {
        let picture = decode(&with_orientation(&jpeg(&upright()), orientation), &LIMITS()).expect("reads");
        assert!(looks_upright(&picture));
    }
}

#[test]
fn transparency_is_laid_on_white() {
    let picture = ImageBuffer::from_fn(3, 1, |x, _| Rgba([0_u8, 0, 0, [0, 255, 128][x as usize]]));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let read = decode(&encoded(picture.clone(), format), &LIMITS()).expect("reads");
        let grey = |x| read.get_pixel(x, 0).0;
        assert_eq!((grey(0), grey(1), grey(2)), ([255; 3], [0; 3], [127; 3]), "{format:?}");
    }
}

#[test]
fn grey_and_sixteen_bit_pictures_become_eight_bit_rgb() {
    let grey = ImageBuffer::from_pixel(4, 4, Luma([77_u8]));
    let grey_alpha = ImageBuffer::from_pixel(4, 4, LumaA([77_u8, 255]));
    let deep = ImageBuffer::from_pixel(4, 4, Rgb([0xffff_u16, 0x8080, 0]));
    let deep_alpha = ImageBuffer::from_pixel(4, 4, Rgba([0xffff_u16, 0, 0, 0]));
    let first = |picture: DynamicImage| decode(&encoded(picture, ImageFormat::Png), &LIMITS()).expect("reads").get_pixel(0, 0).0;
    assert_eq!(first(grey.clone().into()), [77; 3]);
    assert_eq!(first(grey_alpha.into()), [77; 3]);
    assert_eq!(first(deep.into()), [255, 128, 0]);
    assert_eq!(first(deep_alpha.into()), [255; 3]);
    let grey_jpeg = decode(&encoded(grey, ImageFormat::Jpeg), &LIMITS()).expect("reads");
    assert!(is_near(&grey_jpeg, 1, 1, [77; 3]));
}

/// An 8×8 baseline JPEG of four flat components with Adobe's marker; quantisation 1, four-bit codes for the lengths of
/// the differences, one bit for "end of block".
fn ink_jpeg(values: [u8; 4]) -> Vec<u8> {
    let mut bits = String::new();
    for value in values {
        let dc = (i32::from(value) - 128) * 8;
        let length = 32 - dc.unsigned_abs().leading_zeros();
        bits += &format!("{length:04b}");
        // Negative differences are written as their value minus one, in the low bits.
        let raw = if dc < 0 { dc - 1 } else { dc } & ((1 << length) - 1);
        if length > 0 {
            bits += &format!("{raw:0width$b}", width = length as usize);
        }
        bits.push('0');
    }
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let scan: Vec<u8> = bits
        .as_bytes()
        .chunks(8)
        .flat_map(|byte| {
            let byte = byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0'));
            if byte == 0xff { vec![0xff, 0] } else { vec![byte] }
        })
        .collect();
    let segment =
        |marker: u8, body: &[u8]| [&[0xff, marker][..], &u16::try_from(body.len() + 2).expect("short").to_be_bytes(), body].concat();
    let mut frame = vec![8, 0, 8, 0, 8, 4];
    frame.extend((1..=4).flat_map(|component| [component, 0x11, 0]));
    let dc_table = [&[0][..], &[0, 0, 0, 12], &[0; 12], &(0..12).collect::<Vec<u8>>()].concat();
    let ac_table = [&[0x10][..], &[1], &[0; 15], &[0]].concat();
    let mut start = vec![4];
    start.extend((1..=4).flat_map(|component| [component, 0]));
    start.extend([0, 63, 0]);
    [
        vec![0xff, 0xd8],
        segment(0xee, b"Adobe\0\x64\0\0\0\0\0"),
        segment(0xdb, &[&[0][..], &[1; 64]].concat()),
        segment(0xc0, &frame),
        segment(0xc4, &dc_table),
        segment(0xc4, &ac_table),
        segment(0xda, &start),
        scan,
        vec![0xff, 0xd9],
    ]
    .concat()
}

#[test]
fn jpegs_in_ink_colours_are_read_as_adobe_writes_them() {
    // Adobe stores the inks inverted: 255 is no ink.
    for (inks, colour) in [([255, 0, 0, 255], RED), ([0, 255, 0, 255], GREEN), ([255; 4], WHITE), ([255, 255, 255, 0], [0; 3])] {
        let picture = decode(&ink_jpeg(inks), &LIMITS()).expect("reads");
        assert!(is_near(&picture, 3, 3, colour), "inks {inks:?} became {:?}", picture.get_pixel(3, 3));
    }
}

#[test]
fn of_a_moving_picture_the_first_frame_counts() {
    let picture = decode(&moving(), &LIMITS()).expect("reads");
    assert!(is_near(&picture, 4, 4, RED));
}

#[test]
fn a_file_cut_short_is_refused_in_every_format() {
    let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([((x * 37) ^ (y * 91)) as u8, (x * y) as u8, (x * 7 + y * 13) as u8]));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let whole = encoded(noise.clone(), format);
        assert!(decode(&whole, &LIMITS()).is_ok(), "{format:?}");
        for part in [20, 50, 90] {
            let error = decode(&whole[..whole.len() * part / 100], &LIMITS()).expect_err("cut short");
            assert_eq!((error.code(), error.status()), ("unreadable_image", 422), "{format:?} cut to {part}%");
        }
    }
}

/// The JPEG with other dimensions in its frame header.
fn claiming(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a baseline frame");
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

#[test]
fn dimensions_are_believed_from_the_header_before_anything_is_decoded() {
    let honest = jpeg(&upright());
    let huge = decode(&claiming(&honest, 30_000, 30_000), &LIMITS()).expect_err("900 megapixels");
    assert_eq!((huge.code(), huge.status()), ("too_many_pixels", 413));
    for (width, height) in [(0, 0), (0, 32), (64, 0)] {
        let empty = decode(&claiming(&honest, width, height), &LIMITS()).expect_err("no pixels");
        assert_eq!((empty.code(), empty.status()), ("unreadable_image", 422), "{width}×{height}");
    }
    let small = ImageLimits { max_pixels: 64 * 32 - 1, ..LIMITS() };
    assert_eq!(decode(&honest, &small).expect_err("over the limit").code(), "too_many_pixels");
    let poor = ImageLimits { max_alloc: 1000, ..LIMITS() };
    assert_eq!(decode(&honest, &poor).expect_err("over the limit"), ValidateError::TooMuchMemory);
}

#[test]
fn the_content_decides_the_type_and_every_refusal_has_its_status_and_sentence() {
    let mut large = jpeg(&upright());
    large.resize((12 << 20) + 1, 0);
    let cases: [(&[u8], &str, u16); 6] = [
        (b"", "empty_image", 400),
        (b"This is a text that was named holiday.jpg.", "unsupported_media_type", 415),
        (b"BM\x3a\0\0\0", "unsupported_media_type", 415),
        (b"RIFF\x10\0\0\0WAVEfmt ", "unsupported_media_type", 415),
        (b"\xff\xd8\xff\xe0 and then nothing that makes sense", "unreadable_image", 422),
        (&large, "image_too_large", 413),
    ];
    for (bytes, code, status) in cases {
        let error = validate_query(bytes, &LIMITS()).expect_err(code);
        assert_eq!((error.code(), error.status()), (code, status));
        assert!(error.to_string().ends_with('.'), "{error} is no sentence");
    }
}

#[test]
fn a_query_is_named_after_its_content_alone() {
    let query = validate_query(&encoded(upright(), ImageFormat::Png), &LIMITS()).expect("a query");
    assert_eq!(query.name, format!("query-{}.png", &query.sha256[..8]));
}

fn moving() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for colour in [RED, BLUE] {
        let frame = ImageBuffer::from_pixel(8, 8, Rgba([colour[0], colour[1], colour[2], 255]));
        encoder.encode_frame(image::Frame::new(frame)).expect("encodes");
    }
    drop(encoder);
    bytes
}

#[test]
fn no_spoiled_file_brings_the_process_down_or_gives_more_pixels_than_may_be() {
    let deep = ImageBuffer::from_fn(24, 16, |x, y| Rgba([(x * 2730) as u16, (y * 4096) as u16, 77, if x > y { 0xffff } else { 0x1234 }]));
    let turned = with_orientation(&jpeg(&upright()), 6);
    let mut files = vec![turned, ink_jpeg([200, 30, 0, 90]), moving(), encoded(deep, ImageFormat::Png)];
    files.extend([ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif].map(|format| encoded(upright(), format)));
    let limits = ImageLimits { max_pixels: 1 << 16, max_alloc: 1 << 20, ..LIMITS() };
    let (mut read, mut refused) = (0, 0);
    for bytes in files.iter().flat_map(|file| spoiled(file, 500)) {
        match decode(&bytes, &limits) {
            Ok(picture) => {
                let pixels = u64::from(picture.width()) * u64::from(picture.height());
                assert!((1..=limits.max_pixels).contains(&pixels), "{pixels} pixels");
                read += 1;
            }
            Err(error) => {
                assert!((400..500).contains(&error.status()), "{error}");
                refused += 1;
            }
        }
    }
    assert!(read > 200 && refused > 200, "faults of both kinds: {read} read, {refused} refused");
}
