//! `/dashboard`: the queue, what computes, who is asked, the pools, and how fast searches were. Whoever may open the page may see all
//! of it, so it holds nothing of a person: no photo, no purpose, and no request's id, since whoever knows that may erase the request.

use super::{chart, frame::Page, pools::state_words};
use crate::{
    api::{Health, PoolReport, RequestState},
    parts::BROUGHT,
    text,
    words::{count, say},
};
use leptos::prelude::*;
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

fn charts(buckets: &[Bucket], window: Window, cut: Option<u64>) -> AnyView {
    let choice = |other: Window| {
        let address = format!("/dashboard?window={}", other.name());
        view! { <a href=address aria-current=(other == window).then_some("true")>{other.words()}</a> }
    };
    let (completed, failed): (u64, u64) = buckets.iter().fold((0, 0), |(c, f), bucket| (c + bucket.completed, f + bucket.failed));
    let counts: Vec<(u64, u64)> = buckets.iter().map(|bucket| (bucket.completed, bucket.failed)).collect();
    let most = counts.iter().map(|(completed, failed)| completed + failed).max().unwrap_or(0);
    let top = chart::top(most as f64, 1.0);
    let drawn = chart::stacked(&counts, top, say!(dashboard_throughput_is, completed = completed, failed = failed));
    let many = frame(
        ("throughput", say!(dashboard_throughput)),
        drawn,
        (format!("{top:.0}"), window),
        buckets,
        &[("first", text::state(RequestState::Completed)), ("second", text::state(RequestState::Failed))],
        |bucket| [bucket.completed.to_string(), bucket.failed.to_string()],
    );

    let spans: Vec<Option<(f64, f64)>> = buckets.iter().map(|bucket| bucket.median.zip(bucket.slowest)).collect();
    let longest = spans.iter().flatten().map(|(_, slowest)| *slowest).fold(0.0, f64::max);
    let top = chart::top(longest, 0.1);
    let drawn = chart::spans(
        &spans,
        top,
        if longest > 0.0 { say!(dashboard_latency_is, most = text::duration(longest)) } else { say!(dashboard_nothing) },
    );
    let seconds = |value: Option<f64>| value.map_or_else(|| say!(dashboard_none), text::duration);
    let long = frame(
        ("latency", say!(dashboard_latency)),
        drawn,
        (text::duration(top), window),
        buckets,
        &[("mark", say!(dashboard_median)), ("span", say!(dashboard_slowest))],
        |bucket| [seconds(bucket.median), seconds(bucket.slowest)],
    );
    view! {
        <section aria-labelledby="charts-heading">
            <div class="page-top">
                <h2 id="charts-heading">{say!(dashboard_speed)}</h2>
                <nav class="windows" aria-label=say!(dashboard_window)>
                    {Window::ALL.map(choice)}
                </nav>
            </div>
            {cut.map(|n| view! { <p class="hint">{say!(dashboard_cut, n = n)}</p> })}
            <div class="halves">{many} {long}</div>
        </section>
    }
    .into_any()
}

/// A chart with its axes' words, what its colours mean, and its numbers as a table.
fn frame(
    (id, title): (&'static str, String),
    drawing: AnyView,
    (top, window): (String, Window),
    buckets: &[Bucket],
    columns: &[(&'static str, String)],
    numbers: impl Fn(&Bucket) -> [String; 2],
) -> AnyView {
    let step = |bucket: &Bucket| if window == Window::Week { text::day(&bucket.from) } else { clock(&bucket.from) };
    let (first, middle) = (buckets.first().map(step), buckets.get(buckets.len() / 2).map(step));
    let legend = |(class, words): &(&'static str, String)| view! { <li><span class=format!("swatch {class}")></span> {words.clone()}</li> };
    let row = |bucket: &Bucket| {
        view! {
            <tr>
                <th scope="row">{text::moment(&bucket.from)}</th>
                {numbers(bucket).map(|number| view! { <td>{number}</td> })}
            </tr>
        }
    };
    view! {
        <figure class="chart">
            <figcaption>
                <h3>{title.clone()}</h3>
                <ul class="legend">{columns.iter().map(legend).collect_view()}</ul>
            </figcaption>
            <div class="plot">
                <span class="axis-y" aria-hidden="true"><span>{top}</span><span>"0"</span></span>
                {drawing}
                <span class="axis-x" aria-hidden="true">
                    <span>{first}</span>
                    <span>{middle}</span>
                    <span>{say!(dashboard_now)}</span>
                </span>
            </div>
            <details class="more" id=format!("{id}-table")>
                <summary>{say!(dashboard_as_table)}</summary>
                <div class="scroll" tabindex="0" role="group" aria-label=title.clone()>
                    <table>
                        <caption class="unseen">{title.clone()}</caption>
                        <thead>
                            <tr>
                                <th scope="col">{say!(dashboard_from)}</th>
                                {columns.iter().map(|(_, words)| view! { <th scope="col">{words.clone()}</th> }).collect_view()}
                            </tr>
                        </thead>
                        <tbody>{buckets.iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            </details>
        </figure>
    }
    .into_any()
}

fn stage_times(stages: &[StageTime]) -> AnyView {
    let mean = |stage: &StageTime| if stage.count == 0 { 0.0 } else { stage.seconds / stage.count as f64 };
    let longest = stages.iter().map(mean).fold(0.0, f64::max);
    let row = |stage: &StageTime| {
        let width = if longest > 0.0 { format!("{:.1}", mean(stage) / longest * 100.0) } else { "0".to_owned() };
        view! {
            <tr>
                <th scope="row">{text::stage(&stage.name)}</th>
                <td>
                    {text::duration(mean(stage))}
                    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                        <rect class="first" width=width height="4" />
                    </svg>
                </td>
                <td>{stage.count}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="stages-heading">
            <h2 id="stages-heading">{say!(dashboard_stages)}</h2>
            <p class="hint">{say!(dashboard_stages_are)}</p>
            {if stages.is_empty() {
                view! { <p>{say!(dashboard_nothing)}</p> }.into_any()
            } else {
                view! {
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{say!(dashboard_stage)}</th>
                                <th scope="col">{say!(dashboard_mean)}</th>
                                <th scope="col">{say!(dashboard_searches)}</th>
                            </tr>
                        </thead>
                        <tbody>{stages.iter().map(row).collect_view()}</tbody>
                    </table>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}

fn newest(newest: Option<Vec<Newest>>) -> Option<AnyView> {
    let row = |search: Newest| {
        view! {
            <tr>
                <th scope="row">{text::moment(&search.created_at)}</th>
                <td><span class=format!("dot {}", search.state)></span> {text::state(search.state)}</td>
                <td>{search.seconds.map_or_else(|| say!(dashboard_none), text::duration)}</td>
            </tr>
        }
    };
    newest.map(|newest| {
        view! {
            <section aria-labelledby="newest-heading">
                <h2 id="newest-heading">{say!(dashboard_newest)}</h2>
                <p class="hint">{say!(dashboard_no_ids)}</p>
                {if newest.is_empty() {
                    view! { <p>{say!(dashboard_nothing)}</p> }.into_any()
                } else {
                    view! {
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">{say!(dashboard_asked)}</th>
                                    <th scope="col">{say!(dashboard_state)}</th>
                                    <th scope="col">{say!(dashboard_took)}</th>
                                </tr>
                            </thead>
                            <tbody>{newest.into_iter().map(row).collect_view()}</tbody>
                        </table>
                    }
                    .into_any()
                }}
            </section>
        }
        .into_any()
    })
}

fn engine(health: &Health) -> AnyView {
    let reached = |state: &str| if state == "ok" { say!(dashboard_ok) } else { say!(dashboard_not_reached) };
    let facts = [
        (say!(home_engine), text::engine(health)),
        (say!(home_models), text::packs(health)),
        (say!(how_person), health.models.person.clone()),
        (say!(how_face), health.models.face.clone()),
        (say!(how_embedding), health.models.embedding.clone()),
        (say!(how_thresholds), text::thresholds(health.thresholds)),
        (say!(dashboard_database), reached(&health.database)),
        (say!(dashboard_objects), reached(&health.objects)),
        (say!(home_version), health.version.clone()),
    ];
    let networks: Vec<_> =
        health.engine.networks.iter().map(|network| (network.model.clone(), text::duration(network.warm_up), network.max_batch)).collect();
    let row =
        |(model, warm_up, most): (String, String, u64)| view! { <tr><th scope="row">{model}</th><td>{warm_up}</td><td>{most}</td></tr> };
    view! {
        <section aria-labelledby="engine-heading">
            <h2 id="engine-heading">{say!(dashboard_engine)}</h2>
            <dl class="facts">
                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
            </dl>
            {(health.engine.stuck > 0).then(|| view! { <p class="flag">{count!(dashboard_stuck, health.engine.stuck as usize)}</p> })}
            {(!networks.is_empty())
                .then(|| {
                    view! {
                        <details class="more" id="networks">
                            <summary>{say!(dashboard_networks)}</summary>
                            <table>
                                <thead>
                                    <tr>
                                        <th scope="col">{say!(dashboard_network)}</th>
                                        <th scope="col">{say!(dashboard_warm_up)}</th>
                                        <th scope="col">{say!(dashboard_batch)}</th>
                                    </tr>
                                </thead>
                                <tbody>{networks.into_iter().map(row).collect_view()}</tbody>
                            </table>
                        </details>
                    }
                })}
        </section>
    }
    .into_any()
}

fn pools_in_short(pools: Vec<PoolReport>) -> AnyView {
    let row = |pool: PoolReport| {
        view! {
            <tr>
                <th scope="row">{pool.name}</th>
                <td>{state_words(pool.state)}</td>
                <td>{pool.pictures}</td>
                <td>{pool.faces}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="pools-heading">
            <h2 id="pools-heading">{say!(shell_pools)}</h2>
            {if pools.is_empty() {
                view! { <p>{say!(pools_none)}</p> }.into_any()
            } else {
                view! {
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{say!(pools_name)}</th>
                                <th scope="col">{say!(dashboard_state)}</th>
                                <th scope="col">{say!(pools_pictures)}</th>
                                <th scope="col">{say!(pools_faces)}</th>
                            </tr>
                        </thead>
                        <tbody>{pools.into_iter().map(row).collect_view()}</tbody>
                    </table>
                }
                .into_any()
            }}
            <p><a href="/pools">{say!(dashboard_to_pools)}</a></p>
        </section>
    }
    .into_any()
}

fn providers(health: &Health) -> AnyView {
    let row = |provider: &crate::api::ProviderReport| {
        let (note, note_language) = text::source_note(provider);
        let state = if provider.configured { say!(dashboard_ready) } else { say!(dashboard_unset) };
        let class = if provider.configured { "dot completed" } else { "dot" };
        view! {
            <tr>
                <th scope="row">{provider.name.clone()}</th>
                <td><span class=class></span> {state}</td>
                <td lang=note_language>{note}</td>
                <td>{text::sent(&provider.needs)}</td>
            </tr>
        }
    };
    let listed = health.providers.iter().filter(|provider| !BROUGHT.contains(&provider.name.as_str()));
    view! {
        <section aria-labelledby="providers-heading">
            <h2 id="providers-heading">{say!(dashboard_providers)}</h2>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="providers-heading">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{say!(dashboard_provider)}</th>
                            <th scope="col">{say!(dashboard_state)}</th>
                            <th scope="col">{say!(dashboard_note)}</th>
                            <th scope="col">{say!(dashboard_sent)}</th>
                        </tr>
                    </thead>
                    <tbody>{listed.map(row).collect_view()}</tbody>
                </table>
            </div>
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
