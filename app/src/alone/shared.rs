//! `/r/{token}`: a result for readers of a link. They have no account and nothing to do but to read: the cards open and can be sorted
//! out by kind, as they do without a script; nothing here erases, shares, exports, or leads to the request.

use super::frame::Page;
use crate::{
    api::{Counts, Links, MatchResult, MatchStatus, ProbeReport, RequestState, SharedResult, StatusReport},
    live::Live,
    parts::{Gallery, Photos, Quality},
    text,
    words::{percent, say},
};
use leptos::prelude::*;

pub fn shared(shared: SharedResult) -> Page {
    let SharedResult { created_at, expires_at, engine, models, thresholds, calibration, fallback, fallbacks, result } = shared.clone();
    let live = Live::new(as_report(shared), thresholds);
    let headline = untrack(|| text::outcome(live.count(MatchStatus::Match), live.count(MatchStatus::Possible)));
    let probe = result.into_iter().next();
    let unusual: Vec<String> = fallbacks.iter().filter_map(text::stand_in).collect();
    let facts = [
        (say!(how_engine), engine),
        (say!(how_pack), text::pack(&models.pack, &fallbacks)),
        (say!(how_person), models.person),
        (say!(how_face), models.face),
        (say!(how_embedding), models.embedding),
        (say!(how_thresholds), text::thresholds(thresholds)),
        (say!(how_calibration), if calibration.is_empty() { say!(opened_not_known) } else { calibration }),
    ];
    let body = view! {
        <div class="request shared">
            <p class="pill">{say!(shared_pill)}</p>
            <h1>{headline}</h1>
            <p class="lead">{say!(shared_dates, made = text::moment(&created_at), ends = text::moment(&expires_at))}</p>
            <p class="caution">{say!(shell_caution)}</p>
            <div class="board">
                {probe.map(searched)}
                <Gallery live=live />
            </div>
            <section class="how">
                <h2>{say!(how_title)}</h2>
                {fallback.then(|| view! { <p class="flag">{say!(how_stood_in)}</p> })}
                <dl class="facts">
                    {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
                </dl>
                {(!unusual.is_empty())
                    .then(|| {
                        view! {
                            <h3>{say!(how_unusual)}</h3>
                            <ul class="diagnostics">{unusual.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}</ul>
                        }
                    })}
            </section>
        </div>
    };
    Page { indexed: false, preview: Some(say!(shared_preview)), ..Page::new(say!(shared_title), body.into_any()) }
}

/// The face that was searched for.
fn searched(probe: ProbeReport) -> AnyView {
    let found = match (probe.face.landmarks.is_empty(), probe.person.is_some()) {
        (true, _) => say!(probe_no_face),
        (false, true) => say!(probe_found, share = percent(probe.face.score)),
        (false, false) => say!(probe_found_outside, share = percent(probe.face.score)),
    };
    view! {
        <section class="probe" aria-labelledby="probe-heading">
            <h2 id="probe-heading">{say!(shared_searched)}</h2>
            <div class="probe-face">
                {match probe.crop {
                    Some(address) => view! { <img src=address alt=say!(probe_alt) width="224" height="224" /> }.into_any(),
                    None => view! { <span class="no-picture">{say!(opened_no_crop)}</span> }.into_any(),
                }}
            </div>
            <p class="hint">{found}</p>
            {probe.face.quality.map(|report| view! { <Quality report=report /> })}
            {(!probe.photos.is_empty()).then(|| view! { <Photos photos=probe.photos /> })}
            {probe
                .annotated
                .map(|address| {
                    view! {
                        <details class="more">
                            <summary>{say!(probe_whole)}</summary>
                            <img class="annotated" src=address alt=say!(probe_whole_alt) loading="lazy" />
                        </details>
                    }
                })}
        </section>
    }
    .into_any()
}

/// What the cards read: a search that has completed, without anything that leads to it.
fn as_report(shared: SharedResult) -> StatusReport {
    let SharedResult { created_at, expires_at, engine, models, thresholds, calibration, fallback, fallbacks, result } = shared;
    let result = MatchResult {
        request_id: String::new(),
        status: RequestState::Completed,
        input_working_dir: String::new(),
        output_working_dir: String::new(),
        error: None,
        retry_count: 0,
        max_retries: 0,
        time_taken: 0.0,
        engine,
        models,
        thresholds,
        calibration,
        contract: String::new(),
        fallback,
        fallbacks,
        diagnostics: Vec::new(),
        evidence: None,
        result,
    };
    StatusReport {
        request_id: String::new(),
        status: RequestState::Completed,
        updated_at: created_at.clone(),
        created_at,
        expires_at,
        purpose: String::new(),
        stages: Vec::new(),
        counts: Counts::default(),
        error: None,
        result: Some(result),
        logs: None,
        links: Links { status: String::new(), events: String::new(), page: String::new() },
    }
}
