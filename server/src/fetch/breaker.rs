//! The circuit breaker of one host: after enough failures in a row it is left alone for a while, then asked once, and
//! only when that one goes well asked by all again.
//!
//! A state machine without a clock: whoever asks says what time it is.

use std::time::Duration;
use tokio::time::Instant;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRule {
    /// Failures in a row that open it.
    pub failures: u32,
    pub pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Requests pass; so many failed in a row.
    Closed { failed: u32 },
    /// Nothing passes before this moment.
    Open { until: Instant },
    /// One request is out to see how the host is.
    Probing,
}

/// How a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Pass,
    /// It is the one that finds out whether the host is back.
    Probe,
    Refused,
}

#[derive(Debug)]
pub struct Breaker {
    rule: BreakerRule,
    state: State,
    openings: u32,
}

impl Breaker {
    pub fn new(rule: BreakerRule) -> Self {
        Self { rule, state: State::Closed { failed: 0 }, openings: 0 }
    }

    /// Asked by every request just before it is sent.
    pub fn admit(&mut self, now: Instant) -> Admission {
        match self.state {
            State::Closed { .. } => Admission::Pass,
            State::Open { until } if now < until => Admission::Refused,
            State::Open { .. } => {
                self.state = State::Probing;
                Admission::Probe
            }
            State::Probing => Admission::Refused,
        }
    }

    /// Whether a request would be refused now; changes nothing.
    pub fn refuses(&self, now: Instant) -> bool {
        match self.state {
            State::Closed { .. } => false,
            State::Open { until } => now < until,
            State::Probing => true,
        }
    }

    /// A request went well, as far as the host is concerned.
    pub fn succeeded(&mut self, admission: Admission) {
        // One that was sent before it opened says nothing about now.
        if admission == Admission::Probe || matches!(self.state, State::Closed { .. }) {
            self.state = State::Closed { failed: 0 };
        }
    }

    /// A request failed by the host's fault.
    pub fn failed(&mut self, admission: Admission, now: Instant) {
        match self.state {
            State::Closed { failed } if failed + 1 < self.rule.failures => self.state = State::Closed { failed: failed + 1 },
            State::Closed { .. } => self.open(now),
            State::Probing if admission == Admission::Probe => self.open(now),
            State::Probing | State::Open { .. } => {}
        }
    }

    /// A request ended without saying anything about the host: given up, cancelled.
    pub fn abandoned(&mut self, admission: Admission, now: Instant) {
        if admission == Admission::Probe && self.state == State::Probing {
            // The next one may probe at once.
            self.state = State::Open { until: now };
        }
    }

    fn open(&mut self, now: Instant) {
        self.openings += 1;
        self.state = State::Open { until: now + self.rule.pause };
    }

    pub fn openings(&self) -> u32 {
        self.openings
    }

    /// Closed and without a failure: nothing would be lost with it.
    pub fn is_fresh(&self) -> bool {
        self.state == State::Closed { failed: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Admission::{Pass, Probe, Refused};

    const PAUSE: Duration = Duration::from_secs(30);

    fn after(failures: u32, now: Instant) -> Breaker {
        let mut breaker = Breaker::new(BreakerRule { failures: 5, pause: PAUSE });
        for _ in 0..failures {
            breaker.failed(Pass, now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_not_after_four() {
        let now = Instant::now();
        let mut breaker = after(4, now);
        assert_eq!(breaker.admit(now), Pass);
        breaker.succeeded(Pass);
        for _ in 0..4 {
            breaker.failed(Pass, now);
        }
        assert_eq!((breaker.admit(now), breaker.openings()), (Pass, 0));
        breaker.failed(Pass, now);
        assert_eq!((breaker.admit(now), breaker.openings()), (Refused, 1));
    }

    #[test]
    fn after_the_pause_one_probe_decides() {
        let now = Instant::now();
        let mut breaker = after(5, now);
        assert_eq!(breaker.admit(now + PAUSE - Duration::from_millis(1)), Refused);
        let later = now + PAUSE;
        assert_eq!(breaker.admit(later), Probe);
        assert_eq!((breaker.admit(later), breaker.refuses(later)), (Refused, true), "one only");
        breaker.failed(Probe, later);
        assert_eq!((breaker.admit(later + PAUSE / 2), breaker.openings()), (Refused, 2));
        assert_eq!(breaker.admit(later + PAUSE), Probe);
        breaker.succeeded(Probe);
        assert_eq!((breaker.admit(later + PAUSE), breaker.is_fresh()), (Pass, true));
    }

    #[test]
    fn requests_from_before_the_opening_change_nothing_and_an_abandoned_probe_makes_room() {
        let now = Instant::now();
        let mut breaker = after(5, now);
        breaker.failed(Pass, now);
        breaker.succeeded(Pass);
        assert_eq!((breaker.admit(now), breaker.openings()), (Refused, 1));
        let later = now + PAUSE;
        assert_eq!(breaker.admit(later), Probe);
        breaker.succeeded(Pass);
        breaker.abandoned(Pass, later);
        assert_eq!(breaker.admit(later), Refused);
        breaker.abandoned(Probe, later);
        assert_eq!(breaker.admit(later), Probe);
    }
}
