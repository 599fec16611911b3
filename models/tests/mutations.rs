//! Is the golden comparison worth its name? Each step between a picture and an embedding is broken here on purpose, one at
//! a time: letterbox, channel order, order of landmarks, non-maximum suppression, alignment, normalisation. The comparison
//! with the reference's numbers must then report faults, and none for the same pictures with nothing broken.
//!
//! What the pack describes is broken in its description, and the product's own [`Analyser`] runs on that. For the letterbox the
//! stages are put together by hand, with a place in between where they can be spoiled; unspoiled they show no fault.

mod common;

use common::parity::Comparison;
use common::{prepared, reference_picture, shared, vision_config};
use image::RgbImage;
use models::align::{self, Similarity, TEMPLATE};
use models::engine::{self, Engine, Network, NetworkFiles, Tensor};
use models::pack::{self, Channels, Pack, Packs};
use models::preprocess::{self, Letterbox};
use models::{
    Analyser, Caller, Detected, Embedding, EngineChoice, Face, Landmarks, ModelError, Person, Vision, VisionConfig, VisionInfo, decode,
};
use std::sync::{Arc, LazyLock};

/// Large faces and small ones, upright and leaning, alone and in rows; as many people.
const PICTURES: [&str; 4] = ["photos/zidane.jpg", "photos/two_people.jpg", "photos/bus.jpg", "photos/t1.jpg"];

/// One lane: a dozen packs are loaded on it, each to look at four pictures.
static ENGINE: LazyLock<Arc<dyn Engine>> = LazyLock::new(|| {
    let config = VisionConfig { threads: 1, ..vision_config("standard", EngineChoice::Cpu) };
    engine::choose(&config).expect("an engine").0
});

type Align = fn(&RgbImage, &Landmarks) -> RgbImage;

/// One step, broken.
struct Mutation {
    step: &'static str,
    how: &'static str,
    /// Whether people's boxes must show it too.
    people: bool,
    vision: Box<dyn Vision>,
    align: Align,
}

fn mutation(step: &'static str, how: &'static str, people: bool, vision: impl Vision + 'static) -> Mutation {
    Mutation { step, how, people, vision: Box::new(vision), align: align::align }
}

/// The product, with a pack that is described wrongly.
fn described(spoil: fn(&mut Pack)) -> Analyser {
    let mut pack = Packs::built_in().packs.remove("standard").expect("built in");
    spoil(&mut pack);
    let config = vision_config("standard", EngineChoice::Cpu);
    Analyser::with_pack(&config, "standard".into(), pack, ENGINE.as_ref(), Vec::new()).expect("the pack")
}

/// The detectors' stages by hand; the letterbox is spoiled between the network and the decoder.
struct ByHand {
    product: Analyser,
    person: Box<dyn Network>,
    face: Box<dyn Network>,
    spoil: fn(Letterbox) -> Letterbox,
}

impl ByHand {
    fn new(spoil: fn(Letterbox) -> Letterbox) -> Self {
        let product = described(|_| {});
        let folder = vision_config("standard", EngineChoice::Cpu).models_dir.join("standard");
        let load = |role: &str, network: &pack::Network| {
            let [onnx, weights] = ["onnx", "bpk"].map(|kind| folder.join(format!("{role}.{kind}")));
            ENGINE.load(&NetworkFiles { network: network.network.clone(), onnx, weights }).expect("a network")
        };
        Self { person: load("person", &product.pack().person), face: load("face", &product.pack().face), product, spoil }
    }

    fn maps(&self, network: &dyn Network, input: &pack::Input, picture: &RgbImage) -> Result<(Vec<Tensor>, Letterbox), ModelError> {
        let mut data = Vec::new();
        let placed = preprocess::letterbox(picture, input, &mut data);
        let [columns, rows] = placed.canvas.map(|side| side as usize);
        Ok((network.run(Tensor { shape: vec![1, 3, rows, columns], data })?, (self.spoil)(placed)))
    }
}

impl Vision for ByHand {
    fn info(&self) -> &VisionInfo {
        self.product.info()
    }

    fn people(&self, _: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        let network = &self.product.pack().person;
        let (maps, placed) = self.maps(self.person.as_ref(), &network.input, picture)?;
        decode::yolov8(&maps, 0, &placed, network.score, network.iou, &network.classes)
    }

    fn faces(&self, _: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        let network = &self.product.pack().face;
        let (maps, placed) = self.maps(self.face.as_ref(), &pack::Input { size: side, ..network.input }, picture)?;
        Ok(Detected { faces: decode::scrfd(&maps, 0, &placed, network.score, network.iou)?, by_backup: false })
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        self.product.embed(caller, crops)
    }
}

/// The product, with two landmarks of every face exchanged.
struct Exchanged {
    product: Analyser,
    landmarks: (usize, usize),
}

impl Vision for Exchanged {
    fn info(&self) -> &VisionInfo {
        self.product.info()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.product.people(caller, picture)
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        let found = self.product.faces(caller, picture, side)?;
        let exchanged = |mut face: Face| {
            face.landmarks.swap(self.landmarks.0, self.landmarks.1);
            face
        };
        Ok(Detected { faces: found.faces.into_iter().map(exchanged).collect(), ..found })
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        self.product.embed(caller, crops)
    }
}

/// The template four pixels down and to the right. The same as landmarks that lie as much up and to the left.
fn with_a_shifted_template(picture: &RgbImage, landmarks: &Landmarks) -> RgbImage {
    let back = Similarity::between(landmarks, &TEMPLATE).expect("landmarks with a direction").inverse();
    let ([x0, y0], [x4, y4]) = (back.apply([0.0, 0.0]), back.apply([4.0, 4.0]));
    align::align(picture, &landmarks.map(|[x, y]| [x - (x4 - x0) as f32, y - (y4 - y0) as f32]))
}

/// A leaning head is turned further instead of upright.
fn turned_the_wrong_way(picture: &RgbImage, landmarks: &Landmarks) -> RgbImage {
    let centre = landmarks.iter().map(|p| p[0]).sum::<f32>() / landmarks.len() as f32;
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = landmarks.map(|[x, y]| [2.0 * centre - x, y]);
    align::align(picture, &[right_eye, left_eye, nose, right_mouth, left_mouth])
}

fn mutations() -> Vec<Mutation> {
    let aligned = |how, align: Align| Mutation { align, ..mutation("alignment", how, false, described(|_| {})) };
    vec![
        mutation("letterbox", "padding counted 4 pixels too wide", true, ByHand::new(|p| Letterbox { left: p.left + 4.0, ..p })),
        mutation("letterbox", "scale 3% too large", true, ByHand::new(|p| Letterbox { scale: p.scale * 1.03, ..p })),
        mutation(
            "channel order",
            "detectors see blue for red",
            true,
            described(|pack| {
                pack.person.input.channels = Channels::Bgr;
                pack.face.input.channels = Channels::Bgr;
            }),
        ),
        mutation(
            "channel order",
            "the embedding network sees blue for red",
            false,
            described(|pack| pack.embedding.input.channels = Channels::Bgr),
        ),
        mutation("landmark order", "eyes exchanged", false, Exchanged { product: described(|_| {}), landmarks: (0, 1) }),
        mutation("landmark order", "corners of the mouth exchanged", false, Exchanged { product: described(|_| {}), landmarks: (3, 4) }),
        mutation(
            "suppression",
            "off: any overlap is left",
            true,
            described(|pack| {
                pack.person.iou = 1.0;
                pack.face.iou = 1.0;
            }),
        ),
        aligned("template shifted by 4 pixels", with_a_shifted_template),
        aligned("turned the wrong way", turned_the_wrong_way),
        mutation(
            "normalisation",
            "detectors: spread doubled",
            true,
            described(|pack| {
                pack.person.input.std *= 2.0;
                pack.face.input.std *= 2.0;
            }),
        ),
        mutation("normalisation", "embedding: mean left out", false, described(|pack| pack.embedding.input.mean = 0.0)),
    ]
}

/// Faults in faces and in people.
fn faults(vision: &dyn Vision, align: Align) -> Option<(Vec<String>, Vec<String>)> {
    let parity = Comparison { vision, read: reference_picture, align, pictures: Some(&PICTURES) }.run()?;
    assert_eq!(parity.wanted_faces, 12, "the reference's faces in these pictures");
    assert_eq!(parity.people.len(), 14, "the reference's people in these pictures");
    Some((parity.face_faults(), parity.people_faults()))
}

#[test]
fn every_broken_step_is_noticed_and_an_unbroken_one_is_not() {
    if !prepared("standard") {
        return;
    }
    if shared("reference/standard.json").is_none() {
        println!("SKIPPED: no ../shared/reference");
        return;
    }
    for (what, unbroken) in [("the product", Box::new(described(|_| {})) as Box<dyn Vision>), ("by hand", Box::new(ByHand::new(|p| p)))] {
        let (faces, people) = faults(unbroken.as_ref(), align::align).expect("the reference");
        assert_eq!((faces, people), (Vec::new(), Vec::new()), "nothing is broken in {what}");
    }
    println!("{:<15} {:<42} {:>6} {:>6}  first fault", "step", "broken how", "faces", "people");
    let mut unnoticed = Vec::new();
    for Mutation { step, how, people: in_people, vision, align } in mutations() {
        let (faces, people) = faults(vision.as_ref(), align).expect("the reference");
        let first = faces.first().or(people.first()).cloned().unwrap_or_default();
        println!("{step:<15} {how:<42} {:>6} {:>6}  {first}", faces.len(), people.len());
        if faces.is_empty() || (in_people && people.is_empty()) {
            unnoticed.push(format!("{step}: {how}"));
        }
    }
    assert_eq!(unnoticed, Vec::<String>::new());
}
