//! Pages without a script: a document with the frame of every page around HTML that the server has made.

use crate::parts::{Footer, Header};
use leptos::prelude::*;

/// The whole document. `body` stands in `<main>` as it is, so it must come from nobody but the server.
pub fn document(style: &str, title: &str, body: String) -> String {
    let title = format!("{title} · Face Engine");
    let style = style.to_owned();
    Owner::new().with(|| {
        let page = view! {
            <!DOCTYPE html>
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <meta name="referrer" content="no-referrer" />
                    <title>{title}</title>
                    <link rel="icon" href="data:," />
                    <link rel="stylesheet" href=style />
                </head>
                <body>
                    <a class="skip" href="#main">
                        "Skip to the content"
                    </a>
                    <Header />
                    <main id="main" tabindex="-1" inner_html=body></main>
                    <Footer />
                </body>
            </html>
        };
        page.to_html()
    })
}
