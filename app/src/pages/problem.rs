//! Pages for what is not there: unknown, erased, or out of reach.

use crate::{
    api::{ErrorDetail, RequestState, StatusReport},
    parts::{Notice, titled},
    text,
};
use leptos::prelude::*;

#[component]
fn NewSearch() -> impl IntoView {
    view! {
        <p>
            <a class="button primary" href="/" rel="external">
                "New search"
            </a>
        </p>
    }
}

/// No page has this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    titled(|| "Not found".to_owned());
    view! {
        <Notice title="There is no page here" sentence="The address may be mistyped, or cut off where it was copied from.">
            <NewSearch />
        </Notice>
    }
}

/// The request is erased or past its time.
#[component]
pub fn Erased() -> impl IntoView {
    titled(|| "Erased".to_owned());
    view! {
        <Notice
            tone="calm"
            title="This search is erased"
            sentence="It was erased on demand or reached the end of its time. The photo, the face vectors, the crops and the results are gone from this server."
        >
            <NewSearch />
        </Notice>
    }
}

/// The request cannot be shown.
#[component]
pub fn Unreadable(error: ErrorDetail) -> impl IntoView {
    match text::page_status(&error) {
        410 => view! { <Erased /> }.into_any(),
        404 => {
            titled(|| "Not found".to_owned());
            view! {
                <Notice title="No search has this address" sentence="Check that the whole address was copied. Searches are forgotten after a while, too.">
                    <NewSearch />
                </Notice>
            }
            .into_any()
        }
        _ => {
            titled(|| "Out of reach".to_owned());
            view! {
                <Notice title="The search cannot be shown right now" sentence=error.message>
                    <p class="hint">"Reload this page in a moment. Nothing is lost: searches are stored."</p>
                </Notice>
            }
            .into_any()
        }
    }
}

/// The request ran and failed: why, and what helps.
#[component]
pub fn Failed(error: Option<ErrorDetail>, report: StatusReport) -> impl IntoView {
    debug_assert_eq!(report.status, RequestState::Failed);
    let code = error.as_ref().map(|error| error.code.clone()).unwrap_or_default();
    let sentence = error.map_or_else(|| "The server gave no reason.".to_owned(), |error| error.message);
    let title = match code.as_str() {
        "no_face" => "No face found in your photo",
        "low_quality" => "The face in your photo is too poor",
        _ => "The search failed",
    };
    let another_photo_helps = matches!(code.as_str(), "no_face" | "low_quality");
    view! {
        <Notice title=title sentence=sentence>
            {another_photo_helps
                .then(|| {
                    view! {
                        <ul class="tips">
                            <li>"Use a photo where the face is turned to the camera and at least 40 pixels wide."</li>
                            <li>"Avoid strong backlight, sunglasses and heavy blur."</li>
                            <li>"Crop away what is far from the person."</li>
                        </ul>
                    }
                })}
            <p>
                <a class="button primary" href="/" rel="external">
                    "Try another photo"
                </a>
            </p>
            <p class="hint">{format!("Code: {code}. Asked {}.", text::moment(&report.created_at))}</p>
        </Notice>
    }
}
