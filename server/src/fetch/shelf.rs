//! What one job has fetched, kept for as long as the job runs: a search that begins again asks nobody for a picture twice.
//!
//! Pictures lie one behind the other in one file on disk that has no name (see [`Spool`](super::body::Spool)): they take no
//! memory, and nothing of them outlives the job. What could not be had is remembered as well. Files of a pool are not
//! kept: they are there already.

use super::body::{Body, Spool};
use super::{FetchError, FetchRequest, Fetched, Fetcher, Source};
use crate::discovery::{Candidate, Location};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most that one job keeps; what comes after that would be fetched again.
const ROOM: u64 = 1 << 30;

/// Fetches through another fetcher, each candidate once.
pub struct Shelf {
    inner: Arc<dyn Fetcher>,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    /// Where the file is made when the first picture comes.
    folder: PathBuf,
    file: Option<Spool>,
    /// A write failed half-way: what is written is right, and nothing more is written.
    closed: bool,
    places: HashMap<Location, Place>,
}

#[derive(Clone)]
enum Place {
    Picture { at: u64, len: usize, from: Source, url: Option<String> },
    NotHad(FetchError),
}

impl Shelf {
    pub fn over(inner: Arc<dyn Fetcher>, folder: PathBuf) -> Self {
        Self { inner, kept: Arc::new(Mutex::new(Kept { folder, file: None, closed: false, places: HashMap::new() })) }
    }
}

#[async_trait]
impl Fetcher for Shelf {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError> {
        if matches!(candidate.location, Location::File { .. }) {
            return self.inner.fetch(candidate, request).await;
        }
        if request.cancel.is_cancelled() {
            return Err(FetchError::Cancelled);
        }
        let (kept, location) = (Arc::clone(&self.kept), candidate.location.clone());
        if let Some(known) = on_disk(move || lock(&kept).take_down(&location)).await? {
            return known;
        }
        let fetched = self.inner.fetch(candidate, request).await;
        let (kept, location) = (Arc::clone(&self.kept), candidate.location.clone());
        on_disk(move || match fetched {
            Ok(fetched) => Kept::put(&kept, location, fetched),
            // Says something of this try alone.
            Err(FetchError::Cancelled) => Err(FetchError::Cancelled),
            Err(error) => {
                lock(&kept).places.insert(location, Place::NotHad(error.clone()));
                Err(error)
            }
        })
        .await?
    }
}

impl Kept {
    /// None where nothing is known of it, or where the file cannot be read any more.
    fn take_down(&mut self, location: &Location) -> Option<Result<Fetched, FetchError>> {
        match self.places.get(location)?.clone() {
            Place::NotHad(error) => Some(Err(error)),
            Place::Picture { at, len, from, url } => {
                let bytes = self.file.as_mut()?.part(at, len).ok()?;
                Some(Ok(Fetched { bytes: bytes.into(), from, url }))
            }
        }
    }

    /// The picture, kept where there is room.
    fn put(kept: &Mutex<Self>, location: Location, fetched: Fetched) -> Result<Fetched, FetchError> {
        let Fetched { bytes, from, url } = fetched;
        let bytes = bytes.read().map_err(|error| FetchError::Io(error.kind().to_string()))?;
        let mut kept = lock(kept);
        match kept.append(&bytes) {
            Ok(Some(at)) => {
                kept.places.insert(location, Place::Picture { at, len: bytes.len(), from, url: url.clone() });
            }
            Ok(None) => {}
            // It is there; it would only have to be fetched again.
            Err(error) => tracing::warn!(%error, "a download could not be kept for its job"),
        }
        Ok(Fetched { bytes: Body::Memory(bytes), from, url })
    }

    /// Where it begins; None where there is no room for it.
    fn append(&mut self, bytes: &Bytes) -> io::Result<Option<u64>> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(Spool::create(&self.folder)?),
        };
        let at = file.len();
        if self.closed || at.saturating_add(bytes.len() as u64) > ROOM {
            return Ok(None);
        }
        let written = file.write(bytes);
        self.closed = written.is_err();
        written.map(|()| Some(at))
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reading and writing whole pictures blocks.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, FetchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| FetchError::Io(format!("interrupted: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::RetryBudget;
    use crate::testing::TempFolder;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use uuid::Uuid;

    /// Answers with the address itself, or with 404.
    #[derive(Default)]
    struct Host {
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Fetcher for Host {
        async fn fetch(&self, candidate: &Candidate, _: &FetchRequest) -> Result<Fetched, FetchError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            match &candidate.location {
                Location::Url(url) if !url.ends_with("missing") => {
                    Ok(Fetched { bytes: Bytes::from(url.clone()).into(), from: Source::Thumbnail, url: Some(url.clone()) })
                }
                Location::Url(_) => Err(FetchError::NotFound),
                _ => Ok(Fetched::local(Bytes::from_static(b"a file"))),
            }
        }
    }

    fn at(url: &str) -> Candidate {
        Candidate::new("test", Location::Url(url.into()), url)
    }

    fn request() -> FetchRequest {
        FetchRequest::new(Uuid::new_v4(), 1 << 20, RetryBudget::for_candidates(1), Duration::from_secs(60))
    }

    async fn had(shelf: &Shelf, candidate: &Candidate, request: &FetchRequest) -> Result<(Bytes, Source, Option<String>), FetchError> {
        let fetched = shelf.fetch(candidate, request).await?;
        Ok((fetched.bytes.read().expect("read"), fetched.from, fetched.url))
    }

    #[tokio::test]
    async fn each_picture_is_asked_for_once_and_so_is_one_that_is_not_there() {
        let (folder, host) = (TempFolder::new(), Arc::new(Host::default()));
        let shelf = Shelf::over(host.clone(), folder.path().to_owned());
        let pictures = ["https://a.example/1", "https://a.example/22", "https://a.example/missing"].map(at);
        let mut first = Vec::new();
        for picture in &pictures {
            first.push(had(&shelf, picture, &request()).await);
        }
        assert_eq!(first[1].as_ref().map(|(bytes, ..)| bytes.as_ref()), Ok(b"https://a.example/22".as_slice()));
        for (picture, first) in pictures.iter().zip(&first).rev() {
            assert_eq!(&had(&shelf, picture, &request()).await, first);
        }
        assert_eq!(host.asked.load(Ordering::SeqCst), 3);
        #[cfg(unix)]
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "what is kept has no name");
    }

    #[tokio::test]
    async fn a_job_that_is_cancelled_gets_nothing_and_a_file_of_a_pool_is_read_where_it_lies() {
        let (folder, host) = (TempFolder::new(), Arc::new(Host::default()));
        let shelf = Shelf::over(host.clone(), folder.path().to_owned());
        had(&shelf, &at("https://a.example/1"), &request()).await.expect("had");
        let cancelled = request();
        cancelled.cancel.cancel();
        assert_eq!(had(&shelf, &at("https://a.example/1"), &cancelled).await, Err(FetchError::Cancelled));
        let file = Candidate::new("pool", Location::File { pool: folder.path().into(), path: "1.jpg".into() }, "file:1.jpg");
        for _ in 0..2 {
            had(&shelf, &file, &request()).await.expect("had");
        }
        assert_eq!(host.asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn without_a_folder_to_write_to_pictures_are_had_all_the_same() {
        let host = Arc::new(Host::default());
        let shelf = Shelf::over(host.clone(), "/nowhere/at/all".into());
        for _ in 0..2 {
            assert!(had(&shelf, &at("https://a.example/1"), &request()).await.is_ok());
        }
        assert_eq!(host.asked.load(Ordering::SeqCst), 2);
    }
}
