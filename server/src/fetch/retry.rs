//! Retrying, in one layer only: how often, after which pause, and within which budget.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many retries one request may make in all, whatever its candidates: when much fails, retrying everything makes it
/// worse.
#[derive(Debug)]
pub struct RetryBudget(AtomicU32);

impl RetryBudget {
    pub fn new(retries: u32) -> Self {
        Self(AtomicU32::new(retries))
    }

    /// Ten, and one for every second candidate.
    pub fn for_candidates(candidates: usize) -> Self {
        Self::new(u32::try_from(candidates / 2).unwrap_or(u32::MAX).saturating_add(10))
    }

    /// Takes one; false when none is left.
    pub fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    pub fn left(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_once() {
        let budget = RetryBudget::new(2);
        assert_eq!([budget.take(), budget.take(), budget.take(), budget.take()], [true, true, false, false]);
        assert_eq!(RetryBudget::for_candidates(500).left(), 260);
    }
}
