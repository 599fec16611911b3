//! With real weights: what the backup makes of a search that the primary left in its middle is what it would have made of
//! it alone. Skipped, and said so, where the packs or the sample pictures are not prepared.

use app::api::{EventKind, MatchOptions, MatchResult};
use bytes::Bytes;
use image::RgbImage;
use models::{Caller, Detected, Embedding, EngineChoice, ModelError, Person, Vision, VisionConfig, VisionInfo};
use server::clock::ShiftedClock;
use server::discovery::FolderProvider;
use server::pipeline::{MatchJob, PipelineContext, Progress, QueryPhoto, run, validate_query};
use server::vision::{Backup, MemoryGuard, Visions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

/// Networks that are lost after some calls.
struct Dying {
    networks: Arc<dyn Vision>,
    left: AtomicUsize,
}

impl Vision for Dying {
    fn info(&self) -> &VisionInfo {
        self.networks.info()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        self.networks.people(caller, picture)
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        self.networks.faces(caller, picture, side)
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => self.networks.embed(caller, crops),
            Err(_) => Err(ModelError::DeviceLost("played".into())),
        }
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

fn data() -> PathBuf {
    std::env::var_os("DATA_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../data"), PathBuf::from)
}

/// None, with a printed reason, where set-up could not provide the pack.
fn pack(name: &str) -> Option<Arc<dyn Vision>> {
    let library = data().join("lib/libonnxruntime.so");
    let config = VisionConfig {
        models_dir: data().join("models"),
        pack: Some(name.into()),
        engine: if library.is_file() { EngineChoice::OnnxRuntime } else { EngineChoice::Cpu },
        onnxruntime: Some(library),
        ..VisionConfig::default()
    };
    if !config.models_dir.join(name).join("face.onnx").is_file() {
        println!("SKIPPED: the pack `{name}` is not prepared (make models)");
        return None;
    }
    Some(models::load(&config).unwrap_or_else(|error| panic!("{name}: {error}")))
}

async fn search(vision: Arc<dyn Vision>, visions: Option<Arc<Visions>>, samples: &Path) -> MatchResult {
    let pool = FolderProvider::new("samples", samples.join("pool"));
    let mut context = PipelineContext::new(vision, vec![Arc::new(pool)], None);
    context.visions = visions;
    let query = Bytes::from(std::fs::read(samples.join("query.jpg")).expect("the query"));
    let job = MatchJob {
        request_id: Uuid::nil(),
        options: MatchOptions { purpose: "test".into(), consent: true, ..MatchOptions::default() },
        query: QueryPhoto { name: validate_query(&query, &context.limits).expect("a picture").name, bytes: query }.into(),
        retry_count: 0,
        max_retries: 0,
        kept: std::collections::BTreeMap::new(),
    };
    run(&context, &job, &Silent).await.expect("completed")
}

/// Rank, picture, similarity and status.
fn ranking(result: &MatchResult) -> Vec<String> {
    let line = |found: &app::api::MatchReport| format!("{} {} {:.6} {}", found.rank, found.image_uri, found.similarity, found.match_status);
    result.result[0].matches.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ranking_of_the_samples_on_the_backup_is_that_of_the_backup_alone() {
    let samples = data().join("samples");
    if !samples.join("query.jpg").is_file() {
        return println!("SKIPPED: the sample pictures are not there (make setup)");
    }
    let (Some(standard), Some(light)) = (pack("standard"), pack("light")) else { return };
    let alone = search(light.clone(), None, &samples).await;
    assert!(ranking(&alone).len() > 5, "{alone:?}");

    // The query and a few candidates are embedded by the standard pack.
    let dying: Arc<dyn Vision> = Arc::new(Dying { networks: standard.clone(), left: AtomicUsize::new(5) });
    let (first, second) = (dying.clone(), light.clone());
    let backup = Backup { pack: "light".into(), load: Box::new(move || Ok(second.clone())) };
    let visions =
        Visions::new("standard", Box::new(move || Ok(first.clone())), Some(backup), MemoryGuard::off(), Arc::new(ShiftedClock::default()));
    let switched = search(dying, Some(visions), &samples).await;
    assert_eq!(switched.models, alone.models);
    assert_eq!((switched.contract.as_str(), switched.thresholds), (alone.contract.as_str(), alone.thresholds));
    assert_eq!(ranking(&switched), ranking(&alone));
    assert_eq!(switched.fallbacks[0].reason, "device_lost");
    assert_ne!(ranking(&search(standard, None, &samples).await), ranking(&alone), "the two packs do see them differently");
}
