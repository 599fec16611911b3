//! The compared faces, most similar first, with what narrows them down.

use super::{
    card::ResultCard,
    filters::{Clear, Filters},
    keys::Keys,
};
use crate::{api::RequestState, browser, live::Live, words::say};
use leptos::prelude::*;

/// Also for readers of a shared link: nothing in it changes the result.
#[component]
pub fn Gallery(live: Live) -> impl IntoView {
    let total = Memo::new(move |_| live.cards.with(Vec::len));
    let shown = Memo::new(move |_| live.count_shown());
    let nothing = move || total.get() == 0 && live.state.get() == RequestState::Completed;
    let waiting = move || total.get() == 0 && !live.state.get().is_final();
    let filtered_away = move || total.get() > 0 && shown.get() == 0;
    Effect::new(|_| browser::on_keys());
    view! {
        <section class="results" aria-label=say!(gallery_title)>
            <Show when=move || total.get() != 0>
                <Filters live=live total=total shown=shown />
            </Show>
            <ol class="gallery">
                <For each=move || live.in_order() key=|card| card.key.clone() let:card>
                    <ResultCard card=card live=live />
                </For>
            </ol>
            <Show when=waiting>
                <div class="empty">
                    <span class="pulse" aria-hidden="true"></span>
                    <p>{say!(gallery_waiting)}</p>
                </div>
            </Show>
            <Show when=filtered_away>
                <div class="empty">
                    <h2>{say!(tools_none_left)}</h2>
                    <p>{move || say!(tools_none_left_why, n = total.get())}</p>
                    <p>
                        <Clear live=live />
                    </p>
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
            {live.own.then(|| view! { <Keys /> })}
        </section>
    }
}
