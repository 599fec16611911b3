//! What went wrong without ending the request, counted by stage and kind.

use super::StageError;
use app::api::Diagnostic;
use std::collections::BTreeMap;

/// Counts; the order of the list depends on the names alone.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(BTreeMap<(String, String), usize>);

impl Diagnostics {
    pub fn count(&mut self, stage: &str, kind: &str) {
        *self.0.entry((stage.to_owned(), kind.to_owned())).or_default() += 1;
    }

    pub fn error(&mut self, error: &StageError) {
        self.count(error.stage, error.kind);
    }

    pub fn list(&self) -> Vec<Diagnostic> {
        let diagnostic =
            |((stage, kind), count): (&(String, String), &usize)| Diagnostic { stage: stage.clone(), kind: kind.clone(), count: *count };
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
}
