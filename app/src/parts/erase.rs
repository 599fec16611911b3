//! Erasing a request, after a question that says what goes.

use crate::{browser, text, words::say};
use leptos::{prelude::*, task::spawn_local};

/// The safe answer has the focus.
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
            <div id="erase-words">
                <p>{say!(request_erase_what)}</p>
                <ul>
                    <li>{say!(tools_erase_photo)}</li>
                    <li>{say!(tools_erase_result)}</li>
                    <li>{say!(tools_erase_links)}</li>
                </ul>
                <p>{say!(tools_erase_final)}</p>
            </div>
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
                <code>{["DELETE /requests/", &shown_id].concat()}</code>
            </p>
        </div>
    }
}
