//! What lies in a pool: every picture with a mark that changes when the picture does. Nothing is read but lists.

use crate::config::PoolPlace;
use crate::discovery::{Candidate, FolderProvider, Location, ProviderError, is_picture_key};
use crate::s3::{S3Access, S3Error};
use std::path::{Path, PathBuf};
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

/// All pictures, in the order of their places.
pub async fn list(name: &str, place: &PoolPlace, s3: &S3Access) -> Result<Vec<Listed>, ProviderError> {
    let mut listed = match place {
        PoolPlace::Folder(folder) => {
            let (name, folder) = (name.to_owned(), folder.clone());
            let listing = tokio::task::spawn_blocking(move || in_folder(&name, &folder));
            listing.await.unwrap_or_else(|e| Err(ProviderError::Unavailable(format!("reading the folder was interrupted: {e}"))))?
        }
        PoolPlace::Bucket { bucket, prefix } => in_bucket(bucket, prefix, s3).await?,
    };
    listed.sort_unstable_by(|a, b| a.place.cmp(&b.place));
    Ok(listed)
}

fn in_folder(name: &str, folder: &Path) -> Result<Vec<Listed>, ProviderError> {
    let mut listed = Vec::new();
    let mut nameless = 0_usize;
    for path in FolderProvider::new(name, folder).pictures(MOST)? {
        let Some(place) = text(&path) else {
            nameless += 1;
            continue;
        };
        // It may have gone since it was listed.
        let Ok(metadata) = std::fs::symlink_metadata(folder.join(&path)) else { continue };
        let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos());
        listed.push(Listed { place, etag: format!("{}-{changed}", metadata.len()) });
    }
    if nameless > 0 {
        tracing::warn!(pool = name, count = nameless, "pictures whose names are no Unicode text are left out of the pool");
    }
    Ok(listed)
}

/// With `/` between its parts; None where a part is no UTF-8.
fn text(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

async fn in_bucket(bucket: &str, prefix: &str, s3: &S3Access) -> Result<Vec<Listed>, ProviderError> {
    let listing = s3.client().await.list_objects_v2().bucket(bucket).set_prefix((!prefix.is_empty()).then(|| prefix.to_owned()));
    let mut pages = listing.into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| S3Error::from(&error))?;
        for object in page.contents() {
            if listed.len() >= MOST {
                return Ok(listed);
            }
            let (size, changed) = (object.size().unwrap_or(0), object.last_modified().map(|at| at.as_nanos()).unwrap_or(0));
            let Some(key) = object.key().filter(|key| is_picture_key(key) && size != 0) else { continue };
            // A store that gives no mark gives size and time.
            let etag = object.e_tag().map_or_else(|| format!("{size}-{changed}"), ToOwned::to_owned);
            listed.push(Listed { place: key.to_owned(), etag });
        }
    }
    Ok(listed)
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
        let listed = |folder: &TempFolder| in_folder("own", folder.path()).expect("listed");
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
}
