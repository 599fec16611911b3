//! A whole job over folders of pictures, with networks that are played: what is found is written in the pictures'
//! colours, so that every number can be known beforehand, and any network can be made to fail on any picture.
//!
//! A picture is one flat colour. Red says what the networks do with it (the `*_FAILS`, ... constants below), green
//! turns the face's embedding away from the probe's, blue only tells files apart.

use app::api::{Counts, EventKind, MatchOptions, MatchResult, MatchStatus, QualityGate, StageState};
use bytes::Bytes;
use image::{ImageFormat, Rgb, RgbImage};
use models::{BBox, Caller, Contract, Detected, Embedding, Face, ModelError, NetworkInfo, Person, Vision, VisionInfo};
use server::clock::{Moment, StoppedClock};
use server::discovery::{FolderProvider, Found, ProbeQuery, Provider, ProviderError, ProviderSource};
use server::objects::{FolderObjects, Objects};
use server::pipeline::{MatchJob, PipelineContext, PipelineError, Progress, QueryPhotos, distinct, run, validate_query};
use server::vision::Visions;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use uuid::Uuid;

#[path = "pipeline_job/photos.rs"]
mod photos;
#[path = "pipeline_job/resume.rs"]
mod resume;

const ONE_FACE: u8 = 10;
const NO_FACE: u8 = 20;
const NO_PERSON: u8 = 30;
/// Two faces: the larger one turned away by 90°, the smaller one by what green says.
const TWO_FACES: u8 = 40;
const PERSON_FAILS: u8 = 50;
const FACE_PANICS: u8 = 60;
const EMBED_GIVES_NAN: u8 = 70;
const EMBED_FORGETS_ONE: u8 = 80;
const BOX_IS_NAN: u8 = 90;
/// The face is too small for the full frame: it shows only in a crop of the person.
const SMALL_FACE: u8 = 100;
/// Turned away from the probe's by 180°.
const FACE_OPPOSITE: u8 = 110;
/// The first look shows no face, and every other one fails.
const FURTHER_LOOKS_FAIL: u8 = 120;

/// Green to angle: 1 is 0.6°, so that green 100 is orthogonal to green 0... as far as 60° away.
fn cosine_of(green: u8) -> f32 {
    (f32::from(green) * 0.6).to_radians().cos()
}

struct Played {
    info: VisionInfo,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    /// Pictures that were looked at.
    looked_at: AtomicUsize,
}

impl Played {
    fn new() -> Self {
        Self::of_contract("00000000")
    }

    fn of_contract(digest: &str) -> Self {
        let info = VisionInfo {
            kind: "played".into(),
            engine: "played".into(),
            skipped: Vec::new(),
            pack: "played".into(),
            person_model: "person@00000000".into(),
            face_model: "face@00000000".into(),
            backup_face_model: None,
            embedding_model: format!("embedding@{digest}"),
            match_threshold: 0.8,
            possible_threshold: 0.6,
            calibration: "played".into(),
            contract: Arc::new(Contract { digest: digest.into(), preprocessing: "played".into(), dimension: 2 }),
            face_side: 640,
            lanes: 2,
            warm_up: 0.0,
            networks: Vec::new(),
        };
        Self { info, at_once: AtomicUsize::new(0), most_at_once: AtomicUsize::new(0), looked_at: AtomicUsize::new(0) }
    }
}

fn red(picture: &RgbImage) -> u8 {
    picture.get_pixel(picture.width() / 2, picture.height() / 2)[0]
}

fn face(bbox: BBox, score: f32) -> Face {
    let at = |x: f32, y: f32| [bbox.x1 + bbox.width() * x, bbox.y1 + bbox.height() * y];
    Face { bbox, landmarks: [at(0.35, 0.45), at(0.65, 0.45), at(0.5, 0.65), at(0.38, 0.82), at(0.62, 0.82)], score }
}

impl Vision for Played {
    fn info(&self) -> &VisionInfo {
        &self.info
    }

    fn people(&self, _: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.looked_at.fetch_add(1, Ordering::SeqCst);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        // Long enough that two at once would meet here.
        std::thread::sleep(std::time::Duration::from_millis(1));
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        let (w, h) = (picture.width() as f32, picture.height() as f32);
        match red(picture) {
            PERSON_FAILS => Err(ModelError::Engine("played".into())),
            NO_PERSON => Ok(Vec::new()),
            SMALL_FACE => Ok(vec![Person { bbox: BBox::new(100.0, 100.0, 300.0, 500.0), score: 0.9 }]),
            _ => Ok(vec![Person { bbox: BBox::new(0.0, 0.0, w, h), score: 0.9 }]),
        }
    }

    fn faces(&self, _: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        let (w, h) = (picture.width() as f32, picture.height() as f32);
        // Higher than wide, as upright faces are: the first look is enough.
        let middle = face(BBox::new(w * 0.35, h * 0.2, w * 0.65, h * 0.8), 0.9);
        let faces = match red(picture) {
            NO_FACE => Ok(Vec::new()),
            FACE_PANICS => panic!("played"),
            BOX_IS_NAN => Ok(vec![Face { bbox: BBox::new(f32::NAN, 0.0, 9.0, 9.0), ..middle }, middle]),
            TWO_FACES => Ok(vec![face(BBox::new(0.0, 0.0, w * 0.2, h * 0.2), 0.7), middle]),
            FURTHER_LOOKS_FAIL if side == 640 => Ok(Vec::new()),
            FURTHER_LOOKS_FAIL => Err(ModelError::Engine("played".into())),
            SMALL_FACE if picture.dimensions() != (240, 480) => Ok(Vec::new()),
            SMALL_FACE => Ok(vec![face(BBox::new(60.0, 40.0, 100.0, 90.0), 0.8)]),
            _ => Ok(vec![middle]),
        };
        faces.map(|faces| Detected { faces, by_backup: false })
    }

    fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        let mut embeddings = Vec::new();
        for (place, crop) in crops.iter().enumerate() {
            let pixel = crop.get_pixel(crop.width() / 2, crop.height() / 2);
            let angle = match pixel[0] {
                EMBED_GIVES_NAN => f32::NAN,
                // Faces come largest first.
                TWO_FACES if place == 0 => 90.0,
                FACE_OPPOSITE => 180.0,
                _ => f32::from(pixel[1]) * 0.6,
            };
            embeddings.push(Embedding::from_raw(vec![angle.to_radians().cos(), angle.to_radians().sin()], &self.info.contract)?);
        }
        if crops.iter().any(|crop| red(crop) == EMBED_FORGETS_ONE) {
            embeddings.pop();
        }
        Ok(embeddings)
    }
}

/// Keeps everything that was told; may ask to stop after some candidates.
#[derive(Default)]
struct Heard {
    events: Mutex<Vec<EventKind>>,
    stop_after: Option<usize>,
    stop: AtomicBool,
}

impl Progress for Heard {
    fn emit(&self, event: EventKind) {
        let mut events = self.events.lock().unwrap();
        events.push(event);
        let candidates = events.iter().filter(|e| matches!(e, EventKind::Candidate { .. })).count();
        if self.stop_after.is_some_and(|most| candidates >= most) {
            self.stop.store(true, Ordering::SeqCst);
        }
    }

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

impl Heard {
    fn last_counts(&self) -> Counts {
        let counts = |event: &EventKind| match event {
            EventKind::Candidate { counts, .. } | EventKind::Stage { counts, .. } => Some(*counts),
            _ => None,
        };
        self.events.lock().unwrap().iter().rev().find_map(counts).unwrap_or_default()
    }
}

fn png_sized(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn png(red: u8, green: u8, blue: u8) -> Vec<u8> {
    png_sized(64, 48, [red, green, blue])
}

/// Pools, a store, and what the job is asked.
struct Stage {
    pools: Vec<TempDir>,
    kept: TempDir,
    options: MatchOptions,
    query: Vec<u8>,
    /// Further photos of the same person.
    also: Vec<Vec<u8>>,
    heard: Heard,
    vision: Arc<Played>,
    /// The packs that do the job instead.
    visions: Option<Arc<Visions>>,
    more: Vec<Arc<dyn Provider>>,
    /// Pools that come and go.
    source: Option<Arc<dyn ProviderSource>>,
    permits: usize,
    request_id: Uuid,
}

impl Stage {
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        Self::with_pools(&[files])
    }

    fn with_pools(pools: &[&[(&str, Vec<u8>)]]) -> Self {
        let pools = pools.iter().map(|files| {
            let folder = TempDir::new().unwrap();
            for (name, bytes) in *files {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
            folder
        });
        Self {
            pools: pools.collect(),
            kept: TempDir::new().unwrap(),
            // A face of one flat colour is as blurred as can be: `quality_gate.rs` is about that.
            options: MatchOptions { purpose: "test".into(), consent: true, quality: QualityGate::Off, ..MatchOptions::default() },
            query: png(ONE_FACE, 0, 0),
            also: Vec::new(),
            heard: Heard::default(),
            vision: Arc::new(Played::new()),
            visions: None,
            more: Vec::new(),
            source: None,
            permits: 2,
            request_id: Uuid::new_v4(),
        }
    }

    async fn run(&self) -> Result<MatchResult, PipelineError> {
        self.run_on(self.vision.clone(), BTreeMap::new(), &self.heard).await
    }

    /// On these networks, where earlier runs have kept this.
    async fn run_on(
        &self,
        vision: Arc<Played>,
        kept: BTreeMap<String, String>,
        progress: &dyn Progress,
    ) -> Result<MatchResult, PipelineError> {
        let pool =
            |(index, folder): (usize, &TempDir)| Arc::new(FolderProvider::new(format!("pool-{index}"), folder.path())) as Arc<dyn Provider>;
        let providers = self.pools.iter().enumerate().map(pool).chain(self.more.iter().cloned()).collect();
        let objects: Arc<dyn Objects> = Arc::new(FolderObjects::open(self.kept.path()).unwrap());
        let mut context = PipelineContext::new(vision, providers, Some(objects));
        context.clock = Arc::new(StoppedClock(Moment(1_772_323_199_999)));
        context.visions = self.visions.clone();
        context.pools = self.source.clone();
        context.max_concurrency = 3;
        context.compute = Arc::new(tokio::sync::Semaphore::new(self.permits));
        let photos = std::iter::once(&self.query).chain(&self.also);
        let photos = photos.map(|photo| Ok((validate_query(photo, &context.limits)?, Bytes::from(photo.clone()))));
        let photos = photos.collect::<Result<_, PipelineError>>()?;
        let job = MatchJob {
            request_id: self.request_id,
            options: self.options.clone(),
            query: QueryPhotos::of(distinct(photos)).expect("a photo"),
            retry_count: 1,
            max_retries: 3,
            kept,
        };
        run(&context, &job, progress).await
    }

    fn read(&self, key: &str) -> Vec<u8> {
        std::fs::read(self.kept.path().join(key)).unwrap_or_else(|e| panic!("{key}: {e}"))
    }
}

fn uris(result: &MatchResult) -> Vec<&str> {
    result.result[0].matches.iter().map(|found| found.image_uri.as_str()).collect()
}

fn diagnostics(result: &MatchResult) -> Vec<String> {
    result.diagnostics.iter().map(|d| format!("{} {} {}", d.stage, d.kind, d.count)).collect()
}

/// Every file below a folder, as keys.
fn files(root: &std::path::Path) -> Vec<String> {
    fn walk(root: &std::path::Path, at: &std::path::Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                into.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort();
    found
}

/// Nobody can say which pools there are.
struct Away;

#[async_trait::async_trait]
impl ProviderSource for Away {
    async fn providers(&self) -> Result<Vec<Arc<dyn Provider>>, ProviderError> {
        Err(ProviderError::Store("played".into()))
    }
}

#[tokio::test]
async fn a_search_waits_for_the_database_rather_than_going_without_pools() {
    let stage = Stage { source: Some(Arc::new(Away)), ..Stage::new(&[("near.png", png(ONE_FACE, 10, 0))]) };
    let error = stage.run().await.expect_err("not now");
    assert!(matches!(error, PipelineError::Unkept(_)) && error.retryable(), "{error:?}");
}

#[tokio::test]
async fn pictures_are_ranked_by_the_cosine_of_their_best_face() {
    let stage = Stage::new(&[
        ("far.png", png(ONE_FACE, 100, 0)),
        ("near.png", png(ONE_FACE, 10, 0)),
        ("middle.png", png(ONE_FACE, 80, 0)),
        ("two.png", png(TWO_FACES, 50, 0)),
    ]);
    let result = stage.run().await.unwrap();
    assert_eq!(uris(&result), ["file:near.png", "file:two.png", "file:middle.png", "file:far.png"]);
    let matches = &result.result[0].matches;
    for (found, green) in matches.iter().zip([10, 50, 80, 100]) {
        assert!((found.similarity - cosine_of(green)).abs() < 1e-5, "{}: {}", found.image_uri, found.similarity);
    }
    let statuses: Vec<_> = matches.iter().map(|found| found.match_status).collect();
    assert_eq!(statuses, [MatchStatus::Match, MatchStatus::Match, MatchStatus::Possible, MatchStatus::NoMatch]);
    assert_eq!(matches.iter().map(|found| found.rank).collect::<Vec<_>>(), [1, 2, 3, 4]);
    // Of the two faces the smaller one was the more similar.
    assert_eq!(matches[1].face.bbox, [0.0, 0.0, 12.8, 9.6]);
    assert!(matches[0].person.is_some() && !matches[0].fallback && !result.fallback);
    assert_eq!((result.retry_count, result.max_retries, result.engine.as_str()), (1, 3, "played"));
    assert!(result.diagnostics.is_empty(), "{:?}", result.diagnostics);
}

#[tokio::test]
async fn top_k_and_threshold_cut_the_list_but_not_the_search() {
    let pictures: Vec<_> = (0..10).map(|i| (format!("{i}.png"), png(ONE_FACE, 90 - i * 10, 0))).collect();
    let named: Vec<_> = pictures.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let mut stage = Stage::new(&named);
    stage.options.top_k = 3;
    let result = stage.run().await.unwrap();
    assert_eq!(uris(&result), ["file:9.png", "file:8.png", "file:7.png"]);
    for found in &result.result[0].matches {
        assert!(found.thumbnail.is_some() && found.crop.is_some() && found.annotated.is_some(), "what is listed is drawn");
    }
    assert_eq!(stage.heard.last_counts().processed, 10);

    let mut stage = Stage::new(&named);
    stage.options.threshold = Some(cosine_of(15));
    assert_eq!(uris(&stage.run().await.unwrap()), ["file:9.png", "file:8.png"]);
}

#[tokio::test]
async fn a_failing_network_costs_its_picture_alone_and_every_candidate_is_accounted_for() {
    let mut cut = png(ONE_FACE, 40, 1);
    cut.truncate(cut.len() / 2);
    let stage = Stage::new(&[
        ("0-good.png", png(ONE_FACE, 10, 0)),
        ("1-person.png", png(PERSON_FAILS, 0, 0)),
        ("2-face.png", png(FACE_PANICS, 0, 0)),
        ("3-nan.png", png(EMBED_GIVES_NAN, 0, 0)),
        ("4-forgets.png", png(EMBED_FORGETS_ONE, 0, 0)),
        ("5-cut.png", cut),
        ("6-text.jpg", b"a text that was named a picture".to_vec()),
        ("7-empty.jpg", Vec::new()),
        ("8-nan-box.png", png(BOX_IS_NAN, 20, 0)),
        ("9-good.png", png(ONE_FACE, 30, 0)),
    ]);
    let result = stage.run().await.unwrap();
    assert_eq!(uris(&result), ["file:0-good.png", "file:8-nan-box.png", "file:9-good.png"]);
    assert_eq!(
        diagnostics(&result),
        [
            "decode empty_image 1",
            "decode unreadable_image 1",
            "decode unsupported_media_type 1",
            "embed unusable_output 2",
            "face panic 1",
            "person engine_failed 1",
        ]
    );
    let counts = stage.heard.last_counts();
    assert_eq!((counts.candidates, counts.processed, counts.failed), (10, 10, 7));
    assert_eq!(counts.failed, result.diagnostics.iter().map(|d| d.count).sum::<usize>());
    assert_eq!(counts.processed - counts.failed, result.result[0].matches.len());
}

#[tokio::test]
async fn what_is_missing_is_stood_in_for_and_flagged() {
    let stage = Stage::new(&[("no-face.png", png(NO_FACE, 20, 0)), ("no-person.png", png(NO_PERSON, 10, 0))]);
    let result = stage.run().await.unwrap();
    assert_eq!(uris(&result), ["file:no-person.png", "file:no-face.png"]);
    let [full_frame, whole_picture] = &result.result[0].matches[..] else { panic!("two") };
    assert!(full_frame.person.is_none() && !full_frame.fallback, "a face found on the full frame is a face");
    assert!(whole_picture.fallback && whole_picture.face.landmarks.is_empty());
    assert_eq!(whole_picture.face.bbox, [8.0, 0.0, 56.0, 48.0], "the square in the middle");
    assert_eq!(whole_picture.face.score, 0.0);
    assert!((whole_picture.similarity - cosine_of(20)).abs() < 1e-5);
    assert!(result.fallback);
    assert_eq!(diagnostics(&result), ["face no_face 1", "person no_person 1"]);
}

#[tokio::test]
async fn a_small_face_in_a_large_picture_is_found_around_its_person() {
    let stage = Stage::new(&[("crowd.png", png_sized(1280, 720, [SMALL_FACE, 30, 0]))]);
    let result = stage.run().await.unwrap();
    let found = &result.result[0].matches[0];
    // The person's crop begins at (80, 60): its box with a tenth of its size around it.
    assert_eq!(found.face.bbox, [140.0, 100.0, 180.0, 150.0]);
    assert!(!found.fallback && found.person.is_some());
    assert_eq!((found.face.found_by.as_str(), result.result[0].face.found_by.as_str()), ("person", "full"));
}

#[tokio::test]
async fn a_further_look_that_fails_is_counted_and_the_picture_is_compared_all_the_same() {
    let stage = Stage::new(&[("no-face.png", png(FURTHER_LOOKS_FAIL, 20, 0))]);
    let result = stage.run().await.unwrap();
    assert!(result.result[0].matches[0].fallback, "the whole picture stood in");
    assert_eq!(diagnostics(&result), ["face no_face 1", "face_again engine_failed 2"]);
}

#[tokio::test]
async fn the_query_needs_a_face_and_the_one_that_is_asked_for() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 0, 0))]);
    stage.query = png(NO_FACE, 0, 0);
    let error = stage.run().await.unwrap_err();
    assert_eq!((error.code(), error.status(), error.retryable()), ("no_face", 422, false));
    let last = stage.heard.events.lock().unwrap().pop();
    assert!(matches!(last, Some(EventKind::Stage { stage, .. }) if stage.name == "validate" && stage.state == StageState::Failed));

    stage.query = png(TWO_FACES, 0, 0);
    stage.options.face = Some(2);
    let error = stage.run().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("face_index_out_of_range", 422));
    assert!(error.to_string().contains("below 2"), "{error}");

    stage.options.face = Some(1);
    let result = stage.run().await.unwrap();
    let probe = &result.result[0];
    assert_eq!((probe.faces.len(), probe.face_index), (2, 1));
    assert_eq!(probe.face, probe.faces[1]);
    assert!(probe.faces[0].bbox[2] > probe.faces[1].bbox[2], "the largest comes first");
    assert!((probe.matches[0].similarity - 1.0).abs() < 1e-5, "the smaller face was compared");

    stage.query = png(FACE_PANICS, 0, 0);
    let error = stage.run().await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("engine_failed", true));
}

#[tokio::test]
async fn identical_files_become_one_candidate_that_names_the_others() {
    let same = png(ONE_FACE, 10, 7);
    let stage = Stage::with_pools(&[
        &[("b.png", same.clone()), ("other.png", png(ONE_FACE, 40, 0))],
        &[("a.png", same.clone()), ("sub/c.png", same.clone())],
    ]);
    for _ in 0..3 {
        let result = stage.run().await.unwrap();
        let found = &result.result[0].matches[0];
        assert_eq!((found.image_uri.as_str(), found.provider.as_str()), ("file:b.png", "pool-0"), "the first to be named");
        assert_eq!(found.duplicates, ["file:a.png", "file:sub/c.png"]);
        assert_eq!(result.result[0].matches.len(), 2);
        assert_eq!(stage.heard.last_counts().processed, 4);
    }
}

#[tokio::test]
async fn a_failing_provider_is_a_diagnostic_and_the_others_share_the_budget() {
    struct Broken;
    #[async_trait::async_trait]
    impl Provider for Broken {
        fn name(&self) -> &str {
            "broken"
        }
        fn report(&self) -> app::api::ProviderReport {
            app::api::ProviderReport::new("broken", true, "")
        }
        async fn discover(&self, _: &ProbeQuery, _: usize) -> Result<Found, ProviderError> {
            Err(ProviderError::Unavailable("played".into()))
        }
    }
    let many: Vec<_> = (0..6).map(|i| (format!("{i}.png"), png(ONE_FACE, 50, i))).collect();
    let many: Vec<_> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let mut stage = Stage::with_pools(&[&many, &[("only.png", png(ONE_FACE, 0, 1))]]);
    stage.more.push(Arc::new(Broken));
    stage.options.max_candidates = 4;
    let result = stage.run().await.unwrap();
    assert_eq!(result.result[0].matches.len(), 4);
    assert_eq!(uris(&result)[0], "file:only.png", "the short list was not crowded out");
    assert_eq!(diagnostics(&result), ["discover provider_unavailable 1"]);

    stage.options.providers = vec!["pool-1".into(), "nowhere".into()];
    let result = stage.run().await.unwrap();
    assert_eq!(uris(&result), ["file:only.png"]);
    assert_eq!(diagnostics(&result), ["discover unknown_provider 1"]);
}

#[tokio::test]
async fn artifacts_lie_where_the_layout_says() {
    let stage = Stage::new(&[("a.png", png(ONE_FACE, 10, 0)), ("lonely.png", png(NO_PERSON, 20, 0))]);
    let result = stage.run().await.unwrap();
    let probe = &result.result[0];
    let (query, id) = (probe.query_image.strip_suffix(".png").unwrap(), stage.request_id);
    let stem = |rank: usize| probe.matches[rank].pool_image.strip_suffix(".png").unwrap();
    let (a, lonely) = (stem(0), stem(1));
    assert_eq!(a, format!("pool-{}", &probe.matches[0].sha256[..12]));
    let mut expected = vec![
        format!("output/{id}/evidence/manifest.json"),
        format!("output/{id}/evidence/results.json"),
        format!("output/{id}/query/annotated/{query}.jpg"),
        format!("output/{id}/query/cropped_face/{query}.jpg"),
        format!("output/{id}/query/cropped_face/{query}-aligned.jpg"),
        format!("output/{id}/query/cropped_person/{query}.jpg"),
        format!("output/{id}/query/embeddings.json"),
        format!("output/{id}/pool/annotated/{a}.jpg"),
        format!("output/{id}/pool/annotated/{lonely}.jpg"),
        format!("output/{id}/pool/cropped_face/{a}.jpg"),
        format!("output/{id}/pool/cropped_face/{a}-aligned.jpg"),
        format!("output/{id}/pool/cropped_face/{lonely}.jpg"),
        format!("output/{id}/pool/cropped_face/{lonely}-aligned.jpg"),
        format!("output/{id}/pool/cropped_person/{a}.jpg"),
        format!("output/{id}/pool/picture/{a}.jpg"),
        format!("output/{id}/pool/picture/{lonely}.jpg"),
        format!("output/{id}/pool/thumbnail/{a}.jpg"),
        format!("output/{id}/pool/thumbnail/{lonely}.jpg"),
        format!("output/{id}/pool/embeddings.json"),
        format!("output/{id}/matching_results.json"),
    ];
    expected.sort();
    assert_eq!(files(stage.kept.path()), expected);

    // Every link of the result leads to a picture that can be read.
    let mut links = vec![probe.crop.as_deref().unwrap(), probe.aligned.as_deref().unwrap(), probe.annotated.as_deref().unwrap()];
    for found in &probe.matches {
        let shown = [&found.crop, &found.aligned, &found.thumbnail, &found.picture, &found.annotated];
        links.extend(shown.map(|link| link.as_deref().unwrap()));
    }
    for link in links {
        let bytes = stage.read(link.strip_prefix("/artifacts/").unwrap());
        assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Jpeg);
        let picture = image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{link}: {error}"));
        if link.ends_with("-aligned.jpg") {
            assert_eq!((picture.width(), picture.height()), (112, 112), "what the network was given");
        }
    }
    let stored: MatchResult = serde_json::from_slice(&stage.read(&format!("output/{id}/matching_results.json"))).unwrap();
    // It is part of what the evidence tells the hash of.
    assert_eq!(stored, MatchResult { evidence: None, ..result.clone() });
    assert_eq!((stored.input_working_dir, stored.output_working_dir), (format!("input/{id}"), format!("output/{id}")));
    let embeddings: serde_json::Value = serde_json::from_slice(&stage.read(&format!("output/{id}/pool/embeddings.json"))).unwrap();
    assert_eq!(embeddings["model"], "embedding@00000000");
    let images = embeddings["images"].as_array().unwrap();
    assert!(images.iter().all(|image| image["faces"][0]["embedding"].as_array().unwrap().len() == 2));
    // They stand in the order of their names, which are made of their digests.
    let names: Vec<_> = images.iter().map(|image| image["image"].as_str().unwrap()).collect();
    assert!(names.len() == 2 && names.is_sorted(), "{names:?}");
    assert_eq!(images.iter().filter(|image| image["full_frame"] == true).count(), 1);
}

#[tokio::test]
async fn a_second_run_of_the_same_job_leaves_the_same_files() {
    let stage = Stage::new(&[("a.png", png(ONE_FACE, 10, 0)), ("b.png", png(TWO_FACES, 20, 0)), ("c.png", png(NO_FACE, 30, 0))]);
    let mut first = stage.run().await.unwrap();
    let kept = files(stage.kept.path());
    let mut second = stage.run().await.unwrap();
    assert_eq!(files(stage.kept.path()), kept);
    (first.time_taken, second.time_taken) = (0.0, 0.0);
    assert_eq!(first, second);
}

#[tokio::test]
async fn events_tell_the_stages_every_candidate_and_every_listed_match() {
    let stage = Stage::new(&[("a.png", png(ONE_FACE, 10, 0)), ("b.png", png(FACE_PANICS, 0, 0)), ("c.png", png(ONE_FACE, 20, 0))]);
    let result = stage.run().await.unwrap();
    let events = stage.heard.events.lock().unwrap();
    let done: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            EventKind::Stage { stage, .. } if stage.state == StageState::Done => Some((stage.name.as_str(), stage.done)),
            _ => None,
        })
        .collect();
    assert_eq!(done, [("validate", 0), ("discover", 0), ("analyse", 3), ("rank", 0), ("artifacts", 0)]);
    let mut kinds: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            EventKind::Candidate { kind, .. } => Some(kind.clone()),
            _ => None,
        })
        .collect();
    kinds.sort();
    assert_eq!(kinds, [None, None, Some("panic".into())]);
    for found in &result.result[0].matches {
        let told = events
            .iter()
            .any(|event| matches!(event, EventKind::Match { report } if report.sha256 == found.sha256 && report.crop == found.crop));
        assert!(told, "{} was told with its crop", found.image_uri);
    }
    assert!(!events.iter().any(EventKind::is_last), "the last word belongs to who keeps the result");
}

#[tokio::test]
async fn a_cancelled_job_stops_between_candidates_and_writes_nothing_afterwards() {
    let pictures: Vec<_> = (0..40).map(|i| (format!("{i:02}.png"), png(ONE_FACE, i, 0))).collect();
    let named: Vec<_> = pictures.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let mut stage = Stage::new(&named);
    stage.heard.stop_after = Some(3);
    assert_eq!(stage.run().await.unwrap_err(), PipelineError::Cancelled);
    assert!(stage.heard.last_counts().processed < 40);
    let kept = files(stage.kept.path());
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(files(stage.kept.path()), kept);
    assert!(!kept.iter().any(|key| key.ends_with("matching_results.json")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_pictures_are_computed_at_once_than_there_are_permits() {
    let pictures: Vec<_> = (0..30).map(|i| (format!("{i:02}.png"), png(ONE_FACE, i, 0))).collect();
    let named: Vec<_> = pictures.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let mut stage = Stage::new(&named);
    stage.permits = 1;
    stage.run().await.unwrap();
    assert_eq!(stage.vision.most_at_once.load(Ordering::SeqCst), 1);
}

/// A GPU that computes eight pictures a call in two lanes is asked by sixteen, on however few cores; a CPU by one per core.
#[test]
fn as_many_pictures_are_computed_at_once_as_fill_the_calls_of_a_gpu() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let network =
        |role: &str, max_batch| NetworkInfo { role: role.into(), model: "played".into(), sha256: "5e".repeat(32), warm_up: 0.0, max_batch };
    for (detectors, embedding, pictures) in [(8, 32, cores.max(16)), (1, 8, cores.max(2))] {
        let mut vision = Played::new();
        vision.info.networks = vec![network("person", detectors), network("face", detectors), network("embedding", embedding)];
        let context = PipelineContext::new(Arc::new(vision), Vec::new(), None);
        assert_eq!((context.compute.available_permits(), context.max_concurrency), (pictures, pictures + 1));
    }
}

#[tokio::test]
async fn an_empty_pool_gives_an_empty_list() {
    let stage = Stage::new(&[("readme.txt", b"no pictures here".to_vec())]);
    let result = stage.run().await.unwrap();
    assert!(result.result[0].matches.is_empty() && result.diagnostics.is_empty());
    assert!(result.result[0].crop.is_some(), "the probe is shown all the same");
}
