//! The gallery by keyboard. Every card and control is reached by Tab as well; these keys are shorter ways.
//!
//! Arrows move where a card has the focus, or turn the page of an opened one. Letters (`j`, `k`, `?`) work wherever no text is
//! typed, and can be turned off (WCAG 2.1.4): whoever speaks to the computer may say them without meaning them. No key is taken
//! from a field, a list or a slider, and none is needed to get away from anywhere.

use super::window;
use leptos::prelude::{document, on_cleanup, window_event_listener};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// In the browser's storage: letters are no keys.
const LETTERS: &str = "letters";
const OFF: &str = "off";

/// Keys move from now on, until the page is left.
pub fn on_keys() {
    let handle = window_event_listener(leptos::ev::keydown, |event| {
        if press(&event).is_some() {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

pub fn letters() -> bool {
    let kept = window().local_storage().ok().flatten().and_then(|storage| storage.get_item(LETTERS).ok().flatten());
    kept.as_deref() != Some(OFF)
}

pub fn set_letters(on: bool) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = if on { storage.remove_item(LETTERS) } else { storage.set_item(LETTERS, OFF) };
    }
}

/// Opens the card that is shown `step` after the one of this panel, or before it.
pub fn open_neighbour(panel: &str, step: i32) {
    if let Some(panel) = document().get_element_by_id(panel) {
        turn(&panel, step);
    }
}

fn one(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// The cards that are shown, as they stand.
fn cards() -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(".gallery > .card:not([hidden])") else { return Vec::new() };
    (0..found.length()).filter_map(|place| found.get(place)?.dyn_into().ok()).collect()
}

fn inside(card: &Element, selector: &str) -> Option<HtmlElement> {
    card.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Some where the key was one of ours.
fn press(event: &KeyboardEvent) -> Option<()> {
    if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing() {
        return None;
    }
    let at: Element = event.target()?.dyn_into().ok()?;
    if at.closest("input:not([type=checkbox]), select, textarea").ok()?.is_some() {
        return None;
    }
    let key = event.key();
    let key = match key.as_str() {
        letter @ ("j" | "k" | "?") if !letters() || event.repeat() && letter == "?" => return None,
        key => key,
    };
    if let Some(panel) = one(".card > .opened:popover-open") {
        return match key {
            "ArrowRight" | "j" => turn(&panel, 1),
            "ArrowLeft" | "k" => turn(&panel, -1),
            _ => None,
        };
    }
    // A question is open: it is answered first.
    if one(":popover-open").is_some() {
        return None;
    }
    if key == "?" {
        return one("#keys")?.show_popover().ok();
    }
    let cards = cards();
    let last = cards.len().checked_sub(1)?;
    let here = at.closest(".gallery > .card").ok()?.and_then(|card| cards.iter().position(|other| **other == card));
    let to = match (key, here) {
        ("j", None) => 0,
        ("ArrowRight" | "j", Some(here)) => here + 1,
        ("ArrowLeft" | "k", Some(here)) => here.checked_sub(1)?,
        ("ArrowDown", Some(here)) => here + columns(&cards),
        ("ArrowUp", Some(here)) => here.checked_sub(columns(&cards))?,
        ("Home", Some(_)) => 0,
        ("End", Some(_)) => last,
        _ => return None,
    };
    inside(cards.get(to)?, ".open")?.focus().ok()
}

/// How many cards stand beside one another.
fn columns(cards: &[HtmlElement]) -> usize {
    let top = cards.first().map(HtmlElement::offset_top);
    cards.iter().take_while(|card| Some(card.offset_top()) == top).count().max(1)
}

/// Closes the panel and opens the one `step` cards on; the focus goes along, so that it comes back to the card last seen.
fn turn(panel: &Element, step: i32) -> Option<()> {
    let card = panel.closest(".card").ok()??;
    let cards = cards();
    let here = cards.iter().position(|other| **other == card)?;
    let to = cards.get(here.checked_add_signed(step as isize)?)?;
    panel.dyn_ref::<HtmlElement>()?.hide_popover().ok()?;
    inside(to, ".open")?.focus().ok()?;
    inside(to, ".opened")?.show_popover().ok()
}
