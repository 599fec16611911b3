//! The bytes of a picture that was had: in memory, or in a file that has no name any more.
//!
//! What comes from the web goes to disk while it arrives, and is read back when a core is free to look at it: pictures
//! that wait take no memory. On Unix the file is unlinked as soon as it is open, so that nothing of it outlives the
//! process; elsewhere it is deleted when the body is dropped.

use bytes::Bytes;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use uuid::Uuid;

/// What a download's file is called as long as it has a name.
pub(super) const ENDING: &str = ".face-engine-part";

/// A picture's bytes.
#[derive(Debug)]
pub enum Body {
    Memory(Bytes),
    Disk(Spool),
}

impl Body {
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk(spool) => spool.len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, in memory. Blocks: call it on a blocking thread.
    pub fn read(self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes),
            Self::Disk(spool) => spool.read(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Memory(bytes)
    }
}

/// Told what a body holds once it was read.
pub type WhenRead = Box<dyn FnOnce(&Bytes) + Send>;

/// A file without a name that is written once, and read once or in parts.
pub struct Spool {
    file: File,
    len: u64,
    when_read: Option<WhenRead>,
    #[cfg(not(unix))]
    _name: Named,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Spool {
    /// An empty one in `folder`, readable by this user alone.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!("{}{ENDING}", Uuid::new_v4()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        #[cfg(unix)]
        match std::fs::remove_file(&path) {
            // Another process that starts on this folder may have tidied it up in between.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self {
            file,
            len: 0,
            when_read: None,
            #[cfg(not(unix))]
            _name: Named(path),
        })
    }

    /// Adds to its end. A short write to the page cache: it does not block for long.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `told` with the bytes when they are read.
    pub fn when_read(mut self, told: WhenRead) -> Self {
        self.when_read = Some(told);
        self
    }

    /// A part of what was written so far. Blocks.
    pub fn part(&mut self, at: u64, len: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; len];
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut bytes)?;
        // What is written next goes behind the rest.
        self.file.seek(SeekFrom::End(0))?;
        Ok(bytes.into())
    }

    fn read(mut self) -> io::Result<Bytes> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0));
        self.file.take(self.len).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bytes = Bytes::from(bytes);
        if let Some(told) = self.when_read {
            told(&bytes);
        }
        Ok(bytes)
    }
}

/// Deletes the file when it is dropped, after the file itself was closed.
#[cfg(not(unix))]
struct Named(std::path::PathBuf);

#[cfg(not(unix))]
impl Drop for Named {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "a temporary file could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;
    use std::sync::mpsc;

    #[test]
    fn what_was_written_is_read_back_and_told_of() {
        let folder = TempFolder::new();
        let mut spool = Spool::create(folder.path()).expect("created");
        spool.write(b"one, ").expect("written");
        spool.write(b"two").expect("written");
        let (told, heard) = mpsc::channel();
        let body = Body::Disk(spool.when_read(Box::new(move |bytes| told.send(bytes.clone()).expect("heard"))));
        assert_eq!(body.len(), 8);
        assert_eq!(body.read().expect("read"), "one, two");
        assert_eq!(heard.recv().expect("told"), "one, two");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_has_no_name_while_it_is_used() {
        let folder = TempFolder::new();
        let mut spool = Spool::create(folder.path()).expect("created");
        spool.write(b"a picture").expect("written");
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
        assert_eq!(Body::Disk(spool).read().expect("read"), "a picture");
    }
}
