//! All parts put together: what `face-engine serve` runs, and what a test starts with parts of its own.
//!
//! [`Service::start`] returns as soon as requests can be accepted; the networks are loaded behind it, and what is
//! queued meanwhile waits. Where they cannot be loaded the service begins on those that stand in ([`crate::vision`]).

use crate::{
    analyses::{AnalysisCache, LayerCounts},
    clock::Clock,
    config::{Config, Database, EngineConfig, Role},
    discovery::{self, Provider, Providers, RequestedBuckets},
    fetch::{ClientError, DownloadCounts, Downloads, S3Fetcher, Surroundings},
    http::UploadRoom,
    jobs::{Beside, JobError, Jobs, MISSED_HEARTBEATS},
    metrics::{self, CountedFetcher, CountedProvider, Metrics},
    objects::{self, Objects, SignedLinks},
    pipeline::{ImageLimits, PipelineContext},
    pools::{self, AskablePools, Pools},
    s3::S3Access,
    store::{SqlStore, Store, StoreError},
    vision::{Backup, MachineMemory, Memory, MemoryGuard, VisionLoader, Visions},
};
use app::api::{EngineReport, Health, ModelNames, NetworkReport, QueueReport, Thresholds};
use models::{ModelError, NetworkInfo, Vision, VisionConfig};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How often what is past its retention is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(300);

/// Where the networks come from, and how much memory they leave.
pub struct Networks {
    pub primary: VisionLoader,
    /// What stands in while those fail.
    pub backup: Option<Backup>,
    pub memory: Arc<dyn Memory>,
}

impl From<VisionLoader> for Networks {
    /// Nothing stands in.
    fn from(primary: VisionLoader) -> Self {
        Self { primary, backup: None, memory: Arc::new(MachineMemory::default()) }
    }
}

impl Networks {
    /// The packs that the operator has set, from the files that set-up has prepared.
    pub fn configured(config: &EngineConfig) -> Self {
        let loader = |vision: VisionConfig| -> VisionLoader { Box::new(move || models::load(&vision)) };
        let backup = config.fallback.clone().zip(config.fallback_vision());
        let backup = backup.map(|(pack, vision)| Backup { pack, load: loader(vision) });
        Self { backup, ..Self::from(loader(config.vision())) }
    }

    /// Every call of the networks is counted.
    fn counted(self, metrics: &Arc<Metrics>) -> Self {
        let counted = |load| metrics::counted(load, Arc::clone(metrics));
        let backup = self.backup.map(|Backup { pack, load }| Backup { pack, load: counted(load) });
        Self { primary: counted(self.primary), backup, memory: self.memory }
    }

    /// Nothing is loaded before it is asked for.
    pub fn visions(self, config: &EngineConfig, clock: Arc<dyn Clock>) -> Arc<Visions> {
        let Self { primary, backup, memory } = self;
        Visions::new(config.pack_name(), primary, backup, MemoryGuard::new(memory, config.min_free_memory), clock)
    }
}

/// Why the service does not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("The folder {} (DATA_DIR) cannot be used: {error}.", path.display())]
    DataDir { path: PathBuf, error: io::Error },
    #[error("Another face-engine is running on the folder {} (DATA_DIR): stop it, or set another DATA_DIR.", .0.display())]
    Locked(PathBuf),
    #[error("The key in {} cannot be used: {error}. Remove the file to get a new one, or set SIGNING_KEY.", path.display())]
    SigningKey { path: PathBuf, error: io::Error },
    #[error("The database {} (DATABASE_URL) cannot be opened: {error}.", path.display())]
    Store { path: PathBuf, error: StoreError },
    #[error("The database of DATABASE_URL cannot be used: {0}.")]
    Postgres(StoreError),
    #[error(
        "A database in a file serves one process, which does all the work: set DATABASE_URL=postgres://... to share it with `worker` and \
         `serve --no-worker`."
    )]
    OneProcess,
    #[error(transparent)]
    Objects(#[from] objects::OpenError),
    #[error("Pictures cannot be fetched from the web: {0}.")]
    Downloads(#[from] ClientError),
    #[error("The folder {} of what the networks made of files cannot be used: {error}. Remove it, or set ANALYSIS_CACHE_BYTES=0.", path.display())]
    Analyses { path: PathBuf, error: io::Error },
    #[error("Candidates cannot be searched for: {0}.")]
    Providers(#[from] discovery::web::ApiError),
    #[error("The pools cannot be read: {0}.")]
    Pools(StoreError),
    #[error(transparent)]
    PoolOverlaps(#[from] pools::PoolOverlaps),
    #[error("Interrupted requests cannot be taken up again: {0}.")]
    Recovery(#[from] JobError),
    #[error("The networks cannot be loaded: {0}. `make models` prepares them.")]
    Models(ModelError),
}

/// A running service.
pub struct Service {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub store: Arc<dyn Store>,
    pub objects: Arc<dyn Objects>,
    pub links: Arc<SignedLinks>,
    pub jobs: Arc<Jobs>,
    /// Of the settings; [`Service::providers_now`] has all.
    pub providers: Providers,
    /// The operator's own collections.
    pub pools: Arc<Pools>,
    /// What requests may name in buckets.
    pub buckets: RequestedBuckets,
    s3: Arc<S3Access>,
    pub downloads: Downloads,
    /// What the networks made of files before.
    pub analyses: Arc<AnalysisCache>,
    pub metrics: Arc<Metrics>,
    pub limits: ImageLimits,
    /// For what is being handed in.
    pub uploads: UploadRoom,
    /// One permit per picture that is decoded to check an upload.
    pub decoders: Arc<Semaphore>,
    /// Cancelled when the service is to stop.
    pub shutdown: CancellationToken,
    /// The networks, and what stands in for them.
    pub visions: Arc<Visions>,
    ready: watch::Sender<Option<Arc<PipelineContext>>>,
    failed: watch::Sender<Option<ModelError>>,
    /// Dropping it drops workers and sweeper.
    tasks: Mutex<JoinSet<()>>,
    /// Held as long as the service lives where the database is a file: two must not share it.
    _lock: Option<fs::File>,
}

impl Service {
    /// With one pack of networks, and nothing that stands in for it.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, loader: VisionLoader) -> Result<Arc<Self>, ServiceError> {
        Self::start_on(config, clock, loader.into()).await
    }

    pub async fn start_on(config: Config, clock: Arc<dyn Clock>, networks: Networks) -> Result<Arc<Self>, ServiceError> {
        let data_dir = config.storage.data_dir.clone();
        let in_data_dir = |error| ServiceError::DataDir { path: data_dir.clone(), error };
        fs::create_dir_all(&data_dir).map_err(in_data_dir)?;
        pools::check_places(&config)?;
        let lock = match config.storage.database {
            Database::Sqlite(_) if config.role != Role::Serve => return Err(ServiceError::OneProcess),
            Database::Sqlite(_) => Some(lock(&data_dir)?),
            Database::Postgres(_) => None,
        };
        let store = open_store(&config).await?;
        let s3 = S3Access::new(config.s3.clone());
        let objects = objects::open(&config.storage, &s3, clock.clone()).await?;

        let key = match &config.http.signing_key {
            Some(key) => key.reveal().as_bytes().to_vec(),
            None if store.is_exclusive() => kept_key(&data_dir.join("signing.key"))?,
            // A link that one machine has signed opens on all of them.
            None => store.secret("signing key", &fresh_key()).await.map_err(ServiceError::Postgres)?.into_bytes(),
        };
        let links = Arc::new(SignedLinks::new(&key, config.http.link_lifetime, clock.clone()));
        let providers = discovery::configured(&config, &s3)?;
        let downloads = Downloads::new(&config.download, config.http.max_pixels, &config.user_agent(), Surroundings::default())?;

        let shutdown = CancellationToken::new();
        let (jobs_config, retention) = (config.jobs.clone(), config.storage.retention);
        let analyses = AnalysisCache::open(&config.analyses)
            .map_err(|error| ServiceError::Analyses { path: config.analyses.folder.clone(), error })?;
        let metrics = Arc::new(Metrics::default());
        let beside = Beside { downloads: downloads.cache.clone(), analyses: analyses.clone(), metrics: metrics.clone() };
        let pools = Pools::new(store.clone(), &config, s3.clone(), analyses.clone());
        pools.open(config.discovery.sync_pools).await.map_err(ServiceError::Pools)?;
        let jobs = Jobs::new(store.clone(), objects.clone(), beside, clock.clone(), jobs_config, retention, shutdown.clone());
        let jobs = Arc::new(jobs);
        jobs.recover().await?;

        let visions = networks.counted(&metrics).visions(&config.engine, clock.clone());
        let limits = ImageLimits { max_bytes: config.http.max_upload_bytes, max_pixels: config.http.max_pixels, ..ImageLimits::default() };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let service = Arc::new(Self {
            clock,
            store,
            objects,
            links,
            jobs,
            providers,
            pools,
            buckets: RequestedBuckets::new(&config, &s3),
            s3,
            downloads,
            analyses,
            metrics,
            limits,
            uploads: UploadRoom::new(config.http.uploads_max_bytes),
            decoders: Arc::new(Semaphore::new(cores)),
            shutdown,
            visions,
            ready: watch::channel(None).0,
            failed: watch::channel(None).0,
            tasks: Mutex::new(JoinSet::new()),
            _lock: lock,
            config,
        });
        service.spawn_tasks();
        Ok(service)
    }

    fn spawn_tasks(self: &Arc<Self>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(self.jobs.clone().listen());
        tasks.spawn(self.jobs.clone().sweep_regularly(SWEEP_EVERY));
        tasks.spawn(self.downloads.cache.clone().sweep_regularly(self.shutdown.clone()));
        tasks.spawn(self.pools.clone().watch(self.shutdown.clone()));
        if !self.config.role.works() {
            return;
        }
        let jobs = self.jobs.clone();
        tasks.spawn(self.pools.clone().sync_regularly(self.ready.subscribe(), Arc::new(move || jobs.is_busy()), self.shutdown.clone()));
        tasks.spawn(self.jobs.clone().work(self.ready.subscribe()));
        tasks.spawn(self.pools.clone().publish(self.visions.clone(), self.shutdown.clone()));
        // The task must not keep the service alive, or dropping the service would never drop the task.
        let (service, ready, failed) = (Arc::downgrade(self), self.ready.clone(), self.failed.clone());
        let (visions, shutdown) = (self.visions.clone(), self.shutdown.clone());
        tasks.spawn(async move {
            let vision = match visions.choose().await {
                Ok(chosen) => chosen.vision,
                Err(error) => {
                    failed.send_replace(Some(error));
                    return;
                }
            };
            let info = vision.info();
            tracing::info!(engine = info.engine, pack = info.pack, warm_up_ms = (info.warm_up * 1000.0) as u64, "networks are warm");
            for network in &info.networks {
                let (warm_up_ms, max_batch) = ((network.warm_up * 1000.0) as u64, network.max_batch);
                tracing::debug!(role = network.role, model = network.model, warm_up_ms, max_batch, "network is warm");
            }
            if let Some(service) = service.upgrade() {
                ready.send_replace(Some(Arc::new(service.pipeline(vision))));
            }
            visions.warm_backup().await;
            visions.tend(shutdown).await;
        });
    }

    fn pipeline(&self, vision: Arc<dyn Vision>) -> PipelineContext {
        let counted = |provider: &Arc<dyn Provider>| -> Arc<dyn Provider> {
            Arc::new(CountedProvider::new(Arc::clone(provider), Arc::clone(&self.metrics)))
        };
        let of_pools = |name: &str| self.config.discovery.pools.iter().any(|pool| pool.name == name);
        let others = self.providers.present.iter().filter(|provider| !of_pools(provider.name())).map(counted).collect();
        let mut context = PipelineContext::new(vision, others, Some(self.objects.clone()));
        context.visions = Some(self.visions.clone());
        context.downloads_folder = self.config.download.folder.clone();
        let fetchers = self.downloads.fetchers().with_objects(Arc::new(S3Fetcher::new(self.s3.clone())));
        context.fetcher = Arc::new(CountedFetcher::new(Arc::new(fetchers), self.metrics.clone()));
        context.clock = self.clock.clone();
        context.metrics = self.metrics.clone();
        context.pools = Some(Arc::new(AskablePools::counted(self.pools.clone(), self.metrics.clone())));
        context.known = Arc::new(self.pools.analyses());
        context.limits = self.limits;
        context.job_timeout = self.config.jobs.job_timeout;
        context.provider_timeout = self.config.discovery.timeout;
        context.max_concurrency = self.config.jobs.max_concurrency.unwrap_or(context.max_concurrency);
        context
    }

    /// Who can be asked now: pools, also those that the settings do not name, then the others. An error where the pools cannot be
    /// read.
    pub async fn providers_now(&self) -> Result<Providers, StoreError> {
        Ok(self.providers_with(AskablePools::new(self.pools.clone()).all().await?))
    }

    /// As [`Service::providers_now`]; where the pools cannot be read, those of the settings.
    async fn providers_known(&self) -> Providers {
        let pools = AskablePools::new(self.pools.clone());
        let there = pools.all().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the pools could not be read; those of the settings are there");
            pools.of_settings()
        });
        self.providers_with(there)
    }

    fn providers_with(&self, mut present: Vec<Arc<dyn Provider>>) -> Providers {
        let of_pools = |name: &str| self.config.discovery.pools.iter().any(|pool| pool.name == name);
        present.extend(self.providers.present.iter().filter(|provider| !of_pools(provider.name())).cloned());
        Providers { present, absent: self.providers.absent.clone() }
    }

    /// The networks that would do a job now, once they are warm.
    pub fn vision(&self) -> Option<Arc<dyn Vision>> {
        self.visions.now().map(|chosen| chosen.vision)
    }

    /// Returns when the networks could not be loaded: without them the service is of no use.
    pub async fn models_failed(&self) -> ServiceError {
        let mut failed = self.failed.subscribe();
        match failed.wait_for(Option::is_some).await.ok().and_then(|error| error.clone()) {
            Some(error) => ServiceError::Models(error),
            // The sender lives as long as `self`.
            None => std::future::pending().await,
        }
    }

    /// What runs, on what, and whether it is well.
    pub async fn health(&self) -> Health {
        let counts = self.store.counts().await;
        let database = match (&counts, self.store.check().await) {
            (Ok(_), Ok(())) => "ok",
            _ => "not reachable",
        };
        let objects = if self.objects.check().await.is_ok() { "ok" } else { "not writable" };
        let counts = counts.unwrap_or_default();
        let count = |state: &str| counts.get(state).copied().unwrap_or(0);
        let vision = self.vision();
        let (engine, models, thresholds) = match &vision {
            Some(vision) => describe(vision.as_ref()),
            None if !self.config.role.works() => without_networks("on the workers"),
            None => without_networks("loading"),
        };
        let backup = self.visions.report();
        let on_the_backup = backup.as_ref().is_some_and(|backup| backup.in_use);
        let workers = match self.store.is_exclusive() {
            true => self.config.jobs.workers as u64,
            false => self.store.workers(self.config.jobs.heartbeat * MISSED_HEARTBEATS).await.unwrap_or(0),
        };
        let able = if self.config.role.works() { vision.is_some() } else { workers > 0 };
        let well = able && !on_the_backup && database == "ok" && objects == "ok";
        Health {
            status: if well { "ok" } else { "degraded" }.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            engine,
            models,
            thresholds,
            quality_gate: self.config.quality.gate,
            calibration: vision.as_ref().map_or_else(|| "loading".into(), |vision| vision.info().calibration.clone()),
            providers: self.providers_known().await.reports(),
            database: database.into(),
            objects: objects.into(),
            queue: QueueReport { queued: count("queued"), running: count("running"), capacity: self.config.jobs.queue_capacity, workers },
            backup,
        }
    }

    /// What `GET /metrics` answers.
    pub async fn metrics_text(&self) -> String {
        let requests = self.store.counts().await.ok();
        let (analyses, downloads) = (self.analyses.counts(), self.downloads.cache.counts().await);
        let DownloadCounts { hits, misses, evictions, entries, bytes } = downloads;
        let downloads = LayerCounts { hits, misses, evictions, broken: 0, entries, bytes };
        let caches = [
            ("analyses", "memory", analyses.memory),
            ("analyses", "disk", analyses.disk),
            ("analyses", "pools", self.pools.counts()),
            ("downloads", "memory", downloads),
        ];
        self.metrics.text(&metrics::Now { requests, caches, vision: self.vision() })
    }

    /// Stops taking work, hands running work back to the queue, and closes the database.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        // Workers drop a run that does not stop in time; a little more for the last writes.
        if timeout(self.config.jobs.stop_timeout + Duration::from_secs(5), all).await.is_err() {
            tracing::warn!("work did not stop in time; the next start takes it up again");
            tasks.shutdown().await;
        }
        self.store.close().await;
    }
}

fn describe(vision: &dyn Vision) -> (EngineReport, ModelNames, Thresholds) {
    let info = vision.info();
    let report = |network: &NetworkInfo| NetworkReport {
        role: network.role.clone(),
        model: network.model.clone(),
        warm_up: network.warm_up,
        max_batch: network.max_batch as u64,
    };
    let engine = EngineReport {
        kind: info.kind.clone(),
        name: info.engine.clone(),
        skipped: info.skipped.clone(),
        warm_up: info.warm_up,
        networks: info.networks.iter().map(report).collect(),
        stuck: vision.stuck() as u64,
    };
    let models = ModelNames {
        pack: info.pack.clone(),
        person: info.person_model.clone(),
        face: info.face_model.clone(),
        embedding: info.embedding_model.clone(),
    };
    (engine, models, Thresholds { match_: info.match_threshold, possible: info.possible_threshold })
}

/// What is said while the networks are being loaded, and where there are none.
fn without_networks(word: &str) -> (EngineReport, ModelNames, Thresholds) {
    let word = || word.to_owned();
    let engine = EngineReport { kind: word(), name: word(), skipped: Vec::new(), warm_up: 0.0, networks: Vec::new(), stuck: 0 };
    let models = ModelNames { pack: word(), person: word(), face: word(), embedding: word() };
    (engine, models, Thresholds { match_: 0.0, possible: 0.0 })
}

/// The database of the settings, up to date.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>, ServiceError> {
    let path = match &config.storage.database {
        Database::Postgres(address) => {
            return Ok(Arc::new(SqlStore::open_postgres(address.reveal()).await.map_err(ServiceError::Postgres)?));
        }
        Database::Sqlite(path) => path.clone(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| ServiceError::DataDir { path: folder.to_owned(), error })?;
    }
    Ok(Arc::new(SqlStore::open_sqlite(&path).await.map_err(|error| ServiceError::Store { path, error })?))
}

fn lock(data_dir: &Path) -> Result<fs::File, ServiceError> {
    let unusable = |error| ServiceError::DataDir { path: data_dir.to_owned(), error };
    let path = data_dir.join("face-engine.lock");
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(ServiceError::Locked(data_dir.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// The key in the file, or a new one that only the owner may read: links stay good over a restart.
/// Hex of version 4 UUIDs, which carry 122 bits each from the system's random source.
fn fresh_key() -> String {
    (0..2).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect()
}

fn kept_key(path: &Path) -> Result<Vec<u8>, ServiceError> {
    let unusable = |error| ServiceError::SigningKey { path: path.to_owned(), error };
    match fs::read(path) {
        Ok(key) if key.len() >= 32 => return Ok(key),
        Ok(_) => return Err(unusable(io::Error::other("it is too short"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    let key = fresh_key().into_bytes();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(unusable)?;
    io::Write::write_all(&mut file, &key).and_then(|()| file.sync_all()).map_err(unusable)?;
    Ok(key)
}
