//! Discovery as a stage: asks the providers side by side and mixes their answers within the candidate budget.

use super::{Diagnostics, PipelineContext, Progress};
use crate::discovery::{Candidate, ProbeQuery, Provider, ProviderError, URLS, interleave};
use app::api::MatchOptions;
use bytes::Bytes;
use futures::future::join_all;
use std::sync::Arc;

/// The candidates in the order in which they are looked at. A provider that fails is a diagnostic only.
pub async fn gather(
    ctx: &PipelineContext,
    options: &MatchOptions,
    picture: &Bytes,
    diagnostics: &mut Diagnostics,
    progress: &dyn Progress,
) -> Vec<Candidate> {
    let wanted = |provider: &&Arc<dyn Provider>| match provider.name() {
        // Who brings addresses along wants them looked at, whoever else is asked.
        URLS => !options.urls.is_empty(),
        name => options.providers.is_empty() || options.providers.iter().any(|n| n == name),
    };
    let providers: Vec<_> = ctx.providers.iter().filter(wanted).collect();
    for name in &options.providers {
        if !ctx.providers.iter().any(|provider| provider.name() == name) {
            diagnostics.count("discover", "unknown_provider");
        }
    }
    let probe = ProbeQuery {
        picture: picture.clone(),
        picture_url: options.image_url.clone(),
        words: options.hint.clone(),
        urls: options.urls.clone(),
    };
    let answers = join_all(providers.iter().map(|provider| async {
        match probe.lacks(provider.needs()) {
            Some(need) => Err(ProviderError::Needs(need)),
            None => provider.discover(&probe, options.max_candidates).await,
        }
    }));
    let mut lists = Vec::with_capacity(providers.len());
    for (provider, answer) in providers.iter().zip(answers.await) {
        match answer {
            Ok(found) => {
                progress.log(format!("{}: {} candidate(s)", provider.name(), found.candidates.len()));
                lists.push(found.candidates);
            }
            Err(error) => {
                diagnostics.count("discover", error.kind());
                progress.log(format!("{}: no candidates ({})", provider.name(), error.kind()));
                tracing::warn!(provider = provider.name(), error = %error, "a provider failed");
            }
        }
    }
    interleave(lists, options.max_candidates)
}
