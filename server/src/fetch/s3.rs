//! Reads candidates that are objects of a bucket.
//!
//! The store's client repeats what failed in passing, so nothing is repeated here.

use super::{FetchError, FetchRequest, Fetched, Fetcher};
use crate::discovery::{Candidate, Location};
use crate::s3::{S3Access, S3Error};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// Fetches [`Location::Object`]; every other location is [`FetchError::Unsupported`].
#[derive(Debug, Clone)]
pub struct S3Fetcher {
    access: Arc<S3Access>,
}

impl S3Fetcher {
    pub fn new(access: Arc<S3Access>) -> Self {
        Self { access }
    }
}

/// Why an object was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    Store(S3Error),
    /// It has more bytes than allowed.
    TooLarge {
        limit: u64,
    },
    /// The store's answer ended early.
    Interrupted,
}

/// An object, at most `limit` bytes. The store's word on the size is a hint: what arrives is counted.
pub async fn read_object(access: &S3Access, bucket: &str, key: &str, limit: u64) -> Result<Bytes, ReadError> {
    let client = access.client().await;
    let answer = client.get_object().bucket(bucket).key(key).send().await.map_err(|error| ReadError::Store(S3Error::from(&error)))?;
    let claimed = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
    if claimed > limit {
        return Err(ReadError::TooLarge { limit });
    }
    let mut bytes = BytesMut::with_capacity(usize::try_from(claimed).unwrap_or(0));
    let mut body = answer.body;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| ReadError::Interrupted)?;
        if (bytes.len() as u64).saturating_add(chunk.len() as u64) > limit {
            return Err(ReadError::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

#[async_trait]
impl Fetcher for S3Fetcher {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let Location::Object { bucket, key } = &candidate.location else {
            return Err(FetchError::Unsupported);
        };
        let read = async { Ok(read_object(&self.access, bucket, key, request.max_bytes).await?) };
        request.within(read).await.map(Fetched::local)
    }
}

impl From<ReadError> for FetchError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::TooLarge { limit } => Self::TooLarge { limit },
            ReadError::Interrupted => Self::Interrupted,
        }
    }
}

impl From<S3Error> for FetchError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::NoSuchBucket | S3Error::NoSuchKey => Self::NotFound,
            S3Error::NoKeys | S3Error::Unauthorized | S3Error::Forbidden | S3Error::Archived => Self::Forbidden,
            S3Error::Busy => Self::RateLimited { retry_after: None },
            S3Error::Timeout => Self::Timeout,
            S3Error::WrongRegion | S3Error::Full | S3Error::NotImplemented | S3Error::Unavailable(_) => {
                Self::Unreachable(error.to_string())
            }
        }
    }
}
