//! One job, without a service around it: what it is made of when its networks fail in its middle.

use crate::played::{Fault, NO_FACE, NO_PERSON, ONE_FACE, Played, TWO_FACES, png};
use app::api::{Counts, EventKind, MatchOptions, MatchReport, MatchResult, StageState};
use async_trait::async_trait;
use bytes::Bytes;
use models::{ModelError, Vision};
use server::clock::ShiftedClock;
use server::clock::{Moment, StoppedClock};
use server::discovery::{Candidate, FolderProvider, Found, Location, ProbeQuery, Provider, ProviderError};
use server::fetch::{FetchError, FetchRequest, Fetched, Fetcher, Source};
use server::objects::{FolderObjects, Objects};
use server::pipeline::{MatchJob, PipelineContext, PipelineError, Progress, QueryPhotos, distinct, run, validate_query};
use server::vision::{Backup, MemoryGuard, VisionLoader, Visions};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use uuid::Uuid;

/// Keeps everything that was told.
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

/// Pictures on a host that keeps nobody waiting; counts who asks for what.
#[derive(Default)]
struct Host {
    pictures: BTreeMap<String, Vec<u8>>,
    asked: Mutex<BTreeMap<String, usize>>,
    searches: AtomicUsize,
}

#[async_trait]
impl Fetcher for Host {
    async fn fetch(&self, candidate: &Candidate, _: &FetchRequest) -> Result<Fetched, FetchError> {
        let Location::Url(url) = &candidate.location else { return Err(FetchError::Unsupported) };
        *self.asked.lock().expect("whole").entry(url.clone()).or_default() += 1;
        let picture = self.pictures.get(url).ok_or(FetchError::NotFound)?;
        Ok(Fetched { bytes: Bytes::from(picture.clone()).into(), from: Source::Picture, url: Some(url.clone()) })
    }
}

/// Names what the host has, and one picture that it does not have.
struct Search(Arc<Host>);

#[async_trait]
impl Provider for Search {
    fn name(&self) -> &str {
        "search"
    }

    fn report(&self) -> app::api::ProviderReport {
        app::api::ProviderReport::new("search", true, "")
    }

    async fn discover(&self, _: &ProbeQuery, _: usize) -> Result<Found, ProviderError> {
        self.0.searches.fetch_add(1, Ordering::SeqCst);
        let named = ["https://host.example/gone.png".to_owned()].into_iter().chain(self.0.pictures.keys().cloned());
        let candidate = |url: String| Candidate::new("search", Location::Url(url.clone()), url);
        Ok(named.map(candidate).collect::<Vec<_>>().into())
    }
}

struct Stage {
    pool: TempDir,
    kept: TempDir,
    query: Vec<u8>,
    /// Further photos of the same person.
    also: Vec<Vec<u8>>,
    host: Option<Arc<Host>>,
    primary: Arc<Played>,
    backup: Arc<Played>,
    request_id: Uuid,
    heard: Heard,
}

impl Stage {
    /// A pool of pictures with one face each, by their green.
    fn new(greens: &[u8]) -> Self {
        let stage = Self {
            pool: TempDir::new().expect("a folder"),
            kept: TempDir::new().expect("a folder"),
            query: png(ONE_FACE, 0, 0),
            also: Vec::new(),
            host: None,
            primary: Played::primary(),
            backup: Played::backup(),
            request_id: Uuid::new_v4(),
            heard: Heard::default(),
        };
        for green in greens {
            stage.put(&format!("{green:03}.png"), &png(ONE_FACE, *green, 1));
        }
        stage
    }

    fn put(&self, name: &str, picture: &[u8]) {
        std::fs::write(self.pool.path().join(name), picture).expect("written");
    }

    fn packs(&self) -> Arc<Visions> {
        let backup = Backup { pack: "light".into(), load: self.backup.loader() };
        visions(self.primary.loader(), Some(backup))
    }

    async fn run(&self) -> Result<MatchResult, PipelineError> {
        self.run_on(Some(self.packs()), self.primary.clone()).await
    }

    async fn run_on(&self, visions: Option<Arc<Visions>>, vision: Arc<dyn Vision>) -> Result<MatchResult, PipelineError> {
        let providers: Vec<Arc<dyn Provider>> = match &self.host {
            Some(host) => vec![Arc::new(Search(host.clone()))],
            None => vec![Arc::new(FolderProvider::new("pool", self.pool.path()))],
        };
        let objects: Arc<dyn Objects> = Arc::new(FolderObjects::open(self.kept.path()).expect("a store"));
        let mut context = PipelineContext::new(vision, providers, Some(objects));
        context.clock = Arc::new(StoppedClock(Moment(1_772_323_199_999)));
        context.visions = visions;
        // One after the other, so that it is known which picture the networks fail on.
        context.max_concurrency = 1;
        context.compute = Arc::new(tokio::sync::Semaphore::new(1));
        if let Some(host) = &self.host {
            context.fetcher = host.clone();
        }
        let photos = std::iter::once(&self.query).chain(&self.also);
        let photos = photos.map(|photo| Ok((validate_query(photo, &context.limits)?, Bytes::from(photo.clone()))));
        let photos = photos.collect::<Result<_, PipelineError>>()?;
        let job = MatchJob {
            request_id: self.request_id,
            options: MatchOptions { purpose: "test".into(), consent: true, ..MatchOptions::default() },
            query: QueryPhotos::of(distinct(photos)).expect("a photo"),
            retry_count: 0,
            max_retries: 3,
            kept: std::collections::BTreeMap::new(),
        };
        run(&context, &job, &self.heard).await
    }

    fn events(&self) -> Vec<EventKind> {
        self.heard.0.lock().expect("whole").clone()
    }
}

fn visions(primary: VisionLoader, backup: Option<Backup>) -> Arc<Visions> {
    Visions::new("standard", primary, backup, MemoryGuard::off(), Arc::new(ShiftedClock::default()))
}

fn matches(result: &MatchResult) -> &[MatchReport] {
    &result.result[0].matches
}

fn diagnostics(result: &MatchResult) -> Vec<String> {
    result.diagnostics.iter().map(|d| format!("{} {} {}", d.stage, d.kind, d.count)).collect()
}

fn fallbacks(result: &MatchResult) -> Vec<String> {
    result.fallbacks.iter().map(|f| format!("{} {}", f.what, f.reason)).collect()
}

fn green_of(found: &MatchReport) -> u8 {
    found.image_uri.trim_start_matches("file:").trim_end_matches(".png").parse().expect("named by its green")
}

/// Without what differs from run to run, and what says that something stood in.
fn bare(mut result: MatchResult) -> MatchResult {
    (result.time_taken, result.fallback) = (0.0, false);
    result.fallbacks.clear();
    // Its manifest says what stood in.
    result.evidence = None;
    result.diagnostics.clear();
    result
}

const GREENS: [u8; 8] = [5, 17, 29, 41, 60, 77, 90, 111];

#[tokio::test]
async fn a_job_whose_networks_fail_in_its_middle_is_compared_whole_by_the_backup() {
    for (fault, kind) in Fault::all() {
        let stage = Stage::new(&GREENS);
        // The query and four candidates go well.
        stage.primary.fail_after(5, fault);
        let result = stage.run().await.expect("completed");
        assert_eq!((result.models.pack.as_str(), result.engine.as_str()), ("light", "played light"), "{kind}");
        assert_eq!((result.fallback, fallbacks(&result)), (true, vec![format!("pack {kind}")]));
        assert_eq!(diagnostics(&result), [format!("engine {kind} 1")], "nothing was compared across networks");
        assert_eq!(matches(&result).len(), GREENS.len());

        let alone = stage.run_on(None, stage.backup.clone()).await.expect("completed");
        assert!(!alone.fallback);
        assert_eq!(bare(result), bare(alone), "{kind}: the same as if the backup had done it from the start");
    }
}

#[tokio::test]
async fn every_similarity_is_the_backups_own_however_late_the_networks_fail() {
    // Of the query, and of each candidate in turn.
    for well in 0..=GREENS.len() {
        let stage = Stage::new(&GREENS);
        stage.primary.fail_after(well, Fault::Error(ModelError::Engine("played".into())));
        let result = stage.run().await.expect("completed");
        for found in matches(&result) {
            let green = green_of(found);
            let (own, foreign) = (stage.backup.cosine(green), stage.primary.cosine(green));
            assert!((found.similarity - own).abs() < 1e-5, "after {well}: {green} gave {}, not {own}", found.similarity);
            assert!((own - foreign).abs() > 1e-4, "the two packs see it differently");
        }
        assert!(result.contract.starts_with("light000/"), "{}", result.contract);
        assert!(!diagnostics(&result).iter().any(|d| d.contains("contract_mismatch")));
        assert_eq!(result.thresholds.match_, stage.backup.info().match_threshold);
        assert_eq!(result.calibration, "played for light");
    }
}

#[tokio::test]
async fn all_photos_of_the_query_are_seen_by_the_backup_in_whichever_photo_or_candidate_the_networks_fail() {
    let photos = [0, 20, 40];
    let mut stage = Stage::new(&GREENS);
    stage.also = photos[1..].iter().map(|green| png(ONE_FACE, *green, 0)).collect();
    let alone = stage.run_on(None, stage.backup.clone()).await.expect("completed");
    assert_eq!((alone.result[0].photos.len(), alone.fallback), (photos.len(), false));
    for well in 0..photos.len() + GREENS.len() {
        stage.primary.fail_after(well, Fault::Error(ModelError::DeviceLost("played".into())));
        let result = stage.run().await.expect("completed");
        assert_eq!((result.models.pack.as_str(), fallbacks(&result)), ("light", vec!["pack device_lost".to_owned()]), "after {well}");
        assert_eq!(diagnostics(&result), ["engine device_lost 1"], "after {well}: no contract_mismatch");
        // What is compared lies in the middle of the three photos: at green 20.
        let probe = &result.result[0];
        assert_eq!((probe.photos.len(), probe.matches.len()), (photos.len(), GREENS.len()), "after {well}");
        let of_photos = probe.photos.iter().zip(photos).map(|(photo, green)| (photo.similarity, green));
        for (similarity, green) in of_photos.chain(probe.matches.iter().map(|found| (found.similarity, green_of(found)))) {
            let own = stage.backup.cosine(green.abs_diff(20));
            assert!((similarity - own).abs() < 1e-5, "after {well}: {green} gave {similarity}, not {own}");
        }
        assert!((stage.backup.cosine(20) - stage.primary.cosine(20)).abs() > 1e-3, "the two packs see it differently");
        assert_eq!(bare(result), bare(alone.clone()), "after {well}: the same as if the backup had done it from the start");
    }
}

#[tokio::test]
async fn progress_begins_the_comparison_again_and_counts_from_nothing() {
    let stage = Stage::new(&GREENS);
    stage.primary.fail_after(5, Fault::Error(ModelError::Timeout(30.0)));
    stage.run().await.expect("completed");
    let events = stage.events();
    let begun = |event: &EventKind| match event {
        EventKind::Stage { stage, counts } if stage.state == StageState::Running && stage.done == 0 => Some((stage.name.clone(), *counts)),
        _ => None,
    };
    let stages: Vec<String> = events.iter().filter_map(begun).map(|(name, _)| name).collect();
    assert_eq!(stages, ["validate", "discover", "analyse", "analyse", "rank", "artifacts"]);
    let again = events.iter().rposition(|event| begun(event).is_some_and(|(name, _)| name == "analyse")).expect("began again");
    let counts = Counts { candidates: GREENS.len(), ..Counts::default() };
    assert_eq!(begun(&events[again]), Some(("analyse".to_owned(), counts)));

    let told = |events: &[EventKind]| -> Vec<(u8, f32)> {
        let of = |event: &EventKind| match event {
            EventKind::Match { report } => Some((green_of(report), report.similarity)),
            _ => None,
        };
        events.iter().filter_map(of).collect()
    };
    let (before, after) = (told(&events[..again]), told(&events[again..]));
    assert!(!before.is_empty() && before.iter().all(|(green, told)| (told - stage.primary.cosine(*green)).abs() < 1e-5));
    assert_eq!(after.len(), GREENS.len());
    assert!(after.iter().all(|(green, told)| (told - stage.backup.cosine(*green)).abs() < 1e-5));
    let last = events.iter().rev().find_map(|event| match event {
        EventKind::Candidate { counts, .. } => Some(*counts),
        _ => None,
    });
    assert_eq!(last.map(|counts| (counts.processed, counts.failed)), Some((GREENS.len(), 0)));
}

#[tokio::test]
async fn nobody_is_searched_twice_and_no_picture_is_asked_for_twice() {
    let mut stage = Stage::new(&[]);
    let url = |number: u8| format!("https://host.example/{number}.png");
    let pictures = (0..6).map(|number| (url(number), png(ONE_FACE, number * 20, 1))).collect();
    let host = Arc::new(Host { pictures, ..Host::default() });
    stage.host = Some(host.clone());
    stage.primary.fail_after(6, Fault::Error(ModelError::DeviceLost("played".into())));
    let result = stage.run().await.expect("completed");
    assert_eq!((matches(&result).len(), fallbacks(&result)), (6, vec!["pack device_lost".to_owned()]));
    assert_eq!(host.searches.load(Ordering::SeqCst), 1);
    let asked = host.asked.lock().expect("whole").clone();
    assert_eq!(asked.len(), 7, "{asked:?}");
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
    assert_eq!(diagnostics(&result), ["engine device_lost 1", "fetch not_found 1"], "what was not there is counted once");
}

#[tokio::test]
async fn the_same_face_of_the_query_is_compared_again_wherever_the_backup_lists_it() {
    let mut stage = Stage::new(&GREENS);
    stage.query = png(TWO_FACES, 0, 0);
    let left = |result: &MatchResult| (result.result[0].face_index, result.result[0].face.bbox[2] < 48.0);
    assert_eq!(left(&stage.run().await.expect("completed")), (0, true), "the larger one");
    stage.primary.fail_after(3, Fault::Panic);
    let result = stage.run().await.expect("completed");
    assert_eq!((result.models.pack.as_str(), left(&result)), ("light", (1, true)), "the same one, though it is the smaller here");
}

#[tokio::test]
async fn without_a_backup_a_failure_costs_its_candidate_alone() {
    for by_packs in [false, true] {
        let stage = Stage::new(&GREENS);
        let visions = by_packs.then(|| visions(stage.primary.loader(), None));
        stage.primary.fail_times(5, 1, Fault::Error(ModelError::OutOfMemory("played".into())));
        let result = stage.run_on(visions, stage.primary.clone()).await.expect("completed");
        assert_eq!((result.models.pack.as_str(), result.fallback, fallbacks(&result).len()), ("standard", false, 0));
        assert_eq!(matches(&result).len(), GREENS.len() - 1);
        assert_eq!(diagnostics(&result), ["face out_of_memory 1"]);
        assert!(matches(&result).iter().all(|found| (found.similarity - stage.primary.cosine(green_of(found))).abs() < 1e-5));
    }
}

#[tokio::test]
async fn where_the_backup_fails_as_well_a_candidate_is_charged_and_the_query_ends_the_job() {
    let stage = Stage::new(&GREENS);
    stage.primary.fail_after(3, Fault::Panic);
    stage.backup.fail_times(4, 2, Fault::Nan);
    let result = stage.run().await.expect("completed");
    assert_eq!(matches(&result).len(), GREENS.len() - 2);
    assert_eq!(diagnostics(&result), ["embed unusable_output 2", "engine panic 1"]);

    stage.primary.fail_after(0, Fault::Panic);
    stage.backup.fail_after(0, Fault::Nan);
    let error = stage.run().await.expect_err("nobody can look at the query");
    assert_eq!((error.code(), error.retryable()), ("engine_failed", true));
    assert!(matches!(&error, PipelineError::Engine(cause) if cause.kind == "unusable_output"), "{error:?}");
}

#[tokio::test]
async fn a_picture_that_cannot_be_read_says_nothing_against_the_networks() {
    let stage = Stage::new(&GREENS[..3]);
    stage.put("200.png", b"no picture at all");
    stage.put("201.png", &png(ONE_FACE, 9, 9)[..60]);
    let result = stage.run().await.expect("completed");
    assert_eq!((result.models.pack.as_str(), fallbacks(&result).len(), matches(&result).len()), ("standard", 0, 3));
    assert_eq!(result.diagnostics.iter().map(|d| d.count).sum::<usize>(), 2);
}

#[tokio::test]
async fn whatever_stood_in_is_listed_with_its_reason() {
    let mut stage = Stage::new(&GREENS[..2]);
    stage.put("120.png", &png(NO_FACE, 120, 1));
    stage.put("121.png", &png(NO_PERSON, 121, 1));
    assert_eq!(fallbacks(&stage.run().await.expect("completed")), ["no_person no_person", "no_face no_face"]);
    stage.query = png(NO_PERSON, 0, 0);
    stage.primary = Played::with_its_backup_detector();
    let result = stage.run().await.expect("completed");
    let all = ["face_detector engine_failed", "no_person no_person_in_query", "no_person no_person", "no_face no_face"];
    assert_eq!((result.fallback, fallbacks(&result)), (true, all.map(str::to_owned).to_vec()));
}
