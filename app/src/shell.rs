//! The document around every page, and which page shows which data.

use crate::{
    pages::{HomePage, RequestPage},
    parts::{Footer, Header},
    read::PageData,
    words::say,
};
#[cfg(not(feature = "hydrate"))]
use crate::{
    parts::{DocumentTitle, escaped},
    server::Bundle,
    words::here,
};
#[cfg(not(feature = "hydrate"))]
use leptos::nonce::use_nonce;
use leptos::prelude::*;

/// Where the page's data stand in the document.
pub const DATA: &str = "page-data";

/// The whole HTML document, as the server sends it. Scripts carry the nonce that Leptos' integration has provided.
#[cfg(not(feature = "hydrate"))]
pub fn shell(data: PageData, bundle: &Bundle) -> impl IntoView + use<> {
    let address = |file: &str| format!("/pkg/{file}");
    let (style, js, wasm) = (address(&bundle.css), address(&bundle.js), address(&bundle.wasm));
    // Leptos' own HydrationScripts knows names without digests, or those of its own manifest.
    let loader = format!("import start, {{ hydrate }} from {js:?};start({{ module_or_path: {wasm:?} }}).then(() => hydrate());");
    let json = embedded(&data);
    let robots = data.is_private().then(|| view! { <meta name="robots" content="noindex, nofollow" /> });
    let title = DocumentTitle::default();
    provide_context(title.clone());
    // The page names its title while it is made, which is before the head is written.
    let page = view! { <App data=data /> };
    view! {
        <!DOCTYPE html>
        <html lang=here().code()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <meta name="description" content=say!(shell_description) />
                <title inner_html=escaped(&title.get())></title>
                {robots}
                <link rel="icon" href=ICON />
                <link rel="stylesheet" href=style />
                <link rel="modulepreload" href=js nonce=use_nonce() />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                <script type="module" nonce=use_nonce()>{loader}</script>
            </head>
            <body>
                {page}
                <script type="application/json" id=DATA nonce=use_nonce() inner_html=json></script>
            </body>
        </html>
    }
}

/// As JSON that cannot end the element that it stands in.
#[cfg(not(feature = "hydrate"))]
fn embedded(data: &impl serde::Serialize) -> String {
    // Strings, numbers and JSON values always serialise.
    serde_json::to_string(data).unwrap_or_default().replace('<', "\\u003c")
}

/// A face in a frame, in the page's two colours; part of the page so that nothing else is fetched.
#[cfg(not(feature = "hydrate"))]
pub const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%230e5c56'/%3E%3Cg fill='none' stroke='%23fff' stroke-width='2.4' stroke-linecap='round'%3E%3Cpath d='M7 12V9a2 2 0 0 1 2-2h3M20 7h3a2 2 0 0 1 2 2v3M25 20v3a2 2 0 0 1-2 2h-3M12 25H9a2 2 0 0 1-2-2v-3'/%3E%3Cpath d='M12.5 13.5v1M19.5 13.5v1M12 19c2.4 2.2 5.6 2.2 8 0'/%3E%3C/g%3E%3C/svg%3E";

/// The page itself, rendered by the server and taken over in the browser.
#[component]
pub fn App(data: PageData) -> impl IntoView {
    let page = match data {
        PageData::Home(data) => view! { <HomePage data=*data /> }.into_any(),
        PageData::Request(data) => view! { <RequestPage data=*data /> }.into_any(),
    };
    view! {
        <a class="skip" href="#main">
            {say!(shell_skip)}
        </a>
        <Header />
        <main id="main" tabindex="-1">
            {page}
        </main>
        <Footer />
    }
}

#[cfg(all(test, not(feature = "hydrate")))]
mod tests {
    use super::*;
    use crate::api::ErrorDetail;

    #[test]
    fn what_a_stranger_wrote_cannot_end_the_data() {
        let message = "</script><script>alert(1)</script>".to_owned();
        let data = ErrorDetail { code: "x".into(), message, details: serde_json::Value::Null };
        let json = embedded(&data);
        assert!(!json.contains('<'), "{json}");
        assert_eq!(serde_json::from_str::<ErrorDetail>(&json).unwrap(), data);
    }
}
