//! What the tests of the HTTP surface share: a service on a free port with a folder of its own, a small client, and
//! networks that see faces by a simple rule.

pub mod client;
pub mod pictures;
pub mod vision;

pub use client::{Client, Form, Reply};
pub use vision::FakeVision;

use server::{clock::ShiftedClock, config::Config, config::Environment, http, service::Service};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};

/// A folder for one test, with a pool of six small pictures in it.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = folder.path().join("pool");
    std::fs::create_dir_all(&pool).expect("the pool's folder");
    for (name, picture) in [
        ("1 red.png", pictures::red()),
        ("2 dark red.png", pictures::png(160, 20, 20)),
        ("3 blue.png", pictures::png(30, 30, 200)),
        ("4 green.png", pictures::png(30, 200, 30)),
        ("5 grey.png", pictures::grey()),
        ("6 broken.png", pictures::red()[..40].to_vec()),
    ] {
        std::fs::write(pool.join(name), picture).expect("a picture of the pool");
    }
    folder
}

/// A service that runs, seen from outside through [`TestApp::client`].
pub struct TestApp {
    pub service: Arc<Service>,
    pub client: Client,
    pub clock: Arc<ShiftedClock>,
    pub vision: Arc<FakeVision>,
    server: JoinHandle<()>,
    _gates: OpenGates,
}

/// Lets whoever waits at a gate go when the test ends, well or ill: a runtime does not end before its threads do.
struct OpenGates(Arc<FakeVision>);

impl Drop for OpenGates {
    fn drop(&mut self) {
        self.0.gate.open();
        self.0.loading.open();
    }
}

impl TestApp {
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[], FakeVision::default()).await
    }

    /// `variables` as in the environment; the networks are there at once.
    pub async fn start_with(folder: &Path, variables: &[(&str, &str)], vision: FakeVision) -> Self {
        Self::start_changed(folder, variables, vision, |_| {}).await
    }

    /// With what no variable says changed.
    pub async fn start_changed(folder: &Path, variables: &[(&str, &str)], vision: FakeVision, change: impl FnOnce(&mut Config)) -> Self {
        let data = folder.join("data").to_string_lossy().into_owned();
        let pools = format!("samples={}", folder.join("pool").display());
        let mut all = vec![("DATA_DIR", data.as_str()), ("POOLS", &pools), ("PROVIDERS", "none"), ("SYNC_TIMEOUT", "60")];
        // A face of one flat colour is as blurred as can be.
        all.push(("QUALITY_GATE", "off"));
        // The networks look at what a test has them look at, and at nothing else.
        all.push(("POOLS_SYNC", "false"));
        all.extend_from_slice(variables);
        let mut config = Config::from_environment(&Environment::of(&all)).expect("a usable configuration");
        config.jobs.retry_pause = Duration::from_millis(1);
        change(&mut config);
        let (clock, vision) = (Arc::new(ShiftedClock::default()), Arc::new(vision));
        let loaded = vision.clone();
        let service = Service::start(config, clock.clone(), Box::new(move || loaded.clone().load())).await.expect("the service starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let router = http::router(service.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let _gates = OpenGates(vision.clone());
        Self { service, client: Client(address), clock, vision, server, _gates }
    }

    /// As SIGTERM: running work is handed back.
    pub async fn stop(self) {
        self.service.stop().await;
        self.kill().await;
    }

    /// As SIGKILL, as far as that is possible within a process: nothing is told to end, everything is dropped.
    pub async fn kill(self) {
        let Self { service, server, _gates, .. } = self;
        server.abort();
        let _ = server.await;
        let dropped = Arc::downgrade(&service);
        drop(service);
        // Connections that are still open hold the service; they end when their client is gone.
        until("the service is dropped", || std::future::ready(dropped.strong_count() == 0)).await;
    }
}

/// Asks again and again until it is so. Bounded only so that a broken test ends: no test depends on how fast it is.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let patience = Instant::now() + Duration::from_secs(120);
    while !is_so().await {
        assert!(Instant::now() < patience, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
