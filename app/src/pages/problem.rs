//! What a search that failed shows in place of its result. Pages for what is not there are the server's alone (`alone/problem.rs`).

use crate::{
    api::{ErrorDetail, RequestState, StatusReport},
    parts::Notice,
    text,
    words::say,
};
use leptos::prelude::*;

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
