//! Retrying, in one layer only: how often, after which pause, and within which budget.

use super::ticks::SharedTicks;
use super::{FetchError, FetchRequest};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

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

/// A number from 0 up to, but not including, 1.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

/// From the system's random source.
pub fn system_chance() -> Chance {
    // The lower half of a version 4 UUID holds 62 random bits; a double takes 53.
    Arc::new(|| (Uuid::new_v4().as_u64_pair().1 & ((1 << 53) - 1)) as f64 / (1_u64 << 53) as f64)
}

/// How one address is tried again.
#[derive(Clone)]
pub struct RetryRule {
    /// After the first try.
    pub retries: u32,
    /// A pause is anything between these two, all lengths equally likely (full jitter): those who failed together do not
    /// come back together.
    pub shortest_pause: Duration,
    pub longest_pause: Duration,
    /// A host that asks for more is given up instead.
    pub patience: Duration,
    pub chance: Chance,
    pub ticks: SharedTicks,
}

impl RetryRule {
    fn pause(&self) -> Duration {
        let span = self.longest_pause.saturating_sub(self.shortest_pause);
        self.shortest_pause + span.mul_f64((self.chance)().clamp(0.0, 1.0))
    }

    /// Tries until it succeeds, fails for good, or the retries, the budget or the time are spent; then the last error.
    pub async fn run<T, F>(&self, request: &FetchRequest, mut attempt: impl FnMut() -> F) -> Result<T, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let mut retries = self.retries;
        loop {
            let error = match attempt().await {
                Err(error) if error.may_pass() && retries > 0 => error,
                done => return done,
            };
            // `Retry-After` is obeyed or the address given up, never shortened.
            let asked = error.retry_after().unwrap_or_default();
            let pause = self.pause().max(asked);
            if asked > self.patience || self.ticks.now() + pause >= request.deadline || !request.retries.take() {
                return Err(error);
            }
            self.ticks.sleep_until(self.ticks.now() + pause).await;
            retries -= 1;
        }
    }
}

/// What a `Retry-After` header asks for: seconds, or a date.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // So many digits that they overflow mean: for ever.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    // A moment that is past asks for nothing.
    http_date(value).map(|at| at.duration_since(now).unwrap_or_default())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of a date that servers may send today.
fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = parts.next()?.split(':').map(|number| number.parse::<u64>().ok().filter(|number| *number <= 60));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if parts.next()? != "GMT" || parts.next().is_some() || clock.next().is_some() || hour > 23 || minute > 59 {
        return None;
    }
    // Days since 1970-01-01, counted in years that begin with March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(UNIX_EPOCH + Duration::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::ticks::StandingTicks;
    use crate::spoil::spoiled;
    use std::sync::Mutex;

    fn rule(chance: f64) -> RetryRule {
        RetryRule {
            ticks: StandingTicks::new(),
            retries: 2,
            shortest_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(2),
            patience: Duration::from_secs(10),
            chance: Arc::new(move || chance),
        }
    }

    fn request(retries: u32) -> FetchRequest {
        FetchRequest::new(Uuid::nil(), 1, RetryBudget::new(retries), Duration::from_secs(100))
    }

    /// Fails with these, then succeeds: what came of it, how often it was tried, and how long it took.
    async fn tried(rule: &RetryRule, request: &FetchRequest, fails: Vec<FetchError>) -> (Result<(), FetchError>, usize, Duration) {
        let (start, left) = (rule.ticks.now(), Mutex::new((fails, 0)));
        let ended = rule
            .run(request, || {
                let mut left = left.lock().expect("whole");
                left.1 += 1;
                std::future::ready(if left.0.is_empty() { Ok(()) } else { Err(left.0.remove(0)) })
            })
            .await;
        let tries = left.lock().expect("whole").1;
        (ended, tries, rule.ticks.now() - start)
    }

    fn busy(seconds: Option<u64>) -> FetchError {
        FetchError::Server { status: 503, retry_after: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn a_budget_is_spent_once() {
        let budget = RetryBudget::new(2);
        assert_eq!([budget.take(), budget.take(), budget.take(), budget.take()], [true, true, false, false]);
        assert_eq!(RetryBudget::for_candidates(500).left(), 260);
    }

    #[test]
    fn chance_is_spread_over_the_whole_range() {
        let chance = system_chance();
        let drawn: Vec<f64> = (0..1000).map(|_| chance()).collect();
        assert!(drawn.iter().all(|x| (0.0..1.0).contains(x)));
        assert!(drawn.iter().any(|x| *x < 0.1) && drawn.iter().any(|x| *x > 0.9));
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_twice_more_after_a_pause_drawn_from_the_whole_range() {
        for (chance, pauses) in [(0.0, 400), (0.5, 2200), (1.0, 4000)] {
            let (ended, tries, took) = tried(&rule(chance), &request(9), vec![FetchError::Timeout, busy(None)]).await;
            assert_eq!((ended, tries), (Ok(()), 3));
            assert_eq!(took.as_millis(), pauses);
        }
        let (ended, tries, _) = tried(&rule(0.0), &request(9), vec![FetchError::Timeout; 4]).await;
        assert_eq!((ended, tries), (Err(FetchError::Timeout), 3));
    }

    #[tokio::test]
    async fn what_will_not_pass_is_not_tried_again() {
        for error in [FetchError::NotFound, FetchError::Forbidden, FetchError::NotAPicture, FetchError::HostDown, FetchError::Deadline] {
            assert_eq!(tried(&rule(0.0), &request(9), vec![error.clone()]).await, (Err(error), 1, Duration::ZERO));
        }
    }

    #[tokio::test]
    async fn retry_after_is_obeyed_or_the_address_given_up() {
        let (ended, tries, took) = tried(&rule(0.0), &request(9), vec![busy(Some(7))]).await;
        assert_eq!((ended, tries, took.as_secs()), (Ok(()), 2, 7));
        let (ended, tries, took) = tried(&rule(0.0), &request(9), vec![busy(Some(11))]).await;
        assert_eq!((ended, tries, took), (Err(busy(Some(11))), 1, Duration::ZERO), "longer than anyone waits here");
        let short = FetchRequest::new(Uuid::nil(), 1, RetryBudget::new(9), Duration::from_secs(5));
        let (ended, tries, _) = tried(&rule(0.0), &short, vec![busy(Some(7))]).await;
        assert_eq!((ended, tries, short.retries.left()), (Err(busy(Some(7))), 1, 9), "past the deadline; nothing was spent");
    }

    #[tokio::test]
    async fn one_budget_is_shared_by_all_addresses_of_a_request() {
        let request = request(3);
        let mut tries = 0;
        for _ in 0..4 {
            tries += tried(&rule(0.0), &request, vec![FetchError::Timeout; 9]).await.1;
        }
        assert_eq!(tries, 4 + 3);
    }

    #[test]
    fn a_spoiled_retry_after_asks_for_a_time_or_for_nothing() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read =
            |text: &str| spoiled(text.as_bytes(), 5000).filter_map(|bytes| retry_after(&String::from_utf8_lossy(&bytes), now)).count();
        assert!(read("Sun, 06 Nov 1994 08:49:37 GMT") > 30 && read("120") > 30, "some are still understood");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("Thu, 29 Feb 1996 00:00:00 GMT", Some(41_440_223)),
            ("Sun, 06 Nov 1994 25:50:37 GMT", None),
            ("06 Nov 1994", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now).map(|wait| wait.as_secs()), seconds, "{value}");
        }
    }
}
