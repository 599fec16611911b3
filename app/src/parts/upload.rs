//! The upload card: a plain form that works without JavaScript, and with it previews, checks and sends the photos.

use super::{pick::Pick, upload_options::Options};
use crate::{
    api::{ErrorDetail, Health},
    browser,
    picture::Picked,
    text,
    words::say,
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};

#[component]
pub fn Upload(health: Option<Health>, problem: Option<ErrorDetail>, face: Option<usize>) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let purpose = NodeRef::<html::Textarea>::new();
    let consent = NodeRef::<html::Input>::new();
    let address = NodeRef::<html::Input>::new();
    let picked = RwSignal::new(Vec::<Picked>::new());
    // The service is full for now: nothing is wrong with what was given.
    let busy = RwSignal::new(problem.as_ref().is_some_and(|problem| passes(&problem.code)));
    let problem = RwSignal::new(problem.as_ref().map(text::refusal));
    let sending = RwSignal::new(false);
    let hydrated = RwSignal::new(false);

    // From here on the page's own sentences replace the browser's.
    Effect::new(move |_| {
        hydrated.set(true);
        browser::mark_hydrated();
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        let words = purpose.get_untracked().map(|field| field.value()).unwrap_or_default();
        let agreed = consent.get_untracked().is_some_and(|field| field.checked());
        let stands_at = address.get_untracked().map(|field| field.value()).unwrap_or_default();
        let stands_at = stands_at.trim();
        let missing = if picked.with_untracked(Vec::is_empty) && stands_at.is_empty() {
            Some(say!(upload_no_photo))
        } else if !stands_at.is_empty() && text::web_address(stands_at).is_none() {
            Some(say!(given_bad_address))
        } else if words.trim().is_empty() {
            Some(say!(upload_no_purpose))
        } else if !agreed {
            Some(say!(upload_no_consent))
        } else {
            None
        };
        let ready = missing.is_none();
        problem.set(missing);
        busy.set(false);
        let (true, Some(form)) = (ready, form.get_untracked()) else { return };
        sending.set(true);
        spawn_local(async move {
            match browser::send(form).await {
                // The button stays busy until the next page is there.
                Ok(accepted) => browser::go(&accepted.links.page),
                Err(error) => {
                    sending.set(false);
                    busy.set(passes(&error.code));
                    problem.set(Some(text::refusal(&error)));
                }
            }
        });
    };
    view! {
        <form
            class="upload"
            action="/match"
            method="post"
            enctype="multipart/form-data"
            novalidate=hydrated
            node_ref=form
            on:submit=submit
            aria-label=say!(upload_form)
        >
            <Pick picked=picked problem=problem address=address />
            <label class="field">
                <span>{say!(upload_why)}</span>
                <textarea
                    name="purpose"
                    rows="2"
                    maxlength="500"
                    required=true
                    node_ref=purpose
                    placeholder=say!(upload_why_example)
                ></textarea>
                <span class="hint">{say!(upload_why_kept)}</span>
            </label>
            <label class="tick consent">
                <input type="checkbox" name="consent" value="true" required=true node_ref=consent />
                <span>
                    {say!(upload_consent)}
                    <span class="hint">{say!(upload_consent_why)}</span>
                </span>
            </label>
            <Options health=health face=face />
            <p class="problem" class:busy=busy role="alert">
                {problem}
            </p>
            <button class="button primary" type="submit" disabled=sending>
                {move || match (sending.get(), busy.get()) {
                    (true, _) => text::sending(picked.with(Vec::len)),
                    (false, true) => say!(given_again),
                    (false, false) => say!(upload_search),
                }}
            </button>
        </form>
    }
}

/// A refusal that says nothing against the search, but that the service has no room for it just now.
fn passes(code: &str) -> bool {
    matches!(code, "queue_full" | "uploads_full" | "rate_limited" | "storage_unavailable")
}
