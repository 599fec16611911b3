//! The result to take along: what is shown as a table, everything as the API tells it, and the bundle that can be checked.

use crate::{browser, live::Live, table, words::say};
use leptos::prelude::*;

#[component]
pub fn Export(live: Live, id: String) -> impl IntoView {
    // The name says which search it was, and not what it was about.
    let name = ["face-engine-", id.split('-').next().unwrap_or_default()].concat();
    let shown = Memo::new(move |_| live.count_shown());
    let none = move || shown.get() == 0;
    let (csv_name, json_name, all_name) = ([&name, ".csv"].concat(), [&name, "-shown.json"].concat(), [&name, ".json"].concat());
    let csv = move |_| browser::download(&csv_name, "text/csv;charset=utf-8", &table::csv(&live.shown_reports()));
    let json = move |_| {
        let (reports, thresholds) = (live.shown_reports(), live.thresholds.get_untracked());
        let text = live.result.with_untracked(|result| table::json(&reports, thresholds, result.as_ref()));
        browser::download(&json_name, "application/json", &text);
    };
    let address = live.report.with_value(|report| report.links.status.clone());
    let evidence = move || live.result.with(|result| result.as_ref().and_then(|result| result.evidence.clone()));
    view! {
        <button class="button quiet" type="button" popovertarget="export">
            {say!(tools_export)}
        </button>
        <div class="opened question" id="export" popover="auto" role="dialog" aria-labelledby="export-heading">
            <h2 id="export-heading">{say!(tools_export_title)}</h2>
            <div class="exports needs-script">
                <p>{move || say!(tools_export_shown, n = shown.get())}</p>
                <button class="button" type="button" on:click=csv disabled=none>
                    {say!(tools_as_csv)}
                </button>
                <button class="button" type="button" on:click=json disabled=none>
                    {say!(tools_as_json)}
                </button>
            </div>
            <div class="exports">
                <p>{say!(tools_export_all)}</p>
                <a class="button" href=address download=all_name rel="external">
                    {say!(tools_as_json)}
                </a>
            </div>
            {move || {
                evidence()
                    .map(|evidence| {
                        view! {
                            <div class="exports">
                                <p>{say!(tools_evidence)}</p>
                                <a class="button" href=evidence.bundle download="" rel="external">
                                    {say!(tools_as_zip)}
                                </a>
                                <p class="hint manifest">{say!(tools_manifest)} " " <code>{evidence.manifest_sha256}</code></p>
                            </div>
                        }
                    })
            }}
            <div class="answers">
                <button class="button quiet" type="button" popovertarget="export" popovertargetaction="hide" autofocus=true>
                    {say!(opened_close)}
                </button>
            </div>
        </div>
    }
}
