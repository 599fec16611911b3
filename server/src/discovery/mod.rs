//! Discovery: who can name candidate pictures for a probe, and what a candidate is before it is fetched.
//!
//! A [`Provider`] gets the probe's picture and words and answers [`Candidate`]s; it fetches no candidate picture and
//! knows nothing of networks, faces or ranking. Folder pools are the first provider; web providers fit the same trait.

mod folder;
mod interleave;

pub use folder::FolderProvider;
pub use interleave::interleave;

use app::api::ProviderReport;
use async_trait::async_trait;
use bytes::Bytes;
use std::path::PathBuf;

/// What a provider may look at. A provider takes what it [needs](Provider::needs) and ignores the rest.
#[derive(Debug, Clone, Default)]
pub struct ProbeQuery {
    /// The query picture as it was uploaded.
    pub picture: Bytes,
    /// A public address of the query picture, for providers that take nothing else.
    pub picture_url: Option<String>,
    /// The asker's words, for text providers.
    pub words: Option<String>,
}

/// What a provider cannot work without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// An `http` or `https` address named by a stranger.
    Url(String),
    /// A file of an operator's pool: the pool's folder and the path below it.
    File { pool: PathBuf, path: PathBuf },
}

/// One picture that a provider named, with its provenance.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Name of the provider.
    pub provider: String,
    pub location: Location,
    /// What the result shows: the URL, or `file:` and the path below the pool.
    pub image_uri: String,
    /// The page that shows the picture.
    pub page_url: Option<String>,
    pub title: Option<String>,
    /// A smaller copy, tried where the picture itself cannot be had.
    pub thumbnail_url: Option<String>,
    /// Host name of the page or picture.
    pub source_domain: Option<String>,
    /// Width and height in pixels, as the provider claims.
    pub size: Option<(u32, u32)>,
    pub license: Option<String>,
    /// Who is to be named, in plain text.
    pub attribution: Option<String>,
    /// Place in the provider's own list, 0 the first.
    pub provider_rank: usize,
    /// The provider's own score, not comparable between providers.
    pub provider_score: Option<f32>,
    /// How much the source is worth where two matches are otherwise equal, 0..1: 1 for the operator's own pool.
    pub source_quality: f32,
}

/// Why a provider named nothing. It costs the request that provider's candidates, never the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The pool or service cannot be reached.
    #[error("the provider cannot be reached: {0}")]
    Unavailable(String),
    /// Key missing, quota spent, or the request refused.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The answer cannot be understood.
    #[error("the provider's answer is unusable: {0}")]
    Answer(String),
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
            Self::Answer(_) => "provider_answer",
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
    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Vec<Candidate>, ProviderError>;
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
