//! What lies in a pool: every picture with a mark that changes when the picture does. Nothing is read but lists.

use crate::config::PoolPlace;
use crate::discovery::{Candidate, FolderListing, FolderProvider, Location, ProviderError, is_picture_key};
use crate::s3::{S3Access, S3Error};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Pictures of one pool at most.
const MOST: usize = 1_000_000;

/// A picture as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Path below the folder, with `/`; or the object's key.
    pub place: String,
    /// The store's own mark, or size and time of change.
    pub etag: String,
}

/// A pool as far as it could be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// In the order of their places.
    pub pictures: Vec<Listed>,
    /// Parts of a folder that could not be read; the empty path: there is more than was listed.
    unseen: Vec<PathBuf>,
}

impl Listing {
    /// Whether what lies at a place is gone where it is not listed: nobody can say that of a place that was not seen.
    pub fn would_name(&self, place: &str) -> bool {
        !self.unseen.iter().any(|part| Path::new(place).starts_with(part))
    }

    /// A sentence for the operator where a part was not seen; else empty. It names no path: what the operator can read is in the log.
    pub fn left_out(&self) -> String {
        match self.unseen.iter().filter(|part| part.components().any(|part| matches!(part, Component::Normal(_)))).count() {
            0 if self.unseen.is_empty() => String::new(),
            0 => format!("The pool holds more than {MOST} entries, and not all of them were looked at: make several pools of it."),
            parts => format!(
                "{parts} folders or files below the pool could not be read, and are left as they were: see that the service may read \
                 them, and sync again. The rest is synced."
            ),
        }
    }
}

/// All pictures. Takes as long as the folder or bucket does.
pub async fn list(name: &str, place: &PoolPlace, s3: &S3Access) -> Result<Listing, ProviderError> {
    let mut listing = match place {
        PoolPlace::Folder(folder) => {
            let (name, folder) = (name.to_owned(), folder.clone());
            let listing = tokio::task::spawn_blocking(move || in_folder(&name, &folder));
            listing.await.unwrap_or_else(|e| Err(ProviderError::Unavailable(format!("reading the folder was interrupted: {e}"))))?
        }
        PoolPlace::Bucket { bucket, prefix } => in_bucket(bucket, prefix, s3).await?,
    };
    listing.pictures.sort_unstable_by(|a, b| a.place.cmp(&b.place));
    Ok(listing)
}

fn in_folder(name: &str, folder: &Path) -> Result<Listing, ProviderError> {
    let FolderListing { pictures, mut unseen } = FolderProvider::new(name, folder).list(MOST)?;
    let (mut listed, mut nameless) = (Vec::with_capacity(pictures.len()), 0_usize);
    for path in pictures {
        let Some(place) = text(&path) else {
            nameless += 1;
            continue;
        };
        let metadata = match std::fs::symlink_metadata(folder.join(&path)) {
            Ok(metadata) => metadata,
            // It has gone since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) => {
                unseen.push(path);
                continue;
            }
        };
        let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos());
        listed.push(Listed { place, etag: format!("{}-{changed}", metadata.len()) });
    }
    if nameless > 0 {
        tracing::warn!(pool = name, count = nameless, "pictures whose names are no Unicode text are left out of the pool");
    }
    Ok(Listing { pictures: listed, unseen })
}

/// With `/` between its parts; None where a part is no UTF-8.
fn text(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

async fn in_bucket(bucket: &str, prefix: &str, s3: &S3Access) -> Result<Listing, ProviderError> {
    let listing = s3.client().await.list_objects_v2().bucket(bucket).set_prefix((!prefix.is_empty()).then(|| prefix.to_owned()));
    let mut pages = listing.into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| S3Error::from(&error))?;
        for object in page.contents() {
            if listed.len() >= MOST {
                return Ok(Listing { pictures: listed, unseen: vec![PathBuf::new()] });
            }
            let (size, changed) = (object.size().unwrap_or(0), object.last_modified().map(|at| at.as_nanos()).unwrap_or(0));
            let Some(key) = object.key().filter(|key| is_picture_key(key) && size != 0) else { continue };
            // A store that gives no mark gives size and time.
            let etag = object.e_tag().map_or_else(|| format!("{size}-{changed}"), ToOwned::to_owned);
            listed.push(Listed { place: key.to_owned(), etag });
        }
    }
    Ok(Listing { pictures: listed, unseen: Vec::new() })
}

/// A picture of a pool as a candidate. The title is the name without folders and ending, as unsynced pools have it.
pub fn candidate(pool: &str, root: &PoolPlace, place: &str) -> Candidate {
    let (location, uri) = match root {
        PoolPlace::Folder(folder) => (Location::File { pool: folder.clone(), path: PathBuf::from(place) }, format!("file:{place}")),
        PoolPlace::Bucket { bucket, .. } => {
            (Location::Object { bucket: bucket.clone(), key: place.to_owned() }, format!("s3://{bucket}/{place}"))
        }
    };
    let title = Path::new(place).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Candidate { title, source_quality: 1.0, ..Candidate::new(pool, location, uri) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;

    #[test]
    fn a_folder_is_listed_with_marks_that_change_when_a_picture_does() {
        let folder = TempFolder::new();
        folder.write("b/2.jpg", b"two");
        folder.write("a.png", b"one");
        folder.write("notes.txt", b"words");
        let listed = |folder: &TempFolder| in_folder("own", folder.path()).expect("listed").pictures;
        let before = listed(&folder);
        assert_eq!(before.iter().map(|picture| picture.place.as_str()).collect::<Vec<_>>(), ["a.png", "b/2.jpg"]);
        assert_eq!(listed(&folder), before);
        folder.write("a.png", b"another");
        let after = listed(&folder);
        assert_ne!(after[0].etag, before[0].etag);
        assert_eq!(after[1], before[1]);
    }

    #[test]
    fn a_missing_folder_is_an_error_and_no_empty_pool() {
        assert_eq!(in_folder("own", Path::new("/nonexistent/pool")).map_err(|error| error.kind()), Err("provider_unavailable"));
    }

    #[test]
    fn nothing_is_gone_that_was_not_seen() {
        let listing = |unseen: &[&str]| Listing { pictures: Vec::new(), unseen: unseen.iter().map(PathBuf::from).collect() };
        let partly = listing(&["a/b", "c.jpg"]);
        for (place, gone) in [("a/1.jpg", true), ("a/bc/1.jpg", true), ("a/b/1.jpg", false), ("a/b/c/1.jpg", false), ("c.jpg", false)] {
            assert_eq!(partly.would_name(place), gone, "{place}");
        }
        assert!(partly.left_out().starts_with("2 folders or files"), "{}", partly.left_out());
        assert!(!listing(&[""]).would_name("1.jpg") && listing(&[""]).left_out().contains("several pools"));
        assert!(listing(&[]).would_name("1.jpg") && listing(&[]).left_out().is_empty());
    }
}
