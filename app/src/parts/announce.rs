//! What a screen reader is told while a search runs: one polite region, and never more than a sentence in some seconds, however many
//! faces arrive. The rest of the page moves in silence.

use crate::{
    api::{MatchStatus, RequestState},
    live::Live,
    text,
    words::say,
};
use leptos::prelude::*;
use std::time::Duration;

/// Between two sentences.
const PAUSE: Duration = Duration::from_secs(6);

#[component]
pub fn Announce(live: Live, headline: Memo<String>) -> impl IntoView {
    let said = RwSignal::new(String::new());
    let waiting = StoredValue::new(false);
    let sentence = move || {
        if live.lost.get() {
            return say!(stage_lost);
        }
        match live.state.get() {
            RequestState::Running => {
                let (matches, possible) = (live.count(MatchStatus::Match), live.count(MatchStatus::Possible));
                let progress = text::progress(&live.counts.get());
                if matches + possible > 0 { [progress, text::outcome(matches, possible)].join(". ") } else { progress }
            }
            _ => headline.get(),
        }
    };
    let changed = Memo::new(move |_| sentence());
    // The last of what happens within a pause is told at its end: the end of the search is never lost.
    Effect::new(move |before: Option<String>| {
        let now = changed.get();
        // What the page says when it is opened is read as the page is.
        if before.as_ref().is_some_and(|before| *before != now) && !waiting.get_value() {
            waiting.set_value(true);
            said.set(now.clone());
            set_timeout(move || rest(said, changed, waiting), PAUSE);
        }
        now
    });
    view! {
        <p class="unseen" id="told" role="status">
            {said}
        </p>
    }
}

/// After a pause: what has changed in it, or silence.
fn rest(said: RwSignal<String>, changed: Memo<String>, waiting: StoredValue<bool>) {
    // The page may be gone.
    let (Some(now), Some(then)) = (changed.try_get_untracked(), said.try_get_untracked()) else { return };
    if now == then {
        waiting.set_value(false);
    } else {
        said.set(now);
        set_timeout(move || rest(said, changed, waiting), PAUSE);
    }
}
