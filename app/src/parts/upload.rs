//! The upload card: a plain form that works without JavaScript, and with it previews, checks and sends the photo.

use super::upload_options::Options;
use crate::{
    api::{ErrorDetail, Health, MAX_UPLOAD_BYTES, PICTURE_TYPES},
    browser,
    picture::Picked,
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};

#[component]
pub fn Upload(health: Option<Health>, problem: Option<ErrorDetail>, face: Option<usize>) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let input = NodeRef::<html::Input>::new();
    let purpose = NodeRef::<html::Textarea>::new();
    let consent = NodeRef::<html::Input>::new();
    let picked = RwSignal::new(None::<Picked>);
    let problem = RwSignal::new(problem.map(|problem| problem.message));
    let hovering = RwSignal::new(false);
    let sending = RwSignal::new(false);
    let hydrated = RwSignal::new(false);

    let drop_preview = move || {
        if let Some(old) = picked.try_update(Option::take).flatten() {
            browser::forget_preview(&old.preview);
        }
    };
    let look = move || {
        let Some(input) = input.get_untracked() else { return };
        spawn_local(async move {
            match browser::inspect(input.clone()).await {
                Some(Ok(new)) => {
                    drop_preview();
                    problem.set(None);
                    picked.set(Some(new));
                }
                Some(Err(sentence)) => {
                    drop_preview();
                    browser::clear(&input);
                    problem.set(Some(sentence));
                }
                None => drop_preview(),
            }
        });
    };
    // From here on the page's own sentences replace the browser's. A picture chosen before that is looked at now.
    Effect::new(move |_| {
        hydrated.set(true);
        browser::mark_hydrated();
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
        } else {
            problem.set(Some("That was not a file: drop a picture saved on this device.".to_owned()));
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        let words = purpose.get_untracked().map(|field| field.value()).unwrap_or_default();
        let agreed = consent.get_untracked().is_some_and(|field| field.checked());
        let missing = if picked.with_untracked(Option::is_none) {
            Some("Choose a photo first.")
        } else if words.trim().is_empty() {
            Some("Say in a few words why you are searching.")
        } else if !agreed {
            Some("A face may only be searched with consent: tick the box if you have it.")
        } else {
            None
        };
        problem.set(missing.map(str::to_owned));
        let (None, Some(form)) = (missing, form.get_untracked()) else { return };
        sending.set(true);
        spawn_local(async move {
            match browser::send(form).await {
                // The button stays busy until the next page is there.
                Ok(accepted) => browser::go(&accepted.links.page),
                Err(error) => {
                    sending.set(false);
                    problem.set(Some(error.message));
                }
            }
        });
    };
    let limit = MAX_UPLOAD_BYTES / (1024 * 1024);
    view! {
        <form
            class="upload"
            action="/match"
            method="post"
            enctype="multipart/form-data"
            novalidate=hydrated
            node_ref=form
            on:submit=submit
            aria-label="New search"
        >
            <label
                class="drop"
                class:hovering=hovering
                class:filled=move || picked.with(Option::is_some)
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
                    required=true
                    aria-describedby="file-hint"
                    node_ref=input
                    on:change=move |_| look()
                />
                {move || match picked.get() {
                    Some(picked) => view! {
                        <img class="preview" src=picked.preview alt="Your photo" />
                        <span class="drop-words">
                            <b class="file-name">{picked.name}</b>
                            <span class="hint">{format!("{:.1} MB. Click to choose another", (picked.size as f64 / 1_048_576.0).max(0.1))}</span>
                        </span>
                    }
                    .into_any(),
                    None => view! {
                        <svg class="drop-sign" viewBox="0 0 48 48" width="56" height="56" aria-hidden="true">
                            <path d="M6 16v-5a5 5 0 0 1 5-5h5M32 6h5a5 5 0 0 1 5 5v5M42 32v5a5 5 0 0 1-5 5h-5M16 42h-5a5 5 0 0 1-5-5v-5" />
                            <path d="M19 19.5v2M29 19.5v2M18 29c3.600 3.400 8.400 3.400 12 0" />
                        </svg>
                        <span class="drop-words">
                            <b>
                                <span class="drop-or">"Drop a photo, paste it, or "</span>
                                <span class="link">"choose a file"</span>
                            </b>
                        </span>
                    }
                    .into_any(),
                }}
                <span class="hint" id="file-hint">
                    {format!("JPEG, PNG, WebP or GIF, up to {limit} MB")}
                </span>
            </label>
            <label class="field">
                <span>"Why are you searching?"</span>
                <textarea
                    name="purpose"
                    rows="2"
                    maxlength="500"
                    required=true
                    node_ref=purpose
                    placeholder="For example: sorting our family archive"
                ></textarea>
                <span class="hint">"Kept with the search, in your words."</span>
            </label>
            <label class="tick consent">
                <input type="checkbox" name="consent" value="true" required=true node_ref=consent />
                <span>
                    "The search is lawful and the person in the photo agreed to it, or I have another legal ground."
                    <span class="hint">"Faces are biometric data. Without this no search is made."</span>
                </span>
            </label>
            <Options health=health face=face />
            <p class="problem" role="alert">
                {problem}
            </p>
            <button class="button primary" type="submit" disabled=sending>
                {move || if sending.get() { "Sending your photo…" } else { "Search" }}
            </button>
        </form>
    }
}
