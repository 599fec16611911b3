//! The page's own look at chosen files, before anything is sent. The server repeats every check; this one saves a
//! person the wait.

use crate::{
    api::{MAX_QUERY_PHOTOS, MAX_UPLOAD_BYTES},
    number::fixed,
    words::say,
};

/// A picture that passed [`check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    pub name: String,
    /// Bytes.
    pub size: usize,
    /// An address that shows it, within this page alone.
    pub preview: String,
}

/// What became of the chosen files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// With their places among the chosen files.
    pub good: Vec<(u32, Picked)>,
    /// What is wrong with the others: one sentence.
    pub problem: Option<String>,
}

/// How many bytes of the file [`check`] wants to see.
pub const HEAD: usize = 16;

/// Says why a file cannot be the query picture, by its size and its first [`HEAD`] bytes: the content decides, never
/// the name.
///
/// # Errors
/// One sentence for the person who chose the file.
pub fn check(name: &str, size: usize, head: &[u8]) -> Result<(), String> {
    let name = if name.is_empty() { say!(pick_this_file) } else { name.to_owned() };
    if size == 0 {
        return Err(say!(pick_empty, name = name));
    }
    if size > MAX_UPLOAD_BYTES {
        let limit = MAX_UPLOAD_BYTES / (1024 * 1024);
        return Err(say!(pick_too_large, name = name, mb = fixed(size as f64 / 1_048_576.0, 0), limit = limit));
    }
    match Kind::of(head) {
        Kind::Read => Ok(()),
        Kind::Heic => Err(say!(pick_heic, name = name)),
        Kind::Other => Err(say!(pick_no_picture, name = name)),
    }
}

/// Which of the chosen files are taken, by their places: those that are well (as [`check`] has found), as many as a search may
/// be made with. And what is to be said of the first that is not.
pub fn take(checked: &[Result<(), String>]) -> (Vec<usize>, Option<String>) {
    let mut places: Vec<usize> = checked.iter().enumerate().filter(|(_, checked)| checked.is_ok()).map(|(place, _)| place).collect();
    let mut problem = checked.iter().find_map(|checked| checked.as_ref().err().cloned());
    if places.len() > MAX_QUERY_PHOTOS {
        places.truncate(MAX_QUERY_PHOTOS);
        problem = problem.or_else(|| Some(say!(pick_too_many, most = MAX_QUERY_PHOTOS)));
    }
    (places, problem)
}

enum Kind {
    Read,
    Heic,
    Other,
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
        if webp || head.starts_with(&[0xFF, 0xD8, 0xFF]) || head.starts_with(b"\x89PNG\r\n\x1a\n") || head.starts_with(b"GIF8") {
            Self::Read
        } else if matches!(head.get(4..12), Some(b"ftypheic" | b"ftypheix" | b"ftypmif1" | b"ftypmsf1" | b"ftypavif")) {
            Self::Heic
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_and_not_the_name() {
        assert!(check("notes.txt", 4000, b"\xFF\xD8\xFF\xE0\0\0JFIF\0\0").is_ok());
        let refused = check("photo.jpg", 11, b"hello world").unwrap_err();
        assert!(refused.contains("photo.jpg is not a picture"), "{refused}");
    }

    #[test]
    fn every_kind_that_the_server_reads_passes() {
        for head in [&b"\x89PNG\r\n\x1a\n0000"[..], b"RIFF\x10\0\0\0WEBPVP8 ", b"GIF89a", b"GIF87a", &[0xFF, 0xD8, 0xFF, 0xDB]] {
            assert!(check("a", 100, head).is_ok(), "{head:?}");
        }
        assert!(check("sound.wav", 100, b"RIFF\x10\0\0\0WAVEfmt ").is_err());
    }

    #[test]
    fn a_phone_format_is_named_so_that_people_know_what_to_do() {
        assert!(check("IMG_1.HEIC", 100, b"\0\0\0\x18ftypheic\0\0\0\0").unwrap_err().contains("export it as JPEG"));
    }

    #[test]
    fn one_bad_file_costs_itself_alone_and_is_named() {
        let checked = [Ok(()), Err("b.txt is not a picture".to_owned()), Ok(()), Err("c.txt is not a picture".to_owned())];
        assert_eq!(take(&checked), (vec![0, 2], Some("b.txt is not a picture".to_owned())));
        assert_eq!(take(&[]), (Vec::new(), None));
    }

    #[test]
    fn photos_beyond_the_most_are_left_out_and_that_is_said() {
        assert_eq!(take(&vec![Ok(()); 8]), ((0..8).collect(), None));
        let (places, problem) = take(&vec![Ok(()); 11]);
        assert_eq!(places, (0..8).collect::<Vec<_>>());
        assert!(problem.is_some_and(|sentence| sentence.contains("at most 8 photos")));
    }

    #[test]
    fn empty_and_oversized_files_are_refused_before_they_are_sent() {
        assert!(check("a.jpg", 0, b"").unwrap_err().contains("is empty"));
        assert!(check("a.jpg", 50 * 1024 * 1024, &[0xFF, 0xD8, 0xFF]).unwrap_err().contains("50 MB"));
        assert!(check("a.jpg", MAX_UPLOAD_BYTES, &[0xFF, 0xD8, 0xFF]).is_ok());
    }
}
