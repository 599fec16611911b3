//! Pages for what is not there: unknown, erased, or out of reach.

use crate::{
    api::{ErrorDetail, RequestState, StatusReport},
    parts::Notice,
    read, text,
    words::say,
};
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
fn NewSearch() -> impl IntoView {
    view! {
        <p>
            <a class="button primary" href="/" rel="external">
                {say!("shell.new_search")}
            </a>
        </p>
    }
}

/// No page has this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    read::not_found();
    view! {
        <Title text=say!("problem.not_found") />
        <Notice title=say!("problem.no_page") sentence=say!("problem.no_page_why")>
            <NewSearch />
        </Notice>
    }
}

/// The request is erased or past its time.
#[component]
pub fn Erased() -> impl IntoView {
    view! {
        <Title text=say!("problem.erased") />
        <Notice
            tone="calm"
            title=say!("problem.erased_title")
            sentence=say!("problem.erased_why")
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
        404 => view! {
            <Title text=say!("problem.not_found") />
            <Notice title=say!("problem.no_search") sentence=say!("problem.no_search_why")>
                <NewSearch />
            </Notice>
        }
        .into_any(),
        _ => view! {
            <Title text=say!("problem.out_of_reach") />
            <Notice title=say!("problem.out_of_reach_title") sentence=text::refusal(&error)>
                <p class="hint">{say!("problem.out_of_reach_help")}</p>
            </Notice>
        }
        .into_any(),
    }
}

/// The request ran and failed: why, and what helps.
#[component]
pub fn Failed(error: Option<ErrorDetail>, report: StatusReport) -> impl IntoView {
    debug_assert_eq!(report.status, RequestState::Failed);
    let code = error.as_ref().map(|error| error.code.clone()).unwrap_or_default();
    let sentence = error.as_ref().map_or_else(|| say!("problem.no_reason"), text::refusal);
    let title = match code.as_str() {
        "no_face" => say!("problem.no_face"),
        "low_quality" => say!("problem.low_quality"),
        _ => say!("problem.failed"),
    };
    let another_photo_helps = matches!(code.as_str(), "no_face" | "low_quality");
    view! {
        <Notice title=title sentence=sentence>
            {another_photo_helps
                .then(|| {
                    view! {
                        <ul class="tips">
                            <li>{say!("problem.tip_turned")}</li>
                            <li>{say!("problem.tip_light")}</li>
                            <li>{say!("problem.tip_crop")}</li>
                        </ul>
                    }
                })}
            <p>
                <a class="button primary" href="/" rel="external">
                    {say!("problem.another_photo")}
                </a>
            </p>
            <p class="hint">{say!("problem.code", code = code, asked = text::moment(&report.created_at))}</p>
        </Notice>
    }
}
