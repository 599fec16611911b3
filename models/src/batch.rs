//! One micro-batcher per network: calls that wait for the same network are computed together, in fair turns.
//!
//! A [`Batcher`] owns a network and as many threads as the engine has lanes; callers hand in an input and block.
//!
//! * **Together**: inputs of one size are joined into one call, up to [`Limits::max_batch`] of them. A call that holds more is
//!   parted, so that all lanes work on it and nobody waits for the whole of it.
//! * **Waiting for company**: a call that is not full waits only while another caller has said that it prepares an input
//!   for this very network ([`Batcher::prepare`]), and no longer than [`Limits::max_wait`]. So a lone caller never waits, and where
//!   calls pile up behind busy lanes they are joined anyway.
//! * **In turns**: each job has a queue of its own, and the queues are served round about: a job with 500 pictures does not keep
//!   one with a single picture waiting.
//! * **Dropped**: what belongs to a caller who has left is never computed.
//! * **In time**: a caller waits no longer than [`Limits::timeout`]. Its thread may still compute; the answer is thrown away. A
//!   thread that never comes back is counted as [stuck](Batcher::stuck), and the others go on; where all are stuck, callers
//!   are told at once.
//! * **Alone in misfortune**: where a call of several fails, each part is tried once more by itself, so that one bad input does not
//!   fail its neighbours. A panic inside an engine is an error of that call.
//!
//! This module knows nothing of pictures: tensors go in, tensors come out.

mod tensors;
mod turns;
mod worker;

use crate::engine::{Network, Tensor};
use crate::{Caller, ModelError};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use turns::{Call, Part, Turns};

/// How a network is served.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls of the network that are worth making at once: the engine's lanes.
    pub workers: usize,
    /// The most inputs of one call.
    pub max_batch: usize,
    /// How long a call that is not full waits for one that is being prepared.
    pub max_wait: Duration,
    /// How long a caller waits for its answer, its turn included.
    pub timeout: Duration,
}

/// A network that many may ask at once.
pub struct Batcher {
    shared: Arc<Shared>,
    max_batch: usize,
    threads: Vec<JoinHandle<()>>,
}

/// What callers and threads have in common.
struct Shared {
    network: Box<dyn Network>,
    max_batch: usize,
    max_wait: Duration,
    state: Mutex<State>,
    /// Something came, or nobody prepares any more, or the end has come.
    changed: Condvar,
}

struct State {
    turns: Turns,
    /// Callers that prepare an input.
    preparing: usize,
    /// Per thread: since when it has been inside the engine.
    computing: Vec<Option<Instant>>,
    /// How long a caller waits.
    timeout: Duration,
    /// The batcher is being dropped.
    ended: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stuck(&self) -> usize {
        self.computing.iter().flatten().filter(|since| since.elapsed() >= self.timeout).count()
    }
}

impl Batcher {
    /// Starts the threads; `name` is theirs (`face`). An error where the machine gives no thread.
    pub fn new(name: &str, network: Box<dyn Network>, limits: Limits) -> Result<Self, ModelError> {
        let (workers, max_batch) = (limits.workers.max(1), limits.max_batch.max(1));
        let state = State { turns: Turns::default(), preparing: 0, computing: vec![None; workers], timeout: limits.timeout, ended: false };
        let shared = Shared { network, max_batch, max_wait: limits.max_wait, state: Mutex::new(state), changed: Condvar::new() };
        let mut batcher = Self { shared: Arc::new(shared), max_batch, threads: Vec::with_capacity(workers) };
        for number in 0..workers {
            let shared = Arc::clone(&batcher.shared);
            let thread = std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || worker::work(&shared, number));
            batcher.threads.push(thread.map_err(|e| ModelError::Engine(format!("no thread for the {name} network: {e}")))?);
        }
        Ok(batcher)
    }

    /// The outputs of the network for `input` `[n, 3, height, width]`, each with `n` along its first axis. Blocks.
    ///
    /// Errors: [`ModelError::Timeout`], [`ModelError::CallerGone`], what the engine says, [`ModelError::Output`] for an input without
    /// four axes or an output that does not fit it.
    pub fn run(&self, caller: &Caller, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        self.submit(caller, input, None)
    }

    /// Says that an input is being prepared, so that a call that is not full waits for it a moment.
    pub fn prepare(&self) -> Preparing<'_> {
        self.shared.state().preparing += 1;
        Preparing(self)
    }

    /// Whoever calls from now on waits so long; warm-ups take longer than calls.
    pub fn set_timeout(&self, timeout: Duration) {
        self.shared.state().timeout = timeout;
    }

    /// The most inputs of one call.
    pub fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// Inputs that wait for their turn.
    pub fn queued(&self) -> usize {
        self.shared.state().turns.inputs()
    }

    /// Threads that have been in one call for longer than a caller waits.
    pub fn stuck(&self) -> usize {
        self.shared.state().stuck()
    }

    fn submit(&self, caller: &Caller, input: Tensor, seat: Option<Preparing<'_>>) -> Result<Vec<Tensor>, ModelError> {
        let began = Instant::now();
        if caller.is_gone() {
            return Err(ModelError::CallerGone);
        }
        let inputs = tensors::part(input, self.max_batch)?;
        let mut answers: Vec<Option<Vec<Tensor>>> = vec![None; inputs.len()];
        let (answer, answered) = mpsc::channel();
        let call = Arc::new(Call::of(caller));
        let timeout = {
            let mut state = self.shared.state();
            if state.stuck() == self.threads.len() {
                return Err(ModelError::Timeout(state.timeout.as_secs_f64()));
            }
            for (index, input) in inputs.into_iter().enumerate() {
                state.turns.push(Part { call: Arc::clone(&call), index, input, since: began, answer: answer.clone() });
            }
            state.timeout
        };
        drop((seat, answer));
        self.shared.changed.notify_all();
        for _ in 0..answers.len() {
            let error = match answered.recv_timeout(timeout.saturating_sub(began.elapsed())) {
                Ok((index, Ok(outputs))) => {
                    answers[index] = Some(outputs);
                    continue;
                }
                Ok((_, Err(error))) => error,
                Err(RecvTimeoutError::Timeout) => ModelError::Timeout(timeout.as_secs_f64()),
                Err(RecvTimeoutError::Disconnected) => ModelError::Engine("the network's thread has ended".into()),
            };
            call.leave();
            self.shared.state().turns.drop_gone();
            return Err(error);
        }
        tensors::join_outputs(answers.into_iter().flatten().collect())
    }
}

impl Drop for Batcher {
    /// Ends the threads. Nobody waits for an answer here (callers borrow the batcher), so a thread that computes does so for someone
    /// who gave up: it is left to itself, and ends when, and if, the engine lets it go.
    fn drop(&mut self) {
        let computing = {
            let mut state = self.shared.state();
            state.ended = true;
            state.computing.clone()
        };
        self.shared.changed.notify_all();
        for (thread, computing) in self.threads.drain(..).zip(computing) {
            if computing.is_none() {
                // A thread answers panics with errors; there is nothing to hear.
                let _ = thread.join();
            }
        }
    }
}

/// One input that is being prepared; the wait for it ends when it is handed in, or dropped.
pub struct Preparing<'a>(&'a Batcher);

impl Preparing<'_> {
    /// [`Batcher::run`] with what was prepared.
    pub fn run(self, caller: &Caller, input: Tensor) -> Result<Vec<Tensor>, ModelError> {
        let batcher = self.0;
        batcher.submit(caller, input, Some(self))
    }
}

impl Drop for Preparing<'_> {
    fn drop(&mut self) {
        self.0.shared.state().preparing -= 1;
        self.0.shared.changed.notify_all();
    }
}
