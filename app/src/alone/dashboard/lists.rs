//! What stands on the dashboard as tables: stages, the newest searches, networks, pools, providers.

use super::{super::pools::state_words, Newest, StageTime};
use crate::{
    api::{Health, PoolReport},
    parts::BROUGHT,
    text,
    words::{count, say},
};
use leptos::prelude::*;

/// Rows under their headings.
fn table<const N: usize>(headings: [String; N], rows: impl IntoView) -> AnyView {
    view! {
        <table>
            <thead>
                <tr>{headings.map(|words| view! { <th scope="col">{words}</th> }).into_iter().collect_view()}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

pub fn stage_times(stages: &[StageTime]) -> AnyView {
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
                table([say!(dashboard_stage), say!(dashboard_mean), say!(dashboard_searches)], stages.iter().map(row).collect_view())
            }}
        </section>
    }
    .into_any()
}

pub fn newest(newest: Option<Vec<Newest>>) -> Option<AnyView> {
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
                    table([say!(dashboard_asked), say!(dashboard_state), say!(dashboard_took)], newest.into_iter().map(row).collect_view())
                }}
            </section>
        }
        .into_any()
    })
}

pub fn engine(health: &Health) -> AnyView {
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
                            {table([say!(dashboard_network), say!(dashboard_warm_up), say!(dashboard_batch)], networks.into_iter().map(row).collect_view())}
                        </details>
                    }
                })}
        </section>
    }
    .into_any()
}

pub fn pools_in_short(pools: Vec<PoolReport>) -> AnyView {
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
                table([say!(pools_name), say!(dashboard_state), say!(pools_pictures), say!(pools_faces)], pools.into_iter().map(row).collect_view())
            }}
            <p><a href="/pools">{say!(dashboard_to_pools)}</a></p>
        </section>
    }
    .into_any()
}

pub fn providers(health: &Health) -> AnyView {
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
                {table([say!(dashboard_provider), say!(dashboard_state), say!(dashboard_note), say!(dashboard_sent)], listed.map(row).collect_view())}
            </div>
        </section>
    }
    .into_any()
}
