//! Which of the faces are shown, and in which order: a form, so that it works without JavaScript too. With it every change
//! counts at once, also while faces still arrive.

use crate::{
    api::MatchStatus,
    choice::{self, Choice, NOT_STATED, Order, hundredths},
    live::Live,
    number::shortest,
    text,
    words::{decimal, say},
};
use leptos::prelude::*;

const STATUSES: [MatchStatus; 3] = [MatchStatus::Match, MatchStatus::Possible, MatchStatus::NoMatch];

#[component]
pub fn Filters(live: Live, total: Memo<usize>, shown: Memo<usize>) -> impl IntoView {
    let choice = live.choice;
    let first = choice.get_untracked();
    let least = Memo::new(move |_| choice.with(|choice| choice.least));
    let said_least = move || if least.get() == 0 { say!(tools_any) } else { decimal(&hundredths(least.get())) };
    let slide = move |event| {
        let least = choice::least(&event_target_value(&event));
        choice.update(|choice| choice.least = least);
    };
    let marks = move || {
        let thresholds = live.thresholds.get();
        [thresholds.possible, thresholds.match_].map(|cosine| view! { <option value=shortest(cosine)></option> }).collect_view()
    };
    // Said after a choice, and never because another face has arrived: a region that speaks all the time is turned off.
    let said = Memo::new(move |before: Option<&String>| {
        choice.track();
        before.map_or_else(String::new, |_| untrack(|| remain(shown.get(), total.get())))
    });
    // The page of a shared link has no script, whatever the browser could run: nothing there would tell where a slider stands.
    let (kind, apply) = if live.own { ("range", "button quiet without-script") } else { ("number", "button quiet") };
    view! {
        <form class="filters" role="search" aria-label=say!(tools_filters) on:submit=move |event| event.prevent_default()>
            <fieldset class="filter">
                <legend class="unseen">{say!(gallery_show)}</legend>
                <Kind live=live status=None label=say!(gallery_all) count=total chosen=first.status.is_none() />
                {STATUSES
                    .map(|status| {
                        let count = Memo::new(move |_| live.count(status));
                        view! { <Kind live=live status=Some(status) label=text::badge(status) count=count chosen=first.status == Some(status) /> }
                    })
                    .collect_view()}
            </fieldset>
            <div class="narrow">
                <label class="field">
                    <span>{say!(tools_least)} " " {live.own.then(|| view! { <output>{said_least}</output> })}</span>
                    <input
                        type=kind
                        name=choice::LEAST
                        min="0"
                        max="1"
                        step="0.01"
                        list="thresholds"
                        value=hundredths(first.least)
                        prop:value=move || hundredths(least.get())
                        aria-valuetext=move || live.own.then(said_least)
                        on:input=slide
                        on:change=move |_| live.remember()
                    />
                    <datalist id="thresholds">{marks}</datalist>
                </label>
                <Named live=live name=choice::SOURCE label=say!(tools_source) all=say!(tools_every_source) of=SOURCE />
                <Named live=live name=choice::LICENCE label=say!(tools_licence) all=say!(tools_every_licence) of=LICENCE />
                <label class="field">
                    <span>{say!(tools_sort)}</span>
                    <select
                        name=choice::ORDER
                        prop:value=move || choice.with(|choice| choice.order.as_str())
                        on:change=move |event| {
                            let order = Order::of(&event_target_value(&event));
                            live.choose(|choice| choice.order = order);
                        }
                    >
                        {Order::ALL
                            .map(|order| view! { <option value=order.as_str() selected=order == first.order>{named_order(order)}</option> })
                            .collect_view()}
                    </select>
                </label>
            </div>
            <div class="remain">
                <p>{move || remain(shown.get(), total.get())}</p>
                <p class="unseen" role="status">{said}</p>
                <button class=apply>{say!(tools_apply)}</button>
                <Show when=move || choice.with(Choice::leaves_out)>
                    <Clear live=live />
                </Show>
                {live
                    .own
                    .then(|| {
                        view! {
                            <button class="button quiet keys-button needs-script" type="button" popovertarget="keys">
                                {say!(tools_keys)}
                            </button>
                        }
                    })}
            </div>
        </form>
    }
}

fn remain(shown: usize, total: usize) -> String {
    say!(tools_shown, n = shown, total = total)
}

fn named_order(order: Order) -> String {
    match order {
        Order::Similarity => say!(tools_by_similarity),
        Order::Found => say!(tools_by_found),
        Order::Source => say!(tools_by_source),
        Order::Quality => say!(tools_by_quality),
    }
}

/// Everything is shown again. A link, so that it works without JavaScript too.
#[component]
pub fn Clear(live: Live) -> impl IntoView {
    view! {
        <a
            class="button quiet"
            href="?"
            rel="external"
            on:click=move |event| {
                event.prevent_default();
                live.choose(Choice::clear);
            }
        >
            {say!(tools_clear)}
        </a>
    }
}

/// One status, with how many faces have it; what nobody has cannot be chosen.
#[component]
fn Kind(live: Live, status: Option<MatchStatus>, label: String, count: Memo<usize>, chosen: bool) -> impl IntoView {
    let name = status.map_or("", choice::status_name);
    let id = ["show-", if name.is_empty() { "all" } else { name }].concat();
    let is_chosen = move || live.choice.with(|choice| choice.status == status);
    view! {
        <span class="choice">
            <input
                type="radio"
                name=choice::SHOW
                id=id.clone()
                value=name
                checked=chosen
                prop:checked=is_chosen
                disabled=move || count.get() == 0 && status.is_some() && !is_chosen()
                on:change=move |_| live.choose(|choice| choice.status = status)
            />
            <label for=id>
                {label} " "
                <b>{count}</b>
            </label>
        </span>
    }
}

/// What a picture is said to be of, and which of it is chosen.
#[derive(Clone, Copy)]
struct Facet {
    named: for<'a> fn((&'a str, &'a str)) -> &'a str,
    chosen: fn(&mut Choice) -> &mut String,
}

const SOURCE: Facet = Facet { named: |(provider, _)| provider, chosen: |choice| &mut choice.source };
const LICENCE: Facet = Facet { named: |(_, licence)| licence, chosen: |choice| &mut choice.licence };

/// One of the names that the faces bring along.
#[component]
fn Named(live: Live, name: &'static str, label: String, all: String, of: Facet) -> impl IntoView {
    let chosen = move || {
        let mut choice = live.choice.get();
        std::mem::take((of.chosen)(&mut choice))
    };
    let first = StoredValue::new(untrack(chosen));
    let names = Memo::new(move |_| {
        // Sorted, each once.
        let mut names: Vec<String> = Vec::new();
        let mut insert = |name: &str| {
            if let Err(at) = names.binary_search_by(|known| known.as_str().cmp(name)) {
                names.insert(at, name.to_owned());
            }
        };
        live.cards.with(|cards| {
            for card in cards {
                card.report.with(|report| {
                    for pair in choice::named(report) {
                        insert((of.named)(pair));
                    }
                });
            }
        });
        // What is asked for is in the list even while no face has it.
        insert(&chosen());
        names.retain(|name| !name.is_empty());
        names
    });
    let words = |name: &str| if name == NOT_STATED { say!(place_not_stated) } else { name.to_owned() };
    view! {
        <label class="field">
            <span>{label}</span>
            <select
                name=name
                prop:value=chosen
                on:change=move |event| {
                    let value = event_target_value(&event);
                    live.choose(|choice| *(of.chosen)(choice) = value);
                }
            >
                <option value="">{all}</option>
                <For each=move || names.get() key=|name| name.clone() let:name>
                    <option value=name.clone() selected=first.with_value(|first| *first == name)>{words(&name)}</option>
                </For>
            </select>
        </label>
    }
}
