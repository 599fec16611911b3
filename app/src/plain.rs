//! Pages without a script: a document with the frame of every page around HTML that the server has made.

use crate::{
    parts::{Footer, Header},
    server::Bundle,
    shell::ICON,
    words::{Address, Language, say},
};
use leptos::prelude::*;

/// The whole document, its frame in the reader's language. `body` is in English and stands in `<main>` as it is, so it must come
/// from nobody but the server. `address` is that of the page.
pub fn document(bundle: &Bundle, language: Language, address: String, title: &str, body: String) -> String {
    let (style, title) = (format!("/pkg/{}", bundle.css), format!("{title} · Face Engine"));
    Owner::new().with(|| {
        provide_context(language);
        provide_context(Address(address));
        let page = view! {
            <!DOCTYPE html>
            <html lang=language.code()>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <meta name="referrer" content="no-referrer" />
                    <title lang="en">{title}</title>
                    <link rel="icon" href=ICON />
                    <link rel="stylesheet" href=style />
                </head>
                <body>
                    <a class="skip" href="#main">
                        {say!(shell_skip)}
                    </a>
                    <Header />
                    <main id="main" tabindex="-1" lang="en" inner_html=body></main>
                    <Footer />
                </body>
            </html>
        };
        page.to_html()
    })
}
