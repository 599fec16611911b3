//! Fetches candidates that stand on the web: the picture, or what stands in for it.
//!
//! The addresses of a candidate are tried in order: the picture, the provider's other renditions, its thumbnail, the
//! picture that the page names as its own. Each goes through the guarded [`Client`] and the cache; its bytes are counted
//! and looked at while they arrive, and go to disk. What is reported where nothing is had is what was wrong with the
//! picture itself.

use super::body::Spool;
use super::cache::{DownloadCache, Found};
use super::client::{Answer, Client, asking};
use super::freshness::{Freshness, Validators};
use super::guard::Checked;
use super::header::Header;
use super::{Body, FetchError, FetchRequest, Fetched, Fetcher, PageImage, Source};
use crate::discovery::{Candidate, Location};
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The formats that are read here, so that a host with several sends one of them.
const PICTURES: &str = "image/jpeg,image/png,image/webp,image/gif;q=0.8";
/// Renditions of one candidate that are tried between the picture and its thumbnail.
const MOST_RENDITIONS: usize = 3;

/// What a download may be.
#[derive(Debug, Clone)]
pub struct WebLimits {
    /// The smaller of this and the request's own holds.
    pub max_bytes: u64,
    pub max_pixels: u64,
    /// Where downloads lie until they are looked at.
    pub folder: PathBuf,
}

/// Fetches [`Location::Url`]; every other location is [`FetchError::Unsupported`].
pub struct WebFetcher {
    client: Arc<Client>,
    cache: Arc<DownloadCache>,
    limits: WebLimits,
    page_image: Option<Arc<dyn PageImage>>,
}

impl WebFetcher {
    pub fn new(client: Arc<Client>, cache: Arc<DownloadCache>, limits: WebLimits) -> Self {
        Self { client, cache, limits, page_image: None }
    }

    /// Where nothing else is had, the page is asked for its picture.
    pub fn with_page_image(mut self, page_image: Arc<dyn PageImage>) -> Self {
        self.page_image = Some(page_image);
        self
    }

    /// The first of the candidate's addresses that gives a picture.
    async fn any(&self, candidate: &Candidate, picture: &str, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let renditions = candidate.alternates.iter().take(MOST_RENDITIONS).map(|url| (Source::Rendition, url.as_str()));
        let thumbnail = candidate.thumbnail_url.iter().map(|url| (Source::Thumbnail, url.as_str()));
        // A provider that knows the small copy alone names it in the picture's place.
        let alone = candidate.thumbnail_url.as_deref() == Some(picture);
        let first = if alone { Source::Thumbnail } else { Source::Picture };
        let mut tried: Vec<&str> = Vec::new();
        let mut first_error = None;
        for (from, url) in [(first, picture)].into_iter().chain(renditions).chain(thumbnail) {
            if tried.contains(&url) {
                continue;
            }
            tried.push(url);
            match self.picture(url, request).await {
                Ok(bytes) => return Ok(Fetched { bytes, from, url: Some(url.to_owned()) }),
                Err(error) if error.ends_the_job() => return Err(error),
                Err(error) => {
                    tracing::debug!(from = from.name(), kind = error.kind(), %error, url, "an address gave no picture");
                    first_error.get_or_insert(error);
                }
            }
        }
        if let (Some(finder), Some(page)) = (&self.page_image, &candidate.page_url) {
            match self.picture_of_page(finder.as_ref(), page, &tried, request).await {
                Ok(Some(fetched)) => return Ok(fetched),
                Ok(None) => {}
                Err(error) if error.ends_the_job() => return Err(error),
                Err(error) => tracing::debug!(kind = error.kind(), %error, page, "a page gave no picture"),
            }
        }
        Err(first_error.unwrap_or(FetchError::NotFound))
    }

    async fn picture_of_page(
        &self,
        finder: &dyn PageImage,
        page: &str,
        tried: &[&str],
        request: &FetchRequest,
    ) -> Result<Option<Fetched>, FetchError> {
        let Some(url) = finder.image_of(page, request).await?.filter(|url| !tried.contains(&url.as_str())) else { return Ok(None) };
        let bytes = self.picture(&url, request).await?;
        Ok(Some(Fetched { bytes, from: Source::PageImage, url: Some(url) }))
    }

    /// What one address gives.
    async fn picture(&self, url: &str, request: &FetchRequest) -> Result<Body, FetchError> {
        let at = self.client.check(url)?;
        let known = match self.cache.find(at.url.as_str(), request.request_id).await {
            Some(Found::Fresh(bytes)) => return within_limit(bytes, self.limit(request)),
            Some(Found::Stale(bytes, validators)) => Some((bytes, validators)),
            None => None,
        };
        self.client.retrying(request, || self.download(&at, known.as_ref(), request)).await
    }

    async fn download(&self, at: &Checked, known: Option<&(Bytes, Validators)>, request: &FetchRequest) -> Result<Body, FetchError> {
        let mut ask: HeaderMap = asking(PICTURES);
        if let Some((_, validators)) = known {
            validators.ask(&mut ask);
        }
        let mut answer = self.client.get(at, &ask).await?;
        let (url, freshness) = (at.url.as_str(), Freshness::of(answer.headers()));
        if answer.status() == StatusCode::NOT_MODIFIED {
            answer.went_well();
            // A host that says so without having been asked says nothing.
            let (bytes, _) = known.ok_or(FetchError::Status(304))?;
            self.cache.confirm(url, freshness, request.request_id).await;
            return within_limit(bytes.clone(), self.limit(request));
        }
        let received = self.receive(&mut answer, self.limit(request)).await;
        if let Err(error) = &received {
            answer.failed(error);
        }
        let spool = received?;
        Ok(Body::Disk(match self.cache.keeper(url, freshness, request.request_id) {
            Some(keeper) => spool.when_read(keeper),
            None => spool,
        }))
    }

    /// The body, counted and looked at as it arrives.
    async fn receive(&self, answer: &mut Answer, limit: u64) -> Result<Spool, FetchError> {
        if answer.claimed_length().is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge { limit });
        }
        let mut header = Header::new(self.limits.max_pixels);
        let mut spool: Option<Spool> = None;
        while let Some(chunk) = answer.chunk().await? {
            let so_far = spool.as_ref().map_or(0, Spool::len);
            if so_far.saturating_add(chunk.len() as u64) > limit {
                return Err(FetchError::TooLarge { limit });
            }
            header.push(&chunk)?;
            let file = match &mut spool {
                Some(file) => file,
                None => spool.insert(Spool::create(&self.limits.folder).map_err(|e| unwritten(&e))?),
            };
            file.write(&chunk).map_err(|e| unwritten(&e))?;
        }
        spool.filter(|_| header.is_a_picture()).ok_or(FetchError::NotAPicture)
    }

    fn limit(&self, request: &FetchRequest) -> u64 {
        self.limits.max_bytes.min(request.max_bytes)
    }
}

fn within_limit(bytes: Bytes, limit: u64) -> Result<Body, FetchError> {
    if bytes.len() as u64 > limit { Err(FetchError::TooLarge { limit }) } else { Ok(bytes.into()) }
}

fn unwritten(error: &std::io::Error) -> FetchError {
    tracing::error!(%error, "a download could not be written to disk");
    FetchError::Io(error.kind().to_string())
}

#[async_trait]
impl Fetcher for WebFetcher {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let Location::Url(url) = &candidate.location else { return Err(FetchError::Unsupported) };
        request.within(self.any(candidate, url, request)).await
    }
}
