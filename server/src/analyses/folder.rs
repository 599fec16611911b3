//! The files of the cache: one for each entry, and one for each request that lists what it owns.
//!
//! ```text
//! entries/ab/ab12...   an analysis, see `format`
//! owners/<request>     keys, 32 bytes each, one behind the other
//! new/                 what is being written
//! ```
//!
//! Notes of owners are appended, entries renamed into their place: nobody reads half an entry, and a note that a crash cut
//! short speaks of an entry that was never written.

use super::{Key, format::MOST_BYTES};
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use uuid::Uuid;

/// Files take whole blocks of the disk, this large on most.
const BLOCK: u64 = 4096;

#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

/// What was there at the start.
#[derive(Debug, Default)]
pub struct Found {
    /// With their sizes on disk; the longest unused first.
    pub entries: Vec<(Key, u64)>,
    pub owners: Vec<(Uuid, Vec<Key>)>,
}

/// Bytes that a file of this length takes.
pub fn on_disk(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK)
}

impl Folder {
    /// Makes the folder where it is not there, for its owner alone, and removes what does not belong in it.
    pub fn open(root: PathBuf) -> io::Result<(Self, Found)> {
        let folder = Self { root };
        let new = folder.root.join("new");
        or_missing(fs::remove_dir_all(&new))?;
        for folder in [new, folder.root.join("owners"), folder.root.join("entries")] {
            make(&folder)?;
        }
        let owners = folder.owners()?;
        let entries = folder.entries()?;
        Ok((folder, Found { entries, owners }))
    }

    /// Deletes what is kept below `root`, where there is anything.
    pub fn remove_all(root: &Path) -> io::Result<()> {
        for part in ["new", "entries", "owners"] {
            or_missing(fs::remove_dir_all(root.join(part)))?;
        }
        match fs::remove_dir(root) {
            // Whatever else lies there is none of ours.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => or_missing(other),
        }
    }

    fn entries(&self) -> io::Result<Vec<(Key, u64)>> {
        let mut entries = Vec::new();
        for group in fs::read_dir(self.root.join("entries"))? {
            let group = group?;
            if !group.file_type()?.is_dir() {
                fs::remove_file(group.path())?;
                continue;
            }
            for file in fs::read_dir(group.path())? {
                let file = file?;
                let about = file.metadata()?;
                match file.file_name().to_str().and_then(Key::parse) {
                    Some(key) if about.is_file() && self.entry(&key) == file.path() => {
                        let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                        entries.push((used, key, on_disk(about.len())));
                    }
                    _ if about.is_dir() => {}
                    _ => fs::remove_file(file.path())?,
                }
            }
        }
        entries.sort_unstable();
        Ok(entries.into_iter().map(|(_, key, bytes)| (key, bytes)).collect())
    }

    fn owners(&self) -> io::Result<Vec<(Uuid, Vec<Key>)>> {
        let mut owners = Vec::new();
        for file in fs::read_dir(self.root.join("owners"))? {
            let file = file?;
            match file.file_name().to_str().and_then(|name| Uuid::parse_str(name).ok()) {
                Some(owner) if self.owner(owner) == file.path() && file.file_type()?.is_file() => {
                    let keys = self.notes(owner)?;
                    let whole = (keys.len() * Key::BYTES) as u64;
                    if file.metadata()?.len() != whole {
                        // Cut short by a crash: the next note must begin where one may begin.
                        OpenOptions::new().write(true).open(file.path())?.set_len(whole)?;
                    }
                    owners.push((owner, keys));
                }
                _ if file.file_type()?.is_dir() => {}
                _ => fs::remove_file(file.path())?,
            }
        }
        Ok(owners)
    }

    /// What the request has noted to own; some of it may be there no more.
    pub fn notes(&self, owner: Uuid) -> io::Result<Vec<Key>> {
        let bytes = match fs::read(self.owner(owner)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        Ok(bytes.as_chunks().0.iter().map(|key| Key::from_bytes(*key)).collect())
    }

    /// Notes that the request owns an entry that is there or is about to be.
    pub fn note(&self, owner: Uuid, key: &Key) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        private(&mut options);
        options.open(self.owner(owner))?.write_all(key.as_bytes())
    }

    /// The request owns nothing any more.
    pub fn forget(&self, owner: Uuid) -> io::Result<()> {
        or_missing(fs::remove_file(self.owner(owner)))
    }

    /// Writes what is to become an entry; [`place`](Self::place) makes it one.
    pub fn write(&self, bytes: &[u8]) -> io::Result<Unplaced> {
        let unplaced = Unplaced(self.root.join("new").join(Uuid::new_v4().to_string()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options);
        options.open(&unplaced.0)?.write_all(bytes)?;
        Ok(unplaced)
    }

    pub fn place(&self, written: &Unplaced, key: &Key) -> io::Result<()> {
        let entry = self.entry(key);
        if let Some(group) = entry.parent() {
            make(group)?;
        }
        fs::rename(&written.0, entry)
    }

    /// None where there is no entry; an error where what is there cannot be read.
    pub fn read(&self, key: &Key) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.entry(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut bytes = Vec::new();
        file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// It was used just now. Only the order of eviction after a restart rests on it, so a failure is none.
    pub fn touch(&self, key: &Key) {
        let now = FileTimes::new().set_modified(SystemTime::now());
        let _: io::Result<()> = OpenOptions::new().append(true).open(self.entry(key)).and_then(|file| file.set_times(now));
    }

    pub fn remove(&self, key: &Key) -> io::Result<()> {
        or_missing(fs::remove_file(self.entry(key)))
    }

    fn entry(&self, key: &Key) -> PathBuf {
        let name = key.to_string();
        self.root.join("entries").join(&name[..2]).join(name)
    }

    fn owner(&self, owner: Uuid) -> PathBuf {
        self.root.join("owners").join(owner.to_string())
    }
}

/// A written file without a place; gone when it goes out of scope, unless it was given one.
#[derive(Debug)]
pub struct Unplaced(PathBuf);

impl Drop for Unplaced {
    fn drop(&mut self) {
        // Mostly it is in its place by now; what is left in spite of this the next start removes.
        let _: io::Result<()> = fs::remove_file(&self.0);
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.recursive(true).create(folder)
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

fn or_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
