//! How calls of one network are joined, parted, taken in turns, dropped and given up: the manual of `models::batch`.
//!
//! A played network stands in for a real one; a call of its that holds keeps the only thread busy while others queue up
//! behind it, so that what is joined and in which order does not depend on time. At the end a real network shows that joining changes no vector.

mod common;

use common::played::{AtTheEnd, FAILS, HOLDS, Handle, MERGES, PANICS, Played, answer, gone, inputs, sized, until};
use common::{prepared, skip, vision_config};
use models::batch::{Batcher, Limits};
use models::engine::{self, NetworkFiles, Tensor};
use models::pack::Packs;
use models::{Caller, Contract, Embedding, EngineChoice, ModelError, preprocess};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// Longer than any test takes: a caller who waits so long has waited in vain.
const PATIENCE: Duration = Duration::from_secs(120);

/// One thread, and an hour's wait for company: who waits for it at all is seen to wait.
const ALONE: Limits = Limits { workers: 1, max_batch: 8, max_wait: Duration::from_secs(3600), timeout: PATIENCE };

type Answer = Result<Vec<Tensor>, ModelError>;

fn batcher(limits: Limits) -> (Batcher, Arc<Played>, AtTheEnd) {
    let played = Arc::new(Played::default());
    let batcher = Batcher::new("played", Box::new(Handle(played.clone())), limits).expect("threads");
    (batcher, played.clone(), AtTheEnd(played))
}

/// Keeps one thread busy until the gate is opened.
fn hold<'s>(scope: &'s thread::Scope<'s, '_>, batcher: &'s Batcher, played: &Played) -> ScopedJoinHandle<'s, Answer> {
    let before = played.held.load(Ordering::SeqCst);
    let held = scope.spawn(move || batcher.run(&Caller::new(), inputs(&[HOLDS])));
    until("a thread is held", || played.held.load(Ordering::SeqCst) > before);
    held
}

/// Hands the call in from a thread of its own, and returns when it stands in the queue.
fn queue<'s>(scope: &'s thread::Scope<'s, '_>, batcher: &'s Batcher, caller: &Caller, input: Tensor) -> ScopedJoinHandle<'s, Answer> {
    let (expected, caller) = (batcher.queued() + input.shape[0], caller.clone());
    let call = scope.spawn(move || batcher.run(&caller, input));
    until("the call is queued", || batcher.queued() == expected);
    call
}

fn joined(call: ScopedJoinHandle<'_, Answer>) -> Answer {
    call.join().expect("the caller's thread")
}

#[test]
fn calls_that_wait_together_are_computed_together_and_each_gets_its_own_answer() {
    let (batcher, played, _end) = batcher(ALONE);
    thread::scope(|scope| {
        let held = hold(scope, &batcher, &played);
        let calls: Vec<_> =
            [&[1.0][..], &[2.0, 3.0], &[4.0]].map(|values| queue(scope, &batcher, &Caller::new(), inputs(values))).into_iter().collect();
        played.open();
        let answers: Vec<_> = calls.into_iter().map(joined).collect();
        assert_eq!(answers, [answer(&[1.0]), answer(&[2.0, 3.0]), answer(&[4.0])]);
        assert_eq!(joined(held), answer(&[HOLDS]));
    });
    assert_eq!(played.calls(), [vec![HOLDS], vec![1.0, 2.0, 3.0, 4.0]]);
}

#[test]
fn no_call_is_larger_than_allowed_and_none_mixes_sizes() {
    let (batcher, played, _end) = batcher(Limits { max_batch: 2, ..ALONE });
    thread::scope(|scope| {
        hold(scope, &batcher, &played);
        for (value, side) in [(1.0, 1), (2.0, 5), (3.0, 1), (4.0, 1)] {
            queue(scope, &batcher, &Caller::new(), sized(&[value], side));
        }
        played.open();
    });
    assert_eq!(played.calls(), [vec![HOLDS], vec![1.0, 3.0], vec![2.0], vec![4.0]]);
}

/// A picture with a crowd of faces: others get their turn between its parts, and its answer comes as one.
#[test]
fn a_call_of_more_than_a_batch_is_parted_and_its_answer_is_whole() {
    let (batcher, played, _end) = batcher(Limits { max_batch: 2, ..ALONE });
    thread::scope(|scope| {
        hold(scope, &batcher, &played);
        let crowd = queue(scope, &batcher, &Caller::new(), inputs(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        let other = queue(scope, &batcher, &Caller::new(), inputs(&[9.0]));
        played.open();
        assert_eq!(joined(crowd), answer(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(joined(other), answer(&[9.0]));
    });
    assert_eq!(played.calls(), [vec![HOLDS], vec![1.0, 2.0], vec![9.0, 5.0], vec![3.0, 4.0]]);
}

/// The wait for company is an hour here, and the test a moment.
#[test]
fn a_lone_caller_waits_for_nobody() {
    let (batcher, played, _end) = batcher(ALONE);
    assert_eq!(batcher.run(&Caller::new(), inputs(&[1.0])), answer(&[1.0]));
    assert_eq!(batcher.prepare().run(&Caller::new(), inputs(&[2.0])), answer(&[2.0]), "not for itself either");
    assert_eq!(played.calls(), [[1.0], [2.0]]);
}

#[test]
fn a_call_waits_for_one_that_is_being_prepared() {
    let (batcher, played, _end) = batcher(ALONE);
    thread::scope(|scope| {
        let prepared = batcher.prepare();
        let first = queue(scope, &batcher, &Caller::new(), inputs(&[1.0]));
        assert_eq!(prepared.run(&Caller::new(), inputs(&[2.0])), answer(&[2.0]));
        assert_eq!(joined(first), answer(&[1.0]));
    });
    assert_eq!(played.calls(), [[1.0, 2.0]], "an hour's wait, over as soon as the other came");
}

#[test]
fn what_is_not_prepared_after_all_is_waited_for_no_longer() {
    let (batcher, played, _end) = batcher(ALONE);
    thread::scope(|scope| {
        let prepared = batcher.prepare();
        let first = queue(scope, &batcher, &Caller::new(), inputs(&[1.0]));
        drop(prepared);
        assert_eq!(joined(first), answer(&[1.0]));
    });
    assert_eq!(played.calls(), [[1.0]]);
}

#[test]
fn nobody_is_waited_for_longer_than_allowed() {
    let (batcher, _, _end) = batcher(Limits { max_wait: Duration::from_millis(1), ..ALONE });
    let _never_handed_in = batcher.prepare();
    assert_eq!(batcher.run(&Caller::new(), inputs(&[1.0])), answer(&[1.0]));
}

/// One at a time, so that the order shows: five pictures of one job, two of another that came after all of them.
#[test]
fn a_job_with_many_pictures_does_not_starve_one_with_few() {
    let (batcher, played, _end) = batcher(Limits { max_batch: 1, ..ALONE });
    let (many, few) = (Caller::new(), Caller::new());
    thread::scope(|scope| {
        hold(scope, &batcher, &played);
        (1..=5).for_each(|value| drop(queue(scope, &batcher, &many, inputs(&[value as f32]))));
        (11..=12).for_each(|value| drop(queue(scope, &batcher, &few, inputs(&[value as f32]))));
        played.open();
    });
    assert_eq!(played.calls().concat(), [HOLDS, 1.0, 11.0, 2.0, 12.0, 3.0, 4.0, 5.0]);
}

#[test]
fn what_belongs_to_a_caller_who_has_left_is_never_computed() {
    let (batcher, played, _end) = batcher(ALONE);
    let leaving = Caller::new();
    thread::scope(|scope| {
        hold(scope, &batcher, &played);
        let left = queue(scope, &batcher, &leaving, inputs(&[1.0, 2.0]));
        let stays = queue(scope, &batcher, &Caller::new(), inputs(&[3.0]));
        leaving.leave();
        played.open();
        assert_eq!(joined(left), Err(ModelError::CallerGone));
        assert_eq!(joined(stays), answer(&[3.0]));
    });
    assert_eq!(batcher.run(&gone(), inputs(&[4.0])), Err(ModelError::CallerGone));
    assert_eq!(played.calls(), [[HOLDS], [3.0]]);
}

#[test]
fn a_caller_waits_no_longer_than_the_time_out() {
    let (batcher, _, _end) = batcher(Limits { timeout: Duration::from_millis(20), ..ALONE });
    assert_eq!(batcher.run(&Caller::new(), inputs(&[HOLDS])), Err(ModelError::Timeout(0.02)));
    assert_eq!(batcher.queued(), 0);
}

#[test]
fn a_stuck_thread_is_counted_and_the_others_go_on() {
    let (batcher, played, _end) = batcher(Limits { workers: 2, ..ALONE });
    thread::scope(|scope| {
        let held = hold(scope, &batcher, &played);
        assert_eq!(batcher.stuck(), 0, "it is only busy");
        batcher.set_timeout(Duration::from_millis(1));
        until("it is stuck", || batcher.stuck() == 1);
        batcher.set_timeout(PATIENCE);
        assert_eq!(batcher.run(&Caller::new(), inputs(&[1.0])), answer(&[1.0]));
        played.open();
        assert_eq!(joined(held), answer(&[HOLDS]));
    });
}

#[test]
fn where_all_threads_are_stuck_callers_are_told_at_once_until_one_comes_back() {
    let timeout = Duration::from_millis(200);
    let (batcher, played, _end) = batcher(ALONE);
    let ask = || batcher.run(&Caller::new(), inputs(&[1.0]));
    thread::scope(|scope| {
        hold(scope, &batcher, &played);
        batcher.set_timeout(timeout);
        until("the only thread is stuck", || batcher.stuck() == 1);
        let began = Instant::now();
        (0..1000).for_each(|_| assert_eq!(ask(), Err(ModelError::Timeout(0.2))));
        assert!(began.elapsed() < timeout * 500, "a thousand time-outs one after the other would be twice as long");
        assert_eq!((batcher.queued(), played.calls()), (0, vec![vec![HOLDS]]));
        played.open();
        until("the thread is back", || ask() == answer(&[1.0]));
    });
    assert_eq!(batcher.stuck(), 0);
}

#[test]
fn a_turn_that_does_not_come_in_time_is_given_up_and_never_computed() {
    let (batcher, played, _end) = batcher(ALONE);
    thread::scope(|scope| {
        hold(scope, &batcher, &played);
        batcher.set_timeout(Duration::from_millis(500));
        assert_eq!(batcher.run(&Caller::new(), inputs(&[1.0])), Err(ModelError::Timeout(0.5)));
        assert_eq!(batcher.queued(), 0);
        played.open();
    });
    batcher.set_timeout(PATIENCE);
    assert_eq!(batcher.run(&Caller::new(), inputs(&[2.0])), answer(&[2.0]));
    assert_eq!(played.calls(), [[HOLDS], [2.0]]);
}

#[test]
fn a_panic_in_the_engine_is_an_error_and_the_thread_lives_on() {
    let (batcher, _, _end) = batcher(ALONE);
    let error = batcher.run(&Caller::new(), inputs(&[PANICS])).expect_err("it panicked");
    assert!(matches!(&error, ModelError::Engine(said) if said.contains("panics as told")), "{error}");
    assert_eq!(batcher.run(&Caller::new(), inputs(&[1.0])), answer(&[1.0]), "by the only thread there is");
}

#[test]
fn one_bad_input_does_not_fail_its_neighbours() {
    for (bad, kind) in [(FAILS, "out_of_memory"), (PANICS, "engine_failed"), (MERGES, "unusable_output")] {
        let (batcher, played, _end) = batcher(ALONE);
        thread::scope(|scope| {
            hold(scope, &batcher, &played);
            let [one, poison, two] = [&[1.0][..], &[bad, 0.0], &[2.0]].map(|values| queue(scope, &batcher, &Caller::new(), inputs(values)));
            played.open();
            assert_eq!((joined(one), joined(two)), (answer(&[1.0]), answer(&[2.0])));
            assert_eq!(joined(poison).expect_err("alone as well").kind(), kind);
        });
        let (calls, once) = (played.calls(), vec![vec![1.0], vec![bad, 0.0], vec![2.0]]);
        assert_eq!((&calls[1], &calls[2..]), (&vec![1.0, bad, 0.0, 2.0], once.as_slice()), "together, then each once");
    }
}

#[test]
fn an_input_without_four_axes_is_refused_before_it_is_queued() {
    let (batcher, played, _end) = batcher(ALONE);
    for shape in [vec![], vec![1, 3, 1], vec![0, 3, 1, 1], vec![2, 3, 1, 1]] {
        let refused = batcher.run(&Caller::new(), Tensor { shape, data: vec![0.0; 3] });
        assert_eq!(refused.expect_err("no shape for three values").kind(), "unusable_output");
    }
    assert!(played.calls().is_empty());
}

#[test]
fn dropping_a_batcher_ends_its_threads_and_frees_the_network() {
    let (batcher, played, end) = batcher(Limits { workers: 3, ..ALONE });
    assert_eq!(batcher.run(&Caller::new(), inputs(&[1.0])), answer(&[1.0]));
    drop((batcher, end));
    assert_eq!(Arc::strong_count(&played), 1, "whoever held the network is gone");
}

#[test]
fn dropping_a_batcher_does_not_wait_for_a_stuck_thread() {
    let (batcher, played, _end) = batcher(Limits { timeout: Duration::from_millis(20), ..ALONE });
    until("the thread is held, and its caller has given up", || {
        assert_eq!(batcher.run(&Caller::new(), inputs(&[HOLDS])), Err(ModelError::Timeout(0.02)));
        played.held.load(Ordering::SeqCst) == 1
    });
    drop(batcher);
    assert_eq!(Arc::strong_count(&played), 3, "the thread is in the network still");
    played.open();
    until("it has ended as well", || Arc::strong_count(&played) == 2);
}

/// Eight crops in one call are the same eight vectors as one by one, on either CPU engine.
#[test]
fn a_batch_of_eight_embeds_like_eight_single_ones() {
    let Some(name) = ["standard", "light"].into_iter().find(|pack| prepared(pack)) else { return };
    let network = Packs::built_in().packs.remove(name).expect("built in").embedding;
    for choice in [EngineChoice::OnnxRuntime, EngineChoice::BurnFlex] {
        let config = vision_config(name, choice);
        if choice == EngineChoice::OnnxRuntime && !config.onnxruntime.as_ref().is_some_and(|library| library.is_file()) {
            skip::<()>("ONNX Runtime is not there (make setup)");
            continue;
        }
        let folder = config.models_dir.join(name);
        let files =
            NetworkFiles { network: network.network.clone(), onnx: folder.join("embedding.onnx"), weights: folder.join("embedding.bpk") };
        let engine = engine::choose(&config).expect("an engine").0;
        let side = network.input.size;
        let mut data = Vec::new();
        for seed in 1..=8 {
            let drawn = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([(x * seed) as u8, (y * 2) as u8, (x ^ (y + seed)) as u8]));
            preprocess::normalise(&drawn, &network.input, &mut data);
        }
        let crops = Tensor { shape: vec![8, 3, side as usize, side as usize], data };
        let contract =
            Arc::new(Contract { digest: name.into(), preprocessing: "drawn".into(), dimension: network.dimension.expect("one") });
        let embed = |max_batch: usize| -> Vec<Embedding> {
            let loaded = engine.load(&files).expect("the network");
            let batcher = Batcher::new("embedding", loaded, Limits { max_batch, ..ALONE }).expect("a thread");
            let rows = batcher.run(&Caller::new(), crops.clone()).expect("vectors").remove(0);
            rows.data.chunks_exact(contract.dimension).map(|row| Embedding::from_raw(row.to_vec(), &contract).expect("a vector")).collect()
        };
        let (single, together) = (embed(1), embed(8));
        let differences = single.iter().zip(&together).flat_map(|(a, b)| a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()));
        let greatest = differences.fold(0.0, f32::max);
        println!("{}, {name}: one by one and eight together differ by at most {greatest:e}", engine.name());
        assert_eq!((single.len(), together.len()), (8, 8));
        assert!(greatest <= 1e-5, "{choice:?}: {greatest}");
    }
}
