//! Cards that change places glide there instead of jumping (the FLIP technique: first, last, invert, play).
//!
//! Only cards in or near the window move, so 500 of them cost no more than a screenful, and nobody who asked for
//! reduced motion sees any of it.

use super::window;
use crate::number::fixed;
use leptos::prelude::{document, request_animation_frame};
use std::collections::HashMap;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Where the cards stood, by id.
pub struct Places(HashMap<String, (f64, f64)>);

fn each_card(mut see: impl FnMut(HtmlElement)) {
    let Ok(cards) = document().query_selector_all(".gallery > .card") else { return };
    for index in 0..cards.length() {
        if let Some(card) = cards.get(index).and_then(|node| node.dyn_into::<HtmlElement>().ok()) {
            see(card);
        }
    }
}

/// Notes where every card stands now. `None`: motion is not wanted.
pub fn places() -> Option<Places> {
    let window = window();
    if window.match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|query| query.matches()) {
        return None;
    }
    let mut places = HashMap::new();
    each_card(|card| {
        let place = card.get_bounding_client_rect();
        places.insert(card.id(), (place.left(), place.top()));
    });
    Some(Places(places))
}

impl Places {
    /// Call after the page has changed: every card is put back where it stood and let go.
    pub fn glide(self) {
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(1000.0);
        let near = move |top: f64| top > -400.0 && top < height + 400.0;
        let mut moved = Vec::new();
        each_card(|card| {
            let now = card.get_bounding_client_rect();
            if let Some(&(left, top)) = self.0.get(&card.id()) {
                let (dx, dy) = (left - now.left(), top - now.top());
                if (dx.abs() > 1.0 || dy.abs() > 1.0) && (near(top) || near(now.top())) {
                    moved.push((card, ["translate(", &fixed(dx, 1), "px, ", &fixed(dy, 1), "px)"].concat()));
                }
            }
        });
        for (card, from) in &moved {
            let style = card.style();
            let _ = style.set_property("transition", "none");
            let _ = style.set_property("transform", from);
        }
        request_animation_frame(move || {
            request_animation_frame(move || {
                for (card, _) in &moved {
                    let style = card.style();
                    let _ = style.remove_property("transition");
                    let _ = style.remove_property("transform");
                }
            });
        });
    }
}
