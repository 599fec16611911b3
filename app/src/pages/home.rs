//! `/`: the upload, and what a person should know before they give a photo away.

use crate::{
    api::Health,
    parts::{BROUGHT, Upload, titled},
    read::HomeData,
    text,
};
use leptos::prelude::*;

#[component]
pub fn HomePage(data: HomeData) -> impl IntoView {
    let HomeData { health, problem, face } = data;
    titled(String::new);
    view! {
        <div class="home">
            <section class="hero">
                <h1>"One face, found among many pictures."</h1>
                <p class="lead">
                    "Give the engine a photo. It compares the face with every face in the pictures it may search, ranks what it finds, and shows you why."
                </p>
                <ol class="steps">
                    <li>
                        <b>"Find"</b>
                        <span>"People and faces are found in your photo and in each picture searched."</span>
                    </li>
                    <li>
                        <b>"Compare"</b>
                        <span>"Each face becomes a vector; the similarity of two vectors is a number up to 1."</span>
                    </li>
                    <li>
                        <b>"Judge"</b>
                        <span>"You see both faces side by side, the thresholds and the source. You decide."</span>
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
        <section class="trust" aria-label="What happens to your photo">
            <div>
                <h2>"What happens to your photo"</h2>
                <ul>
                    <li>{goes}</li>
                    <li>"Every result page names the day on which all of it is forgotten."</li>
                    <li>"Erase deletes it at once: photo, vectors, crops and results."</li>
                    <li>"Whoever has the address of a result can open it. Share it with care."</li>
                </ul>
            </div>
            {health
                .map(|health| {
                    let searched: Vec<_> = health.providers.iter().filter(|provider| provider.configured && !BROUGHT.contains(&provider.name.as_str())).map(|provider| provider.name.clone()).collect();
                    let facts = [
                        ("Engine", text::engine(&health)),
                        ("Models", text::packs(&health)),
                        ("Searches in", if searched.is_empty() { "nothing yet: no source is set up".to_owned() } else { searched.join(", ") }),
                        ("Queue", format!("{} waiting, {} running", health.queue.queued, health.queue.running)),
                        ("Version", health.version.clone()),
                    ];
                    view! {
                        <div>
                            <h2>"What does the work"</h2>
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
