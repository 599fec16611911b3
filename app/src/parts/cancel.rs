//! Stopping a search that waits or runs. There is nothing half done that is kept: to cancel is to stop and erase, and the page says so.

use super::Notice;
use crate::{live::Live, words::say};
use leptos::{ev::SubmitEvent, prelude::*};

/// A plain form; with JavaScript the page stays.
#[component]
pub fn Cancel(live: Live) -> impl IntoView {
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let action = live.report.with_value(|report| [&report.links.page, "/erase"].concat());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !busy.get_untracked() {
            live.cancel(busy, problem);
        }
    };
    view! {
        <form class="cancel" action=action method="post" on:submit=submit>
            <button class="button quiet danger" type="submit" disabled=busy aria-describedby="cancel-words">
                {move || if busy.get() { say!(cancel_doing) } else { say!(cancel_do) }}
            </button>
            <p class="hint" id="cancel-words">{say!(cancel_how)}</p>
            <p class="problem" role="alert">
                {problem}
            </p>
        </form>
    }
}

/// What is left of the page then.
#[component]
pub fn Cancelled() -> impl IntoView {
    view! {
        <Notice tone="calm" title=say!(cancel_title) sentence=say!(cancel_done)>
            <p>
                <a class="button primary" href="/" rel="external">
                    {say!(shell_new_search)}
                </a>
            </p>
        </Notice>
    }
}
