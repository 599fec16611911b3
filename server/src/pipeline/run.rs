//! One job from its query picture to its result: the stages in order.
//!
//! The run emits `stage`, `candidate` and `match` events; `done` and `error` belong to whoever keeps the result.

use super::analyse::Analysis;
use super::artifacts::{self, PictureEmbeddings, Side};
use super::candidate::Shared;
use super::gather::gather;
use super::listing::{Entry, entries, match_report};
use super::query::look_at_query;
use super::redraw::redraw;
use super::reporter::Reporter;
use super::sweep::{Sweep, kept_links};
use super::{Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, StageError, StageTimes, report};
use crate::fetch::{FetchRequest, RetryBudget};
use app::api::{MatchReport, MatchResult, RequestState};
use models::Caller;
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
    let (query, drawn) = look_at_query(ctx, job, &caller, times).await?;
    query.tell(&thresholds, progress, &mut diagnostics);
    stop_if_cancelled(progress)?;

    reporter.begin("discover", None);
    let candidates = gather(ctx, &job.options, &job.query.first().bytes, deadline, &mut diagnostics, progress).await;
    reporter.counts.candidates = candidates.len();
    stop_if_cancelled(progress)?;

    reporter.begin("analyse", Some(candidates.len()));
    let request = FetchRequest {
        request_id: job.request_id,
        max_bytes: ctx.limits.max_bytes,
        retries: Arc::new(RetryBudget::for_candidates(candidates.len())),
        deadline,
        cancel: CancellationToken::new(),
    };
    // A run that is dropped leaves no download behind.
    let _cancelled_with_the_run = request.cancel.clone().drop_guard();
    let shared = Shared::new(query.probe.clone(), caller.clone(), times.clone(), request.clone());
    let mut swept =
        Sweep { ctx, job, candidates: &candidates, shared, thresholds, progress }.run(drawn, reporter, &mut diagnostics).await?;

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
        let (template, query_embeddings) = query.embeddings();
        let pool_embeddings: Vec<_> =
            swept.compared.iter().map(|c| PictureEmbeddings::of(&c.seen.pool_image, &c.seen.sha256, &c.seen.analysis)).collect();
        for (side, template, images) in [(Side::Query, template.as_ref(), &query_embeddings), (Side::Pool, None, &pool_embeddings)] {
            let stored = artifacts::store_embeddings(&**objects, job.request_id, side, &info.embedding_model, template, images);
            stored.await.map_err(unstored)?;
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
        fallback: stood_in || query.stands_in(),
        fallbacks: Vec::new(),
        diagnostics: diagnostics.list(),
        result: vec![query.report(&swept.query_links, matches)],
    };
    if let Some(objects) = &ctx.objects {
        let key = format!("output/{}/matching_results.json", job.request_id);
        artifacts::store_json(&**objects, &key, &result).await.map_err(unstored)?;
    }
    Ok(result)
}

fn stop_if_cancelled(progress: &dyn Progress) -> Result<(), PipelineError> {
    if progress.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

fn unstored(error: StageError) -> PipelineError {
    PipelineError::Objects(error.message)
}
