//! The networks of a process under test: those of the other tests, slowed down, so that a kill finds something to interrupt; a
//! file holds them in the middle of a run; and one picture ends the process that looks at it.

use crate::common::{FakeVision, pictures};
use image::RgbImage;
use models::{Caller, Detected, Embedding, ModelError, Person, Vision, VisionInfo};
use std::{path::PathBuf, thread, time::Duration};

/// The colour of the face that ends the process.
const FATAL: [u8; 3] = [250, 10, 250];

/// A photo that no process survives.
pub fn fatal() -> Vec<u8> {
    let [red, green, blue] = FATAL;
    pictures::png(red, green, blue)
}

pub struct Played {
    seen: FakeVision,
    /// What each look takes.
    pub pace: Duration,
    /// As long as this file is there, nobody looks for faces.
    pub hold: PathBuf,
}

impl Played {
    pub fn new(pace: Duration, hold: PathBuf) -> Self {
        Self { seen: FakeVision::default(), pace, hold }
    }
}

impl Vision for Played {
    fn info(&self) -> &VisionInfo {
        self.seen.info()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        thread::sleep(self.pace);
        self.seen.people(caller, picture)
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        while self.hold.exists() {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(self.pace);
        if picture.get_pixel(picture.width() / 2, picture.height() / 2).0 == FATAL {
            std::process::abort();
        }
        self.seen.faces(caller, picture, side)
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        thread::sleep(self.pace);
        self.seen.embed(caller, crops)
    }
}
