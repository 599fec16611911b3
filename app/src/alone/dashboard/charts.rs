//! How many searches there were and how long they took, drawn and as tables.

use super::{super::chart, Bucket, Window, clock};
use crate::{api::RequestState, text, words::say};
use leptos::prelude::*;

pub fn charts(buckets: &[Bucket], window: Window, cut: Option<u64>) -> AnyView {
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
