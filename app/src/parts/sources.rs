//! Where to search: every source with what it is sent, and those that are not set up, with what would set them up.

use crate::{api::ProviderReport, text, words::say};
use leptos::prelude::*;

/// The addresses that a request brings along have a field of their own.
const URLS: &str = "urls";
/// Sources that a request brings along: nothing to choose.
pub const BROUGHT: [&str; 2] = [URLS, "s3"];

#[component]
pub fn Sources(providers: Vec<ProviderReport>) -> impl IntoView {
    let (present, absent): (Vec<_>, Vec<_>) =
        providers.into_iter().filter(|p| !BROUGHT.contains(&p.name.as_str())).partition(|p| p.configured);
    let summary = say!(options_not_set_up, n = absent.len());
    view! {
        <fieldset class="field sources">
            <legend>{say!(options_sources)}</legend>
            // With it, a form in which nothing is ticked asks nobody, instead of everybody.
            <input type="hidden" name="providers" value=URLS />
            {present.into_iter().map(|provider| view! { <Source provider=provider /> }).collect_view()}
            {(!absent.is_empty())
                .then(|| {
                    view! {
                        <details class="more">
                            <summary>{summary}</summary>
                            {absent.into_iter().map(|provider| view! { <Source provider=provider /> }).collect_view()}
                        </details>
                    }
                })}
        </fieldset>
    }
}

#[component]
fn Source(provider: ProviderReport) -> impl IntoView {
    let (note, language) = text::source_note(&provider);
    let ProviderReport { name, configured, needs, cost, .. } = provider;
    view! {
        <label class="tick source">
            <input type="checkbox" name="providers" value=name.clone() checked=configured disabled=!configured />
            <span>
                <b>{name}</b>
                " "
                <span class="sent" class:leaves=!needs.is_empty()>{text::sent(&needs)}</span>
                {(cost == "metered").then(|| view! { " " <span class="sent">{say!(options_metered)}</span> })}
                <span class="hint" lang=language>{note}</span>
            </span>
        </label>
    }
}
