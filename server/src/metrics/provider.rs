//! Counts what providers are asked, and how they answer.

use super::Metrics;
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Instant;

/// A provider whose answers are counted.
pub struct CountedProvider {
    provider: Arc<dyn Provider>,
    metrics: Arc<Metrics>,
}

impl CountedProvider {
    pub fn new(provider: Arc<dyn Provider>, metrics: Arc<Metrics>) -> Self {
        Self { provider, metrics }
    }

    /// The operator chooses the names of pools, and may choose a person's: they are told together.
    fn label(&self) -> &str {
        if self.provider.needs().is_empty() && self.provider.name() != crate::discovery::URLS { "pool" } else { self.provider.name() }
    }
}

/// A question that is open; counted when it is dropped.
struct Question<'a> {
    provider: &'a CountedProvider,
    began: Instant,
    outcome: &'static str,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let (metrics, provider) = (&self.provider.metrics, self.provider.label());
        metrics.provider_calls.with([provider, self.outcome]).inc();
        metrics.provider_duration.with([provider]).observe(self.began.elapsed().as_secs_f64());
    }
}

#[async_trait]
impl Provider for CountedProvider {
    fn name(&self) -> &str {
        self.provider.name()
    }

    fn report(&self) -> ProviderReport {
        self.provider.report()
    }

    fn needs(&self) -> &[Need] {
        self.provider.needs()
    }

    fn cost(&self) -> Cost {
        self.provider.cost()
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        // Whoever asks stops waiting by dropping this.
        let mut question = Question { provider: self, began: Instant::now(), outcome: "given_up" };
        let answer = self.provider.discover(probe, limit).await;
        question.outcome = answer.as_ref().map_or_else(ProviderError::kind, |_| "ok");
        answer
    }
}
