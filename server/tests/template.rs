//! What several photos of one person are worth, on LFW10 (ten people, ten photographs each): the template of three photos is
//! more similar to the person's other photographs than each of the three alone, and lets no stranger through. Skipped, and said
//! so, where the photographs or the networks are not at hand.

mod real;

use models::{Caller, Embedding};
use real::{central, files, picture, vision};
use server::pipeline::{Role, StageTimes, analyse};
use std::collections::BTreeMap;

/// Photos in a template, of ten that there are.
const PHOTOS: usize = 3;

/// Similarities of probes with photographs that they are not made of.
#[derive(Default)]
struct Seen {
    same: Vec<f32>,
    different: Vec<f32>,
}

impl Seen {
    fn compare(&mut self, probe: &Embedding, with: &Embedding, same: bool) {
        let cosine = probe.cosine(with).expect("one network");
        if same { self.same.push(cosine) } else { self.different.push(cosine) }
    }

    fn mean(&self) -> f32 {
        self.same.iter().sum::<f32>() / self.same.len() as f32
    }

    fn least(&self) -> f32 {
        self.same.iter().copied().fold(f32::INFINITY, f32::min)
    }

    fn most_of_strangers(&self) -> f32 {
        self.different.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    fn told(&self, what: &str, threshold: f32) {
        let (missed, falsely) = (self.same.iter().filter(|s| **s < threshold).count(), self.strangers_above(threshold));
        println!(
            "{what}: same person {:.4} on average, {:.3} at least; strangers {:.3} at most; at {threshold:.2} {missed} missed of {}, {falsely} false matches of {}",
            self.mean(),
            self.least(),
            self.most_of_strangers(),
            self.same.len(),
            self.different.len()
        );
    }

    fn strangers_above(&self, threshold: f32) -> usize {
        self.different.iter().filter(|similarity| **similarity >= threshold).count()
    }
}

#[test]
fn three_photos_are_a_better_probe_than_one() {
    let (Some(files), Some(vision)) = (files("lfw10"), vision()) else { return };
    let mut people: BTreeMap<String, Vec<(Embedding, f32)>> = BTreeMap::new();
    for file in &files {
        let picture = picture(file);
        let analysis = analyse(&*vision, &Caller::new(), &picture, Role::Query, &StageTimes::default()).expect("an analysis");
        let face = central(analysis.faces, |face| face.bbox, &picture).unwrap_or_else(|| panic!("{}: no face", file.display()));
        let name = file.parent().and_then(|folder| folder.file_name()).expect("a folder").to_string_lossy().into_owned();
        let weight = face.quality.as_ref().map_or(1.0, |quality| quality.overall.max(0.05));
        people.entry(name).or_default().push((face.embedding, weight));
    }
    assert!(people.len() == 10 && people.values().all(|photos| photos.len() == 10));

    let (mut alone, mut together) = (Seen::default(), Seen::default());
    for (name, photos) in &people {
        // Every three that follow each other, round the ten.
        for start in 0..photos.len() {
            let chosen: Vec<usize> = (0..PHOTOS).map(|n| (start + n) % photos.len()).collect();
            let weighted: Vec<(&Embedding, f32)> = chosen.iter().map(|at| (&photos[*at].0, photos[*at].1)).collect();
            let template = Embedding::template(&weighted).expect("a template");
            for (other, pictures) in &people {
                for (at, (with, _)) in pictures.iter().enumerate() {
                    if other == name && chosen.contains(&at) {
                        continue;
                    }
                    together.compare(&template, with, other == name);
                    weighted.iter().for_each(|(probe, _)| alone.compare(probe, with, other == name));
                }
            }
        }
    }
    let threshold = vision.info().match_threshold;
    println!("LFW10, {} on {}", vision.info().embedding_model, vision.info().engine);
    alone.told("one photo", threshold);
    together.told("three photos", threshold);
    assert_eq!((together.same.len(), together.different.len()), (700, 9000));
    assert!(together.mean() > alone.mean());
    assert!(together.least() > alone.least());
    assert_eq!(together.strangers_above(threshold), 0);
    assert_eq!(together.strangers_above(vision.info().possible_threshold), 0);
}
