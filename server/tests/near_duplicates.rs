//! The rule for near-duplicates on real photographs: none of LFW10's hundred different ones collapse, and copies of them do,
//! encoded anew, made smaller or cropped. Skipped, and said so, where the pictures or the networks are not at hand.

mod real;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageFormat, RgbImage};
use models::{Caller, Embedding, Vision, align};
use real::{central, photographs, vision};
use server::pipeline::{Look, Nearness, PictureHash};

fn encoded(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).expect("encodes");
    image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).expect("decodes").into_rgb8()
}

fn halved(picture: &RgbImage) -> RgbImage {
    resize(picture, picture.width() / 2, picture.height() / 2, FilterType::Triangle)
}

/// Without this part of its width and height, half of it at either side.
fn cropped(picture: &RgbImage, part: f32) -> RgbImage {
    let cut = |side: u32| (side as f32 * part / 2.0).round() as u32;
    let (x, y) = (cut(picture.width()), cut(picture.height()));
    crop_imm(picture, x, y, picture.width() - 2 * x, picture.height() - 2 * y).to_image()
}

type Copy = fn(&RgbImage) -> RgbImage;

const COPIES: [(&str, Copy); 5] = [
    ("encoded anew", |picture| encoded(picture, 50)),
    ("half the size", halved),
    ("cropped by 5%", |picture| encoded(&cropped(picture, 0.05), 85)),
    ("cropped by 5% at every edge", |picture| encoded(&cropped(picture, 0.10), 85)),
    ("half the size, encoded anew", |picture| encoded(&halved(picture), 50)),
];

fn hash(picture: &RgbImage) -> PictureHash {
    PictureHash::of(picture).expect("a photograph is neither flat nor tiny")
}

#[test]
fn hashes_of_copies_lie_nearer_than_those_of_different_photographs() {
    let (Some(people), Some(others)) = (photographs("lfw10"), photographs("photos")) else { return };
    let hashes: Vec<_> = people.iter().map(hash).collect();
    let pairs = hashes.iter().enumerate().flat_map(|(place, one)| hashes[place + 1..].iter().map(move |other| one.distance(*other)));
    let nearest = pairs.min().expect("pairs");
    println!("two different photographs differ in at least {nearest} of 128 bits");
    for (name, copy) in COPIES {
        let farthest =
            people.iter().chain(&others).filter_map(|picture| Some(hash(picture).distance(PictureHash::of(&copy(picture))?))).max();
        let farthest = farthest.expect("distances");
        println!("{name}: at most {farthest}");
        let is_crop = name.starts_with("cropped");
        assert!(farthest <= if is_crop { 36 } else { 14 }, "{name}: {farthest} bits");
        assert!(is_crop || farthest < nearest, "{name}");
    }
}

/// The face that the picture is about, as LFW centres it.
fn face(vision: &dyn Vision, picture: &RgbImage) -> Option<Embedding> {
    let faces = vision.faces(&Caller::new(), picture, vision.info().face_side).expect("faces").faces;
    let largest = central(faces, |face| face.bbox, picture)?;
    Some(vision.embed(&Caller::new(), &[align::align(picture, &largest.landmarks)]).expect("an embedding").remove(0))
}

#[test]
fn none_of_a_hundred_different_photographs_collapse_and_their_copies_do() {
    let (Some(people), Some(vision)) = (photographs("lfw10"), vision()) else { return };
    assert_eq!(people.len(), 100);
    let rule = Nearness::new(vision.info().match_threshold);
    let seen: Vec<(PictureHash, Option<Embedding>)> = people.iter().map(|picture| (hash(picture), face(&*vision, picture))).collect();
    let originals: Vec<Look<'_>> = seen.iter().map(|(hash, face)| Look { hash: Some(*hash), face: face.as_ref() }).collect();
    let groups = rule.groups(&originals);
    assert_eq!(groups.len(), 100, "{:?}", groups.iter().filter(|group| group.len() > 1).collect::<Vec<_>>());

    for (name, copy) in COPIES {
        // Every third, so that the test is done in seconds.
        let chosen: Vec<usize> = (0..100).step_by(3).collect();
        let copies: Vec<_> = chosen.iter().map(|&at| copy(&people[at])).map(|picture| (hash(&picture), face(&*vision, &picture))).collect();
        let looks = copies.iter().map(|(hash, face)| Look { hash: Some(*hash), face: face.as_ref() });
        let all: Vec<Look<'_>> = originals.iter().copied().chain(looks).collect();
        let groups = rule.groups(&all);
        let joined = |(place, at): (usize, &usize)| groups.iter().any(|group| group[0] == *at && group[1..].contains(&(100 + place)));
        let found = chosen.iter().enumerate().filter(|pair| joined(*pair)).count();
        println!("{name}: {found} of {} copies join their original", chosen.len());
        let strangers =
            groups.iter().filter(|group| group[1..].iter().any(|member| *member < 100 || chosen[member - 100] != group[0])).count();
        assert_eq!(strangers, 0, "{name}: a copy joins no other photograph");
        assert_eq!(found, chosen.len(), "{name}");
    }
}
