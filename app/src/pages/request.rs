//! `/requests/{id}`: the search as it runs and its result. The server renders what is known; the browser follows.

use super::problem::{Erased, Failed, Unreadable};
use crate::{
    api::{MatchStatus, RequestState},
    browser,
    live::Live,
    parts::{Announce, Cancelled, CopyLink, Erase, Gallery, How, Missing, Probe, Progress, WhichFace},
    read::{self, RequestData},
    text,
    words::say,
};
use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use leptos_router::hooks::use_params_map;

#[component]
pub fn RequestPage() -> impl IntoView {
    let id = use_params_map().with_untracked(|params| params.get("id").unwrap_or_default());
    let data = Resource::new_blocking(move || id.clone(), read::request);
    view! {
        <Meta name="robots" content="noindex, nofollow" />
        <Suspense fallback=|| {
            view! { <p class="hint">{say!("shell.loading")}</p> }
        }>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(data) if data.report.status == RequestState::Expired => view! { <Erased /> }.into_any(),
                    Ok(data) => view! { <Request data=data /> }.into_any(),
                    Err(error) => view! { <Unreadable error=error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Request(data: RequestData) -> impl IntoView {
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
        RequestState::Queued => say!("request.waiting"),
        _ => say!("request.searching"),
    });
    let pill = move || format!("pill {}", live.state.get());
    let failed = move || live.state.get() == RequestState::Failed;
    let seconds = move || {
        live.result
            .with(|result| result.as_ref().map(|result| format!(" {}", say!("request.in_time", time = text::duration(result.time_taken)))))
    };
    view! {
        <Title text=move || if live.cancelled.get() { say!("cancel.title") } else if failed() { say!("request.failed") } else { headline.get() } />
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
