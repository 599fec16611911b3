//! Buckets that a request names, as a pool of this one request; and which ones it may name.
//!
//! The service's keys may open more than strangers are to see. So an address is good where the operator has listed its bucket
//! (`S3_BUCKETS`), or where it lies in a pool of the settings, and never where the files of other requests lie. Prefixes are compared
//! by whole segments: `people` is a folder of that name, and not one that only begins alike.

use super::{BucketProvider, Found, ProbeQuery, Provider, ProviderError};
use crate::{
    config::{ArtifactsPlace, Config, PoolPlace, s3_parts},
    s3::S3Access,
};
use app::api::ProviderReport;
use async_trait::async_trait;
use std::{borrow::Cow, sync::Arc};

/// The provider's name.
pub const BUCKET: &str = "s3";

/// Why an address is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriRefused {
    #[error("is no address of the form s3://bucket/{0}")]
    Malformed(&'static str),
    /// The bucket.
    #[error("lies in the bucket `{0}`, which requests may not name here")]
    NotAllowed(String),
}

/// A bucket, and what keys in it begin with.
type Place = (String, String);

/// Does what begins with `start` lie in the folder `prefix`, or is it that folder? Segment by segment.
fn is_below(prefix: &str, start: &str) -> bool {
    match prefix.strip_suffix('/') {
        _ if prefix.is_empty() => true,
        Some(_) => start.starts_with(prefix),
        None => start.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// What requests may name.
#[derive(Debug, Clone)]
pub struct RequestedBuckets {
    allowed: Vec<Place>,
    /// Where the files of requests lie.
    kept: Option<Place>,
    pub access: Arc<S3Access>,
}

impl RequestedBuckets {
    pub fn new(config: &Config, access: &Arc<S3Access>) -> Self {
        let pools = config.discovery.pools.iter().filter_map(|pool| match &pool.place {
            PoolPlace::Bucket { bucket, prefix } => Some((bucket.clone(), prefix.clone())),
            PoolPlace::Folder(_) => None,
        });
        let kept = match &config.storage.artifacts {
            ArtifactsPlace::Bucket { bucket, prefix } if prefix.is_empty() => Some((bucket.clone(), String::new())),
            ArtifactsPlace::Bucket { bucket, prefix } => Some((bucket.clone(), format!("{prefix}/"))),
            ArtifactsPlace::Folder(_) => None,
        };
        Self { allowed: config.s3.buckets.iter().cloned().chain(pools).collect(), kept, access: access.clone() }
    }

    /// Nothing may be named.
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty()
    }

    /// Bucket and key of one object.
    pub fn object<'a>(&self, uri: &'a str) -> Result<(&'a str, &'a str), UriRefused> {
        let parts = s3_parts(uri).filter(|(_, key)| !key.is_empty() && !key.ends_with('/'));
        let (bucket, key) = parts.ok_or(UriRefused::Malformed("key"))?;
        let inside = |(name, prefix): &Place| bucket == name && is_below(prefix, key);
        self.check(bucket, self.allowed.iter().any(inside) && !self.kept.iter().any(inside))?;
        Ok((bucket, key))
    }

    /// Bucket and prefix of a pool. Where the prefix is just what may be named, it is closed by a slash: as a text it would begin the
    /// names of other folders as well.
    pub fn pool<'a>(&self, uri: &'a str) -> Result<(&'a str, Cow<'a, str>), UriRefused> {
        let (bucket, start) = s3_parts(uri).ok_or(UriRefused::Malformed("prefix"))?;
        let inside = |(name, prefix): &&Place| bucket == name && is_below(prefix, start);
        // What is listed must not hold the other place either.
        let meets = |place: &&Place| inside(place) || (bucket == place.0 && place.1.starts_with(start));
        let allowed: Vec<&Place> = self.allowed.iter().filter(inside).collect();
        self.check(bucket, !allowed.is_empty() && !self.kept.iter().any(|place| meets(&place)))?;
        let only_as_a_whole = !start.is_empty() && allowed.iter().all(|(_, prefix)| prefix == start);
        let prefix = if only_as_a_whole && !start.ends_with('/') { format!("{start}/").into() } else { start.into() };
        Ok((bucket, prefix))
    }

    fn check(&self, bucket: &str, may_be_named: bool) -> Result<(), UriRefused> {
        if may_be_named { Ok(()) } else { Err(UriRefused::NotAllowed(bucket.to_owned())) }
    }
}

/// Names the pictures of the bucket that the request brought.
#[derive(Debug, Clone)]
pub struct RequestedBucketProvider(pub RequestedBuckets);

#[async_trait]
impl Provider for RequestedBucketProvider {
    fn name(&self) -> &str {
        BUCKET
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(BUCKET, true, "a bucket that a request names")
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let Some(uri) = &probe.pool_uri else { return Ok(Found::default()) };
        // It was good when it was asked for; the operator may have changed the settings since.
        let (bucket, prefix) = self.0.pool(uri).map_err(|_| ProviderError::Refused("the bucket may not be named any more".into()))?;
        BucketProvider::new(BUCKET, bucket, prefix, self.0.access.clone()).discover(probe, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn buckets(pairs: &[(&str, &str)]) -> RequestedBuckets {
        let config = Config::from_environment(&Environment::of(pairs)).expect("usable settings");
        RequestedBuckets::new(&config, &S3Access::new(config.s3.clone()))
    }

    const SETTINGS: [(&str, &str); 3] = [
        ("S3_BUCKETS", "press, archive/2020/, mixed"),
        ("POOLS", "own=x,people=s3://agency/people/"),
        ("ARTIFACTS_URL", "s3://mixed/kept"),
    ];

    #[test]
    fn what_the_operator_has_listed_or_made_a_pool_may_be_named() {
        let buckets = buckets(&SETTINGS);
        for uri in ["s3://press/a.jpg", "s3://archive/2020/a.jpg", "s3://agency/people/a.jpg", "s3://mixed/other/a.jpg"] {
            assert!(buckets.object(uri).is_ok(), "{uri}");
        }
        for uri in
            ["s3://press", "s3://press/people/", "s3://archive/2020/", "s3://archive/2020/may", "s3://agency/people/", "s3://mixed/o"]
        {
            assert!(buckets.pool(uri).is_ok(), "{uri}");
        }
        assert_eq!(buckets.object("s3://press/people/a b.jpg"), Ok(("press", "people/a b.jpg")));
    }

    #[test]
    fn a_folder_that_only_begins_with_the_name_of_an_allowed_one_is_another_folder() {
        let buckets = buckets(&[("S3_BUCKETS", "press/people, archive/2020/"), ("POOLS", "staff=s3://agency/staff")]);
        for uri in ["s3://press/people-private/a.jpg", "s3://press/people.jpg", "s3://agency/staff2/a.jpg", "s3://archive/2020-b/a.jpg"] {
            assert!(matches!(buckets.object(uri), Err(UriRefused::NotAllowed(_))), "{uri}");
        }
        for uri in ["s3://press/people-private/", "s3://press/peop", "s3://agency/staff-private", "s3://archive/2020"] {
            assert!(matches!(buckets.pool(uri), Err(UriRefused::NotAllowed(_))), "{uri}");
        }
        assert_eq!(buckets.object("s3://press/people/a.jpg"), Ok(("press", "people/a.jpg")));
        // Listed as a text, `people` would find `people-private/` as well.
        assert_eq!(buckets.pool("s3://press/people"), Ok(("press", "people/".into())));
        assert_eq!(buckets.pool("s3://agency/staff"), Ok(("agency", "staff/".into())));
        assert_eq!(buckets.pool("s3://press/people/ma"), Ok(("press", "people/ma".into())));
        assert_eq!(buckets.pool("s3://archive/2020/"), Ok(("archive", "2020/".into())));
    }

    #[test]
    fn nothing_else_may_least_of_all_the_files_of_other_requests() {
        let buckets = buckets(&SETTINGS);
        for uri in ["s3://other/a.jpg", "s3://archive/2021/a.jpg", "s3://agency/staff.jpg", "s3://mixed/kept/input/1/query/q.jpg"] {
            assert!(matches!(buckets.object(uri), Err(UriRefused::NotAllowed(_))), "{uri}");
        }
        for uri in ["s3://other", "s3://archive/", "s3://agency/p", "s3://mixed", "s3://mixed/ke", "s3://mixed/kept/output"] {
            assert!(matches!(buckets.pool(uri), Err(UriRefused::NotAllowed(_))), "{uri}");
        }
        assert!(matches!(super::tests::buckets(&[]).pool("s3://press"), Err(UriRefused::NotAllowed(_))));
    }

    #[test]
    fn an_address_that_is_none_is_told_apart() {
        let buckets = buckets(&SETTINGS);
        for uri in ["", "press/a.jpg", "https://press/a.jpg", "s3://press", "s3://press/", "s3://press/folder/", "s3:///a.jpg"] {
            assert_eq!(buckets.object(uri), Err(UriRefused::Malformed("key")), "{uri}");
        }
        assert_eq!(buckets.pool("press"), Err(UriRefused::Malformed("prefix")));
    }
}
