//! How good a face is to compare: a bar, a number, and what speaks against it in words.

use crate::{api::QualityReport, number::fixed, quality, words::say};
use leptos::prelude::*;

/// The bar turns where the first reason begins.
#[component]
pub fn Quality(report: QualityReport) -> impl IntoView {
    let overall = fixed(report.overall.clamp(0.0, 1.0), 2);
    view! {
        <span class="quality" class:poor=!report.reasons.is_empty()>
            <meter min="0" max="1" low="0.5" optimum="1" value=overall aria-label=say!(quality_bar)></meter>
            <span>{say!(quality_quality, summary = quality::summary(&report))}</span>
        </span>
    }
}
