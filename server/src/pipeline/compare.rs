//! Everything that the networks have a part in: the query and every candidate, on one pack. Where another pack takes over,
//! all of it is done again with that one, for vectors of two packs are never compared; what is known without the networks
//! stays as it is.

use super::cancel::{cancelled, stop_if_cancelled};
use super::candidate::{Seen, Shared};
use super::gather::gather;
use super::kept::{Before, Comparison, MadeBy, Memory};
use super::quality::Judge;
use super::query::{Query, QueryPictures, look_at_query, recall_query};
use super::reporter::Reporter;
use super::sweep::{Sweep, Swept};
use super::{Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, StageTimes, report};
use crate::discovery::Candidate;
use crate::fetch::{FetchRequest, RetryBudget};
use app::api::Counts;
use models::{BBox, Caller, VisionInfo};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What stays as it is when other networks take over, and what is known from an earlier run of the job: nobody is asked for
/// candidates twice.
pub struct Known {
    /// When the job gives up what it does not have yet; every run has its own time.
    deadline: tokio::time::Instant,
    pub candidates: Option<Vec<Candidate>>,
    /// Of the photo that says who is meant: the face that is compared.
    face: Option<BBox>,
    /// Of the search for candidates.
    pub diagnostics: Diagnostics,
    /// Why networks before these were replaced: diagnostic kinds.
    pub replaced: Vec<String>,
    /// Of the comparison that is going on, see [`Memory`].
    number: u32,
    /// The photos of the query as these networks have seen them in an earlier run.
    photos: Option<Vec<Seen>>,
}

impl Known {
    /// What an earlier run has left of use to the networks that do the work now.
    pub fn recall(memory: &Memory<'_>, job: &MatchJob, info: &VisionInfo, deadline: tokio::time::Instant) -> Self {
        let gathered = memory.gathered();
        let diagnostics = gathered.as_ref().map(|gathered| gathered.diagnostics()).unwrap_or_default();
        let candidates = gathered.map(|gathered| gathered.candidates);
        let by = MadeBy::of(info);
        let mut known = Self { deadline, candidates, face: None, diagnostics, replaced: Vec::new(), number: 0, photos: None };
        let before = memory.comparison();
        known.face = before.as_ref().and_then(Comparison::face);
        if let Some(before) = before.filter(|before| before.by == by) {
            known.number = before.number;
            known.replaced.clone_from(&before.replaced);
            known.photos = before.photos(job.query.count(), &info.contract);
        }
        // Without the candidates nobody can say whose the outcomes are that were kept.
        if known.photos.is_none() || known.candidates.is_none() {
            known.number = memory.next_number();
            known.note(memory, by);
        }
        known
    }

    /// These networks have seen the query, and the comparison goes on.
    pub fn goes_on(&self) -> bool {
        self.photos.is_some()
    }

    /// Other networks compare everything again, as those before have failed.
    pub fn begin_anew(&mut self, memory: &Memory<'_>, info: &VisionInfo, failure: &str) {
        self.replaced.push(failure.to_owned());
        self.number = self.number.saturating_add(1);
        self.photos = None;
        self.note(memory, MadeBy::of(info));
    }

    /// Before the page is told that a comparison begins: what was kept of the one before counts no more.
    fn note(&self, memory: &Memory<'_>, by: MadeBy) {
        let photos = self.photos.iter().flatten();
        memory.keep_comparison(&Comparison::new(self.number, by, &self.replaced, self.face, photos));
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

/// Compares on the networks of `ctx`. Candidates are gathered where they are not known yet, and what these networks have seen in
/// an earlier run is not looked at again. `gives_up`: others stand by, so the first failure of the networks ends it.
pub async fn compare(
    ctx: &PipelineContext,
    job: &MatchJob,
    (progress, memory): (&dyn Progress, &Memory<'_>),
    times: &StageTimes,
    known: &mut Known,
    gives_up: bool,
    reporter: &mut Reporter<'_>,
) -> Result<Compared, PipelineError> {
    stop_if_cancelled(progress)?;
    let caller = Caller::new();
    // However this ends, and where it is dropped: what the networks have not begun is not begun.
    let _leaves_with_the_run = Leaving(caller.clone());
    let info = ctx.vision.info();
    let notes = memory.notes(known.number);
    let mut diagnostics = Diagnostics::default();
    let photos = known.photos.take();
    let goes_on = photos.is_some();
    let looking = async {
        match photos {
            Some(photos) => recall_query(ctx, job, photos, &notes, &mut diagnostics, times).await,
            None => look_at_query(ctx, job, known.face, &caller, times).await,
        }
    };
    let (query, pictures): (Query, QueryPictures) = tokio::select! {
        seen = looking => seen?,
        () = cancelled(progress) => return Err(PipelineError::Cancelled),
    };
    known.face = Some(query.face());
    if !goes_on {
        let by = MadeBy::of(info);
        memory.keep_comparison(&Comparison::new(known.number, by, &known.replaced, known.face, query.seen()));
    }
    query.tell(progress);
    stop_if_cancelled(progress)?;

    let thresholds = report::thresholds(info);
    let judge = Arc::new(Judge::new(thresholds, job.options.quality, query.quality()));
    let mut before: Vec<(usize, Before)> = Vec::new();
    match &known.candidates {
        None => {
            reporter.begin("discover", None);
            let picture = &job.query.first().bytes;
            let seen = (picture, &query.probe);
            let candidates = gather(ctx, &job.options, seen, known.deadline, &mut known.diagnostics, memory, progress).await?;
            reporter.counts.candidates = candidates.len();
            stop_if_cancelled(progress)?;
            memory.keep_gathered(&candidates, &known.diagnostics);
            reporter.begin("analyse", Some(candidates.len()));
            known.candidates = Some(candidates);
        }
        Some(candidates) if goes_on => {
            before = notes.before(candidates.len(), &info.contract, &query.probe, &judge);
            reporter.counts = Counts { candidates: candidates.len(), ..Counts::default() };
            before.iter().for_each(|(_, before)| before.add_to(&mut reporter.counts));
            progress.log(format!("{} of {} candidate(s) were looked at before", before.len(), candidates.len()));
            reporter.go_on("analyse", Some(candidates.len()), before.len());
        }
        Some(_) => {}
    }
    let candidates = known.candidates.as_deref().unwrap_or_default();

    let request = FetchRequest {
        request_id: job.request_id,
        max_bytes: ctx.limits.max_bytes,
        retries: Arc::new(RetryBudget::for_candidates(candidates.len().saturating_sub(before.len()))),
        deadline: known.deadline,
        cancel: CancellationToken::new(),
    };
    // A run that is dropped leaves no download behind.
    let _cancelled_with_the_run = request.cancel.clone().drop_guard();
    let shared = Shared::new(query.probe.clone(), judge, caller, times.clone(), request.clone());
    let sweep = Sweep { ctx, job, candidates, shared, thresholds, progress, notes, gives_up };
    let swept = sweep.run(pictures, before, reporter, &mut diagnostics).await?;
    Ok(Compared { query, swept, request, diagnostics })
}
