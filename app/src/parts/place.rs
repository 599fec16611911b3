//! A place that a picture stands in: who named it, whose page it is, under which licence. Strangers have said all of it:
//! it is shown as plain text, and a link tells the other site nothing about the reader.

use crate::{places::Place, text, words::say};
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
        {attribution.map(|who| view! { <span class="attribution">{[" · ", &who].concat()}</span> })}
    }
}

/// One line: who named it, and where it stands.
#[component]
pub fn Source(place: Place) -> impl IntoView {
    let stands = match (&place.page_url, &place.source_domain) {
        (Some(page), domain) => {
            let words = domain.clone().unwrap_or_else(|| say!(place_its_page));
            Some(view! { " · " <Outside address=page.clone() words=words /> }.into_any())
        }
        (None, Some(domain)) => Some(view! { {[" · ", domain].concat()} }.into_any()),
        (None, None) => None,
    };
    view! {
        <span class="provider">{place.providers.join(", ")}</span>
        {stands}
    }
}

/// Every place of a picture: who named it, its page, its licence, and the picture's own address.
#[component]
pub fn Provenance(places: Vec<Place>) -> impl IntoView {
    let place = |place: Place| {
        let title = place.title.clone().or_else(|| place.source_domain.clone()).unwrap_or_else(|| place.image_uri.clone());
        let page = place.page_url.clone();
        view! {
            <li>
                <b>{title}</b>
                <dl class="place">
                    <div><dt>{say!(opened_found_by)}</dt><dd>{place.providers.join(", ")}</dd></div>
                    {page.map(|page| view! { <div><dt>{say!(opened_page)}</dt><dd><Outside address=page.clone() words=page /></dd></div> })}
                    <div><dt>{say!(opened_picture)}</dt><dd><Outside address=place.image_uri.clone() words=place.image_uri.clone() /></dd></div>
                    <div><dt>{say!(opened_licence)}</dt><dd><Licence place=place /></dd></div>
                </dl>
            </li>
        }
    };
    view! { <ol class="provenance">{places.into_iter().map(place).collect_view()}</ol> }
}
