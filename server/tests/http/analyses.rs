//! What the networks made of a file is remembered for as long as a request that used it, on disk too, and no longer.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};
use crate::real;
use app::api::{EventKind, MatchOptions, MatchResult};
use bytes::Bytes;
use image::RgbImage;
use models::{Caller, Detected, Embedding, ModelError, Person, Vision, VisionInfo};
use serde_json::Value;
use server::analyses::AnalysisCache;
use server::clock::{Moment, StoppedClock};
use server::config::AnalysesConfig;
use server::discovery::FolderProvider;
use server::pipeline::{MatchJob, PipelineContext, Progress, QueryPhoto, run};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Of the six pictures of the pool, those that can be decoded.
const READABLE: u64 = 5;
const DAY: Duration = Duration::from_secs(86_400);

fn calls(app: &TestApp) -> usize {
    app.vision.calls.swap(0, Ordering::SeqCst)
}

async fn search(app: &TestApp, form: Form) -> (String, Value) {
    let id = app.client.accepted(form).await;
    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    (id, report)
}

/// What was found, without the request's own id, times and links.
fn found(report: &Value) -> Value {
    let mut found = report["result"]["result"].clone();
    fn without_links(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, value| name != "retrieved_at" && !value.as_str().is_some_and(|text| text.starts_with("/artifacts/")));
                fields.values_mut().for_each(without_links);
            }
            Value::Array(items) => items.iter_mut().for_each(without_links),
            _ => {}
        }
    }
    without_links(&mut found);
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { files.extend(self::files(&entry)) } else { files.push(entry) }
    }
    files
}

fn kept(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    files(&folder.path().join("data/analyses"))
}

/// Files below the folder with the vector of the red face as it is in memory.
fn with_the_vector(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    let contract = FakeVision::default().info().contract.clone();
    let vector = Embedding::from_raw(vec![100.0, -70.0, -70.0], &contract).expect("a vector");
    let bytes: Vec<u8> = vector.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
    let holds = |file: &PathBuf| std::fs::read(file).is_ok_and(|file| file.windows(bytes.len()).any(|part| part == bytes));
    files(&folder.path().join("data")).into_iter().filter(holds).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_identical_request_runs_no_network_and_finds_the_same() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (_, first) = search(&app, Form::good()).await;
    assert!(calls(&app) > 0);
    let (_, second) = search(&app, Form::good()).await;
    assert_eq!(calls(&app), 0);
    assert_eq!(found(&second), found(&first));
    let counts = app.service.analyses.counts();
    assert_eq!((counts.memory.hits, counts.memory.misses), (READABLE + 1, READABLE + 1), "the query and what was found, each once");
    for link in ["crop", "annotated"] {
        let link = second["result"]["result"][0]["matches"][0][link].as_str().expect("a link");
        assert_eq!(app.client.get(link).await.status, 200, "pictures are drawn all the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_query_has_its_own_photo_looked_at_alone() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    search(&app, Form::good()).await;
    search(&app, Form::lawful().file("image", "another.png", &pictures::png(30, 30, 220))).await;
    let counts = app.service.analyses.counts();
    assert_eq!((counts.memory.hits, counts.memory.misses), (READABLE, READABLE + 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_as_the_query_and_the_same_file_in_a_pool_are_two_analyses() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    // The first picture of the pool is this very file.
    assert_eq!(std::fs::read(folder.path().join("pool/1 red.png")).expect("read"), pictures::red());
    search(&app, Form::good()).await;
    assert_eq!(app.service.analyses.counts().memory.entries, READABLE + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_nothing() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (_, first) = search(&app, Form::good()).await;
    app.stop().await;
    let app = TestApp::start(folder.path()).await;
    let (_, second) = search(&app, Form::good()).await;
    assert_eq!((calls(&app), found(&second)), (0, found(&first)));
    assert_eq!(app.service.analyses.counts().disk.hits, READABLE + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_requests_used_goes_with_the_second() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (first, _) = search(&app, Form::good()).await;
    let (second, _) = search(&app, Form::good()).await;
    assert!(!with_the_vector(&folder).is_empty(), "it is there before");
    assert_eq!(app.client.delete(&format!("/requests/{first}")).await.status, 204);
    assert!(!with_the_vector(&folder).is_empty());
    assert_eq!(app.client.delete(&format!("/requests/{second}")).await.status, 204);
    assert_eq!(kept(&folder), Vec::<PathBuf>::new());
    assert_eq!(with_the_vector(&folder), Vec::<PathBuf>::new());
    let counts = app.service.analyses.counts();
    assert_eq!([counts.memory.entries, counts.memory.bytes, counts.disk.entries, counts.disk.bytes], [0; 4]);
    calls(&app);
    search(&app, Form::good()).await;
    assert!(calls(&app) > 0, "nothing is known any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_ends_what_is_remembered_too() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("RETENTION_DAYS", "2")], FakeVision::default()).await;
    search(&app, Form::good()).await;
    app.clock.advance(2 * DAY + Duration::from_secs(1));
    app.service.jobs.sweep().await.expect("a sweep");
    assert_eq!(kept(&folder), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_while_nobody_heard_of_it_is_found_by_the_next_sweep() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (id, _) = search(&app, Form::good()).await;
    // As another node would: the row goes, and this one is not told.
    let now = server::clock::Clock::now(&*app.clock);
    app.service.store.erase(id.parse().expect("an id"), now, std::time::Duration::ZERO).await.expect("erased");
    app.service.store.erasure_finished(id.parse().expect("an id")).await.expect("finished");
    assert!(!kept(&folder).is_empty());
    app.service.jobs.sweep().await.expect("a sweep");
    assert_eq!(kept(&folder), Vec::<PathBuf>::new());

    // The same, and the process dies before it.
    let (id, _) = search(&app, Form::good()).await;
    let now = server::clock::Clock::now(&*app.clock);
    app.service.store.erase(id.parse().expect("an id"), now, std::time::Duration::ZERO).await.expect("erased");
    app.service.store.erasure_finished(id.parse().expect("an id")).await.expect("finished");
    app.kill().await;
    let _app = TestApp::start(folder.path()).await;
    until("the start has swept", || async { kept(&folder).is_empty() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_erased_in_its_middle_leaves_nothing_behind() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(Form::good()).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    let (client, path) = (app.client, format!("/requests/{id}"));
    let erasing = tokio::spawn(async move { client.delete(&path).await });
    until("it is gone", || async { app.client.get(&format!("/status/{id}")).await.status == 410 }).await;
    app.vision.gate.open();
    assert_eq!(erasing.await.expect("an answer").status, 204);
    assert_eq!(kept(&folder), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_spoiled_on_disk_is_looked_at_again() {
    let folder = folder();
    let off = [("ANALYSIS_CACHE_MEMORY_BYTES", "0")];
    let app = TestApp::start_with(folder.path(), &off, FakeVision::default()).await;
    let (_, first) = search(&app, Form::good()).await;
    for file in files(&folder.path().join("data/analyses/entries")) {
        std::fs::write(file, b"spoiled").expect("written");
    }
    calls(&app);
    let (_, second) = search(&app, Form::good()).await;
    assert!(calls(&app) > 0);
    assert_eq!(found(&second), found(&first));
    search(&app, Form::good()).await;
    assert_eq!(calls(&app), 0, "and is known again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_have_nothing_remembered() {
    let folder = folder();
    let off = [("ANALYSIS_CACHE_BYTES", "0"), ("ANALYSIS_CACHE_MEMORY_BYTES", "0")];
    let app = TestApp::start_with(folder.path(), &off, FakeVision::default()).await;
    search(&app, Form::good()).await;
    let first = calls(&app);
    search(&app, Form::good()).await;
    assert_eq!(calls(&app), first);
    assert!(!folder.path().join("data/analyses").exists());
}

/// Counts what real networks are asked.
struct Counting {
    networks: Arc<dyn Vision>,
    calls: AtomicUsize,
}

impl Counting {
    fn networks(&self) -> &dyn Vision {
        self.calls.fetch_add(1, Ordering::SeqCst);
        &*self.networks
    }
}

impl Vision for Counting {
    fn info(&self) -> &VisionInfo {
        self.networks.info()
    }

    fn identity(&self) -> Cow<'_, str> {
        self.networks.identity()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.networks().people(caller, picture)
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        self.networks().faces(caller, picture, side)
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        self.networks().embed(caller, crops)
    }
}

struct Silent;

impl Progress for Silent {
    fn emit(&self, _: EventKind) {}

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_real_networks_what_is_remembered_on_disk_is_what_they_saw_to_the_last_bit() {
    let Some(samples) = real::samples() else { return };
    let Some(networks) = real::vision() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let vision = Arc::new(Counting { networks, calls: AtomicUsize::new(0) });
    let query = Bytes::from(std::fs::read(samples.join("query.jpg")).expect("the query"));
    let search = async |request: u128| -> (MatchResult, usize) {
        let pool = FolderProvider::new("samples", samples.join("pool"));
        let mut context = PipelineContext::new(vision.clone(), vec![Arc::new(pool)], None);
        context.clock = Arc::new(StoppedClock(Moment(1_772_323_199_999)));
        let config = AnalysesConfig { folder: folder.path().to_owned(), disk_bytes: 1 << 30, memory_bytes: 0 };
        context.known = AnalysisCache::open(&config).expect("opened");
        let job = MatchJob {
            request_id: Uuid::from_u128(request),
            options: MatchOptions { purpose: "test".into(), consent: true, ..MatchOptions::default() },
            query: QueryPhoto { name: "query.jpg".into(), bytes: query.clone() }.into(),
            retry_count: 0,
            max_retries: 0,
            kept: std::collections::BTreeMap::new(),
        };
        let result = run(&context, &job, &Silent).await.expect("completed");
        (result, vision.calls.swap(0, Ordering::SeqCst))
    };
    let (first, asked) = search(1).await;
    let (second, asked_again) = search(2).await;
    assert!(asked > 0 && first.result[0].matches.len() > 5, "{first:?}");
    assert_eq!(asked_again, 0);
    assert_eq!(serde_json::to_string(&second.result).expect("JSON"), serde_json::to_string(&first.result).expect("JSON"));
}
