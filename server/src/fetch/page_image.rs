//! The picture that a page names as its own: `og:image`, else `twitter:image`, else `link rel=image_src`.
//!
//! The beginning of the page is asked for through the guarded client, so that a page is held to the same addresses,
//! limits, retries and turns as a picture. It is read by a tokenizer, which builds no tree of it and runs nothing in it;
//! names in comments and scripts do not count.

use super::{Client, FetchError, FetchRequest, PageImage};
use async_trait::async_trait;
use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use std::sync::Arc;
use url::Url;

/// How much of a page is read: heads with all their styles are seldom larger.
const MOST_BYTES: usize = 512 << 10;
/// Names that are remembered of one page, and how long one may be.
const MOST_NAMES: usize = 16;
const LONGEST_NAME: usize = 2048;

/// Reads pages through the client that pictures come through.
#[derive(Clone)]
pub struct PageImages {
    client: Arc<Client>,
}

impl PageImages {
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }
}

#[async_trait]
impl PageImage for PageImages {
    async fn image_of(&self, page_url: &str, request: &FetchRequest) -> Result<Option<String>, FetchError> {
        let page = self.client.start_of_page(page_url, MOST_BYTES, request).await?;
        let found = tokio::task::spawn_blocking(move || named_picture(&page.bytes, &page.url)).await;
        found.map_err(|e| FetchError::Io(format!("interrupted: {e}")))
    }
}

/// The picture's absolute address; `page` is where the page stands.
fn named_picture(html: &[u8], page: &Url) -> Option<String> {
    let mut emitter = DefaultEmitter::default();
    // Scripts and styles are passed over as a browser would.
    emitter.naively_switch_states(true);
    let mut base = None;
    let mut named: Vec<(u8, String)> = Vec::new();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        let Token::StartTag(tag) = token else { continue };
        match tag.name.as_slice() {
            b"base" if base.is_none() => base = attribute(&tag, b"href").and_then(|href| web_address(&href, page)),
            b"meta" | b"link" => named.extend(name_in(&tag)),
            // The head is over and has said enough.
            b"body" if !named.is_empty() => break,
            _ => {}
        }
        if named.len() >= MOST_NAMES {
            break;
        }
    }
    named.sort_by_key(|(worth, _)| *worth);
    let base = base.as_ref().unwrap_or(page);
    named.into_iter().find_map(|(_, name)| web_address(&name, base)).map(Url::into)
}

/// What a tag names, and how much the name is worth: 0 the most.
fn name_in(tag: &StartTag<()>) -> Option<(u8, String)> {
    if tag.name.as_slice() == b"link" {
        let rel = attribute(tag, b"rel")?;
        let is_image = rel.split_ascii_whitespace().any(|kind| kind.eq_ignore_ascii_case("image_src"));
        return is_image.then(|| attribute(tag, b"href").map(|href| (2, href))).flatten();
    }
    // Open Graph says `property`, Twitter says `name`; pages mix them up.
    let key = attribute(tag, b"property").or_else(|| attribute(tag, b"name"))?.to_ascii_lowercase();
    let worth = match key.as_str() {
        "og:image" | "og:image:url" | "og:image:secure_url" => 0,
        "twitter:image" | "twitter:image:src" => 1,
        _ => return None,
    };
    attribute(tag, b"content").map(|content| (worth, content))
}

/// Its value, entities read and trimmed; None where it is missing, empty or longer than an address is.
fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name).filter(|value| value.len() <= LONGEST_NAME)?;
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn web_address(text: &str, base: &Url) -> Option<Url> {
    base.join(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spoil::spoiled;

    fn named(html: &str) -> Option<String> {
        named_picture(html.as_bytes(), &Url::parse("https://news.example/2026/story.html?id=1").expect("an address"))
    }

    #[test]
    fn what_the_page_names_first_and_best_is_taken() {
        let all = r#"<link rel="image_src" href="/link.jpg"><meta name="twitter:image" content="/twitter.jpg">
            <meta property="og:image" content="/first.jpg"><meta property="og:image" content="/second.jpg">"#;
        assert_eq!(named(all).as_deref(), Some("https://news.example/first.jpg"));
        assert_eq!(named(r#"<meta name=twitter:image:src content=t.png>"#).as_deref(), Some("https://news.example/2026/t.png"));
        assert_eq!(named(r#"<LINK REL="shortcut IMAGE_SRC" HREF="//cdn.example/l.jpg">"#).as_deref(), Some("https://cdn.example/l.jpg"));
        assert_eq!(named(r#"<meta name="OG:Image" content=" https://cdn.example/o.jpg ">"#).as_deref(), Some("https://cdn.example/o.jpg"));
    }

    #[test]
    fn entities_are_read_and_relative_addresses_resolved_against_the_pages_own_base() {
        let encoded = r#"<meta property="og:image" content="https://cdn.example/p?a=1&amp;b=2&#38;c=&quot;">"#;
        assert_eq!(named(encoded).as_deref(), Some("https://cdn.example/p?a=1&b=2&c=%22"));
        assert_eq!(named(r#"<meta property="og:image" content="../a b.jpg">"#).as_deref(), Some("https://news.example/a%20b.jpg"));
        let with_base = r#"<base href="https://cdn.example/media/"><meta property="og:image" content="a.jpg"><base href="/no/">"#;
        assert_eq!(named(with_base).as_deref(), Some("https://cdn.example/media/a.jpg"));
        let later = r#"<meta property="og:image" content="a.jpg"><base href="/media/">"#;
        assert_eq!(named(later).as_deref(), Some("https://news.example/media/a.jpg"));
    }

    #[test]
    fn what_is_no_address_of_the_web_gives_way_to_the_next() {
        for useless in ["data:image/png;base64,AAAA", "javascript:alert(1)", "ftp://cdn.example/a.jpg", "https://", "", "  "] {
            let html = format!(r#"<meta property="og:image" content="{useless}"><meta name="twitter:image" content="/t.jpg">"#);
            assert_eq!(named(&html).as_deref(), Some("https://news.example/t.jpg"), "{useless:?}");
        }
        let long = format!(r#"<meta property="og:image" content="/{}">"#, "x".repeat(LONGEST_NAME));
        assert_eq!(named(&long), None);
    }

    #[test]
    fn comments_scripts_and_texts_name_nothing() {
        for html in [
            r#"<!-- <meta property="og:image" content="/a.jpg"> -->"#,
            r#"<script>document.write('<meta property="og:image" content="/a.jpg">')</script>"#,
            r#"<style><meta property="og:image" content="/a.jpg"></style>"#,
            r#"<title><meta property="og:image" content="/a.jpg"></title>"#,
            r#"&lt;meta property="og:image" content="/a.jpg"&gt;"#,
            r#"<meta property="og:image:width" content="640"><meta property="og:title" content="/a.jpg">"#,
            r#"<link rel="stylesheet" href="/a.jpg"><meta content="/a.jpg"><img src="/a.jpg">"#,
            "",
        ] {
            assert_eq!(named(html), None, "{html}");
        }
    }

    #[test]
    fn whatever_a_spoiled_page_names_is_an_address_of_the_web() {
        let page = Url::parse("https://news.example/2026/story.html").expect("an address");
        let html = br#"<!doctype html><html><head><title>A &amp; b</title><base href="/media/"><!-- c --><script>"</"</script>
            <meta property="og:image" content="//cdn.example/p.jpg?a=1&amp;b=2"><meta name=twitter:image content='t.png'>
            <link rel="shortcut image_src" href="http://[2001:db8::1]:8080/l.jpg"></head><body><img src=x></body>"#;
        let mut named = 0;
        for spoiled in spoiled(html, 5000) {
            let Some(found) = named_picture(&spoiled, &page) else { continue };
            let url = Url::parse(&found).expect("an absolute address");
            assert!(matches!(url.scheme(), "http" | "https") && url.host().is_some(), "{found}");
            named += 1;
        }
        assert!(named > 1000, "most of a page survives: {named}");
    }

    #[test]
    fn broken_pages_are_read_as_far_as_they_go() {
        assert_eq!(
            named(r#"<meta property="og:image" content="/a.jpg"><meta property="og:ima"#).as_deref(),
            Some("https://news.example/a.jpg")
        );
        assert_eq!(named(r#"<body><p><meta property="og:image" content="/a.jpg">"#).as_deref(), Some("https://news.example/a.jpg"));
        let bytes = [b"\xff\xfe\x00\x80<meta property=og:image content=/a\xe4.jpg>".as_slice(), &[0; 100]].concat();
        let found = named_picture(&bytes, &Url::parse("https://news.example/").expect("an address"));
        assert_eq!(found.as_deref(), Some("https://news.example/a%EF%BF%BD.jpg"));
        assert_eq!(named_picture(&vec![b'<'; MOST_BYTES], &Url::parse("https://news.example/").expect("an address")), None);
    }
}
