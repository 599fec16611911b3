//! Where the time goes: seconds per stage, summed over all pictures and threads of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The pieces of work that are timed apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Fetch,
    /// Hashing included.
    Decode,
    Person,
    Face,
    /// Faces looked for again: from nearer, from farther, turned, in people's crops.
    FurtherLooks,
    Align,
    Embed,
    /// Sharpness and everything else that says how good a face is.
    Quality,
    /// Drawing, cropping, encoding and storing.
    Artifacts,
}

impl Stage {
    pub const ALL: [Self; 9] =
        [Self::Fetch, Self::Decode, Self::Person, Self::Face, Self::FurtherLooks, Self::Align, Self::Embed, Self::Quality, Self::Artifacts];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Decode => "decode",
            Self::Person => "person",
            Self::Face => "face",
            Self::FurtherLooks => "face_again",
            Self::Align => "align",
            Self::Embed => "embed",
            Self::Quality => "quality",
            Self::Artifacts => "artifacts",
        }
    }
}

/// Clones add to the same sums. Stages of several pictures run side by side, so the sums exceed the wall clock.
#[derive(Debug, Clone, Default)]
pub struct StageTimes(Arc<[AtomicU64; Stage::ALL.len()]>);

impl StageTimes {
    pub fn add(&self, stage: Stage, time: Duration) {
        self.0[stage as usize].fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Runs `work` on the stage's account.
    pub fn time<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(stage, start.elapsed());
        result
    }

    /// Summed seconds.
    pub fn seconds(&self, stage: Stage) -> f64 {
        Duration::from_nanos(self.0[stage as usize].load(Ordering::Relaxed)).as_secs_f64()
    }
}
