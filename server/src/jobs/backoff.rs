//! What fails again and again is tried less and less often, and told once.

use std::time::Duration;

/// Pauses that double from the first to the longest.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    /// None: the last try went well.
    last: Option<Duration>,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// Before the next try.
    pub pause: Duration,
    /// The first failure in a row: the one that is worth a line in the log.
    pub is_first: bool,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, last: None }
    }

    pub fn failed(&mut self) -> Again {
        let pause = self.last.map_or(self.first, |last| last.saturating_mul(2)).min(self.longest);
        Again { pause, is_first: self.last.replace(pause).is_none() }
    }

    /// It went well. Were there failures before?
    pub fn recovered(&mut self) -> bool {
        self.last.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_the_first_failure_alone_is_told() {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(300));
        assert!(!backoff.recovered(), "nothing has failed");
        let seen: Vec<(u128, bool)> = (0..5).map(|_| backoff.failed()).map(|again| (again.pause.as_millis(), again.is_first)).collect();
        assert_eq!(seen, [(50, true), (100, false), (200, false), (300, false), (300, false)]);
        assert!(backoff.recovered());
        assert_eq!(backoff.failed(), Again { pause: Duration::from_millis(50), is_first: true }, "and it begins anew");
    }
}
