//! `/pools`: the operator's own collections, and plain forms that add one, have it looked at anew, and delete it. What may be done, and
//! by whom, is the API's matter (docs/POOLS.md); the page asks for nothing that a program could not ask for.

use super::{dashboard::Refresh, frame::Page};
use crate::{
    api::{ErrorDetail, PoolReport, PoolState},
    text,
    words::{count, say},
};
use leptos::prelude::*;

/// What somebody has typed, given back where it was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    pub name: String,
    pub uri: String,
}

#[derive(Debug, Clone, Default)]
pub struct PoolsData {
    pub pools: Vec<PoolReport>,
    /// The operator has set aside a place for more.
    pub may_add: bool,
    /// What has just been done: `added`, `asked`, `deleted`.
    pub done: Option<String>,
    pub typed: Typed,
    /// Why what was asked for was not done; of a field of the form it says which.
    pub problem: Option<ErrorDetail>,
}

/// A pool's state in a word or two.
pub fn state_words(state: PoolState) -> String {
    match state {
        PoolState::New => say!(pools_state_new),
        PoolState::Queued => say!(pools_state_queued),
        PoolState::Syncing => say!(pools_state_syncing),
        PoolState::Synced => say!(pools_state_synced),
        PoolState::Failed => say!(pools_state_failed),
        PoolState::Outdated => say!(pools_state_outdated),
        PoolState::NotAllowed => say!(pools_state_not_allowed),
    }
}

fn state_help(state: PoolState) -> Option<String> {
    match state {
        PoolState::New => Some(say!(pools_help_new)),
        PoolState::Outdated => Some(say!(pools_help_outdated)),
        PoolState::NotAllowed => Some(say!(pools_help_not_allowed)),
        PoolState::Failed => Some(say!(pools_help_failed)),
        PoolState::Queued | PoolState::Syncing | PoolState::Synced => None,
    }
}

pub fn pools(data: PoolsData) -> Page {
    let done = data.done.as_deref().and_then(|done| match done {
        "added" => Some(say!(pools_done_added)),
        "asked" => Some(say!(pools_done_asked)),
        "deleted" => Some(say!(pools_done_deleted)),
        _ => None,
    });
    let field = data.problem.as_ref().and_then(|problem| match problem.code.as_str() {
        "pool_exists" => Some("name".to_owned()),
        _ => problem.details["field"].as_str().map(str::to_owned),
    });
    let sentence = data.problem.as_ref().map(text::refusal);
    let beside = |name: &str| sentence.clone().filter(|_| field.as_deref() == Some(name));
    let (of_name, of_uri) = (beside("name"), beside("uri"));
    let elsewhere = sentence.clone().filter(|_| of_name.is_none() && of_uri.is_none());
    let none = data.pools.is_empty();
    let body = view! {
        <div class="pools">
            <div class="page-top">
                <h1>{say!(shell_pools)}</h1>
                <Refresh address="/pools".to_owned() />
            </div>
            <p class="lead">{say!(pools_lead)}</p>
            {done.map(|words| view! { <p class="done" role="status">{words}</p> })}
            {elsewhere.map(|words| view! { <p class="problem" role="alert">{words}</p> })}
            <div id="live">
                {none.then(|| view! { <div class="empty"><h2>{say!(pools_none)}</h2><p>{say!(pools_none_why)}</p></div> })}
                <ul class="pool-list">{data.pools.into_iter().map(pool).collect_view()}</ul>
            </div>
            {if data.may_add {
                add(data.typed, of_name, of_uri)
            } else {
                view! { <p class="hint">{say!(pools_may_not_add)}</p> }.into_any()
            }}
        </div>
    };
    Page { live: true, ..Page::new(say!(shell_pools), body.into_any()) }
}

fn pool(pool: PoolReport) -> AnyView {
    let class = match pool.state {
        PoolState::Failed | PoolState::NotAllowed => "pill failed",
        PoolState::Outdated => "pill outdated",
        PoolState::Queued | PoolState::Syncing => "pill running",
        PoolState::New | PoolState::Synced => "pill",
    };
    let (id, question, heading, words) = (
        format!("pool-{}", pool.name),
        format!("delete-{}", pool.name),
        format!("delete-{}-heading", pool.name),
        format!("delete-{}-words", pool.name),
    );
    let working = matches!(pool.state, PoolState::Queued | PoolState::Syncing);
    let progress = (pool.state == PoolState::Syncing && pool.to_do > 0).then(|| {
        let label = say!(pools_progress, done = pool.done, total = pool.to_do);
        view! {
            <p class="pool-progress">
                <progress max=pool.to_do value=pool.done aria-label=label.clone()></progress>
                <span class="hint">{label}</span>
            </p>
        }
    });
    let facts = [
        (say!(pools_pictures), pool.pictures.to_string()),
        (say!(pools_faces), pool.faces.to_string()),
        (say!(pools_last), pool.synced_at.as_deref().map_or_else(|| say!(pools_never), text::moment)),
        (say!(pools_place), pool.uri.clone()),
    ];
    let failed = (pool.failed > 0).then(|| view! { <p class="flag">{count!(pools_failed, pool.failed as usize)}</p> });
    let unreadable = (pool.unreadable > 0).then(|| view! { <p class="hint">{count!(pools_unreadable, pool.unreadable as usize)}</p> });
    let error = pool.error.clone().map(|error| view! { <p class="problem" lang="en">{error}</p> });
    let named_by_settings = pool.origin == "settings";
    let name = pool.name.clone();
    view! {
        <li class="pool" id=id>
            <div class="pool-top">
                <h2>{pool.name.clone()}</h2>
                <span class=class>{state_words(pool.state)}</span>
            </div>
            {state_help(pool.state).map(|words| view! { <p class="hint">{words}</p> })}
            {progress}
            <dl class="facts">
                {facts.into_iter().map(|(term, fact)| view! { <div><dt>{term}</dt><dd>{fact}</dd></div> }).collect_view()}
            </dl>
            {failed} {unreadable} {error}
            <div class="answers">
                <form method="post" action=format!("/pools/{name}/sync")>
                    <button class="button" type="submit" disabled=working>
                        {say!(pools_sync)}
                        <span class="unseen">{format!(" {name}")}</span>
                    </button>
                </form>
                <button class="button quiet danger" type="button" popovertarget=question.clone()>
                    {say!(pools_delete)}
                    <span class="unseen">{format!(" {name}")}</span>
                </button>
            </div>
            <div class="opened question" id=question.clone() popover="auto" role="alertdialog" aria-labelledby=heading.clone() aria-describedby=words.clone()>
                <h2 id=heading.clone()>{say!(pools_delete_question, name = name)}</h2>
                <p id=words.clone()>
                    {say!(pools_delete_what)}
                    {named_by_settings.then(|| format!(" {}", say!(pools_delete_settings)))}
                </p>
                <div class="answers">
                    <button class="button quiet" type="button" popovertarget=question.clone() popovertargetaction="hide" autofocus=true>
                        {say!(pools_keep)}
                    </button>
                    <form method="post" action=format!("/pools/{name}/delete")>
                        <button class="button danger" type="submit">
                            {say!(pools_delete_all)}
                        </button>
                    </form>
                </div>
            </div>
        </li>
    }
    .into_any()
}

/// The form for one more. A field that was refused says why, and is the one to write in next.
fn add(typed: Typed, of_name: Option<String>, of_uri: Option<String>) -> AnyView {
    let field = |name: &'static str, label: String, hint: String, value: String, longest: &'static str, problem: Option<String>| {
        let (hint_id, problem_id) = (format!("{name}-hint"), format!("{name}-problem"));
        let refused = problem.is_some();
        let described = if refused { format!("{problem_id} {hint_id}") } else { hint_id.clone() };
        view! {
            <div class="field">
                <label for=format!("pool-{name}")>{label}</label>
                <input
                    type="text"
                    id=format!("pool-{name}")
                    name=name
                    value=value
                    required=true
                    maxlength=longest
                    autocomplete="off"
                    spellcheck="false"
                    autofocus=refused
                    aria-invalid=refused.then_some("true")
                    aria-describedby=described
                />
                <span class="hint" id=hint_id>{hint}</span>
                {problem.map(|words| view! { <p class="problem" role="alert" id=problem_id>{words}</p> })}
            </div>
        }
        .into_any()
    };
    view! {
        <section class="add" aria-labelledby="add-heading">
            <h2 id="add-heading">{say!(pools_add)}</h2>
            <form method="post" action="/pools" class="add-form">
                {field("name", say!(pools_name), say!(pools_name_hint), typed.name, "40", of_name)}
                {field("uri", say!(pools_place), say!(pools_place_hint), typed.uri, "4096", of_uri)}
                <button class="button primary" type="submit">
                    {say!(pools_add_now)}
                </button>
            </form>
        </section>
    }
    .into_any()
}
