//! Reads candidates that are files of a pool, and nothing outside it.

use super::{FetchError, FetchRequest, Fetched, Fetcher};
use crate::discovery::{Candidate, Location};
use async_trait::async_trait;
use bytes::Bytes;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path};

/// Fetches [`Location::File`]; every other location is [`FetchError::Unsupported`]. Files are there already: they are
/// not held to the request's deadline.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileFetcher;

#[async_trait]
impl Fetcher for FileFetcher {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let Location::File { pool, path } = candidate.location.clone() else {
            return Err(FetchError::Unsupported);
        };
        let max_bytes = request.max_bytes;
        let read = tokio::task::spawn_blocking(move || read_inside(&pool, &path, max_bytes)).await;
        read.unwrap_or_else(|e| Err(FetchError::Io(format!("interrupted: {e}")))).map(Fetched::local)
    }
}

fn read_inside(pool: &Path, path: &Path, max_bytes: u64) -> Result<Bytes, FetchError> {
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(FetchError::OutsidePool);
    }
    // A link may have taken the file's place since the pool was listed: the resolved path must still lie inside.
    let pool = pool.canonicalize().map_err(|e| io(&e))?;
    let full = pool.join(path).canonicalize().map_err(|e| io(&e))?;
    if !full.starts_with(&pool) {
        return Err(FetchError::OutsidePool);
    }
    let file = std::fs::File::open(&full).map_err(|e| io(&e))?;
    let known = file.metadata().map_err(|e| io(&e))?.len();
    if known > max_bytes {
        return Err(FetchError::TooLarge { limit: max_bytes });
    }
    // The size is counted while reading too: the file may grow under our hands.
    let mut bytes = Vec::with_capacity(usize::try_from(known).unwrap_or(0).saturating_add(1));
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| io(&e))?;
    if bytes.len() as u64 > max_bytes {
        return Err(FetchError::TooLarge { limit: max_bytes });
    }
    Ok(bytes.into())
}

fn io(error: &std::io::Error) -> FetchError {
    match error.kind() {
        ErrorKind::NotFound => FetchError::NotFound,
        kind => FetchError::Io(kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;

    #[test]
    fn a_file_inside_the_pool_is_read_whole_up_to_the_limit_and_not_a_byte_beyond() {
        let folder = TempFolder::new();
        folder.write("a/1.jpg", &[7; 100]);
        assert_eq!(read_inside(folder.path(), Path::new("a/1.jpg"), 100).map(|b| b.len()), Ok(100));
        assert_eq!(read_inside(folder.path(), Path::new("a/1.jpg"), 99), Err(FetchError::TooLarge { limit: 99 }));
        assert_eq!(read_inside(folder.path(), Path::new("a/2.jpg"), 100), Err(FetchError::NotFound));
    }

    #[test]
    fn a_path_that_leaves_the_pool_is_refused() {
        let (outside, folder) = (TempFolder::new(), TempFolder::new());
        outside.write("secret.jpg", b"secret");
        let climbing = Path::new("..").join(outside.path().file_name().expect("named")).join("secret.jpg");
        assert_eq!(read_inside(folder.path(), &climbing, 100), Err(FetchError::OutsidePool));
        assert_eq!(read_inside(folder.path(), &outside.path().join("secret.jpg"), 100), Err(FetchError::OutsidePool));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_took_a_files_place_is_refused() {
        let (outside, folder) = (TempFolder::new(), TempFolder::new());
        let secret = outside.write("secret.jpg", b"secret");
        std::os::unix::fs::symlink(secret, folder.path().join("picture.jpg")).expect("link");
        assert_eq!(read_inside(folder.path(), Path::new("picture.jpg"), 100), Err(FetchError::OutsidePool));
    }
}
