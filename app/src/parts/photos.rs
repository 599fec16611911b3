//! The photos of the person that is searched for, where there are several: what each adds, and how like the others it is.

use crate::{api::ProbePhoto, text, words::say};
use leptos::prelude::*;

#[component]
pub fn Photos(photos: Vec<ProbePhoto>) -> impl IntoView {
    let photo = |(place, photo): (usize, ProbePhoto)| {
        let name = say!(pick_photo, n = place + 1);
        let crop = match photo.crop {
            Some(address) => {
                view! { <img src=address alt=say!(probe_photo_alt, n = place + 1) width="112" height="112" loading="lazy" /> }.into_any()
            }
            None => view! { <span class="no-picture">{say!(opened_no_crop)}</span> }.into_any(),
        };
        let face = match photo.annotated {
            Some(address) => view! { <a class="photo-face" href=address rel="external" title=say!(probe_whole)>{crop}</a> }.into_any(),
            None => view! { <span class="photo-face">{crop}</span> }.into_any(),
        };
        view! {
            <li>
                {face}
                <span class="photo-words">
                    <b>{name}</b>
                    <span>{text::weight(photo.weight)}</span>
                    <span>{say!(probe_similarity, similarity = text::similarity(photo.similarity))}</span>
                </span>
            </li>
        }
    };
    view! {
        <div class="photos">
            <p class="hint">{say!(probe_one_face, n = photos.len())}</p>
            <ol>{photos.into_iter().enumerate().map(photo).collect_view()}</ol>
        </div>
    }
}
