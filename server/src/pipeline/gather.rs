//! Discovery as a stage: asks the providers side by side and mixes their answers within the candidate budget.
//!
//! A search by words needs words. Where the asker gave none, names that a search by picture guessed stand in for them, in one
//! second round. Who fails or is slow costs the others nothing and is told in the diagnostics.

use super::cancel::cancelled;
use super::{Diagnostics, PipelineContext, Progress};
use crate::discovery::{BUCKET, Candidate, Cost, Found, Need, ProbeQuery, Provider, ProviderError, URLS, interleave};
use app::api::MatchOptions;
use bytes::Bytes;
use futures::{FutureExt, future::join_all};
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

#[cfg(test)]
mod tests;

/// What the second round asks a search by words for; one that is paid for is asked for the first alone.
const PHRASES: usize = 3;
const METERED_PHRASES: usize = 1;
/// What searches by picture say of almost any face: words that find anybody.
const SAYS_NOTHING: &str = "adult|beard|boy|celebrity|child|chin|face|facial expression|facial hair|female|forehead|gentleman|girl|hair\
    |hairstyle|head|human|image|lady|male|man|men|moustache|nose|people|person|photo|photograph|photography|picture|portrait\
    |portrait photography|selfie|smile|woman|women";

/// The candidates in the order in which they are looked at.
pub async fn gather(
    ctx: &PipelineContext,
    options: &MatchOptions,
    picture: &Bytes,
    deadline: Instant,
    diagnostics: &mut Diagnostics,
    progress: &dyn Progress,
) -> Vec<Candidate> {
    let wanted = |provider: &&Arc<dyn Provider>| match provider.name() {
        // Who brings addresses along wants them looked at, whoever else is asked.
        URLS => !options.urls.is_empty(),
        BUCKET => options.pool_uri.is_some(),
        // Who names a pool means that one, and others where they are named as well.
        name => (options.providers.is_empty() && options.pool_uri.is_none()) || options.providers.iter().any(|n| n == name),
    };
    let providers: Vec<_> = ctx.providers.iter().filter(wanted).cloned().collect();
    for name in &options.providers {
        // Refused when it was asked for; the operator has changed the settings since.
        if !ctx.providers.iter().any(|provider| provider.name() == name) {
            diagnostics.count("discover", "unknown_provider");
        }
    }
    let probe = ProbeQuery {
        picture: picture.clone(),
        picture_url: options.image_url.clone(),
        words: options.hint.clone(),
        urls: options.urls.clone(),
        pool_uri: options.pool_uri.clone(),
    };
    let round = Round { providers, timeout: ctx.provider_timeout, deadline, limit: options.max_candidates };
    tokio::select! {
        biased;
        candidates = round.all(probe, diagnostics, progress) => candidates,
        () = cancelled(progress) => Vec::new(),
    }
}

/// Those who are asked, and how long each of them may take.
struct Round {
    providers: Vec<Arc<dyn Provider>>,
    timeout: Duration,
    deadline: Instant,
    limit: usize,
}

type Answer = Result<Found, ProviderError>;

impl Round {
    async fn all(&self, probe: ProbeQuery, diagnostics: &mut Diagnostics, progress: &dyn Progress) -> Vec<Candidate> {
        let limit = Instant::now() + self.timeout;
        let first = join_all(self.providers.iter().map(|provider| self.ask(&**provider, &probe, limit))).await;
        let mut answers: Vec<Vec<Answer>> = first.into_iter().map(|answer| vec![answer]).collect();

        let phrases = phrases(&answers);
        // Who has words to ask with has been asked.
        if !phrases.is_empty() && probe.lacks(&[Need::Words]).is_some() {
            progress.log(format!("second round: {} phrase(s) that searches by picture guessed", phrases.len()));
            let limit = Instant::now() + self.timeout;
            let (phrases, probe) = (&phrases, &probe);
            let waiting = self.providers.iter().zip(&mut answers).filter(|(_, answers)| wait_for_words(answers));
            join_all(waiting.map(|(provider, answers)| async move {
                let wanted = if provider.cost() == Cost::Metered { METERED_PHRASES } else { PHRASES };
                answers.clear();
                // One after the other: nobody is asked twice at the same time.
                for phrase in phrases.iter().take(wanted) {
                    let probe = ProbeQuery { words: Some(phrase.clone()), ..probe.clone() };
                    let answer = self.ask(&**provider, &probe, limit).await;
                    let had_enough = answer.as_ref().is_err_and(has_had_enough);
                    answers.push(answer);
                    if had_enough {
                        break;
                    }
                }
            }))
            .await;
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
                            ProviderError::Needs(_) => {}
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
        interleave(lists.collect(), self.limit)
    }

    /// `limit` holds for those outside; the operator's own pools have the time of the job.
    async fn ask(&self, provider: &dyn Provider, probe: &ProbeQuery, limit: Instant) -> Answer {
        let needs = provider.needs();
        if let Some(need) = probe.lacks(needs) {
            return Err(ProviderError::Needs(need));
        }
        let until = if needs.is_empty() { self.deadline } else { self.deadline.min(limit) };
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
