//! The face that is searched for, and how the result came about.

use super::{photos::Photos, quality::Quality};
use crate::{
    api::{MatchResult, ProbeReport},
    live::Live,
    quality, text,
    words::{decimal, percent, say},
};
use leptos::prelude::*;

/// The query picture's face, once it is known.
#[component]
pub fn Probe(live: Live) -> impl IntoView {
    let probe = move || live.result.with(|result| result.as_ref().and_then(|result| result.result.first().cloned()));
    view! {
        <section class="probe" aria-label=say!(probe_title)>
            {move || match probe() {
                Some(probe) => view! { <Known probe=probe /> }.into_any(),
                None if live.state.get().is_final() => ().into_any(),
                None => view! {
                    <div class="probe-face waiting">
                        <span class="pulse" aria-hidden="true"></span>
                    </div>
                    <p class="hint">{say!(probe_waiting)}</p>
                }
                .into_any(),
            }}
            <p class="purpose">
                <span class="hint">{say!(probe_purpose)}</span>
                <q>{live.report.with_value(|report| report.purpose.clone())}</q>
            </p>
        </section>
    }
}

/// How the face in the photo was found.
fn found(probe: &ProbeReport) -> String {
    if probe.face.landmarks.is_empty() {
        return say!(probe_no_face);
    }
    let share = percent(probe.face.score);
    if probe.person.is_some() { say!(probe_found, share = share) } else { say!(probe_found_outside, share = share) }
}

#[component]
fn Known(probe: ProbeReport) -> impl IntoView {
    let faces = probe.faces.len();
    let chosen = probe.face_index;
    view! {
        <h2>{say!(probe_title)}</h2>
        <div class="probe-face">
            {match probe.crop.clone() {
                Some(address) => view! { <img src=address alt=say!(probe_alt) width="224" height="224" /> }.into_any(),
                None => view! { <span class="no-picture">{say!(opened_no_crop)}</span> }.into_any(),
            }}
        </div>
        <p class="hint">
            {found(&probe)}
        </p>
        {probe.face.quality.clone().map(|report| view! { <Quality report=report /> })}
        {probe.face.quality.as_ref().and_then(quality::hint).map(|hint| view! { <p class="flag">{hint}</p> })}
        {(!probe.photos.is_empty()).then(|| view! { <Photos photos=probe.photos.clone() /> })}
        {probe
            .annotated
            .clone()
            .map(|address| {
                view! {
                    <details class="more">
                        <summary>{say!(probe_whole)}</summary>
                        <img class="annotated" src=address alt=say!(probe_whole_alt) loading="lazy" />
                    </details>
                }
            })}
        {(faces > 1).then(|| view! { <p class="hint">{say!(which_face, n = chosen + 1, total = faces)}</p> })}
    }
}

/// Engine, models, thresholds, and what could not be used: nothing about the run is hidden.
#[component]
pub fn How(live: Live) -> impl IntoView {
    let known = move || live.result.get();
    view! {
        {move || known().map(|result| view! { <Account result=result live=live /> })}
    }
}

#[component]
fn Account(result: MatchResult, live: Live) -> impl IntoView {
    let report = live.report;
    // What could not be had has a list of its own.
    let counted = result.diagnostics.iter().filter(|d| !text::is_absence(d)).map(text::diagnostic);
    let unusual: Vec<String> = result.fallbacks.iter().filter_map(text::stand_in).chain(counted).collect();
    // The server's own sentence, which it says in English.
    let calibration = (!result.calibration.is_empty()).then_some("en");
    let calibrated = if calibration.is_some() { result.calibration.clone() } else { say!(opened_not_known) };
    let facts = [
        (say!(how_engine), result.engine.clone()),
        (say!(how_pack), text::pack(&result.models.pack, &result.fallbacks)),
        (say!(how_person), result.models.person.clone()),
        (say!(how_face), result.models.face.clone()),
        (say!(how_embedding), result.models.embedding.clone()),
        (say!(how_thresholds), text::thresholds(result.thresholds)),
        (say!(how_ranking), say!(how_ranking_is, tie = decimal("0.005"))),
        (say!(how_time), text::duration(result.time_taken)),
        (say!(how_tries), (result.retry_count + 1).to_string()),
    ];
    view! {
        <section class="how">
            <h2>{say!(how_title)}</h2>
            {result
                .fallback
                .then(|| view! { <p class="flag">{say!(how_stood_in)}</p> })}
            <dl class="facts">
                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
                <div>
                    <dt>{say!(how_calibration)}</dt>
                    <dd lang=calibration>{calibrated}</dd>
                </div>
                <div>
                    <dt>{say!(how_asked)}</dt>
                    <dd>{report.with_value(|report| text::moment(&report.created_at))}</dd>
                </div>
                <div>
                    <dt>{say!(how_forgotten)}</dt>
                    <dd>{report.with_value(|report| text::day(&report.expires_at))}</dd>
                </div>
            </dl>
            {(!unusual.is_empty())
                .then(|| {
                    view! {
                        <h3>{say!(how_unusual)}</h3>
                        <ul class="diagnostics">{unusual.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}</ul>
                    }
                })}
        </section>
    }
}
