//! Circuit breakers: after enough failures in a row something outside (a host, an engine) is left alone for a while, then
//! tried once, and only when that one goes well used by all again.
//!
//! A state machine without a clock: whoever asks says what time it is, on whatever clock it keeps.

use std::ops::Add;
use std::time::Duration;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRule {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open the first time; twice as long after each probe that fails.
    pub pause: Duration,
    /// The longest that it stays open.
    pub longest_pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State<T> {
    /// Requests pass; so many failed in a row.
    Closed { failed: u32 },
    /// Nothing passes before this moment.
    Open { until: T },
    /// One request is out to see how things stand.
    Probing,
}

/// How a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Pass,
    /// It is the one that finds out whether all is well again.
    Probe,
    Refused,
}

/// `T`: a moment on the clock of whoever asks.
#[derive(Debug)]
pub struct Breaker<T> {
    rule: BreakerRule,
    state: State<T>,
    openings: u32,
    /// Since it was last closed.
    in_a_row: u32,
}

impl<T: Copy + PartialOrd + Add<Duration, Output = T>> Breaker<T> {
    pub fn new(rule: BreakerRule) -> Self {
        Self { rule, state: State::Closed { failed: 0 }, openings: 0, in_a_row: 0 }
    }

    /// Asked by every request just before it is sent.
    pub fn admit(&mut self, now: T) -> Admission {
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
    pub fn refuses(&self, now: T) -> bool {
        match self.state {
            State::Closed { .. } => false,
            State::Open { until } => now < until,
            State::Probing => true,
        }
    }

    /// A request went well, as far as it says anything about whom it asked.
    pub fn succeeded(&mut self, admission: Admission) {
        // One that was sent before it opened says nothing about now.
        if admission == Admission::Probe || matches!(self.state, State::Closed { .. }) {
            self.state = State::Closed { failed: 0 };
            self.in_a_row = 0;
        }
    }

    /// A request failed by the fault of whom it asked.
    pub fn failed(&mut self, admission: Admission, now: T) {
        match self.state {
            State::Closed { failed } if failed + 1 < self.rule.failures => self.state = State::Closed { failed: failed + 1 },
            State::Closed { .. } => self.open(now),
            State::Probing if admission == Admission::Probe => self.open(now),
            State::Probing | State::Open { .. } => {}
        }
    }

    /// A request ended without saying anything about whom it asked: given up, cancelled.
    pub fn abandoned(&mut self, admission: Admission, now: T) {
        if admission == Admission::Probe && self.is_probing() {
            // The next one may probe at once.
            self.state = State::Open { until: now };
        }
    }

    fn open(&mut self, now: T) {
        let doubled = self.rule.pause.saturating_mul(1 << self.in_a_row.min(30));
        self.openings += 1;
        self.in_a_row += 1;
        self.state = State::Open { until: now + doubled.min(self.rule.longest_pause.max(self.rule.pause)) };
    }

    pub fn openings(&self) -> u32 {
        self.openings
    }

    /// Requests pass.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// The one request that decides is out.
    pub fn is_probing(&self) -> bool {
        matches!(self.state, State::Probing)
    }

    /// From when on one request may probe; None unless it is open.
    pub fn open_until(&self) -> Option<T> {
        match self.state {
            State::Open { until } => Some(until),
            State::Closed { .. } | State::Probing => None,
        }
    }

    /// Closed and without a failure: nothing would be lost with it.
    pub fn is_fresh(&self) -> bool {
        matches!(self.state, State::Closed { failed: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Admission::{Pass, Probe, Refused};
    use tokio::time::Instant;

    const PAUSE: Duration = Duration::from_secs(30);

    fn after(failures: u32, now: Instant) -> Breaker<Instant> {
        let mut breaker = Breaker::new(BreakerRule { failures: 5, pause: PAUSE, longest_pause: PAUSE });
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
    #[test]
    fn it_stays_open_twice_as_long_after_each_probe_that_fails_up_to_a_limit() {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(BreakerRule { failures: 1, pause: PAUSE, longest_pause: PAUSE * 3 });
        breaker.failed(Pass, now);
        for pause in [PAUSE, PAUSE * 2, PAUSE * 3, PAUSE * 3] {
            assert_eq!(breaker.open_until(), Some(now + pause));
            now += pause;
            assert_eq!((breaker.admit(now), breaker.is_probing(), breaker.open_until()), (Probe, true, None));
            breaker.failed(Probe, now);
        }
        now += PAUSE * 3;
        assert_eq!(breaker.admit(now), Probe);
        breaker.succeeded(Probe);
        breaker.failed(Pass, now);
        assert_eq!(breaker.open_until(), Some(now + PAUSE), "a probe that goes well makes the next pause short again");
    }
}
