//! What the quality gate does in a whole job: pictures of one colour with a drawn texture, whose faces are good, blurred, dark or
//! small, compared by networks that are played (`common::vision`).

#[allow(dead_code, unused_imports)]
mod common;

use app::api::{Counts, EventKind, MatchOptions, MatchReport, MatchResult, MatchStatus, QualityGate, QualityReason};
use common::{FakeVision, pictures};
use image::{Rgb, RgbImage, imageops};
use server::discovery::{FolderProvider, Provider};
use server::pipeline::{MatchJob, PipelineContext, PipelineError, Progress, QueryPhoto, QueryPhotos, run, validate_query};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use uuid::Uuid;

const ADA: [u8; 3] = [200, 30, 30];
/// Very much like Ada, and a little less like her.
const ADA_TOO: [u8; 3] = [200, 40, 30];

/// A face as [`FakeVision`] finds it: of one colour in the middle, which is what its vector is made of, and around that a texture of
/// three shades, another one for each `seed`.
fn textured(seed: u32, colour: [u8; 3], shade: impl Fn(u8, i32) -> i32) -> RgbImage {
    RgbImage::from_fn(320, 320, |x, y| {
        let middle = x.abs_diff(160) < 12 && (120..172).contains(&y);
        let step = (x * (seed + 1) / 5 + y / 6) % 3;
        Rgb(if middle { colour } else { colour.map(|c| shade(c, step as i32).clamp(0, 255) as u8) })
    })
}

/// Sharp and well lit.
fn face(seed: u32, colour: [u8; 3]) -> RgbImage {
    textured(seed, colour, |c, step| i32::from(c) + 45 * (step - 1))
}

/// Sharp and in the dark.
fn dark(seed: u32, colour: [u8; 3]) -> RgbImage {
    textured(seed, colour, |_, step| 18 * step)
}

fn blurred(picture: &RgbImage) -> RgbImage {
    imageops::blur(picture, 8.0)
}

fn small(picture: &RgbImage) -> RgbImage {
    imageops::resize(picture, 24, 24, imageops::FilterType::Triangle)
}

#[derive(Default)]
struct Heard(Mutex<Vec<EventKind>>);

impl Progress for Heard {
    fn emit(&self, event: EventKind) {
        self.0.lock().expect("whole").push(event);
    }

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }
}

impl Heard {
    fn counts(&self) -> Counts {
        let counts = |event: &EventKind| match event {
            EventKind::Candidate { counts, .. } | EventKind::Stage { counts, .. } => Some(*counts),
            _ => None,
        };
        self.0.lock().expect("whole").iter().rev().find_map(counts).unwrap_or_default()
    }

    fn matches(&self) -> Vec<MatchReport> {
        let told = |event: &EventKind| match event {
            EventKind::Match { report } => Some((**report).clone()),
            _ => None,
        };
        self.0.lock().expect("whole").iter().filter_map(told).collect()
    }
}

async fn search(query: &RgbImage, pool: &[(&str, RgbImage)], gate: QualityGate) -> (Result<MatchResult, PipelineError>, Heard) {
    search_by(std::slice::from_ref(query), pool, gate).await
}

/// By several photos of one person.
async fn search_by(queries: &[RgbImage], pool: &[(&str, RgbImage)], gate: QualityGate) -> (Result<MatchResult, PipelineError>, Heard) {
    let folder = TempDir::new().expect("a folder");
    for (name, picture) in pool {
        std::fs::write(folder.path().join(name), pictures::as_png(picture)).expect("a picture of the pool");
    }
    let provider: Arc<dyn Provider> = Arc::new(FolderProvider::new("pool", folder.path()));
    let context = PipelineContext::new(Arc::new(FakeVision::default()), vec![provider], None);
    let photos = queries.iter().map(|query| {
        let query = pictures::as_png(query);
        QueryPhoto { name: validate_query(&query, &context.limits).expect("a picture").name, bytes: query.into() }
    });
    let job = MatchJob {
        request_id: Uuid::new_v4(),
        options: MatchOptions { purpose: "test".into(), consent: true, quality: gate, ..MatchOptions::default() },
        query: QueryPhotos::new(photos).expect("a photo"),
        retry_count: 0,
        max_retries: 0,
        kept: std::collections::BTreeMap::new(),
    };
    let heard = Heard::default();
    (run(&context, &job, &heard).await, heard)
}

fn pool() -> Vec<(&'static str, RgbImage)> {
    vec![("blurred.png", blurred(&face(1, ADA))), ("good.png", face(2, ADA_TOO)), ("small.png", small(&face(3, ADA_TOO)))]
}

/// Name, status and what held it back, best first.
fn told(result: &MatchResult) -> Vec<(&str, MatchStatus, &[QualityReason])> {
    result.result[0].matches.iter().map(|found| (&found.image_uri[5..], found.match_status, found.held_back.as_slice())).collect()
}

#[tokio::test]
async fn off_tells_how_good_each_face_is_and_lets_the_similarity_decide() {
    let (result, heard) = search(&face(0, ADA), &pool(), QualityGate::Off).await;
    let result = result.expect("a result");
    assert!(told(&result).iter().all(|(_, status, held_back)| *status == MatchStatus::Match && held_back.is_empty()), "{result:?}");
    let quality = |name: &str| {
        let found = result.result[0].matches.iter().find(|found| found.image_uri.ends_with(name)).expect("listed");
        found.face.quality.clone().expect("measured")
    };
    assert_eq!(quality("good.png").reasons, []);
    assert!(quality("blurred.png").reasons.contains(&QualityReason::Blurred), "{:?}", quality("blurred.png"));
    assert!(quality("small.png").reasons.contains(&QualityReason::Small), "{:?}", quality("small.png"));
    assert!((quality("good.png").eye_distance - 64.0).abs() < 0.1);
    let probe = &result.result[0];
    assert_eq!(probe.face.quality.as_ref().map(|quality| quality.reasons.as_slice()), Some([].as_slice()), "{:?}", probe.face.quality);
    assert_eq!(heard.counts().matches, 3);
}

#[tokio::test]
async fn standard_holds_poor_faces_back_where_the_query_is_poor_too_and_the_live_events_say_the_same() {
    let (result, heard) = search(&blurred(&face(0, ADA)), &pool(), QualityGate::Standard).await;
    let result = result.expect("a result");
    let statuses: Vec<_> = told(&result).into_iter().map(|(name, status, held_back)| (name, status, !held_back.is_empty())).collect();
    assert_eq!(statuses.len(), 3);
    for expected in
        [("good.png", MatchStatus::Match, false), ("blurred.png", MatchStatus::Possible, true), ("small.png", MatchStatus::Possible, true)]
    {
        assert!(statuses.contains(&expected), "{expected:?} in {statuses:?}");
    }
    for live in heard.matches() {
        let listed = result.result[0].matches.iter().find(|found| found.sha256 == live.sha256).expect("listed");
        assert_eq!((live.match_status, &live.held_back), (listed.match_status, &listed.held_back));
    }
    assert!(result.diagnostics.is_empty());
}

#[tokio::test]
async fn a_poor_face_beside_a_good_query_is_a_match_that_tells_its_reasons() {
    let (result, _) = search(&face(0, ADA), &[("blurred.png", blurred(&face(2, ADA)))], QualityGate::Standard).await;
    let result = result.expect("a result");
    assert_eq!(told(&result), [("blurred.png", MatchStatus::Match, [].as_slice())]);
    let quality = result.result[0].matches[0].face.quality.as_ref().expect("measured");
    assert!(quality.reasons.contains(&QualityReason::Blurred));
}

#[tokio::test]
async fn strict_lists_good_faces_only_and_counts_the_others() {
    let mut pool = pool();
    pool.push(("nobody.png", RgbImage::from_pixel(96, 96, Rgb([90; 3]))));
    let (result, heard) = search(&face(0, ADA), &pool, QualityGate::Strict).await;
    let result = result.expect("a result");
    assert_eq!(told(&result), [("good.png", MatchStatus::Match, [].as_slice())]);
    let left_out = result.diagnostics.iter().find(|d| (d.stage.as_str(), d.kind.as_str()) == ("quality", "low_quality")).expect("counted");
    assert_eq!(left_out.count, 3, "a picture without a face is no better");
    assert_eq!((heard.counts().matches, heard.counts().processed, heard.counts().failed), (1, 4, 0));
    assert_eq!(heard.matches().len(), 1);
}

#[tokio::test]
async fn strict_refuses_a_poor_query_face_before_anything_is_searched() {
    let (result, heard) = search(&small(&face(0, ADA)), &pool(), QualityGate::Strict).await;
    let error = result.expect_err("refused");
    assert_eq!((error.code(), error.status(), error.retryable()), ("low_quality", 422, false));
    assert!(error.to_string().contains("larger"), "{error}");
    assert!(error.details()["reasons"].as_array().is_some_and(|reasons| reasons.contains(&"small".into())), "{}", error.details());
    assert_eq!(heard.counts().candidates, 0);
}

#[tokio::test]
async fn strict_takes_several_photos_for_as_good_as_the_best_of_them() {
    for (queries, poor) in [([small(&face(3, ADA)), face(0, ADA)], 0), ([face(0, ADA), small(&face(3, ADA))], 1)] {
        let (result, _) = search_by(&queries, &pool(), QualityGate::Strict).await;
        let result = result.expect("one good photo is enough");
        assert_eq!(told(&result), [("good.png", MatchStatus::Match, [].as_slice())]);
        let photos = &result.result[0].photos;
        let reasons = |place: usize| photos[place].face.quality.as_ref().expect("measured").reasons.as_slice();
        assert_eq!(photos.len(), 2);
        assert!(reasons(poor).contains(&QualityReason::Small), "{:?}", reasons(poor));
        assert!(reasons(1 - poor).is_empty(), "{:?}", reasons(1 - poor));
        assert!(photos[poor].weight < photos[1 - poor].weight, "{} {}", photos[poor].weight, photos[1 - poor].weight);
    }
}

#[tokio::test]
async fn strict_refuses_photos_that_are_all_poor_for_what_speaks_against_the_best() {
    let queries = [small(&face(3, ADA)), blurred(&face(0, ADA))];
    let (result, _) = search_by(&queries, &pool(), QualityGate::Off).await;
    let photos = result.expect("a result").result.remove(0).photos;
    let qualities = photos.iter().map(|photo| photo.face.quality.as_ref().expect("measured"));
    let best = qualities.max_by(|a, b| a.overall.total_cmp(&b.overall)).expect("two photos");
    assert!(!best.reasons.is_empty());

    let (result, heard) = search_by(&queries, &pool(), QualityGate::Strict).await;
    let error = result.expect_err("refused");
    assert_eq!((error.code(), error.status(), error.retryable()), ("low_quality", 422, false));
    assert_eq!(error.details(), serde_json::json!({ "reasons": best.reasons }));
    assert_eq!(heard.counts().candidates, 0);
}

#[tokio::test]
async fn between_equals_the_face_that_nothing_speaks_against_goes_first() {
    // The dark one is a little more alike and sharper, and both are of one size: only what speaks against it puts it second.
    let pool = [("a poor.png", dark(1, ADA)), ("b good.png", imageops::blur(&face(0, ADA_TOO), 1.5))];
    for gate in [QualityGate::Off, QualityGate::Standard] {
        let (result, _) = search(&face(0, ADA), &pool, gate).await;
        let result = result.expect("a result");
        let [good, poor] = &result.result[0].matches[..] else { panic!("{result:?}") };
        assert_eq!((&*good.image_uri, &*poor.image_uri), ("file:b good.png", "file:a poor.png"), "{gate}");
        assert!(poor.similarity > good.similarity && poor.similarity - good.similarity < 0.005);
        assert!(poor.face.sharpness > good.face.sharpness, "{} {}", poor.face.sharpness, good.face.sharpness);
        assert_eq!(poor.face.quality.as_ref().map(|quality| quality.reasons.as_slice()), Some([QualityReason::Dark].as_slice()));
    }
}
