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
