//! One job from its query picture to its result: the stages in order.
//!
//! The run emits `stage`, `candidate` and `match` events; `done` and `error` belong to whoever keeps the result.

use super::artifacts::{self, PictureEmbeddings, Side};
use super::cancel::stop_if_cancelled;
use super::compare::{Compared, Known, compare};
use super::evidence;
use super::kept::Memory;
use super::listing::{Entry, entries, match_report};
use super::networks::Networks;
use super::redraw::redraw;
use super::reporter::Reporter;
use super::sweep::kept_links;
use super::{MatchJob, PipelineContext, PipelineError, Progress, StageError, StageTimes, report};
use crate::fetch::FetchRequest;
use app::api::{MatchReport, MatchResult, ProbeReport, RequestState};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Searches for the query's face, or goes on with such a search where an earlier run of the job has left it. The result is stored
/// as `matching_results.json` beside the artifacts and returned. What the search does on its way is counted in the context's metrics.
pub async fn run(ctx: &PipelineContext, job: &MatchJob, progress: &dyn Progress) -> Result<MatchResult, PipelineError> {
    let (times, _searching) = (StageTimes::default(), ctx.metrics.searching());
    let result = run_timed(ctx, job, &ctx.metrics.watching(progress), &times).await;
    ctx.metrics.worked(&times);
    result
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
    let memory = Memory::of(job, progress);
    if memory.is_empty() {
        reporter.begin("validate", None);
    }
    let mut networks = Networks::of(shared).await?;
    let mut ctx = networks.context(shared);
    let mut known = Known::recall(&memory, job, ctx.vision.info(), tokio::time::Instant::now() + ctx.job_timeout);
    if !memory.is_empty() {
        progress.log("an earlier run of this job is gone on with".to_owned());
        let gathered = known.candidates.as_ref().map(Vec::len);
        reporter.counts.candidates = gathered.unwrap_or(0);
        if !known.goes_on() {
            reporter.begin(if gathered.is_some() { "analyse" } else { "validate" }, gathered);
        }
    }
    // Where the networks fail and others take over, all of it is done again: vectors of two packs are never compared.
    let compared = loop {
        let failure = match compare(&ctx, job, (progress, &memory), times, &mut known, networks.may_be_replaced(), reporter).await {
            Ok(compared) => break compared,
            Err(failure) => failure,
        };
        let kind = networks.replace(&mut ctx, failure).await?;
        known.begin_anew(&memory, ctx.vision.info(), kind);
        progress.log(format!("the networks failed ({kind}): everything is compared with those of the pack {}", ctx.vision.info().pack));
        reporter.start_over();
        let gathered = known.candidates.as_ref().map(Vec::len);
        reporter.begin(if gathered.is_some() { "analyse" } else { "validate" }, gathered);
    };
    let Compared { query, mut swept, request, diagnostics: counted } = compared;
    let Known { candidates, mut diagnostics, replaced, .. } = known;
    let candidates = candidates.unwrap_or_default();
    diagnostics.merge(counted);
    replaced.iter().for_each(|kind| diagnostics.count("engine", kind));
    let info = ctx.vision.info();
    let thresholds = report::thresholds(info);
    query.count(&thresholds, &mut diagnostics);

    reporter.begin("rank", None);
    for entry in &swept.compared {
        if entry.seen.analysis.people.is_empty() {
            diagnostics.count("person", "no_person");
        }
        if entry.seen.analysis.is_fallback() {
            diagnostics.count("face", "no_face");
        }
        if !entry.seen.verdict.is_listed() {
            diagnostics.count("quality", "low_quality");
        }
    }
    for analysis in swept.compared.iter().map(|entry| &entry.seen.analysis).chain(query.analyses()) {
        for kind in &analysis.failed_looks {
            diagnostics.count("face_again", kind);
        }
        if analysis.by_backup {
            diagnostics.count("face", "backup_detector");
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
    let described = |(place, entry): (usize, &Entry)| match_report(place + 1, &candidates, lead(entry), &entry.places);
    let matches: Vec<MatchReport> = listed.iter().enumerate().map(described).collect();
    let by_backup = swept.compared.iter().any(|entry| entry.seen.analysis.by_backup);
    let shown = listed.iter().map(|entry| &lead(entry).seen.analysis);
    let fallbacks = report::fallbacks(networks.backup(), by_backup, query.analyses(), shown);
    if let Some(objects) = &ctx.objects {
        let (template, query_embeddings) = query.embeddings();
        // By name: which of two candidates with one file was there first is chance.
        let mut by_name: Vec<_> = swept.compared.iter().map(|compared| &compared.seen).collect();
        by_name.sort_by(|a, b| a.pool_image.cmp(&b.pool_image));
        let pool_embeddings: Vec<_> =
            by_name.iter().map(|seen| PictureEmbeddings::of(&seen.pool_image, &seen.sha256, &seen.analysis)).collect();
        for (side, template, images) in [(Side::Query, template.as_ref(), &query_embeddings), (Side::Pool, None, &pool_embeddings)] {
            let stored = artifacts::store_embeddings(&**objects, job.request_id, side, info, template, images);
            stored.await.map_err(unstored)?;
        }
    }
    let mut result = MatchResult {
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
        evidence: None,
        result: vec![ProbeReport { query_uri: job.options.query_uri.clone(), ..query.report(&swept.query_links, matches) }],
    };
    if let Some(objects) = &ctx.objects {
        let key = format!("output/{}/matching_results.json", job.request_id);
        artifacts::store_json(&**objects, &key, &result).await.map_err(unstored)?;
        let pictures = swept.query_links.iter().chain(listed.iter().map(|entry| &swept.compared[entry.lead].links));
        let pictures = pictures.flat_map(|links| links.files.iter().cloned()).collect();
        let evidence = evidence::store(&**objects, job, &result, query.files(), pictures, info, ctx.clock.now());
        result.evidence = Some(evidence.await.map_err(unstored)?);
    }
    Ok(result)
}

fn unstored(error: StageError) -> PipelineError {
    match error.kind {
        "storage_full" => PipelineError::StorageFull,
        _ => PipelineError::Objects(error.message),
    }
}
