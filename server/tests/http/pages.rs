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
    assert!(refused.text().contains("El archivo no es una imagen que aquí se pueda leer"), "{}", refused.text());
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

/// A bundle as `cargo xtask site` leaves it; the wasm file without its packed copies.
fn put_bundle(data: &std::path::Path) {
    let pkg = data.join("site/pkg");
    std::fs::create_dir_all(&pkg).expect("a folder");
    let put = |name: &str, bytes: &[u8]| std::fs::write(pkg.join(name), bytes).expect("a file");
    put("face-engine.00000000000000c5.css", b"body { margin: 0 }");
    put("face-engine.00000000000000c5.css.br", b"packed by brotli");
    put("face-engine.00000000000000c5.css.gz", b"packed by gzip");
    put("face-engine.00000000000000a5.js", b"go()");
    put("face-engine.00000000000000a5.js.br", b"packed by brotli");
    put("face-engine.0000000000000a53.wasm", &[0; 4096]);
    put("notes.css", b"body { margin: 1px }");
    let list = r#"{ "css": "face-engine.00000000000000c5.css", "js": "face-engine.00000000000000a5.js", "wasm": "face-engine.0000000000000a53.wasm" }"#;
    std::fs::write(data.join("site/bundle.json"), list).expect("a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_names_the_files_of_the_bundle_by_their_digests() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    assert!(browse(&app, "/").await.text().contains("\"/pkg/face-engine.css\""), "without a list the plain names");
    put_bundle(&folder.path().join("data"));
    let page = browse(&app, "/").await;
    for name in ["face-engine.00000000000000c5.css", "face-engine.00000000000000a5.js", "face-engine.0000000000000a53.wasm"] {
        assert!(page.text().contains(&format!("\"/pkg/{name}\"")), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_is_served_packed_and_kept_for_good() {
    let folder = folder();
    put_bundle(&folder.path().join("data"));
    let app = TestApp::start(folder.path()).await;
    let get =
        async |name: &str, accepted: &str| app.client.send("GET", &format!("/pkg/{name}"), &[("accept-encoding", accepted)], &[]).await;
    for (accepted, encoding, body) in [
        ("gzip, deflate, br, zstd", "br", "packed by brotli"),
        ("gzip", "gzip", "packed by gzip"),
        ("identity", "", "body { margin: 0 }"),
        ("br;q=0, gzip", "gzip", "packed by gzip"),
    ] {
        let css = get("face-engine.00000000000000c5.css", accepted).await;
        assert_eq!((css.status, css.header("content-type"), css.header("content-encoding")), (200, "text/css", encoding), "{accepted}");
        assert_eq!((css.text().as_str(), css.header("vary")), (body, "accept-encoding"), "{accepted}");
        assert_eq!(css.header("cache-control"), "public, max-age=31536000, immutable");
    }
    let js = get("face-engine.00000000000000a5.js", "br").await;
    assert_eq!((js.header("content-type"), js.header("content-encoding")), ("text/javascript", "br"));
    let wasm = get("face-engine.0000000000000a53.wasm", "identity").await;
    assert_eq!((wasm.header("content-type"), wasm.header("content-encoding"), wasm.body.len()), ("application/wasm", "", 4096));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_digest_in_its_name_is_asked_for_again_and_what_is_not_there_is_not_kept() {
    let folder = folder();
    put_bundle(&folder.path().join("data"));
    let app = TestApp::start(folder.path()).await;
    let plain = app.client.get("/pkg/notes.css").await;
    assert_eq!((plain.status, plain.header("cache-control")), (200, "no-cache"));
    let modified = plain.header("last-modified").to_owned();
    let unchanged = app.client.send("GET", "/pkg/notes.css", &[("if-modified-since", &modified)], &[]).await;
    assert_eq!(unchanged.status, 304);
    let old = app.client.get("/pkg/face-engine.00000000000000ff.js").await;
    assert_eq!((old.status, old.header("cache-control")), (404, "no-store"));
    assert_eq!(old.json()["error"]["code"], "not_found");
    assert_eq!(app.client.get("/pkg/../face-engine.sqlite").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_runs_no_script_but_its_own_and_loads_nothing_from_elsewhere() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let mut nonces = std::collections::BTreeSet::new();
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    for path in ["/", "/", &format!("/requests/{id}")] {
        let page = browse(&app, path).await;
        let policy = page.header("content-security-policy");
        let allowed = |directive: &str| {
            let found = policy.split(';').find_map(|part| part.trim().strip_prefix(directive)?.strip_prefix(' '));
            found.unwrap_or_else(|| panic!("{directive} in {policy}"))
        };
        assert_eq!(allowed("default-src"), "'none'");
        assert_eq!(allowed("style-src"), "'self'");
        assert_eq!(allowed("connect-src"), "'self'");
        assert_eq!(allowed("img-src"), "'self' data: blob:");
        assert_eq!([allowed("object-src"), allowed("base-uri"), allowed("frame-ancestors")], ["'none'"; 3]);
        assert_eq!(allowed("form-action"), "'self'");
        let scripts: Vec<&str> = allowed("script-src").split(' ').collect();
        let ["'self'", nonce, "'wasm-unsafe-eval'"] = scripts[..] else { panic!("{scripts:?}") };
        let nonce = nonce.strip_prefix("'nonce-").and_then(|nonce| nonce.strip_suffix('\'')).expect("a nonce");
        assert!(nonce.len() >= 22, "128 bits at the least: {nonce}");
        let text = page.text();
        assert!(text.matches("<script").count() >= 2, "{text}");
        assert_eq!(
            text.matches("<script").count(),
            text.matches(&format!(" nonce=\"{nonce}\"")).count() - 1,
            "every script, and the module's preload"
        );
        assert!(!text.contains(" style=") && !text.contains(" onclick="), "what the policy would not let through");
        assert!(nonces.insert(nonce.to_owned()), "a nonce is used once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_may_load_nothing() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    for path in ["/health", "/metrics", "/status/mistyped"] {
        let answer = app.client.get(path).await;
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_data_are_packed_and_a_stream_of_events_is_not() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    let packed = [("accept-encoding", "br, gzip"), ("accept", "text/html")];
    let page = app.client.send("GET", &format!("/requests/{id}"), &packed, &[]).await;
    assert_eq!((page.status, page.header("content-encoding")), (200, "br"));
    assert!(page.headers.iter().any(|(name, value)| name == "vary" && value == "accept-encoding"), "{:?}", page.headers);
    let status = app.client.send("GET", &format!("/status/{id}"), &[("accept-encoding", "gzip")], &[]).await;
    assert_eq!((status.status, status.header("content-encoding")), (200, "gzip"));
    let events = app.client.send("GET", &format!("/events/{id}"), &[("accept-encoding", "br, gzip")], &[]).await;
    assert_eq!((events.status, events.header("content-encoding")), (200, ""));
}
