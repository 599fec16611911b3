//! Where one process keeps the files that it is writing, until they are renamed into their place: a room of its own in the
//! temporary folder of the store, beside a file whose lock it holds as long as it lives. Whoever opens the store clears the
//! rooms whose lock nobody holds.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

const LOCK: &str = "lock";

/// Removed with all that is in it when the process is done with it.
#[derive(Debug)]
pub struct Room {
    folder: PathBuf,
    _lock: fs::File,
}

impl Room {
    /// A new one in this folder.
    pub fn open(temporary: &Path) -> io::Result<Self> {
        loop {
            let folder = temporary.join(Uuid::new_v4().to_string());
            let path = folder.with_extension(LOCK);
            let lock = fs::OpenOptions::new().create_new(true).write(true).open(&path)?;
            // Who clears up may have come between the two, and taken it for abandoned: then another one is made.
            if lock.try_lock().is_ok() && path.exists() {
                fs::create_dir(&folder)?;
                return Ok(Self { folder, _lock: lock });
            }
        }
    }

    /// The path of a file that is about to be written.
    pub fn file(&self) -> PathBuf {
        self.folder.join(Uuid::new_v4().to_string())
    }

    #[cfg(test)]
    pub fn lock(&self) -> PathBuf {
        self.folder.with_extension(LOCK)
    }

    /// Removes what processes have left that are gone: rooms whose lock is free, and whatever has no lock at all.
    pub fn clear_abandoned(temporary: &Path) -> io::Result<()> {
        for entry in fs::read_dir(temporary)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != LOCK) {
                // A room is made after its lock.
                if !path.with_extension(LOCK).exists() {
                    gone(if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) })?;
                }
                continue;
            }
            let Ok(lock) = fs::OpenOptions::new().write(true).open(&path) else { continue };
            match lock.try_lock() {
                Ok(()) => {
                    gone(fs::remove_dir_all(path.with_extension("")))?;
                    gone(fs::remove_file(&path))?;
                }
                Err(fs::TryLockError::WouldBlock) => {}
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What stays is cleared by the next who opens the store.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(self.folder.with_extension(LOCK));
    }
}

/// Others may be clearing up at the same time.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
