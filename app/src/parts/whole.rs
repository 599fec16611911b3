//! The whole picture, with the face, its landmarks and its person outlined over it. The outlines lie above the picture and
//! can be taken away.

use super::card::short_name;
use crate::{api::MatchReport, number::shortest, words::say};
use leptos::prelude::*;

/// Results of earlier versions have their outlines burnt in.
#[component]
pub fn Whole(report: MatchReport, renew: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let name = short_name(&report.pool_image);
    let alt = say!(opened_whole_alt, name = name);
    let burnt_in = report.annotated.clone().or_else(|| report.thumbnail.clone());
    let outlines = report.picture_size.map(|size| view! { <Outlines report=report.clone() size=size /> });
    match (report.picture, outlines, burnt_in) {
        (Some(address), Some(outlines), annotated) => view! {
            <figure class="whole">
                <div class="whole-picture">
                    <img src=address alt=say!(tools_plain_alt, name = name) loading="lazy" on:error=move |_| renew() />
                    {outlines}
                </div>
                <figcaption>
                    <label class="tick">
                        <input type="checkbox" class="show-outlines" checked=true />
                        <span>{say!(tools_outlines)}</span>
                    </label>
                    {annotated
                        .map(|address| view! { <a href=address target="_blank" rel="noopener external">{say!(tools_all_outlined)}</a> })}
                </figcaption>
            </figure>
        }
        .into_any(),
        (_, _, Some(address)) => view! {
            <figure class="whole">
                <img src=address alt=alt loading="lazy" on:error=move |_| renew() />
                <figcaption>{say!(opened_whole)}</figcaption>
            </figure>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// In pixels of the picture, whatever size it is shown at.
#[component]
fn Outlines(report: MatchReport, size: [u32; 2]) -> impl IntoView {
    let [width, height] = size;
    let frame = |class: &'static str, [x1, y1, x2, y2]: [f32; 4]| {
        view! { <rect class=class x=shortest(x1) y=shortest(y1) width=shortest((x2 - x1).max(0.0)) height=shortest((y2 - y1).max(0.0)) /> }
    };
    // Seen on a picture of any size, and never larger than an eye.
    let [x1, _, x2, _] = report.face.bbox;
    let radius = (width.max(height) as f32 / 220.0).min((x2 - x1).abs() / 16.0).max(1.0);
    let dot = |[x, y]: [f32; 2]| view! { <circle cx=shortest(x) cy=shortest(y) r=shortest(radius) /> };
    view! {
        <svg class="outlines" viewBox=["0 0 ", &width.to_string(), " ", &height.to_string()].concat() preserveAspectRatio="none" aria-hidden="true">
            {report.person.map(|person| frame("outline person", person.bbox))}
            {frame("outline face", report.face.bbox)}
            {report.face.landmarks.into_iter().map(dot).collect_view()}
        </svg>
    }
}
