//! Pages for what is not there: unknown, erased, or out of reach.

use crate::{
    api::{ErrorDetail, RequestState, StatusReport},
    parts::{Notice, titled},
    text,
    words::say,
};
use leptos::prelude::*;

#[component]
fn NewSearch() -> impl IntoView {
    view! {
        <p>
            <a class="button primary" href="/" rel="external">
                {say!(shell_new_search)}
            </a>
        </p>
    }
}

/// No page has this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    titled(|| say!(problem_not_found));
    view! {
        <Notice title=say!(problem_no_page) sentence=say!(problem_no_page_why)>
            <NewSearch />
        </Notice>
    }
}

/// The request is erased or past its time.
#[component]
pub fn Erased() -> impl IntoView {
    titled(|| say!(problem_erased));
    view! {
        <Notice
            tone="calm"
            title=say!(problem_erased_title)
            sentence=say!(problem_erased_why)
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
            titled(|| say!(problem_not_found));
            view! {
                <Notice title=say!(problem_no_search) sentence=say!(problem_no_search_why)>
                    <NewSearch />
                </Notice>
            }
            .into_any()
        }
        _ => {
            titled(|| say!(problem_out_of_reach));
            view! {
                <Notice title=say!(problem_out_of_reach_title) sentence=text::refusal(&error)>
                    <p class="hint">{say!(problem_out_of_reach_help)}</p>
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
    let sentence = error.as_ref().map_or_else(|| say!(problem_no_reason), text::refusal);
    let title = match code.as_str() {
        "no_face" => say!(problem_no_face),
        "low_quality" => say!(problem_low_quality),
        _ => say!(problem_failed),
    };
    let another_photo_helps = matches!(code.as_str(), "no_face" | "low_quality");
    view! {
        <Notice title=title sentence=sentence>
            {another_photo_helps
                .then(|| {
                    view! {
                        <ul class="tips">
                            <li>{say!(problem_tip_turned)}</li>
                            <li>{say!(problem_tip_light)}</li>
                            <li>{say!(problem_tip_crop)}</li>
                        </ul>
                    }
                })}
            <p>
                <a class="button primary" href="/" rel="external">
                    {say!(problem_another_photo)}
                </a>
            </p>
            <p class="hint">{say!(problem_code, code = code, asked = text::moment(&report.created_at))}</p>
        </Notice>
    }
}
