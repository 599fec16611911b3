//! Which keys move through the faces, and a way to do without the letters among them.

use crate::{browser, words::say};
use leptos::prelude::*;

/// The panel; whatever opens it names `keys`.
#[component]
pub fn Keys() -> impl IntoView {
    let letters = RwSignal::new(true);
    Effect::new(move |_| letters.set(browser::letters()));
    let keys = [
        ("← →", "j k", say!(tools_key_next)),
        ("↑ ↓", "", say!(tools_key_row)),
        ("Enter", "", say!(tools_key_open)),
        ("← →", "j k", say!(tools_key_turn)),
        ("Esc", "", say!(tools_key_close)),
        ("", "?", say!(tools_key_keys)),
    ];
    let row = |(named, letter, does): (&'static str, &'static str, String)| {
        let shown =
            |keys: &'static str| keys.split(' ').filter(|key| !key.is_empty()).map(|key| view! { <kbd>{key}</kbd> " " }).collect_view();
        view! { <div><dt>{shown(named)} {shown(letter)}</dt><dd>{does}</dd></div> }
    };
    view! {
        <div class="opened question" id="keys" popover="auto" role="dialog" aria-labelledby="keys-heading">
            <h2 id="keys-heading">{say!(tools_keys)}</h2>
            <dl class="keys">{keys.map(row).collect_view()}</dl>
            <label class="tick">
                <input
                    type="checkbox"
                    checked=true
                    prop:checked=letters
                    on:change=move |event| {
                        letters.set(event_target_checked(&event));
                        browser::set_letters(letters.get_untracked());
                    }
                />
                <span>
                    {say!(tools_letters)}
                    <span class="hint">{say!(tools_letters_why)}</span>
                </span>
            </label>
            <div class="answers">
                <button class="button" type="button" popovertarget="keys" popovertargetaction="hide" autofocus=true>
                    {say!(opened_close)}
                </button>
            </div>
        </div>
    }
}
