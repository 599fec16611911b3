//! A place that a picture stands in: who named it, whose page it is, under which licence. Strangers have said all of it:
//! it is shown as plain text, and a link tells the other site nothing about the reader.

use crate::{
    places::Place,
    text,
    words::{count, say},
};
use leptos::prelude::*;

/// A link where the address is one of the web, plain words elsewhere.
#[component]
pub fn Outside(address: String, #[prop(into)] words: String) -> impl IntoView {
    match text::web_address(&address) {
        Some(href) => view! { <a class="outside" href=href target="_blank" rel="noopener noreferrer nofollow">{words}</a> }.into_any(),
        None => view! { <span>{words}</span> }.into_any(),
    }
}

/// The licence with its own address, and whom it asks to name.
#[component]
pub fn Licence(place: Place) -> impl IntoView {
    let Place { license, license_url, attribution, .. } = place;
    let words = license.or_else(|| license_url.clone()).unwrap_or_else(|| say!(place_not_stated));
    view! {
        <Outside address=license_url.unwrap_or_default() words=words />
        {attribution.map(|who| view! { <span class="attribution">{format!(" · {who}")}</span> })}
    }
}

/// One line: who named it, where it stands, under which licence.
#[component]
pub fn Source(place: Place) -> impl IntoView {
    let stands = match (&place.page_url, &place.source_domain) {
        (Some(page), domain) => {
            let words = domain.clone().unwrap_or_else(|| say!(place_its_page));
            Some(view! { " · " <Outside address=page.clone() words=words /> }.into_any())
        }
        (None, Some(domain)) => Some(view! { {format!(" · {domain}")} }.into_any()),
        (None, None) => None,
    };
    let licence = place.license.clone().map(|licence| {
        let address = place.license_url.clone().unwrap_or_default();
        view! { " · " <Outside address=address words=licence /> }
    });
    view! {
        <span class="provider">{place.providers.join(", ")}</span>
        {stands}
        {licence}
    }
}

/// The other places of a picture, folded away.
#[component]
pub fn Elsewhere(places: Vec<Place>) -> impl IntoView {
    let summary = count!(card_also_at, places.len());
    let place = |place: Place| {
        let address = place.page_url.clone().unwrap_or_else(|| place.image_uri.clone());
        let words = place.title.clone().unwrap_or_else(|| address.clone());
        view! {
            <li>
                <Outside address=address words=words />
                <span class="hint">
                    <Source place=place />
                </span>
            </li>
        }
    };
    (!places.is_empty()).then(|| {
        view! {
            <details class="elsewhere">
                <summary>{summary}</summary>
                <ul>{places.into_iter().map(place).collect_view()}</ul>
            </details>
        }
    })
}
