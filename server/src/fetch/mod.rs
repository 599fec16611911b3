//! Fetching: from a [`Candidate`] to its bytes, bounded in size.
//!
//! A [`Fetcher`] knows where bytes lie and how many it may take; it neither decodes nor judges them. Files of a pool
//! are read today; addresses on the web are refused until a fetcher for them is configured.

mod file;

pub use file::FileFetcher;

use crate::discovery::Candidate;
use async_trait::async_trait;
use bytes::Bytes;

/// Why a candidate's bytes could not be had. It costs that candidate alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("the file is not there any more")]
    NotFound,
    /// The path leaves its pool.
    #[error("the path leaves the pool's folder")]
    OutsidePool,
    #[error("the picture is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the picture took too long to arrive")]
    Timeout,
    /// No fetcher for this kind of address is configured.
    #[error("addresses of this kind are not fetched here")]
    Unsupported,
    #[error("the bytes could not be read: {0}")]
    Io(String),
}

impl FetchError {
    /// The diagnostic kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::OutsidePool => "outside_pool",
            Self::TooLarge { .. } => "too_large",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported_address",
            Self::Io(_) => "unreadable",
        }
    }
}

/// Turns a candidate into bytes, at most `max_bytes`, counted while reading.
#[async_trait]
pub trait Fetcher: Send + Sync {
    async fn fetch(&self, candidate: &Candidate, max_bytes: u64) -> Result<Bytes, FetchError>;
}
