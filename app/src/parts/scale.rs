//! A similarity against both thresholds: the number, the badge and the bar. Never colour alone.

use crate::{
    api::{MatchStatus, Thresholds},
    number::shortest,
    text,
    words::say,
};
use leptos::prelude::*;

/// The word, with a sign of its own shape.
#[component]
pub fn Badge(#[prop(into)] status: Signal<MatchStatus>) -> impl IntoView {
    let class = move || match status.get() {
        MatchStatus::Match => "badge match",
        MatchStatus::Possible => "badge possible",
        MatchStatus::NoMatch => "badge no-match",
    };
    let sign = move || match status.get() {
        MatchStatus::Match => "M3 8.5l3.2 3.2L13 5",
        MatchStatus::Possible => "M3 6.5c2-2.2 4 1.8 6 0s3-1 4-.6M3 11c2-2.2 4 1.8 6 0s3-1 4-.6",
        MatchStatus::NoMatch => "M4 8h8",
    };
    view! {
        <span class=class>
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
                <path d=sign />
            </svg>
            <span>{move || text::badge(status.get())}</span>
        </span>
    }
}

/// A bar from 0 to 1 with a mark at each threshold. Below 0 the bar is empty; the number beside it says the rest.
#[component]
pub fn Scale(#[prop(into)] similarity: Signal<f32>, #[prop(into)] thresholds: Signal<Thresholds>) -> impl IntoView {
    let place = |cosine: f32| shortest((cosine.clamp(0.0, 1.0) * 1000.0).round() / 10.0);
    let possible = move || place(thresholds.get().possible);
    let match_ = move || place(thresholds.get().match_);
    // A NaN cannot be drawn.
    let value = move || place(if similarity.get().is_nan() { 0.0 } else { similarity.get() });
    let fill = move || match thresholds.get().status(similarity.get()) {
        MatchStatus::Match => "fill match",
        MatchStatus::Possible => "fill possible",
        MatchStatus::NoMatch => "fill no-match",
    };
    let label = move || {
        let limits = thresholds.get();
        say!(
            card_scale,
            similarity = text::similarity(similarity.get()),
            possible = text::similarity(limits.possible),
            match = text::similarity(limits.match_)
        )
    };
    view! {
        <svg class="scale" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label=label>
            <rect class="ground" x="0" y="1.5" width="100" height="5" />
            <rect class=fill x="0" y="1.5" width=value height="5" />
            <line class="mark" x1=possible x2=possible y1="0" y2="8" />
            <line class="mark" x1=match_ x2=match_ y1="0" y2="8" />
        </svg>
    }
}
