//! The document around every page, and which page answers which address.

use crate::{
    pages::{HomePage, NotFoundPage, RequestPage},
    parts::{Footer, Header},
    words::{here, say},
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

/// The whole HTML document, as the server sends it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = options.site_pkg_dir.to_string();
    let name = options.output_name.to_string();
    let (style, js, wasm) = (format!("/{pkg}/{name}.css"), format!("/{pkg}/{name}.js"), format!("/{pkg}/{name}.wasm"));
    // Leptos' own HydrationScripts names the module `_bg.wasm` unless Leptos was compiled by cargo-leptos; this is the
    // same loader with the name that both ways of building give it.
    let loader = format!("import start, {{ hydrate }} from {js:?};start({{ module_or_path: {wasm:?} }}).then(() => hydrate());");
    view! {
        <!DOCTYPE html>
        <html lang=here().code()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <meta name="description" content=say!(shell_description) />
                <link rel="icon" href=ICON />
                <link rel="stylesheet" href=style />
                <link rel="modulepreload" href=js />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                <script type="module" nonce=use_nonce()>{loader}</script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// A face in a frame, in the page's two colours; part of the page so that nothing else is fetched.
pub const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%230e5c56'/%3E%3Cg fill='none' stroke='%23fff' stroke-width='2.4' stroke-linecap='round'%3E%3Cpath d='M7 12V9a2 2 0 0 1 2-2h3M20 7h3a2 2 0 0 1 2 2v3M25 20v3a2 2 0 0 1-2 2h-3M12 25H9a2 2 0 0 1-2-2v-3'/%3E%3Cpath d='M12.5 13.5v1M19.5 13.5v1M12 19c2.4 2.2 5.6 2.2 8 0'/%3E%3C/g%3E%3C/svg%3E";

/// The page itself, rendered by the server and taken over in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|text: String| if text.is_empty() { "Face Engine".to_owned() } else { format!("{text} · Face Engine") } />
        <a class="skip" href="#main" rel="external">
            {say!(shell_skip)}
        </a>
        <Router>
            <Header />
            <main id="main" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=HomePage ssr=SsrMode::Async />
                    <Route path=path!("/requests/:id") view=RequestPage ssr=SsrMode::Async />
                </Routes>
            </main>
            <Footer />
        </Router>
    }
}
