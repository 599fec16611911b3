//! A batcher's thread: takes a batch, computes it, answers.

use super::turns::Part;
use super::{Shared, State, tensors};
use crate::engine::{Tensor, guarded};
use crate::{ModelError, give_way};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Until the batcher is dropped.
pub fn work(shared: &Shared, number: usize) {
    give_way();
    while let Some(batch) = next_batch(shared, number) {
        answer(shared, number, batch);
    }
}

/// Waits for a batch, and notes that this thread computes.
fn next_batch(shared: &Shared, number: usize) -> Option<Vec<Part>> {
    let mut state = shared.state();
    loop {
        state.turns.drop_gone();
        if state.ended {
            return None;
        }
        state = match wait(shared, &state) {
            Wait::Not => {
                let batch = state.turns.take(shared.max_batch);
                state.computing[number] = Some(Instant::now());
                return Some(batch);
            }
            Wait::AtMost(time) => shared.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
            Wait::ForWork => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

enum Wait {
    Not,
    /// For company.
    AtMost(Duration),
    ForWork,
}

/// The rule of [`super`]: company is waited for only where somebody prepares it.
fn wait(shared: &Shared, state: &State) -> Wait {
    let Some((inputs, since)) = state.turns.next() else { return Wait::ForWork };
    let left = shared.max_wait.saturating_sub(since.elapsed());
    if inputs < shared.max_batch && state.preparing > 0 && !left.is_zero() { Wait::AtMost(left) } else { Wait::Not }
}

fn answer(shared: &Shared, number: usize, mut batch: Vec<Part>) {
    if let [part] = batch.as_mut_slice() {
        // The usual case on a CPU: nothing is copied.
        let input = part.take_input();
        part.answer(compute(shared, number, input));
        return;
    }
    match compute(shared, number, tensors::join(batch.iter().map(|part| &part.input))) {
        Ok(outputs) => {
            let counts: Vec<usize> = batch.iter().map(Part::inputs).collect();
            for (part, outputs) in batch.iter().zip(tensors::part_outputs(&outputs, &counts)) {
                part.answer(Ok(outputs));
            }
        }
        // Whose fault it was is not known: each by itself, once.
        Err(_) => {
            for mut part in batch {
                let gone = part.call.is_gone();
                let input = part.take_input();
                part.answer(if gone { Err(ModelError::CallerGone) } else { compute(shared, number, input) });
            }
        }
    }
}

/// One call of the network; a panic in it is an error. The note that this thread computes is gone before anyone hears the answer.
fn compute(shared: &Shared, number: usize, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
    let inputs = input.shape.first().copied().unwrap_or(0);
    shared.state().computing[number] = Some(Instant::now());
    let outputs = guarded("the network", || shared.network.run(input));
    shared.state().computing[number] = None;
    let outputs = outputs?;
    tensors::check(&outputs, inputs)?;
    Ok(outputs)
}
