//! Tells the outside how far the job has come: stages with their times, and the counts.

use super::Progress;
use crate::clock::{Clock, SystemClock};
use app::api::{Counts, EventKind, StageReport, StageState};
use std::time::{Duration, Instant};

/// Progress inside a stage is told at most this often.
const THROTTLE: Duration = Duration::from_millis(250);

pub struct Reporter<'a> {
    progress: &'a dyn Progress,
    pub counts: Counts,
    stage: Option<(StageReport, Instant)>,
    told: Instant,
}

impl<'a> Reporter<'a> {
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, counts: Counts::default(), stage: None, told: Instant::now() }
    }

    /// Ends the stage before, if one is open, and begins the next.
    pub fn begin(&mut self, name: &str, total: Option<usize>) {
        self.go_on(name, total, 0);
    }

    /// As [`Self::begin`], where an earlier run has done so many items of the stage.
    pub fn go_on(&mut self, name: &str, total: Option<usize>, done: usize) {
        self.close(StageState::Done);
        let report = StageReport {
            name: name.to_owned(),
            state: StageState::Running,
            started_at: SystemClock.now().rfc3339(),
            seconds: None,
            done,
            total,
        };
        self.tell(&report);
        self.stage = Some((report, Instant::now()));
    }

    /// One more item of the open stage is done.
    pub fn step(&mut self) {
        let due = self.told.elapsed() >= THROTTLE;
        if let Some((report, _)) = &mut self.stage {
            report.done += 1;
            if due {
                let report = report.clone();
                self.tell(&report);
            }
        }
    }

    pub fn end(&mut self) {
        self.close(StageState::Done);
    }

    pub fn fail(&mut self) {
        self.close(StageState::Failed);
    }

    /// What was done so far counts no more: the stage that fails is told as failed, and the counts start from nothing.
    pub fn start_over(&mut self) {
        self.counts = Counts { candidates: self.counts.candidates, ..Counts::default() };
        self.close(StageState::Failed);
    }

    fn close(&mut self, state: StageState) {
        if let Some((mut report, began)) = self.stage.take() {
            report.state = state;
            report.seconds = Some(began.elapsed().as_secs_f64());
            self.tell(&report);
        }
    }

    fn tell(&mut self, report: &StageReport) {
        self.told = Instant::now();
        self.progress.emit(EventKind::Stage { stage: report.clone(), counts: self.counts });
    }
}
