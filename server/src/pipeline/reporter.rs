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
    /// More was done since it was told.
    behind: bool,
}

impl<'a> Reporter<'a> {
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, counts: Counts::default(), stage: None, told: Instant::now(), behind: false }
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

    /// One more item of the open stage is done. Where that is not told at once, [`Self::catch_up`] does.
    pub fn step(&mut self) {
        if let Some((report, _)) = &mut self.stage {
            report.done += 1;
            self.behind = true;
        }
        self.catch_up();
    }

    /// Tells what was done since it was told last, if it is time to. Call now and then while nothing happens: the last of several
    /// steps would else stay untold until the next.
    pub fn catch_up(&mut self) {
        if let Some((report, _)) = &self.stage
            && self.behind
            && self.told.elapsed() >= THROTTLE
        {
            let report = report.clone();
            self.tell(&report);
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
        (self.told, self.behind) = (Instant::now(), false);
        self.progress.emit(EventKind::Stage { stage: report.clone(), counts: self.counts });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// How many were done, each time it was told.
    #[derive(Default)]
    struct Heard(Mutex<Vec<usize>>);

    #[async_trait::async_trait]
    impl Progress for Heard {
        fn emit(&self, event: EventKind) {
            if let EventKind::Stage { stage, .. } = event {
                self.0.lock().expect("no panic").push(stage.done);
            }
        }

        fn log(&self, _message: String) {}

        fn cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn the_last_step_before_a_pause_is_told_in_the_pause() {
        let heard = Heard::default();
        let mut reporter = Reporter::new(&heard);
        reporter.begin("analyse", Some(4));
        reporter.told += THROTTLE;
        reporter.step();
        reporter.step();
        assert_eq!(*heard.0.lock().unwrap(), [0], "two steps at once are not worth two events");
        reporter.told -= THROTTLE * 3;
        reporter.catch_up();
        reporter.catch_up();
        assert_eq!(*heard.0.lock().unwrap(), [0, 2], "told once");
    }
}
