//! The sweep over all candidates: some at a time, each as soon as there is room, told to the world as they are done.
//!
//! Candidates finish in any order; what the result is made of does not depend on it. Pictures worth showing are drawn
//! and stored while others are still computed, so that the gallery fills as matches come in.
//!
//! Whatever is told of a candidate is remembered with it, so that a run that goes on with the work of an earlier one counts what
//! was done, tells none of it again, and looks at the rest.

use super::artifacts::{self, Links, Side};
use super::cancel::CANCEL_POLL;
use super::candidate::{Outcome, Seen, Shared, look_at, on_a_core};
use super::kept::{Before, KeptLinks, Notes};
use super::listing::{match_report, precedence};
use super::near_duplicate::Nearness;
use super::query::{Drawn, QueryPictures};
use super::redraw::redraw;
use super::reporter::Reporter;
use super::{Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, Stage, StageError, TIE};
use crate::discovery::Candidate;
use crate::fetch::Source;
use app::api::{CandidateState, EventKind, MatchStatus, Thresholds};
use futures::FutureExt;
use image::RgbImage;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// A place that a picture was had from: the candidate, by its place in the order of discovery, and which of its
/// addresses gave the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub index: usize,
    pub from: Source,
}

/// A picture that was compared.
pub struct Compared {
    /// Of the candidate that was looked at; others may have the same file.
    pub place: Place,
    pub seen: Arc<Seen>,
    /// Whether its crops were asked for; a store that failed has left no links.
    pub drawn: bool,
    pub links: Links,
}

/// What the sweep found.
#[derive(Default)]
pub struct Swept {
    /// In the order of discovery.
    pub compared: Vec<Compared>,
    /// By SHA-256: every place with that file, in the order of discovery.
    pub places: BTreeMap<String, Vec<Place>>,
    /// Of each photo of the query, in their order.
    pub query_links: Vec<Links>,
}

/// What an earlier run has done, in the order of discovery.
#[derive(Default)]
struct Recalled {
    compared: BTreeMap<usize, Compared>,
    /// Those of them whose crops were asked for, and neither stored nor told.
    undrawn: Vec<usize>,
    /// By place: the hash of a file that another candidate has as well, and was to be looked at for.
    duplicates: BTreeMap<usize, String>,
}

enum Done {
    Looked(usize, Outcome),
    Written(usize, Result<Links, StageError>),
    QueryWritten(usize, Result<Links, StageError>),
}

pub struct Sweep<'a> {
    pub ctx: &'a PipelineContext,
    pub job: &'a MatchJob,
    pub candidates: &'a [Candidate],
    pub shared: Shared,
    pub thresholds: Thresholds,
    pub progress: &'a dyn Progress,
    pub notes: Notes<'a>,
    /// Other networks stand by: the first failure of these ends the sweep, instead of costing the candidate alone.
    pub gives_up: bool,
}

impl Sweep<'_> {
    /// Looks at every candidate that an earlier run has not done with (`before`), and stores meanwhile what was drawn of the query.
    /// When this returns, nothing of it is still running or writing.
    pub async fn run(
        &self,
        query: QueryPictures,
        before: Vec<(usize, Before)>,
        reporter: &mut Reporter<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Swept, PipelineError> {
        let mut running = JoinSet::new();
        let result = self.drive(&mut running, query, before, reporter, diagnostics).await;
        // What has begun is waited for rather than cut off: an erased request must not be written to afterwards.
        self.shared.stop();
        while running.join_next().await.is_some() {}
        result
    }

    async fn drive(
        &self,
        running: &mut JoinSet<Done>,
        query: QueryPictures,
        before: Vec<(usize, Before)>,
        reporter: &mut Reporter<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Swept, PipelineError> {
        let most = self.ctx.max_concurrency.max(1);
        let (mut looking, mut writing) = (0, 0);
        let settled: BTreeSet<usize> = before.iter().map(|(index, _)| *index).collect();
        let mut waiting = self.candidates.iter().cloned().enumerate().filter(|(index, _)| !settled.contains(index));
        let mut swept = Swept { query_links: query.links, ..Swept::default() };
        for (place, drawn) in query.to_store {
            self.spawn_query_write(running, place, drawn);
        }
        let Recalled { mut compared, undrawn, mut duplicates } = self.recall(before, &mut swept, diagnostics);
        for index in undrawn {
            let Some(entry) = compared.get(&index) else { continue };
            if self.ctx.objects.is_some() {
                self.spawn_redraw(running, index, Arc::clone(&entry.seen));
                writing += 1;
            } else {
                self.tell_match(entry, &compared, &Ok(Links::default()));
            }
        }
        loop {
            if self.progress.cancelled() {
                return Err(PipelineError::Cancelled);
            }
            reporter.catch_up();
            // Pictures wait in memory until they are drawn: a slow store holds back the next candidates.
            while looking < most && writing < most {
                let Some((index, candidate)) = waiting.next() else { break };
                self.spawn_look(running, index, candidate);
                looking += 1;
            }
            let done = match tokio::time::timeout(CANCEL_POLL, running.join_next()).await {
                Err(_) => continue,
                Ok(None) => {
                    // The candidate that this file was to be looked at for has come to nothing, or to another file, this time.
                    let Some((index, sha256)) = duplicates.iter().find(|(_, sha256)| !self.shared.is_claimed(sha256)) else { break };
                    let (index, sha256) = (*index, sha256.clone());
                    duplicates.remove(&index);
                    swept.places.entry(sha256).or_default().retain(|place| place.index != index);
                    self.spawn_look(running, index, self.candidates[index].clone());
                    looking += 1;
                    continue;
                }
                // Tasks catch their own panics and are not aborted.
                Ok(Some(Err(e))) => {
                    return Err(PipelineError::Engine(StageError { stage: "analyse", kind: "panic", message: e.to_string() }));
                }
                Ok(Some(Ok(done))) => done,
            };
            match done {
                Done::Looked(index, outcome) => {
                    looking -= 1;
                    if let Outcome::Failed(error) = &outcome
                        && self.gives_up
                        && error.is_of_the_engine()
                    {
                        return Err(PipelineError::Engine(error.clone()));
                    }
                    let is_told = settled.contains(&index);
                    let Some(event) = self.account(index, &outcome, is_told, reporter, diagnostics) else { continue };
                    match outcome {
                        Outcome::Compared { seen, picture, from } => {
                            let (place, seen) = (Place { index, from }, Arc::new(*seen));
                            swept.places.entry(seen.sha256.clone()).or_default().push(place);
                            let mut entry = Compared { place, seen: Arc::clone(&seen), drawn: false, links: Links::default() };
                            entry.drawn = self.may_be_listed(&entry, &compared);
                            self.notes.tell_compared(index, event, &seen, from, entry.drawn);
                            if entry.drawn && self.ctx.objects.is_some() {
                                self.spawn_write(running, index, picture, seen);
                                writing += 1;
                            } else if entry.drawn {
                                self.tell_match(&entry, &compared, &Ok(Links::default()));
                            }
                            compared.insert(index, entry);
                        }
                        Outcome::Duplicate { sha256, from } => {
                            self.notes.tell_duplicate(index, event, &sha256, from);
                            swept.places.entry(sha256).or_default().push(Place { index, from });
                        }
                        Outcome::Failed(error) => self.notes.tell_failed(index, event, &error, self.shared.claim_of(index)),
                        Outcome::Stopped => {}
                    }
                    if !is_told {
                        reporter.step();
                    }
                }
                Done::Written(index, links) => {
                    writing -= 1;
                    if let Some(mut entry) = compared.remove(&index) {
                        entry.links = links.clone().unwrap_or_default();
                        self.tell_match(&entry, &compared, &links);
                        compared.insert(index, entry);
                    }
                    kept_links(links, diagnostics);
                }
                Done::QueryWritten(place, links) => {
                    self.notes.keep_query_links(place, &links);
                    let links = kept_links(links, diagnostics);
                    if let Some(known) = swept.query_links.get_mut(place) {
                        *known = links;
                    }
                }
            }
        }
        swept.places.values_mut().for_each(|places| places.sort_unstable_by_key(|place| place.index));
        swept.compared = compared.into_values().collect();
        Ok(swept)
    }

    /// Takes over what an earlier run has done.
    fn recall(&self, before: Vec<(usize, Before)>, swept: &mut Swept, diagnostics: &mut Diagnostics) -> Recalled {
        let mut recalled = Recalled::default();
        for (index, before) in before {
            match before {
                Before::Compared { seen, from, drawn, links } => {
                    let (place, seen) = (Place { index, from }, Arc::new(*seen));
                    self.shared.claim(index, &seen.sha256);
                    swept.places.entry(seen.sha256.clone()).or_default().push(place);
                    if drawn && links.is_none() {
                        recalled.undrawn.push(index);
                    }
                    let links = links.map(|links: KeptLinks| links.counted(diagnostics)).unwrap_or_default();
                    recalled.compared.insert(index, Compared { place, seen, drawn, links });
                }
                Before::Duplicate { sha256, from } => {
                    swept.places.entry(sha256.clone()).or_default().push(Place { index, from });
                    recalled.duplicates.insert(index, sha256);
                }
                Before::Failed { stage, kind, sha256 } => {
                    sha256.iter().for_each(|sha256| {
                        self.shared.claim(index, sha256);
                    });
                    diagnostics.count(&stage, &kind);
                }
            }
        }
        recalled
    }

    /// Counts a candidate that is through; what is to be told of it. `is_told`: as the duplicate of another one, which it is not.
    fn account(
        &self,
        index: usize,
        outcome: &Outcome,
        is_told: bool,
        reporter: &mut Reporter<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<EventKind> {
        // A file that is not known, or known under another candidate's name, has no name of its own.
        let unnamed = || format!("candidate-{}", index + 1);
        let (pool_image, state, faces, kind) = match outcome {
            Outcome::Stopped => return None,
            Outcome::Compared { seen, .. } => (seen.pool_image.clone(), CandidateState::Done, seen.analysis.faces_found(), None),
            Outcome::Duplicate { .. } => (unnamed(), CandidateState::Done, 0, Some("duplicate")),
            Outcome::Failed(error) => {
                tracing::debug!(stage = error.stage, kind = error.kind, error = %error.message, "a candidate failed");
                self.progress.log(format!("candidate {}: {} failed ({})", index + 1, error.stage, error.kind));
                diagnostics.error(error);
                reporter.counts.failed += 1;
                (unnamed(), CandidateState::Failed, 0, Some(error.kind))
            }
        };
        if let Outcome::Compared { seen, .. } = outcome
            && seen.verdict.status() != MatchStatus::NoMatch
        {
            reporter.counts.matches += 1;
        }
        reporter.counts.processed += usize::from(!is_told);
        reporter.counts.faces += faces;
        Some(EventKind::Candidate { pool_image, state, faces, kind: kind.map(str::to_owned), counts: reporter.counts })
    }

    fn spawn_look(&self, running: &mut JoinSet<Done>, index: usize, candidate: Candidate) {
        let look = look_at(self.ctx.clone(), index, candidate, self.shared.clone());
        running.spawn(async move {
            let caught = AssertUnwindSafe(look).catch_unwind().await;
            Done::Looked(index, caught.unwrap_or_else(|_| Outcome::Failed(StageError::panic("fetch"))))
        });
    }

    /// Stores what was drawn of one photo of the query.
    fn spawn_query_write(&self, running: &mut JoinSet<Done>, place: usize, drawn: Drawn) {
        let Some(objects) = self.ctx.objects.clone() else { return };
        let (request_id, times) = (self.job.request_id, self.shared.times.clone());
        let write = async move {
            let start = Instant::now();
            let links = artifacts::store(&*objects, request_id, Side::Query, &drawn.name, drawn.rendered?).await;
            times.add(Stage::Artifacts, start.elapsed());
            links
        };
        running.spawn(async move {
            let caught = AssertUnwindSafe(write).catch_unwind().await;
            Done::QueryWritten(place, caught.unwrap_or_else(|_| Err(StageError::panic("artifacts"))))
        });
    }

    /// Draws and stores the pictures of one candidate; without a store there is nothing to do.
    fn spawn_write(&self, running: &mut JoinSet<Done>, index: usize, picture: Arc<RgbImage>, seen: Arc<Seen>) {
        let Some(objects) = self.ctx.objects.clone() else { return };
        let (ctx, request_id, shared) = (self.ctx.clone(), self.job.request_id, self.shared.clone());
        let write = async move {
            let name = seen.pool_image.clone();
            let times = shared.times.clone();
            // The wait for a free core is no work of this stage.
            let draw = move || artifacts::render(&picture, &seen.analysis, &seen.analysis.faces[seen.best], Side::Pool);
            let render = move || times.time(Stage::Artifacts, draw);
            let rendered = on_a_core(&ctx, "artifacts", render).await??;
            let start = Instant::now();
            let links = artifacts::store(&*objects, request_id, Side::Pool, &name, rendered).await;
            shared.times.add(Stage::Artifacts, start.elapsed());
            links
        };
        running.spawn(async move {
            let caught = AssertUnwindSafe(write).catch_unwind().await;
            Done::Written(index, caught.unwrap_or_else(|_| Err(StageError::panic("artifacts"))))
        });
    }

    /// The same where an earlier run has compared it and not come to store its pictures: it is had once more.
    fn spawn_redraw(&self, running: &mut JoinSet<Done>, index: usize, seen: Arc<Seen>) {
        let (ctx, shared, candidate) = (self.ctx.clone(), self.shared.clone(), self.candidates[index].clone());
        let write = async move { redraw(&ctx, &shared.request, &candidate, &seen, &shared.times).await };
        running.spawn(async move {
            let caught = AssertUnwindSafe(write).catch_unwind().await;
            Done::Written(index, caught.unwrap_or_else(|_| Err(StageError::panic("artifacts"))))
        });
    }

    /// False where it is left out for its quality, where it is a near-duplicate of one that goes before it, or where enough
    /// different others are better by more than a tie. Rarely it is listed all the same, as pictures to come change the groups:
    /// then it is drawn at the end.
    fn may_be_listed(&self, entry: &Compared, others: &BTreeMap<usize, Compared>) -> bool {
        let (similarity, look) = (entry.seen.similarity, entry.seen.look());
        let nearness = Nearness::new(self.thresholds.match_);
        let mine = precedence(self.candidates, entry, entry.place);
        let leads = |other: &Compared| precedence(self.candidates, other, other.place) < mine;
        let above = |other: &&Compared| other.seen.verdict.is_listed() && other.seen.similarity - similarity > TIE;
        let better = others.values().filter(above).map(|other| other.seen.look());
        entry.seen.verdict.is_listed()
            && self.job.options.threshold.is_none_or(|threshold| similarity >= threshold)
            && !others.values().any(|other| nearness.of(&other.seen.look(), &look).is_some() && leads(other))
            && !nearness.has_different(better, self.job.options.top_k)
    }

    /// Tells of a match with its provisional rank among what was compared so far.
    fn tell_match(&self, entry: &Compared, others: &BTreeMap<usize, Compared>, links: &Result<Links, StageError>) {
        let better = |other: &&Compared| other.seen.verdict.is_listed() && other.seen.similarity > entry.seen.similarity;
        let report = match_report(others.values().filter(better).count() + 1, self.candidates, entry, &[entry.place]);
        self.notes.tell_match(entry.place.index, EventKind::Match { report: Box::new(report) }, links);
    }
}

/// Links, or a diagnostic in their place.
pub fn kept_links(links: Result<Links, StageError>, diagnostics: &mut Diagnostics) -> Links {
    links.unwrap_or_else(|error| {
        tracing::warn!(kind = error.kind, error = %error.message, "the artifacts of a picture are missing");
        diagnostics.error(&error);
        Links::default()
    })
}
