//! The face that is searched for, and how the result came about.

use super::{photos::Photos, quality::Quality};
use crate::{
    api::{MatchResult, ProbeReport},
    live::Live,
    quality, text,
};
use leptos::prelude::*;

/// The query picture's face, once it is known.
#[component]
pub fn Probe(live: Live) -> impl IntoView {
    let probe = move || live.result.with(|result| result.as_ref().and_then(|result| result.result.first().cloned()));
    view! {
        <section class="probe" aria-label="Your photo">
            {move || match probe() {
                Some(probe) => view! { <Known probe=probe /> }.into_any(),
                None if live.state.get().is_final() => ().into_any(),
                None => view! {
                    <div class="probe-face waiting">
                        <span class="pulse" aria-hidden="true"></span>
                    </div>
                    <p class="hint">"Your face crop appears when the search is done."</p>
                }
                .into_any(),
            }}
            <p class="purpose">
                <span class="hint">"Purpose"</span>
                <q>{live.report.with_value(|report| report.purpose.clone())}</q>
            </p>
        </section>
    }
}

/// How the face in the photo was found.
fn found(probe: &ProbeReport) -> String {
    if probe.face.landmarks.is_empty() {
        return "No face was found: the whole picture stands in.".to_owned();
    }
    let sure = format!("Face found with {:.0}% confidence", probe.face.score * 100.0);
    if probe.person.is_some() { sure } else { sure + ", outside every person found" }
}

#[component]
fn Known(probe: ProbeReport) -> impl IntoView {
    let faces = probe.faces.len();
    let chosen = probe.face_index;
    view! {
        <h2>"Your photo"</h2>
        <div class="probe-face">
            {match probe.crop.clone() {
                Some(address) => view! { <img src=address alt="The face that is searched for" width="224" height="224" /> }.into_any(),
                None => view! { <span class="no-picture">"No crop"</span> }.into_any(),
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
                        <summary>"See the whole photo"</summary>
                        <img class="annotated" src=address alt="Your photo with the faces outlined" loading="lazy" />
                    </details>
                }
            })}
        {(faces > 1)
            .then(|| {
                view! {
                    <div class="faces">
                        <p>{format!("{} in your photo; face {} was compared.", text::count(faces, "face", "faces"), chosen + 1)}</p>
                        <p class="hint">"Search with another one (choose the photo again):"</p>
                        <ul>
                            {(0..faces)
                                .map(|face| {
                                    let label = format!("Face {}", face + 1);
                                    if face == chosen {
                                        view! { <li><span class="chosen" aria-current="true">{label}</span></li> }.into_any()
                                    } else {
                                        view! { <li><a href=format!("/?face={face}") rel="external">{label}</a></li> }.into_any()
                                    }
                                })
                                .collect_view()}
                        </ul>
                    </div>
                }
            })}
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
        ("Engine", result.engine.clone()),
        ("Model pack", text::pack(&result.models.pack, &result.fallbacks)),
        ("Person detector", result.models.person.clone()),
        ("Face detector", result.models.face.clone()),
        ("Face embedding", result.models.embedding.clone()),
        ("Thresholds", format!("match from {:.2}, possible from {:.2} (cosine)", result.thresholds.match_, result.thresholds.possible)),
        ("Calibration", if result.calibration.is_empty() { "not known".to_owned() } else { result.calibration.clone() }),
        ("Ranking", "by similarity; within 0.005 good faces before poor ones, then by sharpness, face size and source".to_owned()),
        ("Time taken", text::duration(result.time_taken)),
        ("Tries", (result.retry_count + 1).to_string()),
    ];
    view! {
        <section class="how">
            <h2>"How this was found"</h2>
            {result
                .fallback
                .then(|| view! { <p class="flag">"Something had to stand in for the usual in this run: it is listed below, and the cards concerned carry a flag."</p> })}
            <dl class="facts">
                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
                <div>
                    <dt>"Asked"</dt>
                    <dd>{report.with_value(|report| text::moment(&report.created_at))}</dd>
                </div>
                <div>
                    <dt>"Forgotten on"</dt>
                    <dd>{report.with_value(|report| text::day(&report.expires_at))}</dd>
                </div>
            </dl>
            {(!unusual.is_empty())
                .then(|| {
                    view! {
                        <h3>"Out of the ordinary"</h3>
                        <ul class="diagnostics">{unusual.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}</ul>
                    }
                })}
        </section>
    }
}
