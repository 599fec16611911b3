//! What several photos of one person are worth, on LFW10 (ten people, ten photographs each): the template of three photos is
//! more similar to the person's other photographs than each of the three alone, and lets no stranger through. Skipped, and said
//! so, where the photographs or the networks are not at hand. A job makes that template of its photos, each weighed by its
//! quality.

mod real;

use app::api::{EventKind, MatchOptions};
use image::{ImageFormat, RgbImage, imageops};
use models::{Caller, Embedding, Vision};
use real::{central, files, picture};
use server::discovery::{FolderProvider, Provider};
use server::pipeline::{
    AnalysedFace, MatchJob, PipelineContext, Progress, QueryPhoto, QueryPhotos, Role, StageTimes, analyse, run, validate_query,
};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use uuid::Uuid;

/// Photos in a template, of ten that there are.
const PHOTOS: usize = 3;

/// The networks, loaded once.
fn vision() -> Option<Arc<dyn Vision>> {
    static VISION: LazyLock<Option<Arc<dyn Vision>>> = LazyLock::new(real::vision);
    VISION.clone()
}

struct Unheard;

impl Progress for Unheard {
    fn emit(&self, _: EventKind) {}

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }
}

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

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("a picture can be encoded");
    bytes.into_inner()
}

#[tokio::test]
async fn a_job_compares_with_the_template_of_its_photos_and_a_blurred_one_weighs_less() {
    let (Some(files), Some(vision)) = (files("lfw10"), vision()) else { return };
    let look = |picture: &RgbImage, role: Role| {
        analyse(&*vision, &Caller::new(), picture, role, &StageTimes::default()).expect("an analysis").faces
    };
    // Four photographs of one person that show nobody else: there is no question which face is meant.
    let alone = |file: &Path| matches!(&look(&picture(file), Role::Query)[..], [face] if face.face.is_some());
    let mut fours = files
        .chunk_by(|a, b| a.parent() == b.parent())
        .map(|photos| -> Vec<&PathBuf> { photos.iter().filter(|file| alone(file)).take(4).collect() });
    let four = fours.find(|four| four.len() == 4).expect("somebody has four");
    let photos = [picture(four[0]), picture(four[1]), imageops::blur(&picture(four[2]), 3.0)];
    let other = picture(four[3]);

    let pool = TempDir::new().expect("a folder");
    std::fs::write(pool.path().join("other.png"), png(&other)).expect("written");
    let provider: Arc<dyn Provider> = Arc::new(FolderProvider::new("pool", pool.path()));
    let context = PipelineContext::new(vision.clone(), vec![provider], None);
    let sent = photos.iter().map(|photo| {
        let bytes = png(photo);
        QueryPhoto { name: validate_query(&bytes, &context.limits).expect("a picture").name, bytes: bytes.into() }
    });
    let job = MatchJob {
        request_id: Uuid::new_v4(),
        options: MatchOptions { purpose: "test".into(), consent: true, ..MatchOptions::default() },
        query: QueryPhotos::new(sent).expect("three photos"),
        retry_count: 0,
        max_retries: 0,
        kept: std::collections::BTreeMap::new(),
    };
    let probe = run(&context, &job, &Unheard).await.expect("a result").result.remove(0);

    let face = |picture: &RgbImage, role: Role| -> AnalysedFace {
        central(look(picture, role), |face| face.bbox, picture).expect("a face in the middle")
    };
    let faces: Vec<AnalysedFace> = photos.iter().map(|photo| face(photo, Role::Query)).collect();
    let qualities: Vec<f32> = faces.iter().map(|face| face.quality.as_ref().expect("measured").overall).collect();
    assert!(qualities[2] < qualities[0].min(qualities[1]), "{qualities:?}");
    let weighted: Vec<(&Embedding, f32)> = faces.iter().map(|face| &face.embedding).zip(qualities.iter().copied()).collect();
    let template = Embedding::template(&weighted).expect("a template");
    let total: f32 = qualities.iter().sum();
    assert_eq!((probe.photos.len(), probe.matches.len()), (3, 1));
    for (photo, (embedding, quality)) in probe.photos.iter().zip(&weighted) {
        let similarity = embedding.cosine(&template).expect("one network");
        assert!((photo.weight - quality / total).abs() < 1e-4, "{} instead of {}", photo.weight, quality / total);
        assert!((photo.similarity - similarity).abs() < 1e-4, "{} instead of {similarity}", photo.similarity);
    }
    let similarity = face(&other, Role::Candidate).embedding.cosine(&template).expect("one network");
    println!("weights {qualities:?} of {total}: similarity {similarity:.4} to another photograph");
    assert!((probe.matches[0].similarity - similarity).abs() < 1e-4, "{} instead of {similarity}", probe.matches[0].similarity);
}
