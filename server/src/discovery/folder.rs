//! A folder of the operator's own pictures as a provider: every picture below it is a candidate.
//!
//! Symbolic links are not followed, so that nothing outside the pool is ever read. The order is that of the paths,
//! the same on every machine.

use super::{Candidate, Found, Location, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Folders deeper than this are left out: no sensible pool is, and a loop of mounts would never end.
const MAX_DEPTH: usize = 32;
/// Entries looked at before giving up: a pool pointed at `/` by mistake must not walk for ever.
const MAX_ENTRIES: usize = 1_000_000;

/// A pool that lies in a folder, searched recursively.
#[derive(Debug, Clone)]
pub struct FolderProvider {
    name: String,
    root: PathBuf,
}

impl FolderProvider {
    /// `name` tells several pools apart (`folder`, `folder-2`, ...); the folder is looked at when it is asked.
    pub fn new(name: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), root: root.into() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Paths below the folder, in order, at most `limit`. Blocks.
    pub fn pictures(&self, limit: usize) -> Result<Vec<PathBuf>, ProviderError> {
        let pool = opened(&self.root)?;
        let (mut found, mut entries_left) = (Vec::new(), MAX_ENTRIES);
        descend(&pool, Path::new(""), 0, limit, &mut entries_left, &mut found)?;
        Ok(found)
    }
}

#[async_trait]
impl Provider for FolderProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn report(&self) -> ProviderReport {
        let there = self.root.is_dir();
        let note = if there { "a folder of the operator's pictures".to_owned() } else { "the pool's folder is missing".to_owned() };
        ProviderReport::new(self.name.clone(), there, note)
    }

    async fn discover(&self, _probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let (name, root) = (self.name.clone(), self.root.clone());
        tokio::task::spawn_blocking(move || walk(&name, &root, limit))
            .await
            .unwrap_or_else(|e| Err(ProviderError::Unavailable(format!("reading the folder was interrupted: {e}"))))
            .map(Found::from)
    }
}

/// The pictures below `root`, sorted by path, at most `limit`.
fn walk(provider: &str, root: &Path, limit: usize) -> Result<Vec<Candidate>, ProviderError> {
    let pool = opened(root)?;
    let mut found = Vec::new();
    let mut entries_left = MAX_ENTRIES;
    descend(&pool, Path::new(""), 0, limit, &mut entries_left, &mut found)?;
    let candidate = |(rank, path): (usize, PathBuf)| {
        let (uri, title) = (format!("file:{}", shown(&path)), path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        let location = Location::File { pool: pool.clone(), path };
        Candidate { title, provider_rank: rank, source_quality: 1.0, ..Candidate::new(provider, location, uri) }
    };
    Ok(found.into_iter().enumerate().map(candidate).collect())
}

fn opened(root: &Path) -> Result<PathBuf, ProviderError> {
    let pool = root.canonicalize().map_err(|e| ProviderError::Unavailable(format!("the pool's folder cannot be opened: {e}")))?;
    if pool.is_dir() { Ok(pool) } else { Err(ProviderError::Unavailable("the pool is not a folder".into())) }
}

/// Depth first in the order of names, so that the walk can stop at the limit and still answer the first in order.
fn descend(
    pool: &Path,
    below: &Path,
    depth: usize,
    limit: usize,
    entries_left: &mut usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), ProviderError> {
    let entries = match std::fs::read_dir(pool.join(below)) {
        Ok(entries) => entries,
        // A folder below the pool that may not be read costs its pictures, not the pool.
        Err(e) if depth > 0 => {
            tracing::debug!(error = %e, "a folder of the pool cannot be read");
            return Ok(());
        }
        Err(e) => return Err(ProviderError::Unavailable(format!("the pool's folder cannot be read: {e}"))),
    };
    let mut entries: Vec<_> = entries.flatten().take(*entries_left).collect();
    *entries_left -= entries.len();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if found.len() >= limit {
            return Ok(());
        }
        // `DirEntry::file_type` does not follow links: a link is neither a file nor a folder here.
        let Ok(kind) = entry.file_type() else { continue };
        let path = below.join(entry.file_name());
        if kind.is_dir() && depth < MAX_DEPTH {
            descend(pool, &path, depth + 1, limit, entries_left, found)?;
        } else if kind.is_file() && is_picture(&entry.path()) {
            found.push(path);
        }
    }
    Ok(())
}

/// A picture by its name's ending, or by its first bytes where the name says nothing.
fn is_picture(path: &Path) -> bool {
    match path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()) {
        Some(ending) => matches!(ending.as_str(), "jpg" | "jpeg" | "jpe" | "jfif" | "png" | "webp" | "gif"),
        None => {
            let mut start = Vec::with_capacity(16);
            let read = std::fs::File::open(path).and_then(|file| file.take(16).read_to_end(&mut start));
            read.is_ok() && crate::pipeline::PictureFormat::of(&start).is_some()
        }
    }
}

/// The path with `/` between its parts; parts that are no UTF-8 are shown with replacement characters.
fn shown(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;

    const JPEG_START: &[u8] = &[0xff, 0xd8, 0xff, 0xe0];

    fn uris(folder: &TempFolder, limit: usize) -> Vec<String> {
        walk("folder", folder.path(), limit).expect("readable").into_iter().map(|c| c.image_uri).collect()
    }

    #[test]
    fn pictures_come_recursively_in_the_order_of_their_paths() {
        let folder = TempFolder::new();
        for name in ["b.jpg", "a/2.png", "a/1.JPEG", "c/notes.txt", "c/no-ending", "z.webp", "z.gif"] {
            folder.write(name, JPEG_START);
        }
        folder.write("c/readme", b"words");
        assert_eq!(uris(&folder, 99), ["file:a/1.JPEG", "file:a/2.png", "file:b.jpg", "file:c/no-ending", "file:z.gif", "file:z.webp"]);
        assert_eq!(uris(&folder, 2), ["file:a/1.JPEG", "file:a/2.png"], "the limit keeps the first in order");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_out_of_the_pool_or_round_in_circles() {
        let (outside, folder) = (TempFolder::new(), TempFolder::new());
        outside.write("secret.jpg", JPEG_START);
        folder.write("own.jpg", JPEG_START);
        std::os::unix::fs::symlink(outside.path(), folder.path().join("elsewhere")).expect("link");
        std::os::unix::fs::symlink(outside.path().join("secret.jpg"), folder.path().join("linked.jpg")).expect("link");
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).expect("link");
        assert_eq!(uris(&folder, 99), ["file:own.jpg"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_no_utf8_is_shown_with_replacements_and_still_found_on_disk() {
        use std::os::unix::ffi::OsStrExt;
        let folder = TempFolder::new();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.jpg");
        std::fs::write(folder.path().join(name), JPEG_START).expect("write");
        let found = walk("folder", folder.path(), 9).expect("readable");
        assert_eq!(found[0].image_uri, "file:caf\u{fffd}.jpg");
        let Location::File { pool, path } = &found[0].location else { panic!("a folder's candidate is a file") };
        assert!(pool.join(path).is_file());
    }

    #[test]
    fn a_missing_pool_is_a_named_error() {
        let error = walk("folder", Path::new("/nonexistent/pool"), 9).expect_err("missing");
        assert_eq!(error.kind(), "provider_unavailable");
    }
}
