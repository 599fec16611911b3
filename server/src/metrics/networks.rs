//! Counts every call of the networks, whoever makes it.

use super::Metrics;
use crate::vision::VisionLoader;
use image::RgbImage;
use models::{Caller, Detected, Embedding, ModelError, Person, Vision, VisionInfo};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

/// Networks whose calls are counted.
pub struct CountedVision {
    networks: Arc<dyn Vision>,
    metrics: Arc<Metrics>,
}

/// What this loads is counted.
pub fn counted(load: VisionLoader, metrics: Arc<Metrics>) -> VisionLoader {
    Box::new(move || Ok(Arc::new(CountedVision::new(load()?, Arc::clone(&metrics)))))
}

/// A call that is going on; counted when it is dropped.
struct Call<'a> {
    counted: &'a CountedVision,
    role: &'static str,
    inputs: usize,
    began: Instant,
    outcome: &'static str,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let (metrics, pack) = (&self.counted.metrics, self.counted.info().pack.as_str());
        metrics.network_calls.with([self.role, pack, self.outcome]).inc();
        metrics.network_inputs.with([self.role, pack]).inc_by(self.inputs as u64);
        metrics.network_duration.with([self.role, pack]).observe(self.began.elapsed().as_secs_f64());
    }
}

impl CountedVision {
    pub fn new(networks: Arc<dyn Vision>, metrics: Arc<Metrics>) -> Self {
        Self { networks, metrics }
    }

    fn call<T>(
        &self,
        role: &'static str,
        inputs: usize,
        call: impl FnOnce(&dyn Vision) -> Result<T, ModelError>,
        went: fn(&T) -> &'static str,
    ) -> Result<T, ModelError> {
        // What does not come back has panicked.
        let mut counted = Call { counted: self, role, inputs, began: Instant::now(), outcome: "panic" };
        let made = call(&*self.networks);
        counted.outcome = made.as_ref().map_or_else(ModelError::kind, went);
        made
    }
}

impl Vision for CountedVision {
    fn info(&self) -> &VisionInfo {
        self.networks.info()
    }

    fn identity(&self) -> Cow<'_, str> {
        self.networks.identity()
    }

    fn stuck(&self) -> usize {
        self.networks.stuck()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.call("person", 1, |networks| networks.people(caller, picture), |_| "ok")
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        let went = |detected: &Detected| if detected.by_backup { "backup" } else { "ok" };
        self.call("face", 1, |networks| networks.faces(caller, picture, side), went)
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        self.call("embedding", crops.len(), |networks| networks.embed(caller, crops), |_| "ok")
    }
}
