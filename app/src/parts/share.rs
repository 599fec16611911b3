//! A link that shows the result to others and lets them do nothing with it: made for a time, told once, ended at will.

use super::tools::CopyText;
use crate::{
    api::{RequestState, ShareReport},
    browser,
    live::Live,
    text,
    words::say,
};
use leptos::{prelude::*, task::spawn_local};

const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;

/// How the link stands, as far as this page knows: one that was made before is told nowhere again.
#[derive(Clone, PartialEq)]
enum Link {
    Unknown,
    Open(ShareReport),
    Ended,
    /// There was none to end.
    None,
}

#[component]
pub fn Share(live: Live, id: String) -> impl IntoView {
    let link = RwSignal::new(Link::Unknown);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let seconds = RwSignal::new(7 * DAY);
    let id = StoredValue::new(id);
    let completed = move || live.state.get() == RequestState::Completed;
    let times = [(HOUR, say!(tools_hour)), (DAY, say!(tools_day)), (7 * DAY, say!(tools_week)), (30 * DAY, say!(tools_month))];
    let forgotten = live.report.with_value(|report| text::day(&report.expires_at));
    let make = move |_| {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match browser::share(id.get_value(), seconds.get_untracked()).await {
                Ok(made) => link.set(Link::Open(made)),
                Err(error) => problem.set(Some(text::refusal(&error))),
            }
            busy.set(false);
        });
    };
    let end = move |_| {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match browser::unshare(id.get_value()).await {
                Ok(()) => link.set(Link::Ended),
                Err(error) if error.code == "not_shared" => link.set(Link::None),
                Err(error) => problem.set(Some(text::refusal(&error))),
            }
            busy.set(false);
        });
    };
    let state = move || match link.get() {
        Link::Unknown => String::new(),
        Link::Open(made) => say!(tools_share_made, until = text::moment(&made.expires_at)),
        Link::Ended => say!(tools_share_ended),
        Link::None => say!(tools_share_none),
    };
    let address = move || match link.get() {
        Link::Open(made) => Some([browser::origin(), made.url].concat()),
        _ => None,
    };
    view! {
        <button class="button quiet" type="button" popovertarget="share" hidden=move || live.state.get().is_final() && !completed()>
            {say!(tools_share)}
        </button>
        <div class="opened question" id="share" popover="auto" role="dialog" aria-labelledby="share-heading">
            <h2 id="share-heading">{say!(tools_share_title)}</h2>
            <p>{say!(tools_share_what)}</p>
            <p class="hint">{say!(tools_share_rules, day = forgotten)}</p>
            <p class="problem" role="alert">
                {problem}
            </p>
            <p class="share-state" role="status">{state}</p>
            {move || address().map(|address| view! { <CopyText label=say!(tools_share_address) text=address /> })}
            <div class="share-make needs-script">
                <label class="field">
                    <span>{say!(tools_share_for)}</span>
                    <select on:change=move |event| seconds.set(event_target_value(&event).parse().unwrap_or(7 * DAY))>
                        {times
                            .map(|(time, words)| view! { <option value=time.to_string() selected=time == 7 * DAY>{words}</option> })
                            .collect_view()}
                    </select>
                </label>
                <button class="button primary" type="button" on:click=make disabled=move || busy.get() || !completed()>
                    {move || if matches!(link.get(), Link::Open(_)) { say!(tools_share_again) } else { say!(tools_share_make) }}
                </button>
            </div>
            <Show when=move || !completed()>
                <p class="hint">{say!(tools_share_later)}</p>
            </Show>
            <div class="answers needs-script">
                <button class="button quiet danger" type="button" on:click=end disabled=busy>
                    {say!(tools_share_end)}
                </button>
                <button class="button quiet" type="button" popovertarget="share" popovertargetaction="hide" autofocus=true>
                    {say!(opened_close)}
                </button>
            </div>
            <p class="without-script hint">
                {say!(tools_share_script)} " "
                <code>{["POST /requests/", &id.get_value(), "/share"].concat()}</code>
            </p>
        </div>
    }
}
