//! Fetching: from a [`Candidate`] to its bytes, bounded in size and time.
//!
//! A [`Fetcher`] knows where bytes lie and how many it may take; it neither decodes nor judges them. [`Fetchers`] sends
//! a candidate to the one for its location: files of a pool, objects of a bucket, addresses on the web. One
//! [`FetchRequest`] belongs to a job: its deadline, its cancellation, its budget of retries.

mod address;
mod body;
mod cache;
mod client;
mod downloads;
mod error;
mod file;
mod freshness;
mod guard;
mod header;
mod hosts;
mod page_image;
mod request;
mod resolver;
mod retry;
mod s3;
mod shelf;
mod ticks;
mod web;

pub use address::{AllowList, refusal};
pub use body::Body;
pub use cache::{DownloadCache, DownloadCounts};
pub use client::{Client, ClientError, Page};
pub use downloads::{Downloads, Surroundings};
pub use error::FetchError;
pub use file::FileFetcher;
pub use guard::{Checked, Guard};
pub use hosts::Hosts;
pub use page_image::PageImages;
pub use request::FetchRequest;
pub use resolver::{Names, SystemNames};
pub use retry::{RetryBudget, retry_after};
pub use s3::{ReadError, S3Fetcher, read_object};
pub use shelf::Shelf;
pub use ticks::{RealTicks, StandingTicks, Ticks};
pub use web::{WebFetcher, WebLimits};

use crate::discovery::{Candidate, Location};
use async_trait::async_trait;
use std::sync::Arc;

/// Which of a candidate's addresses the bytes came from, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Source {
    /// The picture itself.
    Picture,
    /// Another rendition of it, larger or smaller, that the provider named.
    Rendition,
    /// The provider's small copy.
    Thumbnail,
    /// The picture that the page names as its own (`og:image`).
    PageImage,
}

impl Source {
    /// `picture`, `rendition`, `thumbnail`, `page_image`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Rendition => "rendition",
            Self::Thumbnail => "thumbnail",
            Self::PageImage => "page_image",
        }
    }
}

/// A picture that was had.
#[derive(Debug)]
pub struct Fetched {
    pub bytes: Body,
    pub from: Source,
    /// The address that gave the bytes, where there is one: that of the candidate or of an alternate, before redirects.
    pub url: Option<String>,
}

impl Fetched {
    /// The picture itself, from a place that has no address on the web.
    pub fn local(bytes: impl Into<Body>) -> Self {
        Self { bytes: bytes.into(), from: Source::Picture, url: None }
    }
}

/// Turns a candidate into bytes: at most `request.max_bytes`, counted while reading, before `request.deadline`, and not
/// a moment longer than until `request.cancel`.
#[async_trait]
pub trait Fetcher: Send + Sync {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError>;
}

/// Finds the picture that a page names as its own: the last alternate of a candidate whose page is known.
#[async_trait]
pub trait PageImage: Send + Sync {
    /// Its absolute address; None where the page names none. The page is read through the same guards, limits and budgets
    /// as a picture.
    async fn image_of(&self, page_url: &str, request: &FetchRequest) -> Result<Option<String>, FetchError>;
}

/// Sends each candidate to the fetcher for its location. What no fetcher is there for is [`FetchError::Unsupported`].
#[derive(Clone, Default)]
pub struct Fetchers {
    file: FileFetcher,
    web: Option<Arc<dyn Fetcher>>,
    objects: Option<Arc<dyn Fetcher>>,
}

impl Fetchers {
    /// Addresses on the web are fetched by `web`.
    pub fn with_web(mut self, web: Arc<dyn Fetcher>) -> Self {
        self.web = Some(web);
        self
    }

    /// Objects of buckets are fetched by `objects`.
    pub fn with_objects(mut self, objects: Arc<dyn Fetcher>) -> Self {
        self.objects = Some(objects);
        self
    }
}

#[async_trait]
impl Fetcher for Fetchers {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let fetcher = match &candidate.location {
            Location::File { .. } => return self.file.fetch(candidate, request).await,
            Location::Url(_) => self.web.as_ref(),
            Location::Object { .. } => self.objects.as_ref(),
        };
        fetcher.ok_or(FetchError::Unsupported)?.fetch(candidate, request).await
    }
}
