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
        <section class="probe" aria-label=say!("probe.title")>
            {move || match probe() {
                Some(probe) => view! { <Known probe=probe /> }.into_any(),
                None if live.state.get().is_final() => ().into_any(),
                None => view! {
                    <div class="probe-face waiting">
                        <span class="pulse" aria-hidden="true"></span>
                    </div>
                    <p class="hint">{say!("probe.waiting")}</p>
                }
                .into_any(),
            }}
            <p class="purpose">
                <span class="hint">{say!("probe.purpose")}</span>
                <q>{live.report.with_value(|report| report.purpose.clone())}</q>
            </p>
        </section>
    }
}

/// How the face in the photo was found.
fn found(probe: &ProbeReport) -> String {
    if probe.face.landmarks.is_empty() {
        return say!("probe.no_face");
    }
    let share = percent(probe.face.score);
    if probe.person.is_some() { say!("probe.found", share = share) } else { say!("probe.found_outside", share = share) }
}

#[component]
fn Known(probe: ProbeReport) -> impl IntoView {
    let faces = probe.faces.len();
    let chosen = probe.face_index;
    view! {
        <h2>{say!("probe.title")}</h2>
        <div class="probe-face">
            {match probe.crop.clone() {
                Some(address) => view! { <img src=address alt=say!("probe.alt") width="224" height="224" /> }.into_any(),
                None => view! { <span class="no-picture">{say!("opened.no_crop")}</span> }.into_any(),
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
                        <summary>{say!("probe.whole")}</summary>
                        <img class="annotated" src=address alt=say!("probe.whole_alt") loading="lazy" />
                    </details>
                }
            })}
        {(faces > 1).then(|| view! { <p class="hint">{say!("which.face", n = chosen + 1, total = faces)}</p> })}
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
    let facts = [
        (say!("how.engine"), result.engine.clone()),
        (say!("how.pack"), text::pack(&result.models.pack, &result.fallbacks)),
        (say!("how.person"), result.models.person.clone()),
        (say!("how.face"), result.models.face.clone()),
        (say!("how.embedding"), result.models.embedding.clone()),
        (say!("how.thresholds"), text::thresholds(result.thresholds)),
        (say!("how.calibration"), if result.calibration.is_empty() { say!("opened.not_known") } else { result.calibration.clone() }),
        (say!("how.ranking"), say!("how.ranking_is", tie = decimal("0.005"))),
        (say!("how.time"), text::duration(result.time_taken)),
        (say!("how.tries"), (result.retry_count + 1).to_string()),
    ];
    view! {
        <section class="how">
            <h2>{say!("how.title")}</h2>
            {result
                .fallback
                .then(|| view! { <p class="flag">{say!("how.stood_in")}</p> })}
            <dl class="facts">
                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
                <div>
                    <dt>{say!("how.asked")}</dt>
                    <dd>{report.with_value(|report| text::moment(&report.created_at))}</dd>
                </div>
                <div>
                    <dt>{say!("how.forgotten")}</dt>
                    <dd>{report.with_value(|report| text::day(&report.expires_at))}</dd>
                </div>
            </dl>
            {(!unusual.is_empty())
                .then(|| {
                    view! {
                        <h3>{say!("how.unusual")}</h3>
                        <ul class="diagnostics">{unusual.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}</ul>
                    }
                })}
        </section>
    }
}
