//! The opened card: both faces side by side, the picture they come from, and everything that is known about it. A
//! popover, so that it opens without JavaScript as well.

use super::{
    card::short_name,
    place::{Elsewhere, Licence, Outside},
    quality::Quality,
    scale::{Badge, Scale},
};
use crate::{
    api::{MatchReport, QualityReport},
    live::Live,
    places::places,
    quality, text,
    words::{decimal, percent, say},
};
use leptos::prelude::*;

#[component]
pub fn Opened(panel: String, report: ArcRwSignal<MatchReport>, live: Live) -> impl IntoView {
    let heading = format!("{panel}-heading");
    let title = report.with_untracked(|report| report.title.clone().unwrap_or_else(|| short_name(&report.pool_image)));
    // Signed addresses are short-lived: one that has gone stale is asked for again, once.
    let renewed = StoredValue::new(false);
    let renew = move || {
        if !renewed.get_value() {
            renewed.set_value(true);
            live.refresh(None);
        }
    };
    let query =
        move || live.result.with(|result| result.as_ref().and_then(|result| result.result.first()).and_then(|probe| probe.crop.clone()));
    let query_quality = move || {
        live.result.with(|result| result.as_ref().and_then(|result| result.result.first()).and_then(|probe| probe.face.quality.clone()))
    };
    let calibration = move || live.result.with(|result| result.as_ref().map(|result| result.calibration.clone()).unwrap_or_default());
    let body = move || {
        let report = report.get();
        let calibration = calibration();
        let verdict = if report.held_back.is_empty() { text::verdict(report.match_status) } else { quality::verdict(&report.held_back) };
        let thresholds = live.thresholds.get();
        let name = short_name(&report.pool_image);
        let face = &report.face;
        let [x1, y1, x2, y2] = face.bbox.map(f32::round);
        let mut others = places(&report);
        let place = others.remove(0);
        let facts = [
            (say!(opened_similarity), decimal(&format!("{:.4}", report.similarity))),
            (
                say!(opened_face_found),
                if report.fallback { say!(opened_no_face) } else { say!(opened_confidence, share = percent(face.score)) },
            ),
            (say!(opened_pose), face.quality.as_ref().map_or_else(|| say!(opened_not_known), quality::pose)),
            (say!(opened_light), face.quality.as_ref().map_or_else(|| say!(opened_not_known), quality::light)),
            (say!(opened_sharpness), format!("{:.0}", face.sharpness)),
            (say!(opened_face_size), say!(opened_pixels, width = x2 - x1, height = y2 - y1)),
            (
                say!(opened_person_found),
                report
                    .person
                    .as_ref()
                    .map_or_else(|| say!(opened_no_person), |person| say!(opened_confidence, share = percent(person.score))),
            ),
            (say!(opened_found_by), place.providers.join(", ")),
            (say!(opened_compared), text::downloaded_from(report.downloaded_from)),
        ];
        let annotated = report.annotated.clone().or_else(|| report.thumbnail.clone());
        view! {
            <div class="pair">
                <Crop address=query() caption=say!(opened_yours) alt=say!(opened_yours_alt) quality=query_quality() renew=renew />
                <div class="pair-verdict">
                    <strong class="similarity">{text::similarity(report.similarity)}</strong>
                    <Badge status=Signal::stored(report.match_status) />
                </div>
                <Crop
                    address=report.crop.clone()
                    caption=say!(opened_found)
                    alt=say!(opened_found_alt, name = name)
                    quality=face.quality.clone()
                    renew=renew
                />
            </div>
            <Scale similarity=Signal::stored(report.similarity) thresholds=live.thresholds />
            <p class="verdict">
                {verdict}
                <span class="hint">{format!(" {}", text::limits(thresholds))}</span>
                {(!calibration.is_empty()).then(|| view! { <span class="hint">{format!(" {} ", say!(opened_thresholds))}<span lang="en">{calibration}</span></span> })}
            </p>
            {annotated
                .map(|address| {
                    view! {
                        <figure class="whole">
                            <img src=address alt=say!(opened_whole_alt, name = name) loading="lazy" on:error=move |_| renew() />
                            <figcaption>{say!(opened_whole)}</figcaption>
                        </figure>
                    }
                })}
            <dl class="facts">
                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
                <div class="wide"><dt>{say!(opened_picture)}</dt><dd><Outside address=place.image_uri.clone() words=place.image_uri.clone() /></dd></div>
                {place
                    .page_url
                    .clone()
                    .map(|page| view! { <div class="wide"><dt>{say!(opened_page)}</dt><dd><Outside address=page.clone() words=page /></dd></div> })}
                <div class="wide"><dt>{say!(opened_licence)}</dt><dd><Licence place=place /></dd></div>
                <div class="wide"><dt>{say!(opened_sha)}</dt><dd><code>{report.sha256.clone()}</code></dd></div>
            </dl>
            <Elsewhere places=others />
        }
    };
    let (id, labelled_by) = (panel.clone(), heading.clone());
    view! {
        <div class="opened" id=id popover="auto" role="dialog" aria-labelledby=labelled_by>
            <div class="opened-top">
                <h2 id=heading>{title}</h2>
                <button class="button quiet" type="button" popovertarget=panel popovertargetaction="hide" autofocus=true>
                    {say!(opened_close)}
                </button>
            </div>
            {body}
        </div>
    }
}

/// One face of the pair.
#[component]
fn Crop(
    address: Option<String>,
    caption: String,
    #[prop(into)] alt: String,
    quality: Option<QualityReport>,
    renew: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    view! {
        <figure class="crop">
            {match address {
                Some(address) => view! { <img src=address alt=alt width="224" height="224" loading="lazy" on:error=move |_| renew() /> }.into_any(),
                None => view! { <span class="no-picture">{say!(opened_no_crop)}</span> }.into_any(),
            }}
            <figcaption>{caption} {quality.map(|report| view! { <Quality report=report /> })}</figcaption>
        </figure>
    }
}
