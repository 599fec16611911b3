//! One candidate on its way: fetch → digest → decode → hash → analyse → compare with the probe.
//!
//! Fetching waits without holding a core; everything after it runs on a blocking thread under a compute permit.

use super::analyse::{Analysis, Role};
use super::near_duplicate::{Look, PictureHash};
use super::quality::{Judge, Verdict};
use super::rank::high_first;
use super::remembered::Remembered;
use super::validate::{check_bytes, hex};
use super::{PipelineContext, Stage, StageError, StageTimes, ValidateError, decode};
use crate::clock::Moment;
use crate::discovery::Candidate;
use crate::fetch::{FetchError, FetchRequest, Source};
use image::RgbImage;
use models::{Caller, ContractMismatch, Embedding};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A candidate picture that was compared.
pub struct Seen {
    /// Its name within the request, made of its hash: `pool-caaf1a9f0b12.jpg`.
    pub pool_image: String,
    /// Of the file, hex.
    pub sha256: String,
    /// When the file was had for this request.
    pub retrieved_at: Moment,
    /// What it looks like; None for a flat or tiny picture.
    pub hash: Option<PictureHash>,
    pub analysis: Analysis,
    /// Index into the analysis' faces: the one that is compared with the probe.
    pub best: usize,
    /// Cosine of that face.
    pub similarity: f32,
    /// What becomes of it.
    pub verdict: Verdict,
}

impl Seen {
    /// As it is compared with other candidates.
    pub fn look(&self) -> Look<'_> {
        let best = self.analysis.faces.get(self.best).filter(|face| face.face.is_some());
        Look { hash: self.hash, face: best.map(|face| &face.embedding) }
    }
}

/// How a candidate ended.
pub enum Outcome {
    Compared {
        seen: Box<Seen>,
        picture: Arc<RgbImage>,
        from: Source,
    },
    /// Another candidate has the very same file, and that one is looked at.
    Duplicate {
        sha256: String,
        from: Source,
    },
    Failed(StageError),
    /// The job was stopped before this candidate's turn.
    Stopped,
}

/// Which candidate has taken on which file: nobody else looks at it.
#[derive(Default)]
struct Claims {
    /// Hex SHA-256.
    taken: HashSet<String>,
    /// By the candidate's place.
    by: HashMap<usize, String>,
}

/// What all candidates of one job share.
#[derive(Clone)]
pub struct Shared {
    pub probe: Arc<Embedding>,
    pub judge: Arc<Judge>,
    /// The job, as the networks know it.
    pub caller: Caller,
    pub times: StageTimes,
    /// What their fetches have in common.
    pub request: FetchRequest,
    claims: Arc<Mutex<Claims>>,
    /// Set when the job ends early: work that has not begun is not begun.
    stop: Arc<AtomicBool>,
}

impl Shared {
    pub fn new(probe: Embedding, judge: Arc<Judge>, caller: Caller, times: StageTimes, request: FetchRequest) -> Self {
        Self { probe: Arc::new(probe), judge, caller, times, request, claims: Arc::default(), stop: Arc::default() }
    }

    /// Also ends what is being fetched.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.caller.leave();
        self.request.cancel.cancel();
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True for the first candidate that asks for this hash.
    pub fn claim(&self, index: usize, sha256: &str) -> bool {
        let mut claims = self.claims();
        let is_first = claims.taken.insert(sha256.to_owned());
        if is_first {
            claims.by.insert(index, sha256.to_owned());
        }
        is_first
    }

    pub fn is_claimed(&self, sha256: &str) -> bool {
        self.claims().taken.contains(sha256)
    }

    /// The hash that this candidate has asked for first.
    pub fn claim_of(&self, index: usize) -> Option<String> {
        self.claims().by.get(&index).cloned()
    }
}

/// Runs `work` on a blocking thread as soon as a core is free. A panic that it lets through is an error of `stage`.
pub async fn on_a_core<T: Send + 'static>(
    ctx: &PipelineContext,
    stage: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StageError> {
    let Ok(permit) = Arc::clone(&ctx.compute).acquire_owned().await else {
        return Err(StageError { stage, kind: "shutting_down", message: "no computing is accepted any more".into() });
    };
    let task = tokio::task::spawn_blocking(move || {
        models::give_way();
        let result = work();
        drop(permit);
        result
    });
    task.await.map_err(|_| StageError::panic(stage))
}

/// Looks at one candidate, by its place in the order of discovery; never fails as a whole.
pub async fn look_at(ctx: PipelineContext, index: usize, candidate: Candidate, shared: Shared) -> Outcome {
    let start = Instant::now();
    let fetched = ctx.fetcher.fetch(&candidate, &shared.request).await;
    shared.times.add(Stage::Fetch, start.elapsed());
    let (body, from) = match fetched {
        Ok(fetched) => (fetched.bytes, honest(fetched.from, &candidate)),
        Err(FetchError::Cancelled) => return Outcome::Stopped,
        Err(error) => return Outcome::Failed(not_had(&error)),
    };
    let (vision, limits, retrieved_at) = (Arc::clone(&ctx.vision), ctx.limits, ctx.clock.now());
    let known = Remembered::by(&ctx, shared.request.request_id);
    let work = move || {
        if shared.stop.load(Ordering::Relaxed) {
            return Ok(Outcome::Stopped);
        }
        let bytes = shared.times.time(Stage::Fetch, || body.read()).map_err(|e| not_had(&FetchError::Io(e.kind().to_string())))?;
        let sha256 = shared.times.time(Stage::Decode, || hex(&Sha256::digest(&bytes)));
        if !shared.claim(index, &sha256) {
            return Ok(Outcome::Duplicate { sha256, from });
        }
        let format = check_bytes(&bytes, &limits).map_err(|e| unreadable(&e))?;
        let picture = shared.times.time(Stage::Decode, || decode(&bytes, &limits)).map_err(|e| unreadable(&e))?;
        drop(bytes);
        let hash = shared.times.time(Stage::Decode, || PictureHash::of(&picture));
        let analysis = known.analyse(&*vision, &shared.caller, (&sha256, &picture), Role::Candidate, &shared.times)?;
        let (best, similarity, verdict) = best_face(&analysis, &shared.probe, &shared.judge)?.ok_or_else(|| StageError {
            stage: "compare",
            kind: "nothing_to_compare",
            message: "the picture gave no embedding".into(),
        })?;
        let pool_image = format!("pool-{}.{}", &sha256[..12], format.ending());
        let seen = Box::new(Seen { pool_image, sha256, retrieved_at, hash, analysis, best, similarity, verdict });
        Ok(Outcome::Compared { seen, picture: Arc::new(picture), from })
    };
    match on_a_core(&ctx, "analyse", work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) | Err(error) => Outcome::Failed(error),
    }
}

/// Where a provider names no picture but its small copy, the copy stands in the picture's place.
fn honest(from: Source, candidate: &Candidate) -> Source {
    let only_small = candidate.thumbnail_url.as_deref() == Some(&candidate.image_uri);
    if from == Source::Picture && only_small { Source::Thumbnail } else { from }
}

fn not_had(error: &FetchError) -> StageError {
    StageError { stage: "fetch", kind: error.kind(), message: error.to_string() }
}

fn unreadable(error: &ValidateError) -> StageError {
    let message = match error {
        ValidateError::Unreadable(why) => why.clone(),
        other => other.to_string(),
    };
    StageError { stage: "decode", kind: error.code(), message }
}

/// The face that speaks for the picture: the best verdict, then the greatest cosine; of equal ones the sharper, then the larger
/// (faces come largest first).
fn best_face(analysis: &Analysis, probe: &Embedding, judge: &Judge) -> Result<Option<(usize, f32, Verdict)>, StageError> {
    let judged = |(index, similarity): (usize, f32)| (index, similarity, judge.verdict(similarity, analysis.faces[index].quality.as_ref()));
    let order = |verdict: &Verdict| (!verdict.is_listed(), verdict.status());
    let compared = similarities(analysis, probe)?.into_iter().map(judged);
    Ok(compared.min_by(|a, b| order(&a.2).cmp(&order(&b.2)).then_with(|| more_similar(analysis, (a.0, a.1), (b.0, b.1)))))
}

/// The face with the greatest cosine; of equal ones the sharper, then the larger (faces come largest first).
pub fn most_similar(analysis: &Analysis, probe: &Embedding) -> Result<Option<(usize, f32)>, StageError> {
    Ok(similarities(analysis, probe)?.into_iter().min_by(|a, b| more_similar(analysis, *a, *b)))
}

/// The index of every face, with its cosine.
fn similarities(analysis: &Analysis, probe: &Embedding) -> Result<Vec<(usize, f32)>, StageError> {
    let mismatch = |mismatch: ContractMismatch| StageError { stage: "compare", kind: "contract_mismatch", message: mismatch.to_string() };
    analysis.faces.iter().enumerate().map(|(index, face)| Ok((index, face.embedding.cosine(probe).map_err(mismatch)?))).collect()
}

fn more_similar(analysis: &Analysis, a: (usize, f32), b: (usize, f32)) -> std::cmp::Ordering {
    let sharpness = |index: usize| analysis.faces[index].sharpness;
    high_first(a.1, b.1).then_with(|| high_first(sharpness(a.0), sharpness(b.0)))
}
