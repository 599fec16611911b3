//! Whether a JPEG file is whole. The decoder fills what is missing with grey and says nothing; half a face would be
//! compared as if it were one, so the file's own structure is asked first.

/// Walks the markers from the start of the file to its end-of-image marker. Thumbnails inside metadata do not count:
/// segments are stepped over by their length. Bytes after the end are ignored, as cameras append their own.
pub fn is_complete(bytes: &[u8]) -> bool {
    const END_OF_IMAGE: u8 = 0xd9;
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2; // after the start-of-image marker
    loop {
        let Some(marker) = next_marker(bytes, &mut at) else { return false };
        match marker {
            END_OF_IMAGE => return true,
            // Markers without a segment: start of image, restart, TEM.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = bytes.get(at..at + 2) else { return false };
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                if length < 2 || at + length > bytes.len() {
                    return false;
                }
                at += length;
                if marker == START_OF_SCAN {
                    skip_scan(bytes, &mut at);
                }
            }
        }
    }
}

/// The next marker's code, leaving `at` behind it. Stray bytes before it are stepped over, as decoders do.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let ff = *at + bytes.get(*at..)?.iter().position(|&b| b == 0xff)?;
        let code = ff + bytes.get(ff..)?.iter().position(|&b| b != 0xff)?;
        *at = code + 1;
        if bytes[code] != 0 {
            return Some(bytes[code]);
        }
    }
}

/// Leaves `at` on the first marker after the entropy-coded data (stuffed zeros and restarts belong to the data), or
/// at the end of the file.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while let Some(step) = bytes.get(*at..).and_then(|rest| rest.iter().position(|&b| b == 0xff)) {
        let ff = *at + step;
        match bytes.get(ff + 1) {
            Some(0x00 | 0xd0..=0xd7) => *at = ff + 2,
            Some(0xff) => *at = ff + 1,
            _ => {
                *at = ff;
                return;
            }
        }
    }
    *at = bytes.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg() -> Vec<u8> {
        let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, (x * y) as u8]));
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode_image(&picture).expect("encodes");
        bytes
    }

    #[test]
    fn a_whole_file_is_complete_and_every_cut_of_it_is_not() {
        let whole = jpeg();
        assert!(is_complete(&whole));
        for length in 2..whole.len() {
            assert!(!is_complete(&whole[..length]), "cut to {length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn bytes_after_the_end_do_no_harm() {
        assert!(is_complete(&[jpeg(), b"appended by a camera".to_vec()].concat()));
    }

    #[test]
    fn the_end_of_a_thumbnail_inside_metadata_is_not_the_end_of_the_picture() {
        let whole = jpeg();
        let thumbnail = [0xff, 0xe1, 0x00, 0x06, 0xff, 0xd8, 0xff, 0xd9];
        let with_thumbnail = [&whole[..2], &thumbnail, &whole[2..]].concat();
        assert!(is_complete(&with_thumbnail));
        assert!(!is_complete(&with_thumbnail[..with_thumbnail.len() / 2]));
    }
}
