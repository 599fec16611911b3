//! The set of pictures: one folder per person, and one digest that says which set it was.

use super::CalibrateError;
use crate::discovery::FolderProvider;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// More pictures than this are not compared all with all (4.5 million pairs).
pub const MAX_PICTURES: usize = 3000;

/// One picture of the set. Its number (from 1, in the order of the paths) names it in reports, its path nowhere but on the
/// operator's own terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub number: usize,
    /// Index of the person.
    pub person: usize,
    pub path: PathBuf,
}

/// The pictures in the order of their paths, and how many people they show. Folders without a picture are no person;
/// pictures that lie in no person's folder, hidden folders and symbolic links are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub people: usize,
    pub pictures: Vec<Listed>,
}

impl Listing {
    pub fn of(folder: &Path) -> Result<Self, CalibrateError> {
        let unreadable = |why: String| CalibrateError::Unreadable { folder: folder.into(), why };
        let entries: Vec<_> = std::fs::read_dir(folder).and_then(Iterator::collect).map_err(|error| unreadable(error.to_string()))?;
        let is_person = |entry: &&std::fs::DirEntry| {
            entry.file_type().is_ok_and(|kind| kind.is_dir()) && !entry.file_name().to_string_lossy().starts_with('.')
        };
        let mut folders: Vec<PathBuf> = entries.iter().filter(is_person).map(std::fs::DirEntry::path).collect();
        folders.sort();
        let mut listing = Self { people: 0, pictures: Vec::new() };
        let (mut most, mut total) = (0, 0);
        for person in folders {
            let found = FolderProvider::new("person", &person).pictures(MAX_PICTURES + 1).map_err(|e| unreadable(e.to_string()))?;
            most = most.max(found.len());
            total += found.len();
            if total > MAX_PICTURES {
                return Err(CalibrateError::TooMany { pictures: total, limit: MAX_PICTURES });
            }
            let number = listing.pictures.len() + 1;
            let listed = |(at, path): (usize, PathBuf)| Listed { number: number + at, person: listing.people, path: person.join(path) };
            let listed: Vec<Listed> = found.into_iter().enumerate().map(listed).collect();
            listing.people += usize::from(!listed.is_empty());
            listing.pictures.extend(listed);
        }
        if listing.people < 2 || most < 2 {
            return Err(CalibrateError::TooFew { people: listing.people });
        }
        Ok(listing)
    }
}

/// Lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One digest for a set of files: SHA-256 over their sorted digests, one a line. Names do not count. In a shell:
/// `find . -name '*.jpg' -exec sha256sum {} + | cut -c-64 | LC_ALL=C sort | sha256sum`.
pub fn digest_of_set(mut digests: Vec<String>) -> String {
    digests.sort();
    sha256(digests.iter().map(|digest| format!("{digest}\n")).collect::<String>().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;

    #[test]
    fn each_folder_is_a_person_and_pictures_are_numbered_in_order() {
        let set = TempFolder::new();
        for name in ["bo/2.jpg", "bo/1.jpg", "ada/deep/3.png", "ada/notes.txt", "empty/notes.txt", "stray.jpg", ".hidden/4.jpg"] {
            set.write(name, b"bytes");
        }
        let listing = Listing::of(set.path()).expect("two people");
        let seen: Vec<_> =
            listing.pictures.iter().map(|p| (p.number, p.person, p.path.strip_prefix(set.path()).expect("inside"))).collect();
        let expected = [(1, 0, "ada/deep/3.png"), (2, 1, "bo/1.jpg"), (3, 1, "bo/2.jpg")].map(|(n, p, path)| (n, p, Path::new(path)));
        assert_eq!((listing.people, seen.as_slice()), (2, expected.as_slice()));
    }

    #[test]
    fn a_set_without_pairs_is_refused_with_a_sentence() {
        let set = TempFolder::new();
        assert_eq!(Listing::of(&set.path().join("absent")).map_err(|e| e.code()), Err("set_unreadable"));
        set.write("ada/1.jpg", b"bytes");
        set.write("ada/2.jpg", b"bytes");
        let refusal = Listing::of(set.path()).expect_err("one person");
        assert!(refusal.code() == "set_too_small" && refusal.to_string().contains("one folder per person"), "{refusal}");
    }

    #[test]
    fn the_digest_of_a_set_does_not_depend_on_the_order_of_its_files() {
        let (a, b) = (sha256(b"a"), sha256(b"b"));
        assert_eq!(digest_of_set(vec![a.clone(), b.clone()]), digest_of_set(vec![b, a.clone()]));
        assert_ne!(digest_of_set(vec![a]), digest_of_set(Vec::new()));
    }
}
