//! Both faces side by side: aligned, as the network was given them, or with what is around them.

use super::{card::short_name, quality::Quality, scale::Badge};
use crate::{
    api::{MatchReport, ProbeReport, QualityReport},
    live::Live,
    text,
    words::say,
};
use leptos::prelude::*;

#[component]
pub fn Pair(report: MatchReport, live: Live, renew: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let name = short_name(&report.pool_image);
    let of_probe = |of: fn(&ProbeReport) -> Option<String>| {
        live.result.with_untracked(|result| result.as_ref().and_then(|result| result.result.first()).and_then(of))
    };
    let quality = live
        .result
        .with_untracked(|result| result.as_ref().and_then(|result| result.result.first()).and_then(|probe| probe.face.quality.clone()));
    let (yours, aligned) = (of_probe(|probe| probe.crop.clone()), of_probe(|probe| probe.aligned.clone()));
    // Side by side they must be of one kind.
    let both = aligned.is_some() && report.aligned.is_some();
    let found = report.aligned.filter(|_| both);
    view! {
        <div class="pair">
            <Face aligned=aligned.filter(|_| both) crop=yours caption=say!(opened_yours) alt=say!(opened_yours_alt) quality=quality renew=renew />
            <div class="pair-verdict">
                <strong class="similarity">{text::similarity(report.similarity)}</strong>
                <Badge status=Signal::stored(report.match_status) />
            </div>
            <Face
                aligned=found
                crop=report.crop
                caption=say!(opened_found)
                alt=say!(opened_found_alt, name = name)
                quality=report.face.quality
                renew=renew
            />
            {both
                .then(|| {
                    view! {
                        <label class="tick pair-kind">
                            <input type="checkbox" class="show-aligned" checked=true />
                            <span>
                                {say!(tools_aligned)}
                                <span class="hint">{say!(tools_aligned_why)}</span>
                            </span>
                        </label>
                    }
                })}
        </div>
    }
}

/// One face of the pair. Which of its two pictures is seen the style decides, by the tick: that needs no JavaScript.
#[component]
fn Face(
    aligned: Option<String>,
    crop: Option<String>,
    caption: String,
    alt: String,
    quality: Option<QualityReport>,
    renew: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    let picture = |address: String, class: &'static str, side: &'static str| {
        view! { <img class=class src=address alt=alt.clone() width=side height=side loading="lazy" on:error=move |_| renew() /> }
    };
    let missing = (aligned.is_none() && crop.is_none()).then(|| view! { <span class="no-picture">{say!(opened_no_crop)}</span> });
    view! {
        <figure class="crop">
            {aligned.map(|address| picture(address, "aligned", "112"))}
            {crop.map(|address| picture(address, "around", "224"))}
            {missing}
            <figcaption>{caption} {quality.map(|report| view! { <Quality report=report /> })}</figcaption>
        </figure>
    }
}
