//! What can be done with a request: pass its address on, and erase it.

use crate::{
    browser, text,
    words::{in_language, say},
};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// Copies the page's address; where the browser does not allow that, shows it to be copied by hand.
#[component]
pub fn CopyLink() -> impl IntoView {
    let copied = RwSignal::new(false);
    let label = move || if copied.get() { say!(request_copied) } else { say!(request_copy) };
    let by_hand = RwSignal::new(None::<String>);
    let copy = move |_| {
        spawn_local(async move {
            if browser::copy_address().await {
                copied.set(true);
                set_timeout(move || copied.set(false), Duration::from_secs(2));
            } else {
                by_hand.set(Some(in_language(&browser::address(), None)));
            }
        });
    };
    view! {
        <span class="copy needs-script">
            <button class="button quiet" type="button" on:click=copy>
                <span aria-live="polite">{label}</span>
            </button>
            {move || by_hand.get().map(|address| view! { <input class="address" readonly=true aria-label=say!(request_address) value=address /> })}
        </span>
    }
}

/// Erases the request after a clear question.
#[component]
pub fn Erase(id: String) -> impl IntoView {
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let shown_id = id.clone();
    let erase = move |_| {
        let id = id.clone();
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match browser::erase(id).await {
                // The address stays: the server now says there that nothing is left.
                Ok(()) => browser::reload(),
                Err(error) => {
                    busy.set(false);
                    problem.set(Some(text::refusal(&error)));
                }
            }
        });
    };
    view! {
        <button class="button quiet danger" type="button" popovertarget="erase">
            {say!(request_erase)}
        </button>
        <div class="opened question" id="erase" popover="auto" role="alertdialog" aria-labelledby="erase-heading" aria-describedby="erase-words">
            <h2 id="erase-heading">{say!(request_erase_question)}</h2>
            <p id="erase-words">
                {say!(request_erase_what)}
            </p>
            <p class="problem" role="alert">
                {problem}
            </p>
            <div class="answers needs-script">
                <button class="button quiet" type="button" popovertarget="erase" popovertargetaction="hide" autofocus=true>
                    {say!(request_erase_keep)}
                </button>
                <button class="button danger" type="button" on:click=erase disabled=busy>
                    {move || if busy.get() { say!(request_erasing) } else { say!(request_erase_all) }}
                </button>
            </div>
            <p class="without-script hint">
                {say!(request_erase_script)} " "
                <code>{format!("DELETE /requests/{shown_id}")}</code>
            </p>
        </div>
    }
}
