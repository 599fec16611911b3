//! `/`: the upload, and what a person should know before they give a photo away.

use crate::{
    api::Health,
    parts::{BROUGHT, Upload, titled},
    read::HomeData,
    text,
    words::say,
};
use leptos::prelude::*;

#[component]
pub fn HomePage(data: HomeData) -> impl IntoView {
    let HomeData { health, problem, face } = data;
    titled(String::new);
    view! {
        <div class="home">
            <section class="hero">
                <h1>{say!(home_title)}</h1>
                <p class="lead">
                    {say!(home_lead)}
                </p>
                <ol class="steps">
                    <li>
                        <b>{say!(home_find)}</b>
                        <span>{say!(home_find_how)}</span>
                    </li>
                    <li>
                        <b>{say!(home_compare)}</b>
                        <span>{say!(home_compare_how)}</span>
                    </li>
                    <li>
                        <b>{say!(home_judge)}</b>
                        <span>{say!(home_judge_how)}</span>
                    </li>
                </ol>
            </section>
            <Upload health=Some(health.clone()) problem=problem face=face />
            <Trust health=Some(health) />
        </div>
    }
}

/// What happens to the photo, and what does the work.
#[component]
fn Trust(health: Option<Health>) -> impl IntoView {
    let goes = text::where_photos_go(health.as_ref().map_or(&[][..], |health| &health.providers));
    view! {
        <section class="trust" aria-label=say!(home_photo)>
            <div>
                <h2>{say!(home_photo)}</h2>
                <ul>
                    <li>{goes}</li>
                    <li>{say!(home_forgotten)}</li>
                    <li>{say!(home_erase)}</li>
                    <li>{say!(home_address)}</li>
                </ul>
            </div>
            {health
                .map(|health| {
                    let searched: Vec<_> = health.providers.iter().filter(|provider| provider.configured && !BROUGHT.contains(&provider.name.as_str())).map(|provider| provider.name.clone()).collect();
                    let facts = [
                        (say!(home_engine), text::engine(&health)),
                        (say!(home_models), text::packs(&health)),
                        (say!(home_searches), if searched.is_empty() { say!(home_searches_nothing) } else { searched.join(", ") }),
                        (say!(home_queue), say!(home_queue_now, queued = health.queue.queued, running = health.queue.running)),
                        (say!(home_version), health.version.clone()),
                    ];
                    view! {
                        <div>
                            <h2>{say!(home_work)}</h2>
                            <dl class="facts">
                                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
                            </dl>
                            {text::degraded(&health).map(|words| view! { <p class="flag">{words}</p> })}
                        </div>
                    }
                })}
        </section>
    }
}
