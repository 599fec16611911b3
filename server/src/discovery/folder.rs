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
        Ok(self.list(limit)?.pictures)
    }

    /// The pictures below the folder, at most `limit`, and what could not be seen. Blocks.
    pub fn list(&self, limit: usize) -> Result<FolderListing, ProviderError> {
        FolderListing::of(&opened(&self.root)?, limit)
    }
}

/// What lies in a folder and below it, as far as it could be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderListing {
    /// Paths of the pictures below the folder, in order.
    pub pictures: Vec<PathBuf>,
    /// Folders and files below it of which nobody can say what they hold; the empty path is the folder itself, of which not
    /// everything was looked at.
    pub unseen: Vec<PathBuf>,
}

impl FolderListing {
    fn of(pool: &Path, limit: usize) -> Result<Self, ProviderError> {
        let mut walk = Walk { pool, limit, entries_left: MAX_ENTRIES, listing: Self::default() };
        walk.descend(Path::new(""), 0)?;
        Ok(walk.listing)
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
    let found = FolderListing::of(&pool, limit)?.pictures;
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

struct Walk<'a> {
    pool: &'a Path,
    limit: usize,
    entries_left: usize,
    listing: FolderListing,
}

impl Walk<'_> {
    /// Depth first in the order of names, so that the walk can stop at the limit and still answer the first in order.
    fn descend(&mut self, below: &Path, depth: usize) -> Result<(), ProviderError> {
        let read = match std::fs::read_dir(self.pool.join(below)) {
            Ok(entries) => entries,
            // A folder below the pool that may not be read costs its pictures, not the pool.
            Err(error) if depth > 0 => {
                self.could_not_see(below, &error);
                return Ok(());
            }
            Err(e) => return Err(ProviderError::Unavailable(format!("the pool's folder cannot be read: {e}"))),
        };
        let mut entries = Vec::new();
        for entry in read {
            match entry {
                Ok(_) if self.entries_left == 0 => {
                    self.stopped_early();
                    break;
                }
                Ok(entry) => {
                    self.entries_left -= 1;
                    entries.push(entry);
                }
                Err(error) => {
                    self.could_not_see(below, &error);
                    break;
                }
            }
        }
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            if self.listing.pictures.len() >= self.limit {
                self.stopped_early();
                return Ok(());
            }
            let path = below.join(entry.file_name());
            // `DirEntry::file_type` does not follow links: a link is neither a file nor a folder here.
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    self.could_not_see(&path, &error);
                    continue;
                }
            };
            if kind.is_dir() && depth < MAX_DEPTH {
                self.descend(&path, depth + 1)?;
            } else if kind.is_file() {
                match is_picture(&entry.path()) {
                    Ok(true) => self.listing.pictures.push(path),
                    Ok(false) => {}
                    Err(error) => self.could_not_see(&path, &error),
                }
            }
        }
        Ok(())
    }

    fn could_not_see(&mut self, path: &Path, error: &std::io::Error) {
        // It has gone since its name was read.
        if error.kind() != std::io::ErrorKind::NotFound {
            tracing::debug!(%error, "a part of the pool cannot be read");
            self.listing.unseen.push(path.to_owned());
        }
    }

    fn stopped_early(&mut self) {
        let all = PathBuf::new();
        if !self.listing.unseen.contains(&all) {
            self.listing.unseen.push(all);
        }
    }
}

/// A picture by its name's ending, or by its first bytes where the name says nothing.
fn is_picture(path: &Path) -> std::io::Result<bool> {
    match path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()) {
        Some(ending) => Ok(matches!(ending.as_str(), "jpg" | "jpeg" | "jpe" | "jfif" | "png" | "webp" | "gif")),
        None => {
            let mut start = Vec::with_capacity(16);
            std::fs::File::open(path).and_then(|file| file.take(16).read_to_end(&mut start))?;
            Ok(crate::pipeline::PictureFormat::of(&start).is_some())
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

    #[cfg(unix)]
    #[test]
    fn a_part_that_cannot_be_read_is_named_and_costs_nothing_else() {
        let folder = TempFolder::new();
        let long = "x".repeat(250);
        // Whoever reads this, root included, cannot go deeper than a path of the system's greatest length. It is put together from
        // two halves, for the same reason.
        let half: PathBuf = std::iter::repeat_n(long.as_str(), 10).collect();
        folder.write("1.jpg", JPEG_START);
        folder.write("3.jpg", JPEG_START);
        folder.write(&format!("2/{}/near.jpg", half.display()), JPEG_START);
        folder.write(&format!("other/{}/far.jpg", half.display()), JPEG_START);
        std::fs::rename(folder.path().join("other"), folder.path().join("2").join(&half).join("deeper")).expect("moved");
        let listing = FolderProvider::new("folder", folder.path()).list(99).expect("readable");
        let near = Path::new("2").join(&half).join("near.jpg");
        assert_eq!(listing.pictures, [PathBuf::from("1.jpg"), near, "3.jpg".into()]);
        let [unseen] = &listing.unseen[..] else { panic!("{:?}", listing.unseen) };
        assert!(unseen.starts_with(Path::new("2").join(&half).join("deeper")), "{unseen:?}");
    }

    #[test]
    fn what_lies_beyond_the_limit_is_not_taken_for_gone() {
        let folder = TempFolder::new();
        for name in ["1.jpg", "2.jpg"] {
            folder.write(name, JPEG_START);
        }
        let unseen = |limit: usize| FolderProvider::new("folder", folder.path()).list(limit).expect("readable").unseen;
        assert_eq!((unseen(2), unseen(1)), (vec![], vec![PathBuf::new()]));
    }
}
