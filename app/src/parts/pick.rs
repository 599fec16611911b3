//! Choosing photos: a file input that works by itself, and with JavaScript takes what is dropped and pasted as well, shows
//! every photo at once and lets one be taken out again.
//!
//! The input holds the files; what is shown follows it. Choosing in the browser's own dialog replaces them, dropping and
//! pasting adds to them.

use super::other_ways::OtherWays;
use crate::{
    api::{MAX_QUERY_PHOTOS, MAX_UPLOAD_BYTES, PICTURE_TYPES},
    browser,
    picture::{Looked, Picked},
    text,
    words::{count, say},
};
use leptos::{html, prelude::*, task::spawn_local};

/// `picked` follows the input; `problem` is told what is wrong with a file. `address` is the field for one on the web.
#[component]
pub fn Pick(picked: RwSignal<Vec<Picked>>, problem: RwSignal<Option<String>>, address: NodeRef<html::Input>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let hovering = RwSignal::new(false);
    // Looks overlap where a person is quick: only the last one counts.
    let looks = StoredValue::new(0_u32);

    let look = move || {
        let Some(input) = input.get_untracked() else { return };
        let this = looks.get_value() + 1;
        looks.set_value(this);
        spawn_local(async move {
            let Looked { good, problem: sentence } = browser::inspect(input.clone()).await;
            let (places, good): (Vec<u32>, Vec<Picked>) = good.into_iter().unzip();
            if looks.try_get_value() != Some(this) {
                forget(&good);
                return;
            }
            if sentence.is_some() {
                browser::keep(&input, &places);
            }
            // A sentence of the server stays until there is something new to say.
            if sentence.is_some() || !good.is_empty() {
                problem.set(sentence);
            }
            if let Some(old) = picked.try_update(|picked| std::mem::replace(picked, good)) {
                forget(&old);
            }
        });
    };
    let remove = move |place: usize| {
        let Some(input) = input.get_untracked() else { return };
        let left = (0..picked.with_untracked(Vec::len)).filter(|at| *at != place);
        browser::keep(&input, &left.filter_map(|at| u32::try_from(at).ok()).collect::<Vec<_>>());
        look();
    };
    // Photos chosen before the page was taken over are looked at now.
    Effect::new(move |_| {
        look();
        browser::on_paste(move || input.get_untracked(), look);
    });

    let drop = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        hovering.set(false);
        let taken = input.get_untracked().is_some_and(|input| browser::take_dropped(&event, &input));
        if taken {
            look();
        } else if let (Some(dropped), Some(field)) = (browser::dropped_address(&event), address.get_untracked()) {
            field.set_value(&dropped);
            problem.set(None);
        } else {
            problem.set(Some(say!(pick_not_a_file)));
        }
    };
    let limit = MAX_UPLOAD_BYTES / (1024 * 1024);
    view! {
        <label
            class="drop"
            class:hovering=hovering
            class:filled=move || picked.with(|picked| !picked.is_empty())
            on:dragenter=move |event| {
                event.prevent_default();
                hovering.set(true);
            }
            on:dragover=move |event| {
                event.prevent_default();
                hovering.set(true);
            }
            on:dragleave=move |_| hovering.set(false)
            on:drop=drop
        >
            <input
                class="file"
                type="file"
                name="image"
                accept=PICTURE_TYPES
                multiple=true
                aria-describedby="file-hint"
                node_ref=input
                on:change=move |_| look()
            />
            {move || picked.with(|picked| inside(picked))}
            <span class="hint" id="file-hint">
                {say!(pick_kinds, mb = limit, most = MAX_QUERY_PHOTOS)}
            </span>
        </label>
        {move || {
            let picked = picked.get();
            (picked.len() > 1).then(|| view! { <Chosen picked=picked remove=remove /> })
        }}
        <OtherWays input=input address=address look=look />
    }
}

fn forget(picked: &[Picked]) {
    picked.iter().for_each(|picked| browser::forget_preview(&picked.preview));
}

/// What stands in the box: the invitation, the one photo, or how many there are.
fn inside(picked: &[Picked]) -> AnyView {
    let bytes: usize = picked.iter().map(|picked| picked.size).sum();
    let more = (picked.len() < MAX_QUERY_PHOTOS).then(|| view! { <span class="drop-or">" " {say!(pick_add)}</span> });
    match picked {
        [] => view! {
            <svg class="drop-sign" viewBox="0 0 48 48" width="56" height="56" aria-hidden="true">
                <path d="M6 16v-5a5 5 0 0 1 5-5h5M32 6h5a5 5 0 0 1 5 5v5M42 32v5a5 5 0 0 1-5 5h-5M16 42h-5a5 5 0 0 1-5-5v-5" />
                <path d="M19 19.5v2M29 19.5v2M18 29c3.600 3.400 8.400 3.400 12 0" />
            </svg>
            <span class="drop-words">
                <b>
                    <span class="drop-or">{say!(pick_drop)} " "</span>
                    <span class="link">{say!(pick_choose)}</span>
                </b>
            </span>
        }
        .into_any(),
        [one] => view! {
            <img class="preview" src=one.preview.clone() alt=say!(pick_yours) />
            <span class="drop-words">
                <b class="file-name">{one.name.clone()}</b>
                <span class="hint">{text::chosen(1, bytes)} {more}</span>
            </span>
        }
        .into_any(),
        several => view! {
            <span class="drop-words">
                <b>{count!(pick_several, several.len())}</b>
                <span class="hint">{text::chosen(several.len(), bytes)} {more}</span>
            </span>
        }
        .into_any(),
    }
}

/// Several photos, each of which can be taken out again.
#[component]
fn Chosen(picked: Vec<Picked>, remove: impl Fn(usize) + Copy + Send + 'static) -> impl IntoView {
    let photo = move |(place, picked): (usize, Picked)| {
        let alt = say!(pick_photo, n = place + 1);
        view! {
            <li>
                <img class="preview" src=picked.preview alt=alt />
                <span class="file-name">{picked.name.clone()}</span>
                {(place == 0).then(|| view! { <span class="hint">{say!(pick_who)}</span> })}
                <button class="button quiet" type="button" on:click=move |_| remove(place)>
                    {say!(pick_remove)}
                    <span class="unseen">" " {picked.name}</span>
                </button>
            </li>
        }
    };
    view! {
        <ol class="chosen-photos" aria-label=say!(pick_chosen)>
            {picked.into_iter().enumerate().map(photo).collect_view()}
        </ol>
    }
}
