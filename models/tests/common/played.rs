//! A network that answers at once with ten times its inputs, and can be told to hold, to fail or to panic.

use models::engine::{Network, Tensor};
use models::{Caller, ModelError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Calls with this value fail, panic, or wait until the gate is opened.
pub const FAILS: f32 = 500.0;
pub const PANICS: f32 = 501.0;
pub const HOLDS: f32 = 502.0;
pub const MERGES: f32 = 503.0;

#[derive(Default)]
pub struct Played {
    calls: Mutex<Vec<Vec<f32>>>,
    open: Mutex<bool>,
    opened: Condvar,
    /// Calls that stand at the gate.
    pub held: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Played {
    pub fn open(&self) {
        *locked(&self.open) = true;
        self.opened.notify_all();
    }

    /// The inputs of each call so far, by their first values.
    pub fn calls(&self) -> Vec<Vec<f32>> {
        locked(&self.calls).clone()
    }
}

/// Opens the gate at the end, also of a test that fails: nothing holds the program then.
pub struct AtTheEnd(pub Arc<Played>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// What a batcher owns of a [`Played`].
pub struct Handle(pub Arc<Played>);

impl Network for Handle {
    /// Two outputs: `[n, 1]`, and `[n, 2, 1, 1]` with the value and its negative.
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        let inputs = input.shape[0];
        let values: Vec<f32> = input.data.chunks_exact(input.data.len() / inputs).map(|one| one[0]).collect();
        locked(&self.0.calls).push(values.clone());
        if values.contains(&HOLDS) {
            self.0.held.fetch_add(1, Ordering::SeqCst);
            let shut = locked(&self.0.open);
            drop(self.0.opened.wait_while(shut, |open| !*open).unwrap_or_else(PoisonError::into_inner));
        }
        if values.contains(&FAILS) {
            return Err(ModelError::of_engine("out of memory, as told".into()));
        }
        assert!(!values.contains(&PANICS), "panics as told");
        let tenfold: Vec<f32> = values.iter().map(|value| value * 10.0).collect();
        let pairs = tenfold.iter().flat_map(|value| [*value, -value]).collect();
        let rows = if values.contains(&MERGES) { 1 } else { inputs };
        Ok(vec![Tensor { shape: vec![inputs, 1], data: tenfold }, Tensor { shape: vec![rows, 2 * inputs / rows, 1, 1], data: pairs }])
    }
}

/// Inputs of `side` × 1 pixels, each filled with its value.
pub fn sized(values: &[f32], side: usize) -> Tensor {
    Tensor { shape: vec![values.len(), 3, side, 1], data: values.iter().flat_map(|value| vec![*value; 3 * side]).collect() }
}

pub fn inputs(values: &[f32]) -> Tensor {
    sized(values, 1)
}

/// What the network makes of these values.
pub fn answer(values: &[f32]) -> Result<Vec<Tensor>, ModelError> {
    let tenfold: Vec<f32> = values.iter().map(|value| value * 10.0).collect();
    let pairs = tenfold.iter().flat_map(|value| [*value, -value]).collect();
    Ok(vec![Tensor { shape: vec![values.len(), 1], data: tenfold }, Tensor { shape: vec![values.len(), 2, 1, 1], data: pairs }])
}

/// Asks until it is so; bounded only so that a broken test ends.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < patience, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A caller who has left.
pub fn gone() -> Caller {
    let caller = Caller::new();
    caller.leave();
    caller
}
