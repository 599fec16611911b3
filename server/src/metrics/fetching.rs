//! Counts the pictures that are fetched, and how that ends.

use super::Metrics;
use crate::discovery::{Candidate, Location};
use crate::fetch::{FetchError, FetchRequest, Fetched, Fetcher};
use async_trait::async_trait;
use std::sync::Arc;

/// A fetcher whose pictures are counted.
pub struct CountedFetcher {
    fetcher: Arc<dyn Fetcher>,
    metrics: Arc<Metrics>,
}

impl CountedFetcher {
    pub fn new(fetcher: Arc<dyn Fetcher>, metrics: Arc<Metrics>) -> Self {
        Self { fetcher, metrics }
    }
}

/// A picture on its way; counted when it is dropped.
struct Fetching<'a> {
    metrics: &'a Metrics,
    from: &'static str,
    outcome: &'static str,
}

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        self.metrics.downloads.with([self.from, self.outcome]).inc();
    }
}

#[async_trait]
impl Fetcher for CountedFetcher {
    async fn fetch(&self, candidate: &Candidate, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let from = match candidate.location {
            Location::File { .. } => "file",
            Location::Object { .. } => "bucket",
            Location::Url(_) => "web",
        };
        let mut fetching = Fetching { metrics: &self.metrics, from, outcome: "given_up" };
        let fetched = self.fetcher.fetch(candidate, request).await;
        fetching.outcome = fetched.as_ref().map_or_else(FetchError::kind, |fetched| fetched.from.name());
        if let Ok(fetched) = &fetched {
            self.metrics.downloaded.with([from]).inc_by(fetched.bytes.len());
        }
        fetched
    }
}
