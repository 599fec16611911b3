//! One job from its query picture to its result: the stages in order.
//!
//! The run emits `stage`, `candidate` and `match` events; `done` and `error` belong to whoever keeps the result.

use super::analyse::{Analysis, Role, analyse};
use super::artifacts::{self, PictureEmbeddings, Side};
use super::candidate::{Seen, Shared, on_a_core};
use super::gather::gather;
use super::listing::{Entry, entries, match_report};
use super::redraw::redraw;
use super::reporter::Reporter;
use super::sweep::{QueryPicture, Sweep, Swept, kept_links};
use super::validate::hex;
use super::{Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, Stage, StageError, StageTimes, decode, report};
use crate::fetch::{FetchRequest, RetryBudget};
use app::api::{MatchReport, MatchResult, ProbeReport, RequestState};
use models::Caller;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

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
    ctx: &PipelineContext,
    job: &MatchJob,
    progress: &dyn Progress,
    times: &StageTimes,
    reporter: &mut Reporter<'_>,
) -> Result<MatchResult, PipelineError> {
    let start = Instant::now();
    let deadline = tokio::time::Instant::now() + ctx.job_timeout;
    let info = ctx.vision.info();
    let thresholds = report::thresholds(info);
    let mut diagnostics = Diagnostics::default();

    reporter.begin("validate", None);
    let caller = Caller::new();
    let query = look_at_query(ctx, job, &caller, times).await?;
    let (faces, people) = (query.seen.analysis.faces.len(), query.seen.analysis.people.len());
    progress.log(format!("query: {faces} face(s), {people} person(s); face {} is compared", query.seen.best));
    if people == 0 {
        diagnostics.count("person", "no_person_in_query");
    }
    stop_if_cancelled(progress)?;

    reporter.begin("discover", None);
    let candidates = gather(ctx, &job.options, &job.query, deadline, &mut diagnostics, progress).await;
    reporter.counts.candidates = candidates.len();
    stop_if_cancelled(progress)?;

    reporter.begin("analyse", Some(candidates.len()));
    let probe = query.seen.analysis.faces[query.seen.best].embedding.clone();
    let request = FetchRequest {
        request_id: job.request_id,
        max_bytes: ctx.limits.max_bytes,
        retries: Arc::new(RetryBudget::for_candidates(candidates.len())),
        deadline,
        cancel: CancellationToken::new(),
    };
    // A run that is dropped leaves no download behind.
    let _cancelled_with_the_run = request.cancel.clone().drop_guard();
    let shared = Shared::new(probe, caller.clone(), times.clone(), request.clone());
    let query_seen = Arc::clone(&query.seen);
    let mut swept =
        Sweep { ctx, job, candidates: &candidates, shared, thresholds, progress }.run(query, reporter, &mut diagnostics).await?;

    reporter.begin("rank", None);
    for entry in &swept.compared {
        if entry.seen.analysis.people.is_empty() {
            diagnostics.count("person", "no_person");
        }
        if entry.seen.analysis.is_fallback() {
            diagnostics.count("face", "no_face");
        }
    }
    let analyses = swept.compared.iter().map(|entry| &entry.seen.analysis).chain([&query_seen.analysis]);
    for kind in analyses.flat_map(|analysis| &analysis.failed_looks) {
        diagnostics.count("face_again", kind);
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
            lead.links = kept_links(redraw(ctx, &late, &candidates[lead.place.index], &lead.seen, times).await, &mut diagnostics);
        }
    }
    let lead = |entry: &Entry| &swept.compared[entry.lead];
    let described = |(place, entry): (usize, &Entry)| match_report(place + 1, &candidates, lead(entry), &entry.places, &thresholds);
    let matches: Vec<MatchReport> = listed.iter().enumerate().map(described).collect();
    // Whether the full frame stood in for a person, or the whole picture for a face.
    let stands_in = |analysis: &Analysis| analysis.people.is_empty() || analysis.is_fallback();
    let stood_in = listed.iter().any(|entry| stands_in(&lead(entry).seen.analysis));
    if let Some(objects) = &ctx.objects {
        let query_embeddings = [PictureEmbeddings::of(&job.query_name, &query_seen.sha256, &query_seen.analysis)];
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
        fallback: stood_in || query_seen.analysis.people.is_empty(),
        fallbacks: Vec::new(),
        diagnostics: diagnostics.list(),
        result: vec![probe_report(job, &query_seen, &swept, matches)],
    };
    if let Some(objects) = &ctx.objects {
        let key = format!("output/{}/matching_results.json", job.request_id);
        artifacts::store_json(&**objects, &key, &result).await.map_err(unstored)?;
    }
    Ok(result)
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
