//! The service as it is seen from outside while its networks fail: requests complete on the backup and say so.

use crate::common::{Client, Form, until};
use crate::played::{Fault, Left, ONE_FACE, Played, png};
use models::ModelError;
use serde_json::Value;
use server::clock::ShiftedClock;
use server::config::{Config, Environment};
use server::http;
use server::service::{Networks, Service};
use server::vision::{Backup, VisionLoader};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const GREENS: [u8; 4] = [5, 29, 60, 111];

/// A service on two packs.
pub struct App {
    _service: Arc<Service>,
    pub client: Client,
    pub clock: Arc<ShiftedClock>,
    server: JoinHandle<()>,
    _folder: TempDir,
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl App {
    /// `backup`: how it is loaded, where there is one.
    pub async fn start(primary: VisionLoader, backup: Option<VisionLoader>, memory: Arc<Left>) -> Self {
        // Whether networks fail is seen where they are asked.
        Self::start_with(primary, backup, memory, &[("ANALYSIS_CACHE_BYTES", "0"), ("ANALYSIS_CACHE_MEMORY_BYTES", "0")]).await
    }

    pub async fn start_with(
        primary: VisionLoader,
        backup: Option<VisionLoader>,
        memory: Arc<Left>,
        settings: &[(&'static str, &'static str)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = folder.path().join("pool");
        std::fs::create_dir_all(&pool).expect("a folder");
        for green in GREENS {
            std::fs::write(pool.join(format!("{green:03}.png")), png(ONE_FACE, green, 1)).expect("written");
        }
        let (data, pools) = (folder.path().join("data").to_string_lossy().into_owned(), format!("samples={}", pool.display()));
        let mut variables = vec![("DATA_DIR", data.as_str()), ("POOLS", &pools), ("PROVIDERS", "none"), ("SYNC_TIMEOUT", "60")];
        variables.push(("POOLS_SYNC", "false"));
        variables.extend([("MODEL_PACK", "standard"), ("MAX_CONCURRENCY", "1")]);
        variables.extend_from_slice(settings);
        if backup.is_some() {
            variables.push(("FALLBACK_MODEL", "light"));
        }
        let mut config = Config::from_environment(&Environment::of(&variables)).expect("a usable configuration");
        config.jobs.retry_pause = Duration::from_millis(1);
        let backup = backup.map(|load| Backup { pack: "light".into(), load });
        let clock = Arc::new(ShiftedClock::default());
        let service = Service::start_on(config, clock.clone(), Networks { primary, backup, memory }).await.expect("the service starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let router = http::router(service.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { _service: service, client: Client(address), clock, server, _folder: folder }
    }

    /// On two packs that load, with the backup warm.
    pub async fn on(primary: &Arc<Played>, backup: &Arc<Played>) -> Self {
        let app = Self::start(primary.loader(), Some(backup.loader()), Left::new(4096)).await;
        app.health_is("the backup stands by", |health| health["backup"]["state"] == "ready").await;
        app
    }

    pub async fn health(&self) -> Value {
        self.client.get("/health").await.json()
    }

    pub async fn health_is(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        until(what, || async { is_so(&self.health().await) }).await;
    }

    /// The whole result of a search.
    pub async fn search(&self) -> Value {
        let reply = self.client.post(Form::lawful().file("image", "a.png", &png(ONE_FACE, 0, 0)).field("sync", "true")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}

/// Pack and reason, where a backup did the work.
fn by(result: &Value) -> String {
    let reason = result["fallbacks"].as_array().and_then(|all| all.iter().find(|f| f["what"] == "pack")).map(|f| f["reason"].to_string());
    format!("{} {}", result["models"]["pack"].as_str().unwrap_or_default(), reason.unwrap_or_default().trim_matches('"'))
}

fn assert_similarities(result: &Value, own: &Played) {
    let matches = result["result"][0]["matches"].as_array().expect("matches");
    assert_eq!(matches.len(), GREENS.len());
    for (found, green) in matches.iter().zip(GREENS) {
        let similarity = found["similarity"].as_f64().expect("a number") as f32;
        assert!((similarity - own.cosine(green)).abs() < 1e-5, "{found:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_completes_on_the_backup_whatever_happens_to_the_networks_and_the_next_begins_there() {
    for (fault, kind) in Fault::all() {
        let (primary, backup) = (Played::primary(), Played::backup());
        let app = App::on(&primary, &backup).await;
        assert_eq!(by(&app.search().await), "standard ");
        primary.fail_after(3, fault);
        for nth in ["in the middle", "from the start"] {
            let result = app.search().await;
            assert_eq!(by(&result), format!("light {kind}"), "{nth}");
            assert_eq!((result["fallback"].as_bool(), result["retry_count"].as_u64()), (Some(true), Some(0)));
            assert_similarities(&result, &backup);
            let switched = result["diagnostics"].as_array().expect("a list").iter().any(|d| d["stage"] == "engine" && d["kind"] == kind);
            assert_eq!(switched, nth == "in the middle", "{result:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_networks_cannot_be_loaded_starts_on_the_backup_and_loads_them_later() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::start(primary.loader_failing(2), Some(backup.loader()), Left::new(4096)).await;
    let result = app.search().await;
    assert_eq!(by(&result), "light model_not_loaded");
    assert_similarities(&result, &backup);
    assert_eq!(app.client.get("/health/ready").await.status, 200);
    app.clock.advance(Duration::from_secs(30));
    app.health_is("it was tried again in vain", |health| health["backup"]["next_trial"].as_f64().is_some_and(|seconds| seconds > 31.0))
        .await;
    app.clock.advance(Duration::from_secs(60));
    app.health_is("it is loaded", |health| health["backup"]["breaker"] == "closed").await;
    let result = app.search().await;
    assert_eq!(by(&result), "standard ");
    assert_similarities(&result, &primary);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_networks_come_back_when_a_trial_on_nobodys_picture_goes_well() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::on(&primary, &backup).await;
    primary.fail_after(0, Fault::Error(ModelError::DeviceLost("played".into())));
    assert_eq!(by(&app.search().await), "light device_lost");
    app.clock.advance(Duration::from_secs(30));
    app.health_is("it was tried in vain", |health| health["backup"]["next_trial"].as_f64().is_some_and(|seconds| seconds > 31.0)).await;
    assert_eq!(by(&app.search().await), "light device_lost");
    primary.recover();
    app.clock.advance(Duration::from_secs(60));
    app.health_is("it is back", |health| health["status"] == "ok").await;
    assert_eq!(by(&app.search().await), "standard ");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_memory_is_short_requests_are_done_by_the_backup() {
    let (primary, backup, memory) = (Played::primary(), Played::backup(), Left::new(4096));
    let app = App::start(primary.loader(), Some(backup.loader()), memory.clone()).await;
    app.health_is("the backup stands by", |health| health["backup"]["state"] == "ready").await;
    memory.set(255);
    let result = app.search().await;
    assert_eq!(by(&result), "light memory");
    assert_similarities(&result, &backup);
    assert!(!result["diagnostics"].to_string().contains("engine"), "nothing failed");
    memory.set(256);
    assert_eq!(by(&app.search().await), "standard ");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_both_packs_fail_the_request_is_tried_again_and_then_fails_by_name() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::on(&primary, &backup).await;
    primary.fail_after(0, Fault::Panic);
    backup.fail_after(0, Fault::Panic);
    let id = app.client.accepted(Form::lawful().file("image", "a.png", &png(ONE_FACE, 0, 0))).await;
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("engine_failed")));
    assert_eq!(report["error"]["details"]["retry_count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_backup_the_query_is_tried_again_and_a_candidate_is_charged() {
    let primary = Played::primary();
    let app = App::start(primary.loader(), None, Left::new(1)).await;
    primary.fail_times(2, 1, Fault::Error(ModelError::Engine("played".into())));
    let result = app.search().await;
    assert_eq!((by(&result).as_str(), result["result"][0]["matches"].as_array().map(Vec::len)), ("standard ", Some(GREENS.len() - 1)));
    assert_eq!(result["diagnostics"][0]["kind"], "engine_failed");
    assert_eq!(app.health().await["backup"], Value::Null, "and memory decides nothing");

    primary.fail_after(0, Fault::Error(ModelError::Engine("played".into())));
    let id = app.client.accepted(Form::lawful().file("image", "a.png", &png(ONE_FACE, 0, 0))).await;
    let report = app.client.ended(&id).await;
    assert_eq!((report["error"]["code"].as_str(), report["error"]["details"]["retry_count"].as_u64()), (Some("engine_failed"), Some(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_pack_saw_is_remembered_apart_and_neither_is_asked_twice() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::start_with(primary.loader(), Some(backup.loader()), Left::new(4096), &[]).await;
    app.health_is("the backup stands by", |health| health["backup"]["state"] == "ready").await;
    primary.fail_after(3, Fault::Panic);
    assert_eq!(by(&app.search().await), "light panic", "three pictures were seen by the primary, and all by the backup");
    let asked = |pack: &Played| pack.calls.swap(0, Ordering::SeqCst);
    assert!(asked(&backup) > 0);
    let result = app.search().await;
    assert_eq!((by(&result).as_str(), asked(&backup)), ("light panic", 0));
    assert_similarities(&result, &backup);

    primary.recover();
    app.clock.advance(Duration::from_secs(30));
    app.health_is("it is back", |health| health["status"] == "ok").await;
    let result = app.search().await;
    assert_eq!((by(&result).as_str(), asked(&backup)), ("standard ", 0));
    assert_similarities(&result, &primary);
    assert!(asked(&primary) > 0);
    let result = app.search().await;
    assert_eq!((by(&result).as_str(), asked(&primary)), ("standard ", 0));
    assert_similarities(&result, &primary);
}
