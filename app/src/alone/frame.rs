//! The document around a page that the server renders alone.

use crate::{
    parts::{Footer, Header, escaped},
    shell::ICON,
    words::{Address, Language, here, say},
};
use leptos::prelude::*;

/// What a page needs to know of the request that it answers.
pub struct Around {
    /// Address of the style sheet.
    pub style: String,
    pub language: Language,
    /// Path and query of the page.
    pub address: String,
    /// Scheme, host and port that the page was asked by: previews of links name pictures by whole addresses.
    pub origin: String,
    /// Marks the page's own script, where it has one.
    pub nonce: String,
}

/// A page without its frame.
pub struct Page {
    pub title: String,
    pub body: AnyView,
    /// May search engines keep it?
    pub indexed: bool,
    /// What a preview of a link to it says, where it is meant to be passed on.
    pub preview: Option<String>,
    /// A part of it (`id="live"`) changes: it is asked for again from time to time.
    pub live: bool,
    /// The language of title and body, where it is not the reader's.
    pub written_in: Option<&'static str>,
}

impl Page {
    pub fn new(title: String, body: AnyView) -> Self {
        Self { title, body, indexed: true, preview: None, live: false, written_in: None }
    }
}

/// A page of HTML that the server itself has made: it stands in the page as it is, so nothing of a stranger's may be in it.
pub fn given(title: String, html: String) -> Page {
    Page::new(title, view! { <div inner_html=html></div> }.into_any())
}

/// What a preview shows instead of anything of a result.
const PREVIEW: &str = "/preview.png";

/// Asks for the page again while it is looked at, and puts the new one's changing part in place of the old.
const REFRESH: &str = include_str!("refresh.js");

/// The whole document. `page` is called with the language and the address in its context.
pub fn document(around: Around, page: impl FnOnce() -> Page) -> String {
    let Around { style, language, address, origin, nonce } = around;
    Owner::new().with(|| {
        provide_context(language);
        provide_context(Address(address));
        let Page { title, body, indexed, preview, live, written_in } = page();
        let title = if title.is_empty() { "Face Engine".to_owned() } else { format!("{title} · Face Engine") };
        let robots = (!indexed).then(|| view! { <meta name="robots" content="noindex, nofollow, noarchive, noimageindex" /> });
        let preview = preview.map(|words| preview_of(title.clone(), words, &origin));
        let refresh = live.then(|| view! { <script nonce=nonce inner_html=REFRESH></script> });
        let page = view! {
            <!DOCTYPE html>
            <html lang=here().code() class="alone">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <title lang=written_in inner_html=escaped(&title)></title>
                    {robots}
                    {preview}
                    <link rel="icon" href=ICON />
                    <link rel="stylesheet" href=style />
                </head>
                <body>
                    <a class="skip" href="#main">
                        {say!(shell_skip)}
                    </a>
                    <Header />
                    <main id="main" tabindex="-1" lang=written_in>
                        {body}
                    </main>
                    <Footer />
                    {refresh}
                </body>
            </html>
        };
        page.to_html()
    })
}

/// Without a picture of ours whoever makes the preview would take one of the page's, which are faces.
fn preview_of(title: String, words: String, origin: &str) -> AnyView {
    let said = [
        ("og:type", "website".to_owned()),
        ("og:site_name", "Face Engine".to_owned()),
        ("og:title", title),
        ("og:description", words.clone()),
        ("og:image", format!("{origin}{PREVIEW}")),
        ("og:image:width", "1200".to_owned()),
        ("og:image:height", "630".to_owned()),
        ("og:image:alt", "Face Engine".to_owned()),
    ];
    let meta = |(property, content): (&'static str, String)| leptos::html::meta().attr("property", property).attr("content", content);
    view! {
        <meta name="description" content=words />
        <meta name="twitter:card" content="summary" />
        {said.map(meta)}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(language: Language) -> Around {
        Around {
            style: "/pkg/a.css".into(),
            language,
            address: "/pools?said=added".into(),
            origin: "https://faces.example".into(),
            nonce: "once".into(),
        }
    }

    #[test]
    fn a_page_names_its_language_its_place_and_the_other_language() {
        let html = document(around(Language::Spanish), || given("Colecciones & <b>".into(), "<h1>x</h1>".into()));
        assert!(html.starts_with("<!DOCTYPE html><html lang=\"es\""), "{html}");
        assert!(html.contains("<title>Colecciones &amp; &lt;b> · Face Engine</title>") && html.contains("<h1>x</h1>"));
        assert!(html.contains("href=\"/pools?said=added&amp;lang=en\""), "the same page in English");
        let current: Vec<&str> = html.split("<a ").filter(|link| link.contains("aria-current=\"page\"")).collect();
        assert!(current.len() == 1 && current[0].contains("href=\"/pools\""), "{current:?}");
        assert!(!html.contains("<script"), "a page that does not change has no script");
    }

    #[test]
    fn only_a_page_that_changes_has_a_script_and_it_carries_the_nonce() {
        let html = document(around(Language::English), || Page { live: true, ..given(String::new(), String::new()) });
        assert_eq!((html.matches("<script").count(), html.matches("<script nonce=\"once\">").count()), (1, 1), "{html}");
    }

    #[test]
    fn a_preview_shows_a_picture_of_ours_and_is_kept_from_search_engines_where_the_page_is() {
        let page = || Page { preview: Some("Generic words".into()), indexed: false, ..given("Shared".into(), String::new()) };
        let html = document(around(Language::English), page);
        assert!(html.contains("content=\"https://faces.example/preview.png\"") && html.contains("noindex, nofollow"), "{html}");
        assert_eq!(html.matches("og:image\"").count(), 1);
    }
}
