//! What went wrong without ending the request, counted by stage and kind, and by provider where one failed.

use super::StageError;
use crate::discovery::ProviderError;
use app::api::Diagnostic;
use std::collections::BTreeMap;

/// Stage, kind, provider.
type Key = (String, String, Option<String>);

/// Counts; the order of the list depends on the names alone.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(BTreeMap<Key, usize>);

impl Diagnostics {
    pub fn count(&mut self, stage: &str, kind: &str) {
        self.add((stage.to_owned(), kind.to_owned(), None));
    }

    pub fn error(&mut self, error: &StageError) {
        self.count(error.stage, error.kind);
    }

    /// A provider that named nothing, and why.
    pub fn provider(&mut self, name: &str, error: &ProviderError) {
        self.add(("discover".to_owned(), error.kind().to_owned(), Some(name.to_owned())));
    }

    fn add(&mut self, key: Key) {
        *self.0.entry(key).or_default() += 1;
    }

    /// Takes over what was counted apart.
    pub fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(key, count)| *self.0.entry(key).or_default() += count);
    }

    /// What [`Self::list`] gave.
    pub fn of(list: Vec<Diagnostic>) -> Self {
        Self(list.into_iter().map(|d| ((d.stage, d.kind, d.provider), d.count)).collect())
    }

    pub fn list(&self) -> Vec<Diagnostic> {
        let diagnostic = |((stage, kind, provider), count): (&Key, &usize)| Diagnostic {
            stage: stage.clone(),
            kind: kind.clone(),
            count: *count,
            provider: provider.clone(),
        };
        self.0.iter().map(diagnostic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_stage_and_kind_in_a_stable_order() {
        let mut diagnostics = Diagnostics::default();
        for (stage, kind) in [("fetch", "timeout"), ("decode", "unreadable_image"), ("fetch", "timeout"), ("fetch", "not_found")] {
            diagnostics.count(stage, kind);
        }
        let list: Vec<_> = diagnostics.list().into_iter().map(|d| format!("{} {} {}", d.stage, d.kind, d.count)).collect();
        assert_eq!(list, ["decode unreadable_image 1", "fetch not_found 1", "fetch timeout 2"]);
    }

    #[test]
    fn a_provider_that_fails_is_named() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.provider("wikimedia", &ProviderError::Timeout);
        diagnostics.provider("brave", &ProviderError::Timeout);
        diagnostics.provider("brave", &ProviderError::Timeout);
        diagnostics.provider("brave", &ProviderError::QuotaSpent);
        let list: Vec<_> = diagnostics.list().into_iter().map(|d| (d.kind, d.provider.unwrap_or_default(), d.count)).collect();
        let expected = [("provider_quota_spent", "brave", 1), ("provider_timeout", "brave", 2), ("provider_timeout", "wikimedia", 1)];
        assert_eq!(list, expected.map(|(kind, name, count)| (kind.to_owned(), name.to_owned(), count)));
    }
}
