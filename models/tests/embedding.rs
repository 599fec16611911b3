//! Embeddings: a batch gives what single calls give, and with mirrored copies averaged in, a face and its mirror image are one.

mod common;

use common::parity::{golden, landmarks};
use common::watched::WatchedEngine;
use common::{prepared, reference_picture, shared, skip, usable_config, vision, vision_config};
use image::{RgbImage, imageops};
use models::{Analyser, Caller, Embedding, EngineChoice, Vision, VisionConfig, align, engine};

/// Eight aligned crops of the reference's faces, of eight pictures.
fn crops() -> Option<Vec<RgbImage>> {
    let golden = golden()?;
    let folder = shared("testdata").or_else(|| skip("no ../shared/testdata"))?;
    let mut crops = Vec::new();
    for (name, expected) in golden["images"].as_object().expect("pictures") {
        if let Some(face) = expected["faces"].as_array().expect("faces").first() {
            crops.push(align::align(&reference_picture(&folder.join(name)), &landmarks(&face["landmarks"])));
        }
        if crops.len() == 8 {
            return Some(crops);
        }
    }
    panic!("the reference has {} pictures with faces", crops.len());
}

/// The greatest difference of two unit vectors in one place.
fn difference(a: &Embedding, b: &Embedding) -> f32 {
    // A NaN in either is the greatest difference that there is.
    let apart = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, |most, next| if next.is_nan() { f32::INFINITY } else { most.max(next) })
}

fn batch_equals_single_calls(pack: &str, choice: EngineChoice) {
    let (Some(config), Some(crops)) = (usable_config(pack, choice), crops()) else { return };
    // Left to itself an engine on a CPU takes crops one by one, and eight of them would be eight calls.
    let config = VisionConfig { max_batch: Some(8), ..config };
    let (engine, skipped) = engine::choose(&config).expect("the engine");
    let watched = WatchedEngine::new(engine);
    let vision = Analyser::new(&config, &watched, skipped).expect("the pack");
    let embedding = vision.info().networks.iter().find(|network| network.role == "embedding").expect("there is one");
    assert_eq!(embedding.max_batch, 8);
    let call = |inputs: usize| ("embedding".to_owned(), vec![inputs, 3, align::SIZE as usize, align::SIZE as usize]);
    let embed = |crops: &[RgbImage]| vision.embed(&Caller::new(), crops).expect("embeddings");
    watched.take_calls();
    let together = embed(&crops);
    assert_eq!(together.len(), 8);
    assert_eq!(watched.take_calls(), [call(8)], "all eight in one call of the network");
    let single: Vec<Embedding> = crops.iter().map(|crop| embed(std::slice::from_ref(crop)).remove(0)).collect();
    assert_eq!(watched.take_calls(), vec![call(1); 8]);
    let most = together.iter().zip(&single).map(|(a, b)| difference(a, b)).fold(0.0, f32::max);
    println!("{pack} on {}: eight together and one by one differ by at most {most:.1e}", vision.info().engine);
    assert!(most <= 1e-5, "{most}");
    // Eight different faces: had the batch been mixed up, this would have shown.
    let least = (1..8).map(|i| difference(&together[i - 1], &together[i])).fold(f32::INFINITY, f32::min);
    assert!(least > 1e-2, "two faces have one vector ({least})");
}

#[test]
fn eight_faces_together_have_the_vectors_of_eight_single_calls_on_onnx_runtime() {
    ["standard", "light"].into_iter().for_each(|pack| batch_equals_single_calls(pack, EngineChoice::OnnxRuntime));
}

#[test]
fn eight_faces_together_have_the_vectors_of_eight_single_calls_on_burn_flex() {
    ["standard", "light"].into_iter().for_each(|pack| batch_equals_single_calls(pack, EngineChoice::BurnFlex));
}

#[test]
fn with_flip_a_face_and_its_mirror_image_have_one_vector_under_a_contract_of_its_own() {
    for pack in ["standard", "light"] {
        if !prepared(pack) {
            continue;
        }
        let (Some(plain), Some(crops)) = (vision(pack, EngineChoice::Cpu), crops()) else { return };
        let flipping = models::load(&VisionConfig { flip: true, ..vision_config(pack, EngineChoice::Cpu) }).expect("the pack");
        let mirrored: Vec<RgbImage> = crops.iter().map(imageops::flip_horizontal).collect();
        let embed = |vision: &dyn models::Vision, crops: &[RgbImage]| vision.embed(&Caller::new(), crops).expect("embeddings");
        let (with, with_mirrored) = (embed(flipping.as_ref(), &crops), embed(flipping.as_ref(), &mirrored));
        let (without, without_mirrored) = (embed(plain.as_ref(), &crops), embed(plain.as_ref(), &mirrored));
        let mut least_without = f32::INFINITY;
        for i in 0..crops.len() {
            let cosine = with[i].cosine(&with_mirrored[i]).expect("one contract");
            assert!(cosine > 0.9999, "{pack}: cosine {cosine}");
            least_without = least_without.min(without[i].cosine(&without_mirrored[i]).expect("one contract"));
            // The length of a mean is at most the mean of the lengths.
            let longest = (without[i].norm() + without_mirrored[i].norm()) / 2.0;
            assert!(with[i].norm() > 0.5 * longest && with[i].norm() <= longest * 1.0001, "{} of {longest}", with[i].norm());
            assert!(with[i].cosine(&without[i]).is_err(), "vectors with and without flip are not compared");
        }
        println!("{pack}: without flip a face and its mirror image have a cosine of {least_without:.4} or more");
        assert!(least_without < 0.9999, "flip would be of no use");
        assert_ne!(flipping.info().contract, plain.info().contract);
        assert!(flipping.info().contract.preprocessing.ends_with("-flip"), "{}", flipping.info().contract);
    }
}
