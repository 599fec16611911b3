//! The photos of the person that is searched for, where there are several: what each adds, and how like the others it is.

use crate::{api::ProbePhoto, text};
use leptos::prelude::*;

#[component]
pub fn Photos(photos: Vec<ProbePhoto>) -> impl IntoView {
    let photo = |(place, photo): (usize, ProbePhoto)| {
        let name = format!("Photo {}", place + 1);
        let crop = match photo.crop {
            Some(address) => {
                view! { <img src=address alt=format!("The face in {name}") width="112" height="112" loading="lazy" /> }.into_any()
            }
            None => view! { <span class="no-picture">"No crop"</span> }.into_any(),
        };
        let face = match photo.annotated {
            Some(address) => view! { <a class="photo-face" href=address rel="external" title="See the whole photo">{crop}</a> }.into_any(),
            None => view! { <span class="photo-face">{crop}</span> }.into_any(),
        };
        let (weight, similarity) = (text::weight(photo.weight), text::similarity(photo.similarity));
        view! {
            <li>
                {face}
                <span class="photo-words">
                    <b>{name}</b>
                    <span>{format!("weight {weight}")}</span>
                    <span>{format!("similarity {similarity}")}</span>
                </span>
            </li>
        }
    };
    view! {
        <div class="photos">
            <p class="hint">{text::one_face_of(photos.len())}</p>
            <ol>{photos.into_iter().enumerate().map(photo).collect_view()}</ol>
        </div>
    }
}
