//! Who asks the networks: they serve jobs in turns, and drop what nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// One job, as the networks know it. Clones are the same job.
#[derive(Debug, Clone)]
pub struct Caller {
    job: u64,
    gone: Arc<AtomicBool>,
}

impl Caller {
    /// A job that nobody else is.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { job: NEXT.fetch_add(1, Ordering::Relaxed), gone: Arc::default() }
    }

    /// The same for all clones, different from every other job's.
    pub fn job(&self) -> u64 {
        self.job
    }

    /// From now on nobody waits: what has not begun need not begin.
    pub fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

impl Default for Caller {
    fn default() -> Self {
        Self::new()
    }
}
