//! Pages for people: rendered whole by the server, with the right status, usable without JavaScript.

use crate::common::{Form, Reply, TestApp, folder};

const BROWSER: [(&str, &str); 1] = [("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")];

async fn browse(app: &TestApp, path: &str) -> Reply {
    app.client.send("GET", path, &BROWSER, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_page_holds_a_form_that_needs_no_javascript() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let page = browse(&app, "/").await;
    assert_eq!((page.status, page.header("content-type").starts_with("text/html")), (200, true));
    for part in ["<form", "multipart/form-data", "name=\"image\"", "name=\"purpose\"", "name=\"consent\""] {
        assert!(page.text().contains(part), "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_by_a_browser_leads_to_the_page_of_its_request() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.post_with(Form::good(), &BROWSER).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    let path = reply.header("location").to_owned();
    let id = path.strip_prefix("/requests/").expect("the page of a request");
    app.client.ended(id).await;
    let page = browse(&app, &path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("1 red.png") && page.text().contains("signature="), "the results are in the page itself");
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_refused_comes_back_with_the_reason() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.post_with(Form::lawful().file("image", "notes.jpg", b"no picture"), &BROWSER).await;
    assert_eq!((reply.status, reply.header("content-type").starts_with("text/html")), (415, true), "{}", reply.text());
    assert!(reply.text().contains("<form") && reply.text().contains("no picture that is read here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_not_there_say_so_by_their_status_too() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    for path in ["/nowhere", "/requests/00000000-0000-4000-8000-000000000000"] {
        let page = browse(&app, path).await;
        assert_eq!((page.status, page.header("content-type").starts_with("text/html")), (404, true), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_in_the_language_of_its_address_or_its_cookie_or_its_reader() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let read = async |path: &str, more: &[(&str, &str)]| {
        let headers: Vec<_> = BROWSER.iter().chain(more).copied().collect();
        app.client.send("GET", path, &headers, &[]).await
    };
    let (spanish, english) = ("<html lang=\"es\"", "<html lang=\"en\"");
    let mexican = ("accept-language", "es-MX,es;q=0.9,en;q=0.8");
    for (path, headers, lang) in [
        ("/", vec![], english),
        ("/", vec![("accept-language", "fr")], english),
        ("/", vec![mexican], spanish),
        ("/", vec![mexican, ("cookie", "other=1; lang=en")], english),
        ("/?lang=es", vec![("cookie", "lang=en")], spanish),
        ("/nowhere", vec![mexican], spanish),
    ] {
        let page = read(path, &headers).await;
        let said = if lang == spanish { ["es", "Nueva búsqueda"] } else { ["en", "New search"] };
        assert!(page.text().contains(lang) && page.text().contains(said[1]), "{path} {headers:?}");
        assert_eq!((page.header("content-language"), page.header("cache-control")), (said[0], "no-store"), "{path} {headers:?}");
    }

    let page = read("/", &[mexican]).await;
    assert!(page.headers.iter().any(|(name, value)| name == "vary" && value == "accept-language, cookie"), "{:?}", page.headers);
    assert_eq!(page.header("set-cookie"), "", "who asks for no language by address gets no cookie");
    assert!(page.text().contains("href=\"/?lang=en\"") && page.text().contains("hreflang=\"en\""), "the way to the other language");
    // Of the two only words of the other language are left in it: its name, and the brand.
    for english in ["Search", "photo", "picture", "Options", "Queue", "similarity", "consent is", "Skip to"] {
        let words = visible(&page.text());
        assert!(!words.contains(english), "{english} in {words}");
    }
    let page = read("/?face=2&lang=es", &[]).await;
    assert_eq!(page.header("set-cookie"), "lang=es; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    assert!(page.text().contains("/?face=2&amp;lang=en"), "the change keeps what else was asked");
}

/// What a reader sees of a page: no tags, no scripts, no text marked as another language's.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut words = String::new();
    let mut rest = body;
    while let Some((text, tag)) = rest.split_once('<') {
        words.push_str(text);
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let end = if name == "script" { "</script>" } else { ">" };
        let attributes = tag.split_once('>').map_or(tag, |(attributes, _)| attributes);
        rest = tag.split_once(end).map_or("", |(_, rest)| rest);
        if attributes.contains("lang=\"en\"") {
            rest = rest.find('<').map_or("", |next| &rest[next..]);
        }
        words.push(' ');
    }
    words + rest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_told_and_refused_in_the_language_of_its_reader() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let headers: Vec<_> = BROWSER.into_iter().chain([("cookie", "lang=es")]).collect();
    let refused = app.client.post_with(Form::lawful().file("image", "notes.jpg", b"no picture"), &headers).await;
    assert_eq!((refused.status, refused.header("content-language")), (415, "es"));
    assert!(refused.text().contains("El archivo no es una imagen que aquí se lea"), "{}", refused.text());
    assert!(refused.text().contains("href=\"/?lang=en\""), "a change of language leads to an address that can be opened");

    let reply = app.client.post_with(Form::good(), &headers).await;
    let path = reply.header("location").to_owned();
    app.client.ended(path.strip_prefix("/requests/").expect("the page of a request")).await;
    let page = app.client.send("GET", &path, &headers, &[]).await;
    for words in
        ["Completada", "Coincidencia", "Cómo se obtuvo este resultado", "Umbrales", "Se olvida el", "alt=\"El rostro encontrado en "]
    {
        assert!(page.text().contains(words), "{words}");
    }
    for english in ["Match", "Possible", "Similarity", "Compared", "photo", "thresholds", "Forgotten"] {
        let words = visible(&page.text());
        assert!(!words.contains(english), "{english} in {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_is_served_compressed_and_checked_each_time() {
    let folder = folder();
    let pkg = folder.path().join("data/site/pkg");
    std::fs::create_dir_all(&pkg).expect("a folder");
    std::fs::write(pkg.join("face-engine.css"), "body { margin: 0 }\n".repeat(500)).expect("a file");
    std::fs::write(pkg.join("face-engine.wasm"), vec![0; 4096]).expect("a file");
    let app = TestApp::start(folder.path()).await;
    let css = app.client.send("GET", "/pkg/face-engine.css", &[("accept-encoding", "gzip")], &[]).await;
    assert_eq!((css.status, css.header("content-type"), css.header("content-encoding")), (200, "text/css", "gzip"));
    assert_eq!(css.header("cache-control"), "no-cache");
    assert!(css.body.len() < 2000);
    let modified = css.header("last-modified").to_owned();
    let unchanged = app.client.send("GET", "/pkg/face-engine.css", &[("if-modified-since", &modified)], &[]).await;
    assert_eq!(unchanged.status, 304);
    assert_eq!(app.client.get("/pkg/face-engine.wasm").await.header("content-type"), "application/wasm");
    assert_eq!(app.client.get("/pkg/nothing.js").await.json()["error"]["code"], "not_found");
    assert_eq!(app.client.get("/pkg/../face-engine.sqlite").await.status, 404);
}
