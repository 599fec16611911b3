//! Addresses to pass on: with one press into the clipboard, or, where the browser does not allow that, by hand.

use crate::{
    browser,
    words::{in_language, say},
};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How long a button says that it has done its work.
const SAID: Duration = Duration::from_secs(2);

/// Copies the page's own address, filters and all: whoever opens it reads it in their own language.
#[component]
pub fn CopyLink() -> impl IntoView {
    let copied = RwSignal::new(false);
    let label = move || if copied.get() { say!(request_copied) } else { say!(request_copy) };
    let by_hand = RwSignal::new(None::<String>);
    let copy = move |_| {
        spawn_local(async move {
            let address = in_language(&browser::address(), None);
            if browser::copy(address.clone()).await {
                say_copied(copied);
            } else {
                by_hand.set(Some(address));
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

/// A text that is there to be copied.
#[component]
pub fn CopyText(label: String, text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let words = move || if copied.get() { say!(request_copied) } else { say!(tools_copy) };
    let shown = text.clone();
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            if browser::copy(text).await {
                say_copied(copied);
            }
        });
    };
    view! {
        <span class="copy">
            <input class="address" readonly=true aria-label=label value=shown />
            <button class="button" type="button" on:click=copy>
                <span aria-live="polite">{words}</span>
            </button>
        </span>
    }
}

fn say_copied(copied: RwSignal<bool>) {
    copied.set(true);
    set_timeout(move || copied.set(false), SAID);
}
