//! What stands around every page, and the notice that carries bad news.

use crate::{
    browser,
    words::{self, Language, say},
};
use leptos::prelude::*;

/// The name, and the way back to a new search. Links load whole pages: each page's HTTP status and data are its own.
#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <a class="brand" href="/" rel="external">
                <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
                    <rect width="32" height="32" rx="8" class="brand-ground" />
                    <g class="brand-line">
                        <path d="M7 12V9a2 2 0 0 1 2-2h3M20 7h3a2 2 0 0 1 2 2v3M25 20v3a2 2 0 0 1-2 2h-3M12 25H9a2 2 0 0 1-2-2v-3" />
                        <path d="M12.5 13.5v1M19.5 13.5v1M12 19c2.4 2.2 5.6 2.2 8 0" />
                    </g>
                </svg>
                <span>"Face Engine"</span>
            </a>
            <Languages />
            <nav aria-label=say!(shell_navigation)>
                {[
                    ("/", say!(shell_new_search)),
                    ("/pools", say!(shell_pools)),
                    ("/dashboard", say!(shell_dashboard)),
                    ("/docs", say!(shell_interface)),
                ]
                    .map(|(address, words)| {
                        view! { <a href=address rel="external" aria-current=words::is_here(address).then_some("page")>{words}</a> }
                    })}
            </nav>
        </header>
    }
}

/// This page in each other language, by an address that the server remembers: no script is needed.
#[component]
fn Languages() -> impl IntoView {
    let link = |language: Language| {
        let (code, address) = (language.code(), words::elsewhere(language));
        view! { <a class="button quiet" href=address rel="external nofollow" hreflang=code lang=code>{language.name()}</a> }
    };
    view! {
        <span class="languages" role="group" aria-label=say!(shell_language)>
            {Language::ALL.into_iter().filter(|language| *language != words::here()).map(link).collect_view()}
        </span>
    }
}

#[component]
pub fn Footer() -> impl IntoView {
    view! {
        <footer class="bottom">
            <p>
                {say!(shell_caution)}
            </p>
            <p>{say!(shell_own)}</p>
        </footer>
    }
}

/// Bad or important news with a headline, a sentence and what to do next.
#[component]
pub fn Notice(
    #[prop(into)] title: String,
    #[prop(into)] sentence: String,
    #[prop(default = "bad")] tone: &'static str,
    children: Children,
) -> impl IntoView {
    Effect::new(|_| browser::mark_hydrated());
    view! {
        <section class=format!("notice {tone}")>
            <h1>{title}</h1>
            <p class="lead">{sentence}</p>
            {children()}
        </section>
    }
}
