//! One compared face in the gallery: enough to decide whether to open it.

use super::{
    opened::Opened,
    place::{Licence, Source},
    scale::{Badge, Scale},
};
use crate::{
    api::{MatchReport, MatchStatus},
    choice::status_name,
    live::{Card, Live},
    places::places,
    quality, text,
    words::{count, say},
};
use leptos::prelude::*;

/// The file name without its folders.
pub fn short_name(pool_image: &str) -> String {
    pool_image.rsplit('/').next().unwrap_or(pool_image).to_owned()
}

/// A picture's signed address, kept while it is the same picture: the signature changes with every answer, and a new
/// one must not make the picture load again. A picture that has failed takes the newest.
fn steady_address(report: ArcRwSignal<MatchReport>, of: fn(&MatchReport) -> Option<&String>) -> Signal<Option<String>> {
    let path = |address: &String| address.split('?').next().unwrap_or_default().to_owned();
    Memo::new(move |before: Option<&Option<String>>| {
        let now = report.with(|report| of(report).cloned());
        match (before, now) {
            (Some(Some(before)), Some(now)) if path(before) == path(&now) => Some(before.clone()),
            (_, now) => now,
        }
    })
    .into()
}

#[component]
pub fn ResultCard(card: Card, live: Live) -> impl IntoView {
    let Card { key, report } = card;
    let picture = steady_address(report.clone(), |report| report.crop.as_ref().or(report.thumbnail.as_ref()));
    let status = Signal::derive({
        let report = report.clone();
        move || report.with(|report| report.match_status)
    });
    let similarity = Signal::derive({
        let report = report.clone();
        move || report.with(|report| report.similarity)
    });
    let rank = {
        let report = report.clone();
        move || report.with(|report| report.rank)
    };
    let (name, title) = report.with_untracked(|report| {
        let name = short_name(&report.pool_image);
        (name.clone(), report.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or(name))
    });
    let where_from = Memo::new({
        let report = report.clone();
        move |_| report.with(places)
    });
    let first = move || where_from.with(|places| places.first().cloned());
    let source = move || first().map(|place| view! { <Source place=place /> });
    let licence = move || {
        let place = first().filter(|place| place.license.is_some() || place.license_url.is_some() || place.attribution.is_some());
        place.map(|place| view! { <p class="card-source"><Licence place=place /></p> })
    };
    let elsewhere = Memo::new(move |_| where_from.with(Vec::len).saturating_sub(1));
    let flag = |report: &ArcRwSignal<MatchReport>, of: fn(&MatchReport) -> bool| {
        let report = report.clone();
        move || report.with(of)
    };
    let fallback = flag(&report, |report| report.fallback);
    let thumbnail_only = flag(&report, |report| report.thumbnail_only);
    let hidden = Memo::new({
        let report = report.clone();
        move |_| !live.shows(&report)
    });
    let doubt = Memo::new({
        let report = report.clone();
        let poor = |report: &MatchReport| {
            // Of a face that is not alike, nobody asks how good it is.
            let alike = report.match_status != MatchStatus::NoMatch;
            quality::poor(report.face.quality.as_ref()).filter(|_| alike)
        };
        move |_| report.with(|report| quality::held_back(&report.held_back).or_else(|| poor(report)))
    });
    let panel = format!("{key}-opened");
    let picture_name = name.clone();
    // While faces still arrive ranks are provisional: the place in the gallery says enough.
    let settled = move || live.result.with(Option::is_some);
    view! {
        <li class="card" id=key.clone() data-status=move || status_name(status.get()) hidden=hidden>
            <div class="card-face">
                {move || match picture.get() {
                    Some(address) => view! {
                        <img src=address alt="" width="112" height="112" loading="lazy" decoding="async" />
                    }
                    .into_any(),
                    None => view! { <span class="no-picture">{say!(card_no_picture)}</span> }.into_any(),
                }}
                <Show when=settled>
                    <span class="rank">{rank.clone()}</span>
                </Show>
            </div>
            <div class="card-words">
                <p class="card-verdict">
                    <strong class="similarity">{move || text::similarity(similarity.get())}</strong>
                    <Badge status=status />
                </p>
                <Scale similarity=similarity thresholds=live.thresholds />
                <p class="card-title" title=name>
                    {title}
                </p>
                <p class="card-source">{source}</p>
                {licence}
                <p class="flags">
                    <Show when=move || doubt.get().is_some()>
                        <span class="flag">
                            {doubt}
                        </span>
                    </Show>
                    <Show when=fallback>
                        <span class="flag">{say!(card_whole)}</span>
                    </Show>
                    <Show when=thumbnail_only>
                        <span class="flag" title=say!(card_thumbnail_why)>{say!(card_thumbnail)}</span>
                    </Show>
                    <Show when=move || elsewhere.get() != 0>
                        <span class="flag">{move || count!(card_also_at, elsewhere.get())}</span>
                    </Show>
                </p>
                <button class="open" type="button" popovertarget=panel.clone()>
                    {say!(card_compare)}
                    <span class="unseen">{format!(" {}", say!(card_compare_with, name = picture_name))}</span>
                </button>
            </div>
            <Opened panel=panel report=report live=live />
        </li>
    }
}
