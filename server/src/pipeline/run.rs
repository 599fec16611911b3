//! One job from its query picture to its result: the stages in order.
//!
//! The run emits `stage`, `candidate` and `match` events; `done` and `error` belong to whoever keeps the result.

use super::analyse::{Role, analyse};
use super::artifacts::{self, PictureEmbeddings, Side};
use super::candidate::{Seen, Shared, on_a_core};
use super::gather::gather;
use super::listing::{Entry, entries, match_report};
use super::networks::Networks;
use super::redraw::redraw;
use super::reporter::Reporter;
use super::sweep::{QueryPicture, Sweep, Swept, kept_links};
use super::validate::hex;
use super::{Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, Stage, StageError, StageTimes, decode, report};
use crate::discovery::Candidate;
use crate::fetch::{FetchRequest, RetryBudget};
use app::api::{MatchReport, MatchResult, ProbeReport, RequestState};
use models::{BBox, Caller};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Faces that overlap more than this (IoU) are one face.
const SAME_FACE: f32 = 0.4;

/// Searches for the query's face. The result is stored as `matching_results.json` beside the artifacts and returned.
pub async fn run(ctx: &PipelineContext, job: &MatchJob, progress: &dyn Progress) -> Result<MatchResult, PipelineError> {
    run_timed(ctx, job, progress, &StageTimes::default()).await
}

/// As [`run`]; the time that each stage takes is added to `times`.
pub async fn run_timed(
    ctx: &PipelineContext,
    job: &MatchJob,
    progress: &dyn Progress,
    times: &StageTimes,
) -> Result<MatchResult, PipelineError> {
    let mut reporter = Reporter::new(progress);
    let result = search(ctx, job, progress, times, &mut reporter).await;
    match &result {
        Ok(_) => reporter.end(),
        Err(_) => reporter.fail(),
    }
    result
}

async fn search(
    shared: &PipelineContext,
    job: &MatchJob,
    progress: &dyn Progress,
    times: &StageTimes,
    reporter: &mut Reporter<'_>,
) -> Result<MatchResult, PipelineError> {
    let start = Instant::now();
    reporter.begin("validate", None);
    let mut networks = Networks::of(shared).await?;
    let mut ctx = networks.context(shared);
    let mut known = Known::until(tokio::time::Instant::now() + ctx.job_timeout);
    // Where the networks fail and others take over, all of it is done again: vectors of two packs are never compared.
    let compared = loop {
        let failure = match compare(&ctx, job, progress, times, &mut known, networks.may_be_replaced(), reporter).await {
            Ok(compared) => break compared,
            Err(failure) => failure,
        };
        let kind = networks.replace(&mut ctx, failure).await?;
        known.diagnostics.count("engine", kind);
        progress.log(format!("the networks failed ({kind}): everything is compared with those of the pack {}", ctx.vision.info().pack));
        reporter.start_over();
        let gathered = known.candidates.as_ref().map(Vec::len);
        reporter.begin(if gathered.is_some() { "analyse" } else { "validate" }, gathered);
    };
    let Compared { query, mut swept, request, diagnostics: counted } = compared;
    let Known { candidates, mut diagnostics, .. } = known;
    let candidates = candidates.unwrap_or_default();
    diagnostics.merge(counted);
    let info = ctx.vision.info();
    let thresholds = report::thresholds(info);
    if query.analysis.people.is_empty() {
        diagnostics.count("person", "no_person_in_query");
    }

    reporter.begin("rank", None);
    for entry in &swept.compared {
        if entry.seen.analysis.people.is_empty() {
            diagnostics.count("person", "no_person");
        }
        if entry.seen.analysis.is_fallback() {
            diagnostics.count("face", "no_face");
        }
    }
    let listed = entries(job, &candidates, &swept, &thresholds);
    let files: usize = listed.iter().map(|entry| entry.places.len()).sum();
    progress.log(format!("{} of {} compared picture(s) listed, in {files} place(s)", listed.len(), swept.compared.len()));

    reporter.begin("artifacts", None);
    // The sweep has ended all fetches of the request it was given.
    let late = FetchRequest { cancel: CancellationToken::new(), ..request };
    for entry in &listed {
        let lead = &mut swept.compared[entry.lead];
        if !lead.drawn {
            stop_if_cancelled(progress)?;
            lead.links = kept_links(redraw(&ctx, &late, &candidates[lead.place.index], &lead.seen, times).await, &mut diagnostics);
        }
    }
    let lead = |entry: &Entry| &swept.compared[entry.lead];
    let described = |(place, entry): (usize, &Entry)| match_report(place + 1, &candidates, lead(entry), &entry.places, &thresholds);
    let matches: Vec<MatchReport> = listed.iter().enumerate().map(described).collect();
    let fallbacks = report::fallbacks(networks.backup(), &query.analysis, listed.iter().map(|entry| &lead(entry).seen.analysis));
    if let Some(objects) = &ctx.objects {
        let query_embeddings = [PictureEmbeddings::of(&job.query_name, &query.sha256, &query.analysis)];
        let pool_embeddings: Vec<_> =
            swept.compared.iter().map(|c| PictureEmbeddings::of(&c.seen.pool_image, &c.seen.sha256, &c.seen.analysis)).collect();
        for (side, images) in [(Side::Query, &query_embeddings[..]), (Side::Pool, &pool_embeddings)] {
            artifacts::store_embeddings(&**objects, job.request_id, side, &info.embedding_model, images).await.map_err(unstored)?;
        }
    }
    let result = MatchResult {
        request_id: job.request_id.to_string(),
        status: RequestState::Completed,
        input_working_dir: format!("input/{}", job.request_id),
        output_working_dir: format!("output/{}", job.request_id),
        error: None,
        retry_count: job.retry_count,
        max_retries: job.max_retries,
        time_taken: start.elapsed().as_secs_f64(),
        engine: info.engine.clone(),
        models: report::models(info),
        thresholds,
        calibration: info.calibration.clone(),
        contract: info.contract.to_string(),
        fallback: !fallbacks.is_empty(),
        fallbacks,
        diagnostics: diagnostics.list(),
        result: vec![probe_report(job, &query, &swept, matches)],
    };
    if let Some(objects) = &ctx.objects {
        let key = format!("output/{}/matching_results.json", job.request_id);
        artifacts::store_json(&**objects, &key, &result).await.map_err(unstored)?;
    }
    Ok(result)
}

/// What stays as it is when other networks take over: nobody is asked for candidates twice.
struct Known {
    /// When the job gives up what it does not have yet.
    deadline: tokio::time::Instant,
    candidates: Option<Vec<Candidate>>,
    /// Of the query picture: the one that is compared.
    face: Option<BBox>,
    diagnostics: Diagnostics,
}

impl Known {
    fn until(deadline: tokio::time::Instant) -> Self {
        Self { deadline, candidates: None, face: None, diagnostics: Diagnostics::default() }
    }
}

/// What the networks of one pack made of it all.
struct Compared {
    query: Arc<Seen>,
    swept: Swept,
    /// Of all fetches; ended.
    request: FetchRequest,
    /// Of this comparison alone.
    diagnostics: Diagnostics,
}

/// Everything that the networks have a part in: the query, and every candidate, on one pack. Candidates are gathered where
/// they are not known yet. `gives_up`: others stand by, so the first failure of the networks ends it.
async fn compare(
    ctx: &PipelineContext,
    job: &MatchJob,
    progress: &dyn Progress,
    times: &StageTimes,
    known: &mut Known,
    gives_up: bool,
    reporter: &mut Reporter<'_>,
) -> Result<Compared, PipelineError> {
    stop_if_cancelled(progress)?;
    let caller = Caller::new();
    let mut query = look_at_query(ctx, job, &caller, times).await?;
    let before = known.face.take();
    known.face = same_face(&mut query, before);
    let (faces, people) = (query.seen.analysis.faces.len(), query.seen.analysis.people.len());
    progress.log(format!("query: {faces} face(s), {people} person(s); face {} is compared", query.seen.best));
    stop_if_cancelled(progress)?;

    if known.candidates.is_none() {
        reporter.begin("discover", None);
        let candidates = gather(ctx, &job.options, &job.query, known.deadline, &mut known.diagnostics, progress).await;
        reporter.counts.candidates = candidates.len();
        stop_if_cancelled(progress)?;
        reporter.begin("analyse", Some(candidates.len()));
        known.candidates = Some(candidates);
    }
    let candidates = known.candidates.as_deref().unwrap_or_default();

    let probe = query.seen.analysis.faces[query.seen.best].embedding.clone();
    let request = FetchRequest {
        request_id: job.request_id,
        max_bytes: ctx.limits.max_bytes,
        retries: Arc::new(RetryBudget::for_candidates(candidates.len())),
        deadline: known.deadline,
        cancel: CancellationToken::new(),
    };
    // A run that is dropped leaves no download behind.
    let _cancelled_with_the_run = request.cancel.clone().drop_guard();
    let shared = Shared::new(probe, caller, times.clone(), request.clone());
    let (query_seen, thresholds) = (Arc::clone(&query.seen), report::thresholds(ctx.vision.info()));
    let mut diagnostics = Diagnostics::default();
    let sweep = Sweep { ctx, job, candidates, shared, thresholds, progress, gives_up };
    let swept = sweep.run(query, reporter, &mut diagnostics).await?;
    Ok(Compared { query: query_seen, swept, request, diagnostics })
}

/// Other networks that look at the query again may list its faces in another order: the face that was compared `before` is
/// compared again, where they find it. Its box.
fn same_face(query: &mut QueryPicture, before: Option<BBox>) -> Option<BBox> {
    if let (Some(before), Some(seen)) = (before, Arc::get_mut(&mut query.seen)) {
        let overlaps = seen.analysis.faces.iter().map(|face| face.bbox.iou(&before)).enumerate();
        let same = overlaps.filter(|(_, overlap)| *overlap > SAME_FACE).max_by(|a, b| a.1.total_cmp(&b.1));
        seen.best = same.map_or(seen.best, |(index, _)| index);
    }
    query.seen.analysis.faces.get(query.seen.best).map(|face| face.bbox)
}

/// Decodes the query, finds its faces and settles which one is compared.
async fn look_at_query(ctx: &PipelineContext, job: &MatchJob, caller: &Caller, times: &StageTimes) -> Result<QueryPicture, PipelineError> {
    let (vision, limits, bytes, times, caller) = (Arc::clone(&ctx.vision), ctx.limits, job.query.clone(), times.clone(), caller.clone());
    let work = move || {
        let picture = times.time(Stage::Decode, || decode(&bytes, &limits))?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let analysis = analyse(&*vision, &caller, &picture, Role::Query, &times).map_err(PipelineError::Engine)?;
        Ok::<_, PipelineError>((Arc::new(picture), sha256, analysis))
    };
    let (picture, sha256, analysis) = on_a_core(ctx, "analyse", work).await.map_err(PipelineError::Engine)??;
    let faces = analysis.faces.len();
    if faces == 0 {
        return Err(PipelineError::NoFace);
    }
    let best = job.options.face.unwrap_or(0);
    if best >= faces {
        return Err(PipelineError::FaceIndexOutOfRange { index: best, faces });
    }
    let seen = Seen { pool_image: job.query_name.clone(), sha256, hash: None, similarity: 1.0, analysis, best };
    Ok(QueryPicture { picture, seen: Arc::new(seen) })
}

fn probe_report(job: &MatchJob, query: &Seen, swept: &Swept, matches: Vec<MatchReport>) -> ProbeReport {
    let chosen = &query.analysis.faces[query.best];
    ProbeReport {
        query_image: job.query_name.clone(),
        query_uri: None,
        face: report::face(chosen),
        person: report::person(&query.analysis, chosen),
        faces: query.analysis.faces.iter().map(report::face).collect(),
        face_index: query.best,
        crop: swept.query_links.crop.clone(),
        annotated: swept.query_links.annotated.clone(),
        fallback: query.analysis.people.is_empty(),
        photos: Vec::new(),
        matches,
    }
}

fn stop_if_cancelled(progress: &dyn Progress) -> Result<(), PipelineError> {
    if progress.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

fn unstored(error: StageError) -> PipelineError {
    PipelineError::Objects(error.message)
}
