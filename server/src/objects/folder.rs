//! Objects as files below one folder.
//!
//! A file is written under a temporary name in `.face-engine-tmp/` and renamed into its place, so that nobody reads half a file
//! and a crash leaves nothing behind that looks like an object. Several processes may share the folder: each writes its files in
//! a room of its own, whose lock says that it lives.

use super::{ObjectError, Objects, check_key, writing::Room};
use async_trait::async_trait;
use bytes::Bytes;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The folder that holds files being written; no key can name it, since keys of requests begin with `input` or `output`.
const TEMPORARY: &str = ".face-engine-tmp";

#[derive(Debug, Clone)]
pub struct FolderObjects {
    root: Arc<PathBuf>,
    /// Files on their way.
    room: Arc<Room>,
}

impl FolderObjects {
    /// Opens the folder, making it where needed (for the owner alone: it will hold faces), and removes what interrupted
    /// writes of processes that are gone have left.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, ObjectError> {
        let root = root.into();
        let temporary = root.join(TEMPORARY);
        let mut folders = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        folders.recursive(true).create(&temporary)?;
        Room::clear_abandoned(&temporary)?;
        Ok(Self { root: Arc::new(root), room: Arc::new(Room::open(&temporary)?) })
    }

    fn path(&self, key: &str) -> Result<PathBuf, ObjectError> {
        check_key(key)?;
        if key.split('/').next() == Some(TEMPORARY) {
            return Err(ObjectError::BadKey(key.into()));
        }
        Ok(self.root.join(key))
    }

    fn folder(&self, prefix: &str) -> Result<PathBuf, ObjectError> {
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if prefix.is_empty() { Ok(self.root.to_path_buf()) } else { self.path(prefix) }
    }

    async fn write(&self, key: &str, bytes: Bytes, durable: bool) -> Result<(), ObjectError> {
        let (room, target) = (self.room.clone(), self.path(key)?);
        blocking(move || {
            let temporary = room.file();
            let written = write_and_rename(&temporary, &target, &bytes, durable);
            if written.is_err() {
                // The first error is the one worth telling.
                let _ = fs::remove_file(&temporary);
            }
            written
        })
        .await
    }
}

fn write_and_rename(temporary: &Path, target: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
    let parent = target.parent().unwrap_or(target);
    fs::create_dir_all(parent)?;
    let mut file = fs::File::create(temporary)?;
    io::Write::write_all(&mut file, bytes)?;
    if durable {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(temporary, target)?;
    if durable {
        // The rename itself is in the folder: without this a power cut may forget the name.
        fs::File::open(parent)?.sync_all()?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, ObjectError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(ObjectError::Io(io::Error::other(error))),
    }
}

fn or_if_missing<T>(result: io::Result<T>, otherwise: T) -> io::Result<T> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(otherwise),
        other => other,
    }
}

/// Every file below `folder`, as keys.
fn collect(root: &Path, folder: &Path, keys: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if path != root.join(TEMPORARY) {
                collect(root, &path, keys)?;
            }
        } else if let Some(key) = path.strip_prefix(root).ok().and_then(Path::to_str) {
            keys.push(key.replace(std::path::MAIN_SEPARATOR, "/"));
        }
    }
    Ok(())
}

#[async_trait]
impl Objects for FolderObjects {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError> {
        self.write(key, bytes, false).await
    }

    async fn put_durable(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError> {
        self.write(key, bytes, true).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, ObjectError> {
        let path = self.path(key)?;
        blocking(move || {
            if path.is_dir() {
                return Ok(None);
            }
            or_if_missing(fs::read(&path).map(|bytes| Some(Bytes::from(bytes))), None)
        })
        .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let (root, folder) = (self.root.clone(), self.folder(prefix)?);
        blocking(move || {
            let mut keys = Vec::new();
            or_if_missing(collect(&root, &folder, &mut keys), ())?;
            keys.sort();
            Ok(keys)
        })
        .await
    }

    async fn children(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let folder = self.folder(prefix)?;
        blocking(move || {
            let mut names = Vec::new();
            let Some(entries) = or_if_missing(fs::read_dir(folder).map(Some), None)? else { return Ok(names) };
            for entry in entries {
                if let Ok(name) = entry?.file_name().into_string() {
                    names.push(name);
                }
            }
            names.sort();
            Ok(names)
        })
        .await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<(), ObjectError> {
        // Never the whole store: the empty prefix is refused here.
        let path = self.path(prefix.strip_suffix('/').unwrap_or(prefix))?;
        blocking(move || or_if_missing(if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }, ())).await
    }

    async fn check(&self) -> Result<(), ObjectError> {
        let room = self.room.clone();
        blocking(move || {
            let probe = room.file();
            let written = fs::write(&probe, b"ok");
            // A full disk takes the name and refuses the bytes.
            let removed = fs::remove_file(&probe);
            written.and(removed)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn objects_are_put_read_listed_and_deleted_by_key() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let objects = FolderObjects::open(folder.path())?;
        objects.put("output/1/pool/annotated/b.jpg", Bytes::from_static(b"b")).await?;
        objects.put_durable("output/1/query/a.jpg", Bytes::from_static(b"a")).await?;
        objects.put("output/2/c.jpg", Bytes::from_static(b"c")).await?;

        assert_eq!(objects.get("output/1/query/a.jpg").await?.as_deref(), Some(&b"a"[..]));
        assert_eq!(objects.get("output/1/query").await?, None, "a folder is no object");
        assert_eq!(objects.get("output/1/query/a.jpg/x").await?, None);
        assert_eq!(objects.list("output/1").await?, ["output/1/pool/annotated/b.jpg", "output/1/query/a.jpg"]);
        assert_eq!(objects.children("output/").await?, ["1", "2"]);
        assert_eq!(objects.list("").await?.len(), 3, "files being written are not listed");

        objects.delete_prefix("output/1").await?;
        objects.delete_prefix("output/1").await?;
        assert_eq!(objects.list("").await?, ["output/2/c.jpg"]);
        Ok(())
    }

    #[tokio::test]
    async fn processes_that_share_the_folder_do_not_clear_what_others_write() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let first = FolderObjects::open(folder.path())?;
        let half_written = first.room.file();
        std::fs::write(&half_written, b"half")?;
        let second = FolderObjects::open(folder.path())?;
        assert!(half_written.exists(), "its process lives");
        second.put("output/1/a.jpg", Bytes::from_static(b"a")).await?;
        assert_eq!(first.get("output/1/a.jpg").await?.as_deref(), Some(&b"a"[..]));

        // As where a process is killed: nobody holds the lock any more, and nobody has cleared up.
        std::fs::rename(first.room.lock(), folder.path().join("kept"))?;
        std::fs::write(first.room.lock(), b"")?;
        FolderObjects::open(folder.path())?;
        assert!(!half_written.exists(), "its process is gone");
        second.put("output/1/b.jpg", Bytes::from_static(b"b")).await?;
        Ok(())
    }

    #[tokio::test]
    async fn no_key_leaves_the_folder() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let objects = FolderObjects::open(folder.path().join("inner"))?;
        std::fs::write(folder.path().join("secret"), b"s")?;
        for key in ["../secret", "a/../../secret", "/etc/hostname", ".face-engine-tmp/x", ""] {
            assert!(matches!(objects.get(key).await, Err(ObjectError::BadKey(_))), "{key}");
            assert!(matches!(objects.put(key, Bytes::new()).await, Err(ObjectError::BadKey(_))), "{key}");
            assert!(matches!(objects.delete_prefix(key).await, Err(ObjectError::BadKey(_))), "{key}");
        }
        Ok(())
    }
}
