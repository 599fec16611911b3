//! The opened card: both faces side by side, the picture they come from, and everything that is known about it. A
//! popover, so that it opens without JavaScript as well.
//!
//! The server renders what is in it, for those without JavaScript. A card that the browser makes fills it when it is opened:
//! 500 cards are then 500 empty boxes.

use super::{
    card::short_name,
    pair::Pair,
    place::{Outside, Provenance},
    scale::Scale,
    whole::Whole,
};
use crate::{
    api::{FaceReport, MatchReport},
    browser,
    live::Live,
    number::fixed,
    places::places,
    quality, text,
    words::{decimal, percent, say},
};
use leptos::prelude::*;

#[component]
pub fn Opened(panel: String, report: ArcRwSignal<MatchReport>, live: Live) -> impl IntoView {
    let heading = [&panel, "-heading"].concat();
    let title = report.with_untracked(|report| report.title.clone().unwrap_or_else(|| short_name(&report.pool_image)));
    let wanted = RwSignal::new(live.is_first_render());
    let body = move || {
        wanted.get().then(|| {
            // The face that is searched for comes with the result.
            live.result.track();
            live.thresholds.track();
            view! { <Everything report=report.get() live=live /> }
        })
    };
    let (id, labelled_by) = (panel.clone(), heading.clone());
    let turn = |step: i32, words: String, sign: &'static str| {
        let panel = panel.clone();
        view! {
            <button class="button quiet needs-script" type="button" aria-label=words on:click=move |_| browser::open_neighbour(&panel, step)>
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=sign /></svg>
            </button>
        }
    };
    view! {
        <div class="opened" id=id popover="auto" role="dialog" aria-labelledby=labelled_by on:beforetoggle=move |_: leptos::web_sys::Event| wanted.set(true)>
            <div class="opened-top">
                <h2 id=heading>{title}</h2>
                <div class="turns">
                    {live.own.then(|| turn(-1, say!(tools_previous), "M10 3l-5 5 5 5"))}
                    {live.own.then(|| turn(1, say!(tools_next), "M6 3l5 5-5 5"))}
                    <button class="button quiet" type="button" popovertarget=panel popovertargetaction="hide" autofocus=true>
                        {say!(opened_close)}
                    </button>
                </div>
            </div>
            {body}
        </div>
    }
}

/// `term`, `fact`
type Facts = Vec<(String, String)>;

#[component]
fn Everything(report: MatchReport, live: Live) -> impl IntoView {
    // Signed addresses are short-lived: one that has gone stale is asked for again, once.
    let renewed = StoredValue::new(false);
    let renew = move || {
        if !renewed.get_value() {
            renewed.set_value(true);
            live.refresh(None);
        }
    };
    let (engine, calibration) = live.result.with_untracked(|result| match result {
        Some(result) => (made_by(result), result.calibration.clone()),
        None => (Facts::new(), String::new()),
    });
    let verdict = if report.held_back.is_empty() { text::verdict(report.match_status) } else { quality::verdict(&report.held_back) };
    let limits = text::limits(live.thresholds.get_untracked());
    let places = places(&report);
    let place = places[0].clone();
    let face = face(&report);
    let picture = picture(&report);
    view! {
        <Pair report=report.clone() live=live renew=renew />
        <Scale similarity=Signal::stored(report.similarity) thresholds=live.thresholds />
        <p class="verdict">
            {verdict}
            <span class="hint">" " {limits}</span>
            {(!calibration.is_empty()).then(|| view! { <span class="hint">" " {say!(opened_thresholds)} " " <span lang="en">{calibration}</span></span> })}
        </p>
        <Whole report=report.clone() renew=renew />
        <h3>{say!(tools_face)}</h3>
        <FactList facts=face />
        <h3>{say!(opened_picture)}</h3>
        <dl class="facts">
            {listed(picture)}
            <div class="wide"><dt>{say!(tools_address)}</dt><dd><Outside address=place.image_uri.clone() words=place.image_uri /></dd></div>
            <div class="wide"><dt>{say!(opened_sha)}</dt><dd><code>{report.sha256}</code></dd></div>
        </dl>
        <h3>{say!(tools_places)}</h3>
        <Provenance places=places />
        {(!engine.is_empty())
            .then(|| {
                view! {
                    <h3>{say!(tools_made_by)}</h3>
                    <FactList facts=engine />
                }
            })}
    }
}

#[component]
fn FactList(facts: Facts) -> impl IntoView {
    view! { <dl class="facts">{listed(facts)}</dl> }
}

fn listed(facts: Facts) -> impl IntoView {
    facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()
}

/// How the face stands, and how good it is, in numbers.
fn face(report: &MatchReport) -> Facts {
    let FaceReport { bbox, score, quality, sharpness, .. } = &report.face;
    let [x1, y1, x2, y2] = bbox.map(f32::round);
    let no_face = report.fallback;
    let mut facts = vec![
        (say!(opened_similarity), decimal(&fixed(report.similarity, 4))),
        (say!(opened_face_found), if no_face { say!(opened_no_face) } else { say!(opened_confidence, share = percent(*score)) }),
        (say!(opened_face_size), say!(opened_pixels, width = fixed(x2 - x1, 0), height = fixed(y2 - y1, 0))),
    ];
    match quality {
        Some(known) => {
            let eyes = fixed(known.eye_distance, 0);
            facts.extend([
                (say!(tools_quality), quality::summary(known)),
                (say!(tools_eyes), say!(tools_eyes_are, n = eyes)),
                (say!(opened_pose), quality::pose(known)),
                (say!(opened_light), quality::light(known)),
                (say!(opened_sharpness), fixed(*sharpness, 0)),
                (say!(tools_covered), percent(known.occlusion.clamp(0.0, 1.0))),
            ]);
        }
        None => facts.push((say!(tools_quality), say!(opened_not_known))),
    }
    let person = report.person.as_ref();
    let found = person.map_or_else(|| say!(opened_no_person), |person| say!(opened_confidence, share = percent(person.score)));
    facts.push((say!(opened_person_found), found));
    facts
}

/// Which file was compared, and when it was had.
fn picture(report: &MatchReport) -> Facts {
    let mut facts = vec![(say!(opened_compared), text::downloaded_from(report.downloaded_from))];
    if let Some([width, height]) = report.picture_size {
        facts.push((say!(tools_size), say!(opened_pixels, width = width, height = height)));
    }
    if !report.retrieved_at.is_empty() {
        facts.push((say!(tools_retrieved), text::moment(&report.retrieved_at)));
    }
    facts
}

/// What found and compared the faces.
fn made_by(result: &crate::api::MatchResult) -> Facts {
    let models = &result.models;
    [
        (say!(how_engine), &result.engine),
        (say!(how_person), &models.person),
        (say!(how_face), &models.face),
        (say!(how_embedding), &models.embedding),
    ]
    .map(|(term, fact)| (term, fact.clone()))
    .into()
}
