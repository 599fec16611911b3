//! Parity on wgpu (`make test-gpu`): on a real GPU all three networks against the reference's numbers; on a software
//! renderer (`GPU_ALLOW_SOFTWARE=1`) the embedding network alone, because the detectors take it minutes a picture.
//!
//! Where no adapter is to be had this fails: who runs these tests wants to know about the GPU.

mod common;

use common::parity::{against_the_reference, cosine, floats, golden, landmarks};
use common::{prepared, reference_picture, shared, vision_config};
use models::engine::{self, Engine, NetworkFiles, Tensor};
use models::pack::Packs;
use models::{Analyser, EngineChoice, align, preprocess};
use std::sync::LazyLock;
use std::time::Instant;

/// Opened once: a runtime is initialised once a process.
static GPU: LazyLock<Box<dyn Engine>> = LazyLock::new(|| {
    let gpu = engine::gpu().unwrap_or_else(|why| panic!("{why}"));
    println!("{}", gpu.name());
    gpu
});

fn software() -> bool {
    engine::probe::software_allowed()
}

/// The embedding network of the standard pack (or of the light one, compared with the CPU), one crop at a time and eight
/// together.
#[test]
fn the_embedding_network_gives_the_references_vectors() {
    let Some(name) = ["standard", "light"].into_iter().find(|pack| prepared(pack)) else { return };
    let network = Packs::built_in().packs.remove(name).expect("built in").embedding;
    let folder = vision_config(name, EngineChoice::Wgpu).models_dir.join(name);
    let files =
        NetworkFiles { network: network.network.clone(), onnx: folder.join("embedding.onnx"), weights: folder.join("embedding.bpk") };
    let gpu = GPU.load(&files).expect("the network on the GPU");
    let crops = crops();
    let run = |on: &dyn engine::Network, batch: &[image::RgbImage]| -> Vec<Vec<f32>> {
        let side = network.input.size as usize;
        let mut data = Vec::new();
        batch.iter().for_each(|crop| preprocess::normalise(crop, &network.input, &mut data));
        let output = on.run(Tensor { shape: vec![batch.len(), 3, side, side], data }).expect("vectors").remove(0);
        output.data.chunks_exact(network.dimension.expect("a dimension")).map(<[f32]>::to_vec).collect()
    };
    let began = Instant::now();
    let single: Vec<Vec<f32>> = crops.iter().flat_map(|(crop, _)| run(gpu.as_ref(), std::slice::from_ref(crop))).collect();
    println!("{} crops one by one: {:.1} s, tuning included", crops.len(), began.elapsed().as_secs_f64());
    let cpu = engine::cpu().load(&files).expect("the network on the CPU");
    for ((crop, reference), vector) in crops.iter().zip(&single) {
        let truth = match reference {
            Some(golden) if name == "standard" => golden.clone(),
            _ => run(cpu.as_ref(), std::slice::from_ref(crop)).remove(0),
        };
        let cosine = cosine(vector, &truth);
        assert!(cosine >= 0.999, "cosine {cosine}");
    }
    let together: Vec<image::RgbImage> = crops.iter().map(|(crop, _)| crop.clone()).collect();
    for (one, batched) in single.iter().zip(run(gpu.as_ref(), &together)) {
        let cosine = cosine(one, &batched);
        assert!(cosine >= 0.99999, "one by one and together: cosine {cosine}");
    }
}

/// Eight aligned crops with the reference's embeddings, or drawn ones without.
fn crops() -> Vec<(image::RgbImage, Option<Vec<f32>>)> {
    let Some(golden) = golden() else {
        let drawn = |seed: u32| {
            image::RgbImage::from_fn(align::SIZE, align::SIZE, |x, y| image::Rgb([(x * seed) as u8, (y * 3) as u8, (x ^ y) as u8]))
        };
        return (1..=8).map(|seed| (drawn(seed), None)).collect();
    };
    let mut crops = Vec::new();
    for (name, expected) in golden["images"].as_object().expect("pictures") {
        let faces = expected["faces"].as_array().expect("faces");
        let Some(face) = faces.first() else { continue };
        let image = reference_picture(&shared("testdata").expect("pictures beside the numbers").join(name));
        crops.push((align::align(&image, &landmarks(&face["landmarks"])), Some(floats(&face["embedding"]))));
        if crops.len() == 8 {
            break;
        }
    }
    crops
}

/// Everything, as golden.rs asks it of the CPU engines.
#[test]
fn a_real_gpu_finds_what_the_reference_finds() {
    if software() {
        println!("SKIPPED: on a software renderer the detectors take minutes a picture");
        return;
    }
    if !prepared("standard") {
        return;
    }
    let gpu = Analyser::new(&vision_config("standard", EngineChoice::Wgpu), GPU.as_ref(), Vec::new()).expect("the pack on the GPU");
    against_the_reference(&gpu);
}

/// The product's own way to the GPU: by a child process that must give its verdict. This test's program gives none.
#[test]
fn a_program_that_does_not_know_the_probe_lets_no_gpu_in() {
    if !prepared("light") && !prepared("standard") {
        return;
    }
    let config = vision_config(if prepared("standard") { "standard" } else { "light" }, EngineChoice::Wgpu);
    let refused = models::load(&config).err().expect("no verdict, no GPU").to_string();
    assert!(refused.contains("probe"), "{refused}");
}
