//! Discovery: who can name candidate pictures for a probe, and what a candidate is before it is fetched.
//!
//! A [`Provider`] gets the probe's picture and words and answers [`Candidate`]s; it fetches no candidate picture and
//! knows nothing of networks, faces or ranking. The operator's own pools, the addresses that a request brings along and
//! the searches of the [`web`] stand behind the same trait.

mod canonical;
mod folder;
mod interleave;
mod path;
mod registry;
mod requested;
mod s3;
mod urls;
pub mod web;

pub use folder::{FolderListing, FolderProvider};
pub use interleave::interleave;
pub use registry::{Providers, configured, pools};
pub use requested::{BUCKET, RequestedBucketProvider, RequestedBuckets, UriRefused};
pub use s3::BucketProvider;
pub(crate) use s3::is_picture as is_picture_key;
pub use urls::{BadUrl, MAX_URLS, URLS, UrlsProvider, check_url, split_list};

use app::api::ProviderReport;
use async_trait::async_trait;
use bytes::Bytes;
use models::Embedding;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What a provider may look at. A provider takes what it [needs](Provider::needs) and ignores the rest.
#[derive(Debug, Clone, Default)]
pub struct ProbeQuery {
    /// The query picture as it was uploaded.
    pub picture: Bytes,
    /// A public address of the query picture, for providers that take nothing else.
    pub picture_url: Option<String>,
    /// The asker's words, for text providers.
    pub words: Option<String>,
    /// Addresses of pictures that the request brings along.
    pub urls: Vec<String>,
    /// A bucket and prefix that the request brings along: `s3://bucket/prefix`.
    pub pool_uri: Option<String>,
    /// The face that is searched for. It never leaves for anybody outside: pools alone look at it.
    pub embedding: Option<Arc<Embedding>>,
}

/// What a provider cannot work without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Need {
    /// The bytes of the query picture.
    Picture,
    /// A public address of the query picture.
    PictureUrl,
    /// Words: the asker's hint or names that another provider returned.
    Words,
}

/// What one call costs the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    Free,
    /// Counts against a quota or is paid for.
    Metered,
}

/// Where the bytes of a candidate lie.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Location {
    /// An `http` or `https` address named by a stranger.
    Url(String),
    /// A file of an operator's pool: the pool's folder and the path below it.
    File {
        #[serde(with = "path")]
        pool: PathBuf,
        #[serde(with = "path")]
        path: PathBuf,
    },
    /// An object of an operator's bucket.
    Object { bucket: String, key: String },
}

/// Where a provider saw a picture, and what it says about it there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    pub provider: String,
    /// What the result shows: the URL, or `file:` and the path below the pool.
    pub image_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_domain: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    pub provider_rank: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_score: Option<f32>,
}

impl Provenance {
    /// A place of which nothing else is known.
    pub fn new(provider: impl Into<String>, image_uri: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            image_uri: image_uri.into(),
            page_url: None,
            title: None,
            source_domain: None,
            license: None,
            license_url: None,
            attribution: None,
            provider_rank: 0,
            provider_score: None,
        }
    }
}

/// One picture that a provider named, with its provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Name of the provider.
    pub provider: String,
    pub location: Location,
    /// What the result shows: the URL, or `file:` and the path below the pool.
    pub image_uri: String,
    /// The page that shows the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Other renditions of the picture, best first: tried after the picture itself, before the thumbnail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternates: Vec<String>,
    /// A smaller copy, tried where the picture itself cannot be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// Host name of the page or picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_domain: Option<String>,
    /// Width and height in pixels, as the provider claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_url: Option<String>,
    /// Who is to be named, in plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// Place in the provider's own list, 0 the first.
    pub provider_rank: usize,
    /// The provider's own score, not comparable between providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_score: Option<f32>,
    /// How much the source is worth where two matches are otherwise equal, 0..1: 1 for the operator's own pool.
    pub source_quality: f32,
    /// Where else it was named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Provenance>,
}

impl Candidate {
    /// A picture of which nothing but its place is known.
    pub fn new(provider: impl Into<String>, location: Location, image_uri: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            location,
            image_uri: image_uri.into(),
            page_url: None,
            title: None,
            alternates: Vec::new(),
            thumbnail_url: None,
            source_domain: None,
            size: None,
            license: None,
            license_url: None,
            attribution: None,
            provider_rank: 0,
            provider_score: None,
            source_quality: 0.5,
            also: Vec::new(),
        }
    }

    /// Where its provider saw it.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            provider: self.provider.clone(),
            image_uri: self.image_uri.clone(),
            page_url: self.page_url.clone(),
            title: self.title.clone(),
            source_domain: self.source_domain.clone(),
            license: self.license.clone(),
            license_url: self.license_url.clone(),
            attribution: self.attribution.clone(),
            provider_rank: self.provider_rank,
            provider_score: self.provider_score,
        }
    }
}

/// What a provider answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Names of what the picture shows, as the provider guesses them: words for a second round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

impl From<Vec<Candidate>> for Found {
    fn from(candidates: Vec<Candidate>) -> Self {
        Self { candidates, words: Vec::new() }
    }
}

/// Why a provider named nothing. It costs the request that provider's candidates, never the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ProviderError {
    /// The pool or service cannot be reached.
    #[error("the provider cannot be reached: {0}")]
    Unavailable(String),
    /// The request as such is refused.
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("the provider does not accept the key: check it, and what it may do")]
    Unauthorized,
    #[error("the provider's quota is spent: wait until it is renewed, or buy more")]
    QuotaSpent,
    #[error("the provider asks for fewer requests")]
    RateLimited { retry_after: Option<Duration> },
    #[error("the provider took too long to answer")]
    Timeout,
    /// The answer cannot be understood.
    #[error("the provider's answer is unusable: {0}")]
    Answer(String),
    /// An earlier run of the job had asked when it was cut off: asked again, it could be paid for twice.
    #[error("the search was cut off while the provider was asked, which is not done twice")]
    Interrupted,
    /// The pool's vectors are of other networks than those that have seen the query.
    #[error("the pool was indexed by other networks than those that run now; it is being indexed anew")]
    ContractMismatch,
    /// What the service itself keeps of a pool cannot be read just now: the run waits, rather than going without the pool.
    #[error("the records of the pool cannot be read: {0}")]
    Store(String),
    /// The provider needs something that the request does not carry.
    #[error("the request carries no {0:?}, which the provider needs")]
    Needs(Need),
}

impl ProviderError {
    /// The diagnostic kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "provider_unavailable",
            Self::Refused(_) => "provider_refused",
            Self::Unauthorized => "provider_unauthorized",
            Self::QuotaSpent => "provider_quota_spent",
            Self::RateLimited { .. } => "provider_rate_limited",
            Self::Timeout => "provider_timeout",
            Self::Answer(_) => "provider_answer",
            Self::Interrupted => "provider_interrupted",
            Self::ContractMismatch => "contract_mismatch",
            Self::Store(_) => "storage_failed",
            Self::Needs(_) => "provider_needs_more",
        }
    }
}

/// Someone who can name candidate pictures.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Short and stable: `folder`, `wikimedia`, ... Unique among the configured providers.
    fn name(&self) -> &str;

    /// For `/health`: what it searches, or what is missing.
    fn report(&self) -> ProviderReport;

    /// What it cannot work without; it is not asked where the request lacks one of them.
    fn needs(&self) -> &[Need] {
        &[]
    }

    fn cost(&self) -> Cost {
        Cost::Free
    }

    /// At most `limit` candidates, best first.
    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError>;
}

/// Who can be asked now, where that changes while the service runs.
#[async_trait]
pub trait ProviderSource: Send + Sync {
    /// An error where nobody can say who there is: whoever needs all of them waits.
    async fn providers(&self) -> Result<Vec<Arc<dyn Provider>>, ProviderError>;
}

impl ProbeQuery {
    /// The first need that this probe cannot meet.
    pub fn lacks(&self, needs: &[Need]) -> Option<Need> {
        needs.iter().copied().find(|need| match need {
            Need::Picture => self.picture.is_empty(),
            Need::PictureUrl => self.picture_url.is_none(),
            Need::Words => self.words.as_deref().is_none_or(|w| w.trim().is_empty()),
        })
    }
}
