//! A bucket of the operator's own pictures as a provider: every picture below a prefix is a candidate.
//!
//! Listed page by page, and no page is asked for once there are enough. The order is the store's: that of the keys.

use super::{Candidate, Found, Location, ProbeQuery, Provider, ProviderError};
use crate::s3::{S3Access, S3Error};
use app::api::ProviderReport;
use async_trait::async_trait;
use std::sync::Arc;

/// What a store gives in one page at most.
const PAGE: i32 = 1000;
/// Keys looked at before giving up: a bucket of other things must not be listed for ever.
const MAX_KEYS: usize = 100_000;

/// A pool that lies in a bucket.
#[derive(Debug, Clone)]
pub struct BucketProvider {
    name: String,
    bucket: String,
    prefix: String,
    access: Arc<S3Access>,
    page: i32,
}

impl BucketProvider {
    /// `name` tells several pools apart; an empty prefix takes the whole bucket. The store is asked when it is needed.
    pub fn new(name: impl Into<String>, bucket: impl Into<String>, prefix: impl Into<String>, access: Arc<S3Access>) -> Self {
        Self { name: name.into(), bucket: bucket.into(), prefix: prefix.into(), access, page: PAGE }
    }

    /// With pages of another size.
    pub fn with_page(mut self, keys: i32) -> Self {
        self.page = keys.clamp(1, PAGE);
        self
    }

    fn candidate(&self, key: &str, rank: usize) -> Candidate {
        let location = Location::Object { bucket: self.bucket.clone(), key: key.to_owned() };
        Candidate {
            title: stem(key),
            provider_rank: rank,
            source_quality: 1.0,
            ..Candidate::new(self.name.clone(), location, format!("s3://{}/{key}", self.bucket))
        }
    }
}

#[async_trait]
impl Provider for BucketProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(self.name.clone(), true, "a bucket of the operator's pictures")
    }

    async fn discover(&self, _probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let client = self.access.client().await;
        let listing = client.list_objects_v2().bucket(&self.bucket).set_prefix((!self.prefix.is_empty()).then(|| self.prefix.clone()));
        let mut pages = listing.into_paginator().page_size(self.page).send();
        let (mut candidates, mut seen) = (Vec::new(), 0_usize);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| S3Error::from(&error))?;
            for object in page.contents() {
                if candidates.len() >= limit {
                    return Ok(candidates.into());
                }
                seen = seen.saturating_add(1);
                if let Some(key) = object.key().filter(|key| is_picture(key) && object.size() != Some(0)) {
                    candidates.push(self.candidate(key, candidates.len()));
                }
            }
            if candidates.len() >= limit {
                break;
            }
            if seen >= MAX_KEYS {
                tracing::warn!(provider = self.name, "the bucket holds more than is listed; give its pool a longer prefix");
                break;
            }
        }
        Ok(candidates.into())
    }
}

impl From<S3Error> for ProviderError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::Unauthorized => Self::Unauthorized,
            S3Error::Busy => Self::RateLimited { retry_after: None },
            S3Error::Timeout => Self::Timeout,
            S3Error::NoKeys | S3Error::Forbidden => Self::Refused(error.to_string()),
            S3Error::NoSuchBucket
            | S3Error::NoSuchKey
            | S3Error::Archived
            | S3Error::WrongRegion
            | S3Error::Full
            | S3Error::NotImplemented
            | S3Error::Unavailable(_) => Self::Unavailable(error.to_string()),
        }
    }
}

/// By its name's ending: a bucket's bytes are not looked into before their turn.
pub(crate) fn is_picture(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or_default();
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    !stem.is_empty() && matches!(ending.to_ascii_lowercase().as_str(), "jpg" | "jpeg" | "jpe" | "jfif" | "png" | "webp" | "gif")
}

/// The name without folders and ending.
fn stem(key: &str) -> Option<String> {
    let name = key.rsplit('/').next()?;
    name.rsplit_once('.').map(|(stem, _)| stem.to_owned()).filter(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_ending_and_named_by_its_stem() {
        for (key, title) in [("people/anna.b.JPG", Some("anna.b")), ("x.webp", Some("x")), ("a/b/c.jfif", Some("c"))] {
            assert!(is_picture(key), "{key}");
            assert_eq!(stem(key).as_deref(), title);
        }
        for key in ["notes.txt", "people/", "people.jpg/readme", "no-ending", ".jpg", "people/.png", ""] {
            assert!(!is_picture(key), "{key}");
        }
    }
}
