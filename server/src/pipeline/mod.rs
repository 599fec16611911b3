//! The pipeline: from a query picture to ranked matches, one file a stage.
//!
//! validate → discover → (fetch → decode → people → faces, searched for at several scales → align → embed → quality →
//! compare) for each candidate → collapse near-duplicates → rank → artifacts. A stage is a function from one typed value
//! to the next; [`run`] joins them. What goes wrong with one candidate costs that candidate alone and is counted in the
//! result's diagnostics; where the networks fail and others stand by, all is compared again on those.
//!
//! Whatever a run finds out it also remembers, so that another run of the same job, on whatever machine, goes on where it stood
//! (`kept/`).
//!
//! The pipeline knows nothing of HTTP, queues or databases: a job comes in, a [`MatchResult`](app::api::MatchResult)
//! goes out, and [`Progress`] hears what happens in between.

mod analyse;
mod artifacts;
mod assign;
mod cancel;
mod candidate;
mod compare;
mod decode;
mod diagnostics;
pub(crate) mod draw;
mod error;
pub mod evidence;
mod gather;
mod jpeg;
mod kept;
mod listing;
mod near_duplicate;
mod networks;
mod photos;
mod quality;
mod query;
mod rank;
mod redraw;
mod remembered;
pub(crate) mod report;
mod reporter;
mod run;
pub mod search;
mod sharpness;
mod sweep;
mod times;
mod validate;

pub use analyse::{ANALYSIS_VERSION, AnalysedFace, Analysis, Role, analyse};
pub use decode::decode;
pub use diagnostics::Diagnostics;
pub use error::{KeepError, PipelineError, StageError, ValidateError};
pub use near_duplicate::{Look, Nearness, PictureHash};
pub use photos::{QueryPhoto, QueryPhotos, distinct};
pub use quality::{Judge, Verdict, measure};
pub use rank::{RankKey, TIE, rank};
pub use run::{run, run_timed};
pub use times::{Stage, StageTimes};
pub use validate::{ImageLimits, PictureFormat, ValidatedQuery, validate_query};

use crate::analyses::{KnownAnalyses, NothingKnown};
use crate::clock::{Clock, SystemClock};
use crate::discovery::{Provider, ProviderSource};
use crate::fetch::{Fetcher, Fetchers};
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::vision::Visions;
use app::api::{EventKind, MatchOptions};
use async_trait::async_trait;
use models::{Vision, VisionInfo};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Pictures in memory at once, however many an engine could take: a decoded picture is tens of megabytes.
const MOST_PICTURES: usize = 256;

/// What a running job tells the world, and what it remembers for whoever takes it over; implemented by the job runner (events,
/// stored stages, kept values) and by the command line, which keeps nothing.
///
/// What is told and what is kept become durable in the order in which they come in: of an earlier run, a later one finds some
/// first part of it, never a value without what was told or kept before it.
#[async_trait]
pub trait Progress: Send + Sync {
    /// Never blocks for long.
    fn emit(&self, event: EventKind);

    /// One readable line with nothing personal in it: no file name, URL or vector.
    fn log(&self, message: String);

    /// Remembers a value; one that was kept under the same key before is replaced, and an empty one takes the place of what is
    /// not needed any more. Never blocks for long: it is durable together with the events told so far, a little later. What is
    /// kept is found in [`MatchJob::kept`] by the next run of the job, and goes with the end of its request.
    fn keep(&self, _key: &str, _value: String) {}

    /// Tells an event and remembers a value, so that neither is durable without the other.
    fn emit_and_keep(&self, event: EventKind, key: &str, value: String) {
        self.emit(event);
        self.keep(key, value);
    }

    /// As [`Progress::keep`], and returns when the value and everything told and kept before it are durable. After
    /// [`KeepError::Unreachable`] nobody can say whether they are; they are written with what is told next, where that is possible.
    async fn keep_now(&self, _key: &str, _value: String) -> Result<(), KeepError> {
        Ok(())
    }

    /// Asked between candidates and while waiting: true ends the run with [`PipelineError::Cancelled`].
    fn cancelled(&self) -> bool;

    /// Once it is cancelled: does the job go on elsewhere, as where the process stops? Then what is paid for and on its way is worth
    /// waiting for a moment. Not where the request is erased.
    fn hands_over(&self) -> bool {
        false
    }
}

/// One search as the pipeline sees it.
#[derive(Debug, Clone)]
pub struct MatchJob {
    pub request_id: Uuid,
    pub options: MatchOptions,
    /// The photos of the person, as they were uploaded.
    pub query: QueryPhotos,
    /// How often the job was started before, and how often it may be: shown in the result.
    pub retry_count: u32,
    pub max_retries: u32,
    /// What an earlier run of this job has kept (see [`Progress::keep`]); empty for the first.
    pub kept: BTreeMap<String, String>,
}

/// What every job shares: made once, used by many jobs at a time.
#[derive(Clone)]
pub struct PipelineContext {
    /// The networks of a job. Where `visions` says which ones do a job, each takes its own from there.
    pub vision: Arc<dyn Vision>,
    /// The packs that a job may be done by; None: `vision` does all.
    pub visions: Option<Arc<Visions>>,
    pub providers: Vec<Arc<dyn Provider>>,
    /// Pools that come and go while the service runs; asked before the others.
    pub pools: Option<Arc<dyn ProviderSource>>,
    pub fetcher: Arc<dyn Fetcher>,
    /// What the networks made of files before.
    pub known: Arc<dyn KnownAnalyses>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where searches are counted.
    pub metrics: Arc<Metrics>,
    /// Where a job keeps what it has fetched for as long as it runs.
    pub downloads_folder: PathBuf,
    /// Where artifacts go; None makes none, and the result carries no links.
    pub objects: Option<Arc<dyn Objects>>,
    pub limits: ImageLimits,
    /// Candidates of one job that are fetched or computed at a time; bounds memory too (a decoded picture each).
    pub max_concurrency: usize,
    /// How long a job goes on asking others: what it has by then is compared, the rest is counted as `deadline`. Files of
    /// a pool are there already.
    pub job_timeout: Duration,
    /// How long one provider outside may take to name candidates.
    pub provider_timeout: Duration,
    /// One permit per piece of work that keeps a core busy, shared by all jobs: decoding, networks, drawing.
    pub compute: Arc<Semaphore>,
}

impl PipelineContext {
    /// With the default limits, files fetched from pools alone, nothing remembered, and as many pictures computed at once as keep the machine
    /// busy: one per core, or as many as fill the calls of a GPU (see [`pictures_at_once`]).
    pub fn new(vision: Arc<dyn Vision>, providers: Vec<Arc<dyn Provider>>, objects: Option<Arc<dyn Objects>>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pictures = pictures_at_once(vision.info(), cores);
        Self {
            vision,
            visions: None,
            providers,
            pools: None,
            fetcher: Arc::new(Fetchers::default()),
            known: Arc::new(NothingKnown),
            clock: Arc::new(SystemClock),
            metrics: Arc::default(),
            downloads_folder: std::env::temp_dir(),
            objects,
            limits: ImageLimits::default(),
            // One more than can compute, so that the next picture is read while the others keep the cores busy.
            max_concurrency: pictures + 1,
            job_timeout: Duration::from_secs(120),
            provider_timeout: Duration::from_secs(8),
            compute: Arc::new(Semaphore::new(pictures)),
        }
    }
}

/// How many pictures are worth computing at once: one per core, because decoding and drawing keep it busy; but no fewer
/// than fill every lane's call of the detector with the greatest batch, because a picture asks a network and waits, and a GPU
/// that is asked by two pictures computes calls of two.
fn pictures_at_once(info: &VisionInfo, cores: usize) -> usize {
    let detectors = info.networks.iter().filter(|network| network.role != "embedding");
    let batch = detectors.map(|network| network.max_batch).max().unwrap_or(1);
    cores.max(info.lanes.saturating_mul(batch)).min(MOST_PICTURES)
}
