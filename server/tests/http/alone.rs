//! Pages that the server renders alone: a shared result, the dashboard, the pools, and what went wrong. Each is whole without a script.

use crate::common::{FakeVision, Form, Reply, TestApp, folder, pictures};
use serde_json::json;
use std::path::Path;

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn browse(app: &TestApp, path: &str) -> Reply {
    app.client.send("GET", path, &[("accept", HTML)], &[]).await
}

async fn in_spanish(app: &TestApp, path: &str) -> Reply {
    app.client.send("GET", path, &[("accept", HTML), ("accept-language", "es")], &[]).await
}

/// What the form of a page of this service sends.
async fn submit(app: &TestApp, path: &str, form: &str) -> Reply {
    let headers = [("accept", HTML), ("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    app.client.send("POST", path, &headers, form.as_bytes()).await
}

fn is_page(reply: &Reply) -> bool {
    reply.header("content-type").starts_with("text/html") && reply.text().starts_with("<!DOCTYPE html>")
}

async fn completed(app: &TestApp) -> String {
    let id = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&id).await["status"], "completed");
    id
}

/// The address of a new link for readers.
async fn shared(app: &TestApp, id: &str) -> String {
    let made = app.client.post_json(&format!("/requests/{id}/share"), &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["url"].as_str().expect("an address").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_result_is_a_page_to_read_that_leads_nowhere_and_is_kept_from_search_engines() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = completed(&app).await;
    let link = shared(&app, &id).await;
    let page = browse(&app, &link).await;
    let text = page.text();
    assert!(page.status == 200 && is_page(&page), "{text}");
    assert_eq!((page.header("x-robots-tag"), page.header("cache-control")), ("noindex, nofollow", "no-store"));
    assert!(text.contains("name=\"robots\" content=\"noindex"));
    // Neither the request nor its purpose, and nothing to do with it.
    assert!(!text.contains(&id) && !text.contains("a test of the search") && !text.contains("signature="));
    for control in ["<script", "Erase", "/share", "evidence.zip"] {
        assert!(!text.contains(control), "{control}");
    }
    for words in ["1 red", "This link ends on", "A similarity is a measurement, not a proof"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let pictures: Vec<&str> = text.split(" src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(pictures.len() > 6 && pictures.iter().all(|address| address.starts_with(&link)), "{pictures:?}");
    assert_eq!(app.client.get(pictures[0]).await.header("content-type"), "image/jpeg");
    assert!(in_spanish(&app, &link).await.text().contains("Este enlace deja de funcionar el"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_a_shared_link_shows_no_face_and_says_nothing_of_the_result() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let link = shared(&app, &completed(&app).await).await;
    // Who makes previews says nothing of what they take.
    let page = app.client.send("GET", &link, &[("accept", "*/*"), ("x-forwarded-proto", "https")], &[]).await;
    assert!(page.status == 200 && is_page(&page));
    let text = page.text();
    let said = |property: &str| {
        let rest = text.split(&format!("property=\"{property}\" content=\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    assert_eq!(said("og:title"), "A shared result · Face Engine");
    assert!(said("og:description").starts_with("The result of a search for a face"));
    assert_eq!(said("og:image"), format!("https://{}/preview.png", app.client.0));
    let picture = app.client.get("/preview.png").await;
    assert_eq!((picture.status, picture.header("content-type"), &picture.body[1..4]), (200, "image/png", &b"PNG"[..]));
    // A program that asks for data is sent to them.
    let data = app.client.send("GET", &link, &[("accept", "application/json")], &[]).await;
    assert_eq!((data.status, data.header("location").to_owned()), (303, format!("{link}.json")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_ended_and_one_that_never_was_are_told_apart() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = completed(&app).await;
    let link = shared(&app, &id).await;
    assert_eq!(app.client.delete(&format!("/requests/{id}/share")).await.status, 204);
    let ended = browse(&app, &link).await;
    assert!(ended.status == 410 && is_page(&ended) && ended.text().contains("This link has ended"), "{}", ended.text());
    assert_eq!(ended.header("x-robots-tag"), "noindex, nofollow");
    assert!(in_spanish(&app, &link).await.text().contains("Este enlace ha dejado de funcionar"));
    let unknown = browse(&app, "/r/0123456789abcdef").await;
    assert!(unknown.status == 404 && unknown.text().contains("There is nothing behind this link"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_page_and_cannot_have_it_gets_one_that_says_why_and_a_program_gets_data() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = completed(&app).await;
    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 204);
    for (path, status, headline) in [
        ("/nowhere".to_owned(), 404, "There is no page here"),
        ("/requests/00000000-0000-4000-8000-000000000000".into(), 404, "No search has this address"),
        ("/requests/mistyped".into(), 400, "No search has this address"),
        (format!("/requests/{id}"), 410, "This search is erased"),
        (format!("/status/{id}"), 410, "This search is erased"),
        ("/artifacts/output/x/y.jpg?expires=1&signature=00".into(), 403, "This link is too old"),
        ("/match".into(), 405, "This was not done"),
    ] {
        let page = browse(&app, &path).await;
        assert_eq!((page.status, is_page(&page)), (status, true), "{path}: {}", page.text());
        assert!(page.text().contains(headline) && page.text().contains("noindex"), "{path}: {}", page.text());
        let data = app.client.get(&path).await;
        assert_eq!((data.status, data.header("content-type")), (status, "application/json"), "{path}");
    }
    assert_eq!(browse(&app, "/match").await.header("allow"), "POST");
    assert!(in_spanish(&app, "/nowhere").await.text().contains("<html lang=\"es\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_pages_say_so_and_when_to_come_back() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = completed(&app).await;
    app.service.store.close().await;
    for path in [format!("/requests/{id}"), "/pools".into(), "/r/0123456789abcdef".into()] {
        let page = browse(&app, &path).await;
        assert_eq!((page.status, page.header("retry-after"), is_page(&page)), (503, "5", true), "{path}: {}", page.text());
        assert!(page.text().contains("This cannot be shown right now") && page.text().contains("in 5 seconds"), "{path}");
    }
    let dashboard = browse(&app, "/dashboard").await;
    assert_eq!((dashboard.status, dashboard.header("retry-after"), is_page(&dashboard)), (503, "5", true));
    assert!(dashboard.text().contains("The database cannot be reached just now") && dashboard.text().contains("Engine and networks"));
    assert_eq!(browse(&app, "/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_tells_how_it_goes_and_nothing_of_anybodys_search() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = completed(&app).await;
    let failed = app.client.accepted(Form::lawful().file("image", "grey.png", &pictures::grey())).await;
    assert_eq!(app.client.ended(&failed).await["status"], "failed");
    let page = browse(&app, "/dashboard").await;
    let text = page.text();
    assert!(page.status == 200 && is_page(&page), "{text}");
    for secret in [id.as_str(), &failed, "a test of the search", "signature=", ".png"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(
        text.contains("Bars over time: 1 completed, 1 failed.") && text.contains("samples") && text.contains("Compare faces"),
        "{text}"
    );
    // Both charts have their numbers as tables: 24 hours, a row each.
    assert_eq!(text.matches("role=\"img\"").count(), 2);
    for (window, rows) in [("hour", 12), ("day", 24), ("week", 14)] {
        let text = browse(&app, &format!("/dashboard?window={window}")).await.text();
        let table = text.split("id=\"throughput-table\"").nth(1).and_then(|rest| rest.split("</table>").next()).expect("a table");
        assert_eq!(table.matches("<th scope=\"row\">").count(), rows, "{window}");
    }
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    let policy = page.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert_eq!((text.matches("<script").count(), text.matches(&format!("<script nonce=\"{nonce}\"")).count()), (1, 1));
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!text.contains(" style=") && !text.contains(" onclick="), "what the policy would not let through");
    assert!(in_spanish(&app, "/dashboard").await.text().contains("Rendimiento y tiempos"));
}

fn roots() -> (tempfile::TempDir, String) {
    let roots = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(roots.path().join("press")).expect("a folder");
    std::fs::write(roots.path().join("press/yellow.png"), pictures::png(220, 220, 10)).expect("written");
    let root = roots.path().to_string_lossy().into_owned();
    (roots, root)
}

fn form(name: &str, uri: &Path) -> String {
    let uri = uri.to_string_lossy();
    url::form_urlencoded::Serializer::new(String::new()).append_pair("name", name).append_pair("uri", &uri).finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_are_data_for_programs_and_a_page_for_people() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let data = app.client.get("/pools").await;
    assert_eq!((data.header("content-type"), data.header("vary")), ("application/json", "accept"));
    let page = browse(&app, "/pools").await;
    assert!(page.status == 200 && is_page(&page) && page.header("vary").contains("accept"));
    let text = page.text();
    assert!(text.contains("id=\"pool-samples\"") && text.contains("Not synced yet"), "{text}");
    assert!(text.contains("POOL_ROOTS") && !text.contains("name=\"uri\""), "without a place for them none can be added");
    assert_eq!(page.header("referrer-policy"), "same-origin", "so that browsers say where a form comes from");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_added_synced_and_deleted_by_forms_alone() {
    let (folder, (roots, root)) = (folder(), roots());
    let app = TestApp::start_with(folder.path(), &[("POOL_ROOTS", &root)], FakeVision::default()).await;
    let added = submit(&app, "/pools", &form(" press ", &roots.path().join("press"))).await;
    assert_eq!((added.status, added.header("location")), (303, "/pools?done=added#pool-press"), "{}", added.text());
    let page = browse(&app, "/pools?done=added").await.text();
    assert!(page.contains("id=\"pool-press\"") && page.contains("The pool is added."), "{page}");
    let asked = submit(&app, "/pools/press/sync", "").await;
    assert_eq!((asked.status, asked.header("location")), (303, "/pools?done=asked#pool-press"));
    let deleted = submit(&app, "/pools/press/delete", "").await;
    assert_eq!((deleted.status, deleted.header("location")), (303, "/pools?done=deleted"));
    assert!(!browse(&app, "/pools").await.text().contains("id=\"pool-press\""));
    let again = submit(&app, "/pools/press/delete", "").await;
    assert!(again.status == 404 && is_page(&again) && again.text().contains("There is no pool of this name"), "{}", again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_refused_comes_back_with_the_reason_beside_its_field_and_what_was_typed() {
    let (folder, (roots, root)) = (folder(), roots());
    let app = TestApp::start_with(folder.path(), &[("POOL_ROOTS", &root)], FakeVision::default()).await;
    let (press, missing) = (roots.path().join("press"), roots.path().join("missing"));
    for (name, uri, status, field, words) in [
        ("samples", press.as_path(), 409, "name", "There is a pool of this name already"),
        ("a b", press.as_path(), 400, "name", "`name` must be"),
        ("etc", Path::new("/etc"), 403, "uri", "Pools may not be put there"),
        ("missing", missing.as_path(), 422, "uri", "There is no such folder"),
    ] {
        let page = submit(&app, "/pools", &form(name, uri)).await;
        let text = page.text();
        assert_eq!((page.status, is_page(&page)), (status, true), "{name}: {text}");
        let problem = text.split(&format!("id=\"{field}-problem\"")).nth(1).and_then(|rest| rest.split("</p>").next()).unwrap_or_default();
        assert!(problem.contains(words), "{name}: {problem}");
        assert!(text.contains(&format!("value=\"{name}\"")) && text.contains("aria-invalid=\"true\""), "{name}");
    }
    let strange = submit(&app, "/pools", "name=%22%3E%3Cscript%3E&uri=x").await;
    assert!(strange.status == 400 && !strange.text().contains("\"><script>"), "{}", strange.text());
    let spanish = [("accept", HTML), ("accept-language", "es"), ("content-type", "application/x-www-form-urlencoded")];
    let page = app.client.send("POST", "/pools", &spanish, form("etc", Path::new("/etc")).as_bytes()).await;
    assert!(page.text().contains("Ahí no se pueden poner colecciones"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_change_pools() {
    let (folder, (roots, root)) = (folder(), roots());
    let app = TestApp::start_with(folder.path(), &[("POOL_ROOTS", &root)], FakeVision::default()).await;
    let press = form("press", &roots.path().join("press"));
    let json = json!({ "name": "press", "uri": roots.path().join("press") }).to_string();
    for from in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        for (path, kind, body) in [
            ("/pools", "application/x-www-form-urlencoded", press.as_bytes()),
            ("/pools", "text/plain", json.as_bytes()),
            ("/pools/samples/sync", "text/plain", b""),
            ("/pools/samples/delete", "text/plain", b""),
        ] {
            let refused = app.client.send("POST", path, &[("accept", HTML), ("content-type", kind), from], body).await;
            assert_eq!(refused.status, 403, "{path} {from:?}: {}", refused.text());
        }
    }
    let pools = app.client.get("/pools").await.json();
    assert_eq!((pools["pools"].as_array().map(Vec::len), &pools["pools"][0]["state"]), (Some(1), &json!("new")));
}
