//! Discovery as a stage: asks the providers side by side and mixes their answers within the candidate budget.
//!
//! A search by words needs words. Where the asker gave none, names that a search by picture guessed stand in for them, in one
//! second round. Who fails or is slow costs the others nothing and is told in the diagnostics.
//!
//! Every answer is remembered, and that a metered provider is asked is remembered before it is: a run that goes on with the work
//! of an earlier one asks nobody whose answer is known, and nobody a second time for money. Where the process stops in the middle of
//! such a question its answer is waited for, as far as there is time: the next run finds it.

use super::cancel::cancelled;
use super::kept::{Call, Memory};
use super::{Diagnostics, KeepError, PipelineContext, PipelineError, Progress};
use crate::discovery::{BUCKET, Candidate, Cost, Found, Need, ProbeQuery, Provider, ProviderError, URLS, interleave};
use app::api::MatchOptions;
use bytes::Bytes;
use futures::{FutureExt, future::join_all};
use models::Embedding;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

#[cfg(test)]
mod tests;

/// What the second round asks a search by words for; one that is paid for is asked for the first alone.
const PHRASES: usize = 3;
const METERED_PHRASES: usize = 1;
/// How long a process that stops waits for answers that are paid for. Shorter than the time that a worker gives a run to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(8);
/// What searches by picture say of almost any face: words that find anybody.
const SAYS_NOTHING: &str = "adult|beard|boy|celebrity|child|chin|face|facial expression|facial hair|female|forehead|gentleman|girl|hair\
    |hairstyle|head|human|image|lady|male|man|men|moustache|nose|people|person|photo|photograph|photography|picture|portrait\
    |portrait photography|selfie|smile|woman|women";

/// The candidates in the order in which they are looked at. An error: what must be remembered could not be, nobody can say which
/// pools there are, or a pool that the request names is of other networks.
pub async fn gather(
    ctx: &PipelineContext,
    options: &MatchOptions,
    (picture, embedding): (&Bytes, &Embedding),
    deadline: Instant,
    diagnostics: &mut Diagnostics,
    memory: &Memory<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Candidate>, PipelineError> {
    let wanted = |provider: &&Arc<dyn Provider>| match provider.name() {
        // Who brings addresses along wants them looked at, whoever else is asked.
        URLS => !options.urls.is_empty(),
        BUCKET => options.pool_uri.is_some(),
        // Who names a pool means that one, and others where they are named as well.
        name => (options.providers.is_empty() && options.pool_uri.is_none()) || options.providers.iter().any(|n| n == name),
    };
    let mut present = match &ctx.pools {
        // The same database as that of the run: without it the run waits, rather than going without some pools.
        Some(pools) => pools.providers().await.map_err(|error| KeepError::Unreachable(error.to_string()))?,
        None => Vec::new(),
    };
    present.extend(ctx.providers.iter().cloned());
    let providers: Vec<_> = present.iter().filter(wanted).cloned().collect();
    for name in &options.providers {
        // Refused when it was asked for; the operator has changed the settings since.
        if !present.iter().any(|provider| provider.name() == name) {
            diagnostics.count("discover", "unknown_provider");
        }
    }
    let probe = ProbeQuery {
        picture: picture.clone(),
        picture_url: options.image_url.clone(),
        words: options.hint.clone(),
        urls: options.urls.clone(),
        pool_uri: options.pool_uri.clone(),
        embedding: Some(Arc::new(embedding.clone())),
    };
    let (named, paid) = (&options.providers, PaidCalls::default());
    let round = Round { providers, named, timeout: ctx.provider_timeout, deadline, limit: options.max_candidates, memory, paid };
    round.until_cancelled(probe, diagnostics, progress).await
}

/// Questions that cost something, from the note that they are asked to the note of what was answered.
struct PaidCalls {
    under_way: watch::Sender<usize>,
    /// Nothing is asked any more.
    closed: AtomicBool,
}

impl Default for PaidCalls {
    fn default() -> Self {
        Self { under_way: watch::channel(0).0, closed: AtomicBool::new(false) }
    }
}

/// One of them, until it is dropped.
struct PaidCall<'a>(&'a PaidCalls);

impl Drop for PaidCall<'_> {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|calls| *calls = calls.saturating_sub(1));
    }
}

impl PaidCalls {
    fn begin(&self) -> PaidCall<'_> {
        self.under_way.send_modify(|calls| *calls += 1);
        PaidCall(self)
    }

    /// Begins no more, and returns when those that are under way have ended.
    async fn ended(&self) {
        self.closed.store(true, Ordering::SeqCst);
        // The sender is here: it is not gone.
        let _ = self.under_way.subscribe().wait_for(|calls| *calls == 0).await;
    }
}

/// Those who are asked, and how long each of them may take.
struct Round<'a> {
    providers: Vec<Arc<dyn Provider>>,
    /// By the request, by name.
    named: &'a [String],
    timeout: Duration,
    deadline: Instant,
    limit: usize,
    memory: &'a Memory<'a>,
    paid: PaidCalls,
}

type Answer = Result<Found, ProviderError>;

impl Round<'_> {
    /// As [`Round::all`]; nothing where the job is cancelled meanwhile.
    async fn until_cancelled(
        &self,
        probe: ProbeQuery,
        diagnostics: &mut Diagnostics,
        progress: &dyn Progress,
    ) -> Result<Vec<Candidate>, PipelineError> {
        let mut asking = pin!(self.all(probe, diagnostics, progress));
        tokio::select! {
            biased;
            candidates = &mut asking => return candidates,
            () = cancelled(progress) => {}
        }
        if progress.hands_over() {
            let last_answers = async {
                tokio::select! {
                    biased;
                    () = self.paid.ended() => {}
                    // It ends before only where something could not be kept.
                    _ = &mut asking => {}
                }
            };
            // What does not come in time is lost, and told as interrupted.
            let _ = timeout(LAST_ANSWERS, last_answers).await;
        }
        Ok(Vec::new())
    }

    async fn all(
        &self,
        probe: ProbeQuery,
        diagnostics: &mut Diagnostics,
        progress: &dyn Progress,
    ) -> Result<Vec<Candidate>, PipelineError> {
        let limit = Instant::now() + self.timeout;
        let call = |provider| Call { round: 1, phrase: 0, provider };
        // All are waited for, also where one must not be asked: what the others answer is paid for.
        let first = join_all(self.providers.iter().map(|provider| self.ask(call(&**provider), &probe, limit))).await;
        let mut answers = first.into_iter().map(|answer| Ok(vec![answer?])).collect::<Result<Vec<Vec<Answer>>, KeepError>>()?;

        // Who has words to ask with has been asked.
        let lacks_words = probe.lacks(&[Need::Words]).is_some();
        let phrases = if lacks_words { self.memory.phrases(phrases(&answers)) } else { Vec::new() };
        if !phrases.is_empty() {
            progress.log(format!("second round: {} phrase(s) that searches by picture guessed", phrases.len()));
            let limit = Instant::now() + self.timeout;
            let (phrases, probe) = (&phrases, &probe);
            let waiting = self.providers.iter().zip(&mut answers).filter(|(_, answers)| wait_for_words(answers));
            let second = join_all(waiting.map(|(provider, answers)| async move {
                let wanted = if provider.cost() == Cost::Metered { METERED_PHRASES } else { PHRASES };
                answers.clear();
                // One after the other: nobody is asked twice at the same time.
                for (place, phrase) in phrases.iter().take(wanted).enumerate() {
                    let probe = ProbeQuery { words: Some(phrase.clone()), ..probe.clone() };
                    let answer = self.ask(Call { round: 2, phrase: place, provider: &**provider }, &probe, limit).await?;
                    let had_enough = answer.as_ref().is_err_and(has_had_enough);
                    answers.push(answer);
                    if had_enough {
                        break;
                    }
                }
                Ok::<(), KeepError>(())
            }))
            .await;
            second.into_iter().collect::<Result<(), KeepError>>()?;
        }

        // It was refused when it was asked for, as long as that could be known.
        let mismatches = |(provider, answers): (&Arc<dyn Provider>, &Vec<Answer>)| {
            let named = self.named.iter().any(|name| name == provider.name());
            let differs = answers.iter().any(|answer| matches!(answer, Err(ProviderError::ContractMismatch)));
            (named && differs).then(|| provider.name().to_owned())
        };
        if let Some(pool) = self.providers.iter().zip(&answers).find_map(mismatches) {
            return Err(PipelineError::ContractMismatch { pool });
        }

        let lists = self.providers.iter().zip(answers).map(|(provider, answers)| {
            let mut lists = Vec::new();
            for answer in answers {
                match answer {
                    Ok(found) => {
                        progress.log(format!("{}: {} candidate(s)", provider.name(), found.candidates.len()));
                        lists.push(found.candidates);
                    }
                    Err(error) => {
                        diagnostics.provider(provider.name(), &error);
                        progress.log(format!("{}: no candidates ({})", provider.name(), error.kind()));
                        match error {
                            // What was not asked is no failure.
                            ProviderError::Needs(_) | ProviderError::Interrupted | ProviderError::ContractMismatch => {}
                            // The operator's own pool: the sentence is for the operator, and holds nothing of the request.
                            _ if provider.needs().is_empty() => tracing::warn!(provider = provider.name(), %error, "a pool failed"),
                            // What a provider said may hold what was asked.
                            _ => tracing::warn!(provider = provider.name(), kind = error.kind(), "a provider failed"),
                        }
                        tracing::debug!(provider = provider.name(), %error, "a provider named nothing");
                    }
                }
            }
            interleave(lists, self.limit)
        });
        Ok(interleave(lists.collect(), self.limit))
    }

    /// The answer that an earlier run was given, or a new one. `limit` holds for those outside; the operator's own pools have the
    /// time of the job.
    async fn ask(&self, call: Call<'_>, probe: &ProbeQuery, limit: Instant) -> Result<Answer, KeepError> {
        let needs = call.provider.needs();
        if let Some(need) = probe.lacks(needs) {
            return Ok(Err(ProviderError::Needs(need)));
        }
        if let Some(known) = self.memory.answer(call) {
            return Ok(known);
        }
        if self.paid.closed.load(Ordering::SeqCst) {
            // The process stops, and this is dropped in a moment.
            return std::future::pending().await;
        }
        let _under_way = (call.provider.cost() == Cost::Metered).then(|| self.paid.begin());
        self.memory.will_ask(call).await?;
        let answer = self.new_answer(call.provider, probe, limit).await;
        // The same database: what it cannot say now it can say to the next run.
        if let Err(ProviderError::Store(why)) = answer {
            return Err(KeepError::Unreachable(why));
        }
        self.memory.was_answered(call, &answer).await?;
        Ok(answer)
    }

    async fn new_answer(&self, provider: &dyn Provider, probe: &ProbeQuery, limit: Instant) -> Answer {
        let needs = provider.needs();
        let until = if needs.is_empty() { self.deadline } else { self.deadline.min(limit) };
        // The note before may have taken the time: a question that nobody waits for is not asked.
        if provider.cost() == Cost::Metered && Instant::now() >= until {
            return Err(ProviderError::Timeout);
        }
        match timeout_at(until, AssertUnwindSafe(provider.discover(probe, self.limit)).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ProviderError::Unavailable("it failed inside".into())),
            Err(_) => Err(ProviderError::Timeout),
        }
    }
}

/// Whether the next question would get the same refusal, or is asked not to be put.
fn has_had_enough(error: &ProviderError) -> bool {
    matches!(error, ProviderError::RateLimited { .. } | ProviderError::QuotaSpent | ProviderError::Unauthorized)
}

fn wait_for_words(answers: &[Answer]) -> bool {
    matches!(answers, [Err(ProviderError::Needs(Need::Words))])
}

/// The words that providers found, theirs in turns, each once whatever its case.
fn phrases(answers: &[Vec<Answer>]) -> Vec<String> {
    let words: Vec<&[String]> = answers.iter().flatten().flatten().map(|found| found.words.as_slice()).collect();
    let longest = words.iter().map(|words| words.len()).max().unwrap_or(0);
    let in_turns = (0..longest).flat_map(|turn| words.iter().filter_map(move |words| words.get(turn)));
    let mut seen = HashSet::new();
    in_turns
        .map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|phrase| !phrase.is_empty() && !SAYS_NOTHING.split('|').any(|nothing| nothing == phrase.to_lowercase()))
        .filter(|phrase| seen.insert(phrase.to_lowercase()))
        .take(PHRASES)
        .collect()
}
