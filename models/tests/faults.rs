//! What goes wrong in an engine, and what the analyser makes of it: the right kind of error, for the picture at hand alone.
//!
//! An engine without weights is put into the analyser through the door that every engine uses, so these tests run anywhere.

mod common;

use common::faulty::{Fault, FaultyEngine};
use common::played::{gone, until};
use image::RgbImage;
use models::{Analyser, Caller, ModelError, Vision, VisionConfig, align};
use std::time::Duration;

fn config() -> VisionConfig {
    VisionConfig { pack: Some("standard".into()), timeout: Duration::from_secs(120), ..VisionConfig::default() }
}

fn analyser(engine: &FaultyEngine) -> Analyser {
    Analyser::new(&config(), engine, Vec::new()).expect("the engine is well while it loads")
}

fn picture() -> RgbImage {
    RgbImage::from_pixel(640, 480, image::Rgb([120, 90, 60]))
}

/// What one network of the analyser finds in a picture: how much, or why nothing.
fn ask(analyser: &Analyser, role: &str) -> Result<usize, ModelError> {
    let caller = Caller::new();
    match role {
        "person" => analyser.people(&caller, &picture()).map(|people| people.len()),
        "face" => analyser.faces(&caller, &picture(), 640).map(|detected| detected.faces.len()),
        _ => analyser.embed(&caller, &[RgbImage::new(align::SIZE, align::SIZE)]).map(|embeddings| embeddings.len()),
    }
}

const ROLES: [&str; 3] = ["person", "face", "embedding"];

#[test]
fn an_engine_that_is_well_finds_one_of_each() {
    let analyser = analyser(&FaultyEngine::default());
    assert_eq!(ROLES.map(|role| ask(&analyser, role)), [Ok(1), Ok(1), Ok(1)]);
}

#[test]
fn a_network_that_does_not_load_is_told_and_not_replaced() {
    for role in ROLES {
        let refusing = FaultyEngine { refuses: Some(role), ..FaultyEngine::default() };
        let panicking = FaultyEngine { panics_over: Some(role), ..FaultyEngine::default() };
        for engine in [refusing, panicking] {
            let error = Analyser::new(&config(), &engine, Vec::new()).err().expect("it cannot load");
            assert_eq!(error.kind(), "model_not_loaded", "{error}");
            assert!(error.to_string().contains("as told"), "{error}");
        }
    }
}

#[test]
fn every_fault_has_its_kind_and_the_next_picture_is_seen_again() {
    let engine = FaultyEngine::default();
    let analyser = analyser(&engine);
    for role in ROLES {
        for (fault, kind) in [
            (Fault::Panic, "engine_failed"),
            (Fault::PanicOutOfMemory, "out_of_memory"),
            (Fault::OutOfMemory, "out_of_memory"),
            (Fault::DeviceLost, "device_lost"),
            (Fault::Nan, "unusable_output"),
            (Fault::Shape, "unusable_output"),
        ] {
            engine.faults.next(role, &[fault]);
            let error = ask(&analyser, role).expect_err("told to fail");
            assert_eq!(error.kind(), kind, "{role}, {fault:?}: {error}");
            assert_eq!(ask(&analyser, role), Ok(1), "{role} after {fault:?}");
        }
    }
}

/// A GPU that fell off the bus does not come back by itself: whoever asks is told so, and nothing hangs.
#[test]
fn a_lost_device_is_told_to_everyone_who_asks() {
    let engine = FaultyEngine::default();
    let analyser = analyser(&engine);
    for role in ROLES {
        engine.faults.next(role, &[Fault::DeviceLost; 3]);
        let kinds = [(); 3].map(|()| ask(&analyser, role).expect_err("lost").kind());
        assert_eq!(kinds, ["device_lost"; 3]);
    }
}

#[test]
fn a_network_that_hangs_is_a_time_out_and_the_others_go_on() {
    let engine = FaultyEngine::default();
    let config = VisionConfig { timeout: Duration::from_millis(50), ..config() };
    let analyser = Analyser::new(&config, &engine, Vec::new()).expect("loaded");
    engine.faults.next("face", &[Fault::Hold]);
    assert_eq!(ask(&analyser, "face"), Err(ModelError::Timeout(0.05)));
    // On a busy machine 50 ms may be too short for anybody.
    for role in ["person", "embedding"] {
        until("the other networks answer", || ask(&analyser, role) == Ok(1));
    }
    engine.faults.let_go();
    until("it answers again", || ask(&analyser, "face") == Ok(1));
    until("its thread is back", || analyser.stuck() == 0);
}

#[test]
fn a_network_that_is_broken_from_the_start_is_no_network() {
    for role in ROLES {
        let engine = FaultyEngine::default();
        engine.faults.next(role, &[Fault::Nan]);
        let error = Analyser::new(&config(), &engine, Vec::new()).err().expect("the warm-up sees it");
        assert_eq!(error.kind(), "unusable_output", "{role}: {error}");
    }
}

#[test]
fn nothing_is_computed_for_a_caller_who_has_left() {
    let engine = FaultyEngine::default();
    let analyser = analyser(&engine);
    let before = engine.faults.seen().len();
    assert_eq!(analyser.people(&gone(), &picture()), Err(ModelError::CallerGone));
    assert_eq!(analyser.faces(&gone(), &picture(), 640), Err(ModelError::CallerGone));
    assert_eq!(analyser.embed(&gone(), &[RgbImage::new(align::SIZE, align::SIZE)]), Err(ModelError::CallerGone));
    assert_eq!(engine.faults.seen().len(), before);
}

#[test]
fn each_network_is_warmed_up_at_the_sizes_that_are_used_first() {
    let engine = FaultyEngine { batch: 4, ..FaultyEngine::default() };
    let analyser = analyser(&engine);
    let call = |role: &str, inputs: usize, side: usize| (role.to_owned(), vec![inputs, 3, side, side]);
    let expected = [call("person", 1, 640), call("face", 1, 640), call("embedding", 1, 112), call("embedding", 4, 112)];
    assert_eq!(engine.faults.seen(), expected);
    let networks = &analyser.info().networks;
    let named: Vec<_> = networks.iter().map(|network| (network.role.as_str(), network.max_batch)).collect();
    assert_eq!(named, [("person", 1), ("face", 1), ("embedding", 4)]);
    assert_eq!(networks[2].model, analyser.info().embedding_model);
    assert!(networks.iter().map(|network| network.warm_up).sum::<f64>() <= analyser.info().warm_up);
}

/// `MAX_BATCH` overrules what the engine would like; a crowd is embedded in calls of so many.
#[test]
fn the_greatest_batch_can_be_set() {
    let engine = FaultyEngine { batch: 4, ..FaultyEngine::default() };
    let config = VisionConfig { max_batch: Some(2), ..config() };
    let analyser = Analyser::new(&config, &engine, Vec::new()).expect("loaded");
    let before = engine.faults.seen().len();
    let crops: Vec<RgbImage> = (0..5).map(|i| RgbImage::from_pixel(align::SIZE, align::SIZE, image::Rgb([i * 40, 0, 9]))).collect();
    let embedded = analyser.embed(&Caller::new(), &crops).expect("five vectors");
    assert_eq!(engine.faults.seen()[before..].iter().map(|(_, shape)| shape[0]).collect::<Vec<_>>(), [2, 2, 1]);
    for (crop, together) in crops.iter().zip(&embedded) {
        assert_eq!(analyser.embed(&Caller::new(), std::slice::from_ref(crop)).as_deref(), Ok(std::slice::from_ref(together)));
    }
}
