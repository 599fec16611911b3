//! What could not be had, folded away: pictures and sources, counted, each kind with its reason in plain words.

use crate::{api::ProviderReport, live::Live, text, words::say};
use leptos::prelude::*;

/// `unasked`: sources that this server knows and that are not set up.
#[component]
pub fn Missing(live: Live, unasked: Vec<ProviderReport>) -> impl IntoView {
    let unasked = StoredValue::new(unasked.into_iter().map(|provider| provider.name).collect::<Vec<_>>());
    let diagnostics =
        Memo::new(move |_| live.result.with(|result| result.as_ref().map(|result| result.diagnostics.clone())).unwrap_or_default());
    move || {
        let diagnostics = diagnostics.get();
        text::absences(&diagnostics).map(|summary| {
            let kinds = diagnostics.iter().filter(|d| text::is_absence(d)).map(|d| view! { <li>{text::absence(d)}</li> }).collect_view();
            let unasked = unasked.with_value(|names| (!names.is_empty()).then(|| say!(absence_not_set_up, sources = names.join(", "))));
            view! {
                <details class="missing">
                    <summary>{summary}</summary>
                    <ul class="diagnostics">{kinds} {unasked.map(|words| view! { <li>{words}</li> })}</ul>
                </details>
            }
        })
    }
}
