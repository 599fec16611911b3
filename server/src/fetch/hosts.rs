//! What each host is asked at most: so many downloads at a time, so many in a second, none while it is down or asked to
//! be left alone; and how many downloads there are at a time in all.
//!
//! The clock is injected: a test turns it by hand.

use super::FetchError;
use super::ticks::SharedTicks;
use crate::breaker::{Admission, Breaker, BreakerRule};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Hosts that are remembered. Beyond that, those are forgotten that nobody is asking and that were well, or that nobody
/// has asked for [`LONG_AGO`].
const MOST_HOSTS: usize = 4096;
const LONG_AGO: Duration = Duration::from_secs(600);
/// A host that asks for more than this is not taken at its word.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// What one host is asked at most.
#[derive(Debug, Clone, Copy)]
pub struct HostRules {
    pub at_once: usize,
    /// From all hosts together, whoever asks.
    pub at_once_in_all: usize,
    /// As many may also come at once after a quiet while.
    pub per_second: NonZeroU32,
    pub breaker: BreakerRule,
    /// Who would have to wait longer than this for a host that asked to be left alone gives up.
    pub patience: Duration,
}

/// The injected clock, as the rate limiter takes it.
struct RateTicks(SharedTicks);

impl Clock for RateTicks {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        self.0.now().into_std()
    }
}

type Rate = RateLimiter<NotKeyed, InMemoryState, RateTicks, NoOpMiddleware<std::time::Instant>>;

struct Host {
    slots: Arc<Semaphore>,
    rate: Rate,
    ticks: SharedTicks,
    state: Mutex<HostState>,
}

struct HostState {
    breaker: Breaker<Instant>,
    /// It asked to be left alone until then.
    quiet_until: Option<Instant>,
    asked_at: Instant,
}

impl Host {
    fn new(rules: &HostRules, ticks: &SharedTicks) -> Self {
        let state = HostState { breaker: Breaker::new(rules.breaker), quiet_until: None, asked_at: ticks.now() };
        Self {
            slots: Arc::new(Semaphore::new(rules.at_once.max(1))),
            rate: RateLimiter::direct_with_clock(Quota::per_second(rules.per_second), RateTicks(ticks.clone())),
            ticks: ticks.clone(),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, HostState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self, rules: &HostRules, now: Instant) -> bool {
        let state = self.state();
        let quiet = state.quiet_until.is_some_and(|until| now < until);
        let forgotten = now.duration_since(state.asked_at) >= LONG_AGO;
        self.slots.available_permits() == rules.at_once.max(1) && !quiet && (forgotten || state.breaker.is_fresh())
    }
}

/// All hosts that were asked.
pub struct Hosts {
    rules: HostRules,
    ticks: SharedTicks,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl Hosts {
    pub fn new(rules: HostRules, ticks: SharedTicks) -> Self {
        Self { rules, ticks, all: Arc::new(Semaphore::new(rules.at_once_in_all.max(1))), hosts: Mutex::default() }
    }

    fn host(&self, place: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(place) {
            host.state().asked_at = self.ticks.now();
            return host.clone();
        }
        if hosts.len() >= MOST_HOSTS {
            let now = self.ticks.now();
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || !host.is_idle(&self.rules, now));
        }
        hosts.entry(place.to_owned()).or_insert_with(|| Arc::new(Host::new(&self.rules, &self.ticks))).clone()
    }

    /// Waits for its turn at this host; refused at once where the host is down.
    pub async fn enter(&self, place: &str) -> Result<Turn, FetchError> {
        let host = self.host(place);
        let down = |host: &Host| host.state().breaker.refuses(self.ticks.now());
        if down(&host) {
            return Err(FetchError::HostDown);
        }
        let slot = host.slots.clone().acquire_owned().await.map_err(|_| FetchError::Cancelled)?;
        loop {
            // It may have gone down while this one waited.
            if down(&host) {
                return Err(FetchError::HostDown);
            }
            let quiet = host.state().quiet_until;
            let wait = quiet.map_or(Duration::ZERO, |until| until.duration_since(self.ticks.now()));
            if wait > self.rules.patience {
                return Err(FetchError::RateLimited { retry_after: Some(wait) });
            }
            if !wait.is_zero() {
                self.ticks.sleep_until(self.ticks.now() + wait).await;
                continue;
            }
            let until = match host.rate.check() {
                Ok(()) => break,
                Err(too_early) => too_early.earliest_possible(),
            };
            self.ticks.sleep_until(Instant::from_std(until)).await;
        }
        // Taken last: who waits for a host keeps nobody from another one.
        let of_all = self.all.clone().acquire_owned().await.map_err(|_| FetchError::Cancelled)?;
        let admission = host.state().breaker.admit(self.ticks.now());
        match admission {
            Admission::Refused => Err(FetchError::HostDown),
            admission => Ok(Turn { host, admission, settled: false, _slot: slot, _of_all: of_all }),
        }
    }

    /// How often the breaker of this host has opened.
    pub fn openings(&self, place: &str) -> u32 {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.get(place).map_or(0, |host| host.state().breaker.openings())
    }
}

/// One request's turn at a host; the next one's begins when it is dropped.
pub struct Turn {
    host: Arc<Host>,
    admission: Admission,
    settled: bool,
    _slot: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Turn {
    /// The host answered as a host should, whatever it said of the picture.
    pub fn went_well(&mut self) {
        if !self.settled {
            self.settled = true;
            self.host.state().breaker.succeeded(self.admission);
        }
    }

    /// Takes note of what the error says of the host.
    pub fn failed(&mut self, error: &FetchError) {
        let now = self.host.ticks.now();
        let mut state = self.host.state();
        if let Some(wait) = error.retry_after() {
            let until = now + wait.min(LONGEST_SILENCE);
            state.quiet_until = Some(state.quiet_until.map_or(until, |known| known.max(until)));
        }
        if self.settled {
            return;
        }
        self.settled = true;
        match error {
            // To ask for fewer requests is no failure.
            FetchError::RateLimited { .. } => state.breaker.succeeded(self.admission),
            error if error.may_pass() => state.breaker.failed(self.admission, now),
            _ => state.breaker.succeeded(self.admission),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.settled {
            let now = self.host.ticks.now();
            self.host.state().breaker.abandoned(self.admission, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::ticks::StandingTicks;
    use futures::FutureExt;

    fn hosts(at_once: usize, per_second: u32) -> (Hosts, Arc<StandingTicks>) {
        let rules = HostRules {
            at_once,
            at_once_in_all: 100,
            per_second: NonZeroU32::new(per_second).expect("not zero"),
            breaker: BreakerRule { failures: 5, pause: Duration::from_secs(30), longest_pause: Duration::from_secs(30) },
            patience: Duration::from_secs(10),
        };
        let ticks = StandingTicks::new();
        (Hosts::new(rules, ticks.clone()), ticks)
    }

    fn server_error() -> FetchError {
        FetchError::Server { status: 503, retry_after: None }
    }

    /// Whether it has to wait for another to end: time alone passes at once here.
    fn waits<T>(work: impl Future<Output = T>) -> bool {
        work.now_or_never().is_none()
    }

    #[tokio::test]
    async fn so_many_at_a_time_for_each_host_and_a_dropped_turn_is_the_next_ones() {
        let (hosts, _) = hosts(2, 1000);
        let first = hosts.enter("a.example").await.expect("a turn");
        let _second = hosts.enter("a.example").await.expect("a turn");
        assert!(waits(hosts.enter("a.example")));
        assert!(hosts.enter("b.example").await.is_ok(), "another host has its own");
        drop(first);
        assert!(hosts.enter("a.example").await.is_ok());
    }

    #[tokio::test]
    async fn so_many_at_a_time_of_all_hosts_together() {
        let (mut hosts, _) = hosts(2, 1000);
        hosts.all = Arc::new(Semaphore::new(3));
        let first = hosts.enter("a.example").await.expect("a turn");
        let _others = [hosts.enter("a.example").await.expect("a turn"), hosts.enter("b.example").await.expect("a turn")];
        assert!(waits(hosts.enter("c.example")));
        assert!(waits(hosts.enter("a.example")), "this one waits for its host");
        drop(first);
        assert!(hosts.enter("c.example").await.is_ok());
    }

    #[tokio::test]
    async fn so_many_in_a_second() {
        let (hosts, ticks) = hosts(100, 10);
        for _ in 0..30 {
            hosts.enter("a.example").await.expect("a turn").went_well();
        }
        // Ten at once, then one in a tenth of a second each.
        let took = ticks.passed();
        assert!(took >= Duration::from_millis(1990) && took < Duration::from_millis(2100), "{took:?}");
    }

    #[tokio::test]
    async fn a_host_that_is_down_is_refused_at_once_also_to_those_who_wait_and_probed_once() {
        let (hosts, ticks) = hosts(1, 1000);
        for _ in 0..4 {
            hosts.enter("a.example").await.expect("a turn").failed(&server_error());
        }
        let mut last = hosts.enter("a.example").await.expect("a turn");
        let waiting = hosts.enter("a.example");
        tokio::pin!(waiting);
        assert!(waits(&mut waiting));
        last.failed(&server_error());
        drop(last);
        assert_eq!(waiting.await.err(), Some(FetchError::HostDown));
        assert_eq!((hosts.enter("a.example").await.err(), hosts.openings("a.example")), (Some(FetchError::HostDown), 1));

        ticks.advance(Duration::from_secs(30));
        let mut probe = hosts.enter("a.example").await.expect("the probe");
        assert_eq!(hosts.enter("a.example").await.err(), Some(FetchError::HostDown), "one probe");
        probe.went_well();
        drop(probe);
        assert!(hosts.enter("a.example").await.is_ok());
    }

    #[tokio::test]
    async fn a_missing_picture_is_no_failure_of_its_host() {
        let (hosts, _) = hosts(1, 1000);
        for error in [FetchError::NotFound, FetchError::Forbidden, FetchError::NotAPicture, FetchError::TooLarge { limit: 1 }] {
            for _ in 0..6 {
                hosts.enter("a.example").await.expect("a turn").failed(&error);
            }
        }
        assert_eq!(hosts.openings("a.example"), 0);
    }

    #[tokio::test]
    async fn a_host_that_asks_to_be_left_alone_is_left_alone_by_all_or_given_up() {
        let (hosts, ticks) = hosts(4, 1000);
        let limited = |seconds| FetchError::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
        hosts.enter("a.example").await.expect("a turn").failed(&limited(5));
        hosts.enter("a.example").await.expect("a turn").failed(&limited(60));
        assert_eq!(ticks.passed(), Duration::from_secs(5));
        let refused = hosts.enter("a.example").await.err();
        assert!(matches!(refused, Some(FetchError::RateLimited { retry_after: Some(_) })), "{refused:?}");
    }

    #[tokio::test]
    async fn quiet_hosts_are_forgotten_when_there_are_too_many_and_those_that_are_down_are_not() {
        let (hosts, _) = hosts(4, 1000);
        for _ in 0..5 {
            hosts.enter("down.example").await.expect("a turn").failed(&server_error());
        }
        for number in 0..MOST_HOSTS {
            hosts.enter(&format!("{number}.example")).await.expect("a turn").went_well();
        }
        assert!(hosts.hosts.lock().expect("whole").len() < MOST_HOSTS);
        assert_eq!(hosts.openings("down.example"), 1);
    }
}
