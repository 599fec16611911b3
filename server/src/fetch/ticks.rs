//! What moment it is for limits, pauses and breakers, and waiting for a later one: tokio's time, or a test's.

use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A clock that can be waited on.
pub trait Ticks: Send + Sync {
    fn now(&self) -> Instant;

    /// Returns at this moment or shortly after it.
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()>;
}

/// Shared by everything that counts the same time.
pub type SharedTicks = Arc<dyn Ticks>;

/// The machine's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealTicks;

impl Ticks for RealTicks {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep_until(at))
    }
}

/// For tests: time stands still until it is set ahead, or until somebody sleeps; then it is the moment slept for, at
/// once.
#[derive(Debug)]
pub struct StandingTicks {
    start: Instant,
    passed: Mutex<Duration>,
}

impl StandingTicks {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), passed: Mutex::default() })
    }

    pub fn advance(&self, by: Duration) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Since it was made.
    pub fn passed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticks for StandingTicks {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        *passed = (*passed).max(at.duration_since(self.start));
        Box::pin(std::future::ready(()))
    }
}
