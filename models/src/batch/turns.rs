//! Whose turn it is: a queue per job, served round about.

use crate::engine::Tensor;
use crate::{Caller, ModelError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

/// One caller's question, in one part or several.
pub struct Call {
    caller: Caller,
    /// The caller has given up on this one.
    left: AtomicBool,
}

impl Call {
    pub fn of(caller: &Caller) -> Self {
        Self { caller: caller.clone(), left: AtomicBool::new(false) }
    }

    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    pub fn is_gone(&self) -> bool {
        self.left.load(Ordering::Relaxed) || self.caller.is_gone()
    }
}

/// The part's number within its call, and what became of it.
pub type Answer = (usize, Result<Vec<Tensor>, ModelError>);

/// What goes into one call of the network as a whole.
pub struct Part {
    pub call: Arc<Call>,
    pub index: usize,
    /// `[n, 3, height, width]`
    pub input: Tensor,
    pub since: Instant,
    pub answer: Sender<Answer>,
}

impl Part {
    pub fn inputs(&self) -> usize {
        self.input.shape.first().copied().unwrap_or(0)
    }

    /// The shape of one input.
    fn size(&self) -> &[usize] {
        self.input.shape.get(1..).unwrap_or_default()
    }

    /// What is left has no inputs.
    pub fn take_input(&mut self) -> Tensor {
        std::mem::replace(&mut self.input, Tensor { shape: Vec::new(), data: Vec::new() })
    }

    /// To a caller that may have left: then nobody hears it.
    pub fn answer(&self, result: Result<Vec<Tensor>, ModelError>) {
        let _ = self.answer.send((self.index, result));
    }
}

struct JobQueue {
    job: u64,
    parts: VecDeque<Part>,
    /// Has a part in the batch that is being made.
    served: bool,
}

/// Jobs with something to compute, the next to be served first; none of their queues is empty.
#[derive(Default)]
pub struct Turns {
    jobs: VecDeque<JobQueue>,
}

impl Turns {
    pub fn push(&mut self, part: Part) {
        let job = part.call.caller.job();
        match self.jobs.iter_mut().find(|queue| queue.job == job) {
            Some(queue) => queue.parts.push_back(part),
            None => self.jobs.push_back(JobQueue { job, parts: VecDeque::from([part]), served: false }),
        }
    }

    /// Answers for those who have left, so that nothing of theirs is computed.
    pub fn drop_gone(&mut self) {
        for queue in &mut self.jobs {
            queue.parts.retain(|part| {
                let gone = part.call.is_gone();
                if gone {
                    part.answer(Err(ModelError::CallerGone));
                }
                !gone
            });
        }
        self.jobs.retain(|queue| !queue.parts.is_empty());
    }

    pub fn inputs(&self) -> usize {
        self.parts().map(Part::inputs).sum()
    }

    /// How many waiting inputs could go with the part whose turn it is, that part's included, and since when it waits.
    pub fn next(&self) -> Option<(usize, Instant)> {
        let first = self.jobs.front()?.parts.front()?;
        Some((self.parts().filter(|part| part.size() == first.size()).map(Part::inputs).sum(), first.since))
    }

    /// The next batch: the part whose turn it is, then, job by job and round about, parts of the same size while there is
    /// room for them among `most` inputs. Who got nothing comes first the next time.
    pub fn take(&mut self, most: usize) -> Vec<Part> {
        let Some(size) = self.jobs.front().and_then(|queue| queue.parts.front()).map(|part| part.size().to_vec()) else {
            return Vec::new();
        };
        let mut batch: Vec<Part> = Vec::new();
        let mut room = most;
        let (mut passed_over, mut done) = (VecDeque::new(), VecDeque::new());
        while room > 0 {
            let Some(mut queue) = self.jobs.pop_front() else { break };
            let fits = |part: &Part| part.size() == size && (part.inputs() <= room || batch.is_empty());
            let found = queue.parts.iter().position(fits).and_then(|at| queue.parts.remove(at));
            match found {
                Some(part) => {
                    room = room.saturating_sub(part.inputs());
                    batch.push(part);
                    queue.served = true;
                    if !queue.parts.is_empty() {
                        self.jobs.push_back(queue);
                    }
                }
                None if queue.served => done.push_back(queue),
                None => passed_over.push_back(queue),
            }
        }
        passed_over.append(&mut self.jobs);
        passed_over.append(&mut done);
        self.jobs = passed_over;
        self.jobs.iter_mut().for_each(|queue| queue.served = false);
        batch
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.jobs.iter().flat_map(|queue| &queue.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A queue of inputs, each known by its only value.
    struct Queue {
        turns: Turns,
        answer: Sender<Answer>,
    }

    impl Queue {
        fn push(&mut self, job: &Caller, inputs: usize, size: usize, value: f32) {
            let input = Tensor { shape: vec![inputs, 3, size, 1], data: vec![value; inputs * 3 * size] };
            let (call, answer) = (Arc::new(Call::of(job)), self.answer.clone());
            self.turns.push(Part { call, index: 0, input, since: Instant::now(), answer });
        }

        fn take(&mut self, most: usize) -> Vec<f32> {
            self.turns.take(most).iter().map(|part| part.input.data[0]).collect()
        }
    }

    fn queue() -> Queue {
        Queue { turns: Turns::default(), answer: mpsc::channel().0 }
    }

    #[test]
    fn jobs_are_served_round_about_within_a_batch_and_from_batch_to_batch() {
        let (many, few, mut queue) = (Caller::new(), Caller::new(), queue());
        (1..=5).for_each(|i| queue.push(&many, 1, 1, i as f32));
        (11..=12).for_each(|i| queue.push(&few, 1, 1, i as f32));
        assert_eq!((queue.take(1), queue.take(1), queue.take(3)), (vec![1.0], vec![11.0], vec![2.0, 12.0, 3.0]));
        assert_eq!((queue.take(8), queue.take(8)), (vec![4.0, 5.0], vec![]));
    }

    #[test]
    fn who_was_passed_over_for_its_size_comes_next() {
        let (one, other, mut queue) = (Caller::new(), Caller::new(), queue());
        queue.push(&one, 1, 1, 1.0);
        queue.push(&one, 1, 2, 2.0);
        queue.push(&one, 1, 1, 3.0);
        queue.push(&other, 1, 2, 11.0);
        assert_eq!(queue.take(8), [1.0, 3.0], "of one size");
        assert_eq!(queue.take(1), [11.0], "the other job had nothing in the batch before");
        assert_eq!(queue.take(1), [2.0]);
    }

    #[test]
    fn a_part_that_does_not_fit_waits_whole() {
        let (one, other, mut queue) = (Caller::new(), Caller::new(), queue());
        queue.push(&one, 3, 1, 1.0);
        queue.push(&other, 2, 1, 11.0);
        queue.push(&other, 1, 1, 12.0);
        assert_eq!((queue.turns.inputs(), queue.turns.next().map(|next| next.0)), (6, Some(6)));
        assert_eq!((queue.take(4), queue.take(4)), (vec![1.0, 12.0], vec![11.0]));
    }

    #[test]
    fn those_who_left_are_answered_and_their_parts_are_gone() {
        let (gone, here) = (Caller::new(), Caller::new());
        let (answer, answers) = mpsc::channel();
        let mut queue = Queue { turns: Turns::default(), answer };
        queue.push(&gone, 1, 1, 1.0);
        queue.push(&here, 1, 1, 2.0);
        gone.leave();
        queue.turns.drop_gone();
        assert_eq!(answers.try_iter().collect::<Vec<_>>(), [(0, Err(ModelError::CallerGone))]);
        assert_eq!((queue.take(8), queue.turns.next()), (vec![2.0], None));
    }
}
