//! `/requests/{id}`: the search as it runs and its result. The server renders what is known; the browser follows.

use super::problem::Failed;
use crate::{
    api::{MatchStatus, RequestState},
    browser,
    live::Live,
    parts::{Announce, Cancelled, CopyLink, Erase, Export, Gallery, How, Missing, Probe, Progress, Share, WhichFace, titled},
    read::RequestData,
    text,
    words::say,
};
use leptos::prelude::*;

#[component]
pub fn RequestPage(data: RequestData) -> impl IntoView {
    let RequestData { report, health } = data;
    let id = report.request_id.clone();
    let running_at_first = !report.status.is_final();
    let live = Live::new(report, health.thresholds);
    let unasked: Vec<_> = health.providers.into_iter().filter(|provider| !provider.configured).collect();
    Effect::new(move |_| {
        browser::mark_hydrated();
        live.follow();
    });

    let headline = Memo::new(move |_| match live.state.get() {
        RequestState::Completed => text::outcome(live.count(MatchStatus::Match), live.count(MatchStatus::Possible)),
        RequestState::Queued => say!(request_waiting),
        _ => say!(request_searching),
    });
    let pill = move || format!("pill {}", live.state.get());
    let failed = move || live.state.get() == RequestState::Failed;
    let seconds = move || {
        live.result
            .with(|result| result.as_ref().map(|result| format!(" {}", say!(request_in_time, time = text::duration(result.time_taken)))))
    };
    titled(move || match (live.cancelled.get(), failed()) {
        (true, _) => say!(cancel_title),
        (false, true) => say!(request_failed),
        (false, false) => headline.get(),
    });
    view! {
        // Without JavaScript the page asks again by itself. (As raw markup: with JavaScript a browser parses the
        // inside of noscript as text, which could not be taken over.)
        {running_at_first.then(|| view! { <noscript inner_html="<meta http-equiv=\"refresh\" content=\"2\">"></noscript> })}
        <Show when=move || live.cancelled.get()>
            <Cancelled />
        </Show>
        <div class="request" hidden=move || live.cancelled.get()>
            <div class="request-top">
                <p class=pill>{move || text::state(live.state.get())}</p>
                <div class="tools">
                    <CopyLink />
                    <Share live=live id=id.clone() />
                    <Export live=live id=id.clone() />
                    <Erase id=id />
                </div>
            </div>
            <Show
                when=failed
                fallback=move || {
                    view! {
                        <h1>{headline}</h1>
                        <Announce live=live headline=headline />
                        <p class="lead numbers">{move || text::progress(&live.counts.get())} {seconds}</p>
                        <Progress live=live />
                        <Missing live=live unasked=unasked.clone() />
                        <WhichFace live=live />
                        <div class="board">
                            <Probe live=live />
                            <Gallery live=live />
                        </div>
                        <How live=live />
                    }
                }
            >
                {move || {
                    view! { <Failed error=live.error.get() report=live.report.get_value() /> }
                }}
            </Show>
        </div>
    }
}
