//! The other ways to give a photo: the camera of a phone, and an address on the web. Both work without JavaScript too.

use crate::{api::PICTURE_TYPES, browser, words::say};
use leptos::{html, prelude::*};

/// `input` holds the files of the form, `address` is the field of the address. `look` is called after a shot has come into `input`.
#[component]
pub fn OtherWays(input: NodeRef<html::Input>, address: NodeRef<html::Input>, look: impl Fn() + Copy + 'static) -> impl IntoView {
    let camera = NodeRef::<html::Input>::new();
    let shot = move |_| {
        if let (Some(camera), Some(input)) = (camera.get_untracked(), input.get_untracked()) {
            browser::move_files(&camera, &input);
            look();
        }
    };
    view! {
        // Seen where there are fingers: elsewhere it would open the same dialog as the box above.
        <label class="button quiet camera">
            <input type="file" name="image" accept=PICTURE_TYPES capture="environment" node_ref=camera on:change=shot />
            {say!(given_camera)}
        </label>
        <label class="field">
            <span>{say!(given_address)}</span>
            <input
                name="image_url"
                type="url"
                inputmode="url"
                maxlength="2048"
                autocomplete="off"
                spellcheck="false"
                placeholder=say!(given_address_example)
                node_ref=address
            />
            <span class="hint">{say!(given_address_hint)}</span>
        </label>
    }
}
