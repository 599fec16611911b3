//! Everything that the networks have a part in: the query and every candidate, on one pack. Where another pack takes over,
//! all of it is done again with that one, for vectors of two packs are never compared; what is known without the networks
//! stays as it is.

use super::cancel::{cancelled, stop_if_cancelled};
use super::candidate::Shared;
use super::gather::gather;
use super::quality::Judge;
use super::query::{Query, look_at_query};
use super::reporter::Reporter;
use super::sweep::{Sweep, Swept};
use super::{Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, StageTimes, report};
use crate::discovery::Candidate;
use crate::fetch::{FetchRequest, RetryBudget};
use models::{BBox, Caller};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What stays as it is when other networks take over: nobody is asked for candidates twice.
pub struct Known {
    /// When the job gives up what it does not have yet.
    deadline: tokio::time::Instant,
    pub candidates: Option<Vec<Candidate>>,
    /// Of the photo that says who is meant: the face that is compared.
    face: Option<BBox>,
    pub diagnostics: Diagnostics,
}

impl Known {
    pub fn until(deadline: tokio::time::Instant) -> Self {
        Self { deadline, candidates: None, face: None, diagnostics: Diagnostics::default() }
    }
}

/// What the networks of one pack made of it all.
pub struct Compared {
    pub query: Query,
    pub swept: Swept,
    /// Of all fetches; ended.
    pub request: FetchRequest,
    /// Of this comparison alone.
    pub diagnostics: Diagnostics,
}

/// Tells the networks on its drop that nobody waits any more.
struct Leaving(Caller);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Compares on the networks of `ctx`. Candidates are gathered where they are not known yet. `gives_up`: others stand by, so
/// the first failure of the networks ends it.
pub async fn compare(
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
    // However this ends, and where it is dropped: what the networks have not begun is not begun.
    let _leaves_with_the_run = Leaving(caller.clone());
    let (query, drawn) = tokio::select! {
        seen = look_at_query(ctx, job, known.face, &caller, times) => seen?,
        () = cancelled(progress) => return Err(PipelineError::Cancelled),
    };
    known.face = Some(query.face());
    query.tell(progress);
    stop_if_cancelled(progress)?;

    if known.candidates.is_none() {
        reporter.begin("discover", None);
        let picture = &job.query.first().bytes;
        let candidates = gather(ctx, &job.options, picture, known.deadline, &mut known.diagnostics, progress).await;
        reporter.counts.candidates = candidates.len();
        stop_if_cancelled(progress)?;
        reporter.begin("analyse", Some(candidates.len()));
        known.candidates = Some(candidates);
    }
    let candidates = known.candidates.as_deref().unwrap_or_default();

    let request = FetchRequest {
        request_id: job.request_id,
        max_bytes: ctx.limits.max_bytes,
        retries: Arc::new(RetryBudget::for_candidates(candidates.len())),
        deadline: known.deadline,
        cancel: CancellationToken::new(),
    };
    // A run that is dropped leaves no download behind.
    let _cancelled_with_the_run = request.cancel.clone().drop_guard();
    let thresholds = report::thresholds(ctx.vision.info());
    let judge = Arc::new(Judge::new(thresholds, job.options.quality, query.quality()));
    let shared = Shared::new(query.probe.clone(), judge, caller, times.clone(), request.clone());
    let mut diagnostics = Diagnostics::default();
    let sweep = Sweep { ctx, job, candidates, shared, thresholds, progress, gives_up };
    let swept = sweep.run(drawn, reporter, &mut diagnostics).await?;
    Ok(Compared { query, swept, request, diagnostics })
}
