//! `/dashboard`: the queue, what computes, who is asked, the pools, and how fast searches were. Whoever may open the page may see all
//! of it, so it holds nothing of a person: no photo, no purpose, and no request's id, since whoever knows that may erase the request.

mod charts;
mod lists;

use super::frame::Page;
use crate::{
    api::{Health, PoolReport, RequestState},
    text,
    words::{count, say},
};
use charts::charts;
use leptos::prelude::*;
use lists::{engine, newest, pools_in_short, providers, stage_times};
use std::collections::BTreeMap;

/// How far back the charts reach, and in how many steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    Hour,
    #[default]
    Day,
    Week,
}

impl Window {
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// As the address spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// Buckets, and the seconds of each.
    pub fn steps(self) -> (usize, u64) {
        match self {
            Self::Hour => (12, 300),
            Self::Day => (24, 3600),
            Self::Week => (14, 43_200),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Hour => say!(dashboard_hour),
            Self::Day => say!(dashboard_day),
            Self::Week => say!(dashboard_week),
        }
    }
}

/// The searches that were asked for in one step of the window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bucket {
    /// Its beginning, RFC 3339.
    pub from: String,
    pub completed: u64,
    pub failed: u64,
    /// Seconds from question to result, waiting included, of the completed: the median, and what 95 of 100 stay within.
    pub median: Option<f64>,
    pub slowest: Option<f64>,
}

/// One of the newest searches.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    pub state: RequestState,
    pub created_at: String,
    /// From question to end, where it has ended.
    pub seconds: Option<f64>,
}

/// How long a stage of a search took, since the process started.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTime {
    pub name: String,
    /// Seconds in all, and of how many searches.
    pub seconds: f64,
    pub count: u64,
}

#[derive(Debug, Clone)]
pub struct DashboardData {
    /// When the page was made, RFC 3339.
    pub now: String,
    pub health: Health,
    /// Searches by state; None, as below, where the database could not be asked.
    pub counts: Option<BTreeMap<String, u64>>,
    pub newest: Option<Vec<Newest>>,
    pub buckets: Option<Vec<Bucket>>,
    pub window: Window,
    /// There were more searches in the window than are counted: only the newest are.
    pub cut: Option<u64>,
    pub pools: Option<Vec<PoolReport>>,
    pub stages: Vec<StageTime>,
}

pub fn dashboard(data: DashboardData) -> Page {
    let well = data.health.status == "ok";
    let (pill, state) = if well { ("pill", say!(dashboard_well)) } else { ("pill failed", say!(dashboard_degraded)) };
    let away = data.counts.is_none().then(|| view! { <p class="lost" role="status">{say!(dashboard_away)}</p> });
    let body = view! {
        <div class="dashboard">
            <div class="page-top">
                <h1>{say!(dashboard_title)}</h1>
                <Refresh address=format!("/dashboard?window={}", data.window.name()) />
            </div>
            <div id="live" class="dashboard-live">
                <p class="standing">
                    <span class=pill>{state}</span>
                    <span class="hint">{say!(alone_as_of, moment = precise(&data.now))}</span>
                </p>
                {away}
                {text::degraded(&data.health).map(|words| view! { <p class="flag">{words}</p> })}
                {tiles(&data)}
                {data.buckets.map(|buckets| charts(&buckets, data.window, data.cut))}
                <div class="halves">
                    {stage_times(&data.stages)}
                    {newest(data.newest)}
                </div>
                <div class="halves">
                    {engine(&data.health)}
                    {data.pools.map(pools_in_short)}
                </div>
                {providers(&data.health)}
            </div>
        </div>
    };
    Page { live: true, ..Page::new(say!(dashboard_title), body.into_any()) }
}

/// The way to a new look: a link, and the button of the script.
#[component]
pub fn Refresh(address: String) -> impl IntoView {
    view! {
        <div class="refresh">
            <a class="button quiet" href=address>
                {say!(alone_refresh)}
            </a>
            <button class="button quiet toggle needs-script" type="button" id="refresh-self" aria-pressed="true">
                {say!(alone_refresh_self)}
            </button>
            <p class="lost" id="refresh-lost" role="status" hidden=true>
                {say!(alone_lost)}
            </p>
        </div>
    }
}

/// With seconds, which [`text::moment`] leaves out.
fn precise(rfc3339: &str) -> String {
    let seconds = rfc3339.get(11..19).filter(|clock| clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'));
    seconds.map_or_else(|| text::moment(rfc3339), |clock| say!(alone_clock, clock = clock))
}

fn clock(rfc3339: &str) -> String {
    rfc3339.get(11..16).unwrap_or(rfc3339).to_owned()
}

fn tiles(data: &DashboardData) -> AnyView {
    let of = |state: RequestState| data.counts.as_ref().map_or(0, |counts| counts.get(state.as_str()).copied().unwrap_or(0));
    let queue = &data.health.queue;
    let tile = |name: String, number: u64, more: Option<String>| {
        view! {
            <div class="tile">
                <dt>{name}</dt>
                <dd>
                    <b>{number}</b>
                    {more.map(|more| view! { <span class="hint">{more}</span> })}
                </dd>
            </div>
        }
    };
    if data.counts.is_none() {
        return ().into_any();
    }
    view! {
        <section aria-labelledby="queue-heading">
            <h2 id="queue-heading">{say!(dashboard_queue)}</h2>
            <dl class="tiles">
                {tile(text::state(RequestState::Queued), queue.queued, Some(say!(dashboard_room, n = queue.capacity)))}
                {tile(text::state(RequestState::Running), queue.running, Some(count!(dashboard_workers, queue.workers as usize)))}
                {tile(text::state(RequestState::Completed), of(RequestState::Completed), None)}
                {tile(text::state(RequestState::Failed), of(RequestState::Failed), None)}
                {tile(text::state(RequestState::Expired), of(RequestState::Expired), None)}
            </dl>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_the_page_is_told_to_the_second() {
        assert_eq!(precise("2026-03-01T09:05:59.123Z"), "09:05:59 UTC");
        assert_eq!(precise("soon"), "soon");
    }
}
