//! The compared faces, most similar first, with a filter by status that needs no JavaScript (`:has` in the style).

use super::card::ResultCard;
use crate::{
    api::{MatchStatus, RequestState},
    live::Live,
    text,
    words::say,
};
use leptos::prelude::*;

#[component]
pub fn Gallery(live: Live) -> impl IntoView {
    let total = Memo::new(move |_| live.cards.with(Vec::len));
    let of = move |status| Memo::new(move |_| live.count(status));
    let (matches, possible, others) = (of(MatchStatus::Match), of(MatchStatus::Possible), of(MatchStatus::NoMatch));
    let nothing = move || total.get() == 0 && live.state.get() == RequestState::Completed;
    let waiting = move || total.get() == 0 && !live.state.get().is_final();
    view! {
        <section class="results" aria-label=say!(gallery_title)>
            <fieldset class="filter">
                <legend class="unseen">{say!(gallery_show)}</legend>
                <Choice id="show-all" label=say!(gallery_all) count=total checked=true />
                <Choice id="show-match" label=text::badge(MatchStatus::Match) count=matches />
                <Choice id="show-possible" label=text::badge(MatchStatus::Possible) count=possible />
                <Choice id="show-no-match" label=text::badge(MatchStatus::NoMatch) count=others />
            </fieldset>
            <ol class="gallery">
                <For each=move || live.cards.get() key=|card| card.key.clone() let:card>
                    <ResultCard card=card live=live />
                </For>
            </ol>
            <Show when=waiting>
                <div class="empty">
                    <span class="pulse" aria-hidden="true"></span>
                    <p>{say!(gallery_waiting)}</p>
                </div>
            </Show>
            <Show when=nothing>
                <div class="empty">
                    <h2>{say!(gallery_nothing)}</h2>
                    <p>
                        {say!(gallery_nothing_why)}
                    </p>
                    <p>
                        <a class="button" href="/" rel="external">
                            {say!(shell_new_search)}
                        </a>
                    </p>
                </div>
            </Show>
        </section>
    }
}

/// One choice of the filter, with how many it would show; none cannot be chosen.
#[component]
fn Choice(id: &'static str, label: String, count: Memo<usize>, #[prop(optional)] checked: bool) -> impl IntoView {
    view! {
        <span class="choice">
            <input type="radio" name="show" id=id checked=checked disabled=move || !checked && count.get() == 0 />
            <label for=id>
                {label} " "
                <b>{count}</b>
            </label>
        </span>
    }
}
