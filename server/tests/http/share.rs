//! A result behind a link: readable by whoever has it, until it ends, and leading nowhere else.

use crate::common::{Form, Reply, TestApp, folder};
use insta::assert_snapshot;
use std::time::Duration;

async fn completed(app: &TestApp) -> String {
    let id = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&id).await["status"], "completed");
    id
}

async fn share(app: &TestApp, id: &str, body: &str) -> Reply {
    app.client.send("POST", &format!("/requests/{id}/share"), &[("content-type", "application/json")], body.as_bytes()).await
}

async fn shared(app: &TestApp, id: &str) -> String {
    let made = share(app, id, "").await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["data"].as_str().expect("an address").to_owned()
}

/// Every address of a picture in the data.
fn pictures(data: &serde_json::Value) -> Vec<String> {
    let probe = &data["result"][0];
    let names = ["crop", "aligned", "annotated", "picture", "thumbnail"];
    let of = |value: &serde_json::Value| names.map(|name| value[name].as_str().map(ToOwned::to_owned));
    let matches = probe["matches"].as_array().expect("matches");
    matches.iter().chain([probe]).flat_map(of).flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_link_sees_the_result_and_its_pictures_and_nothing_that_leads_to_the_request() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = completed(&app).await;
    let data = app.client.get(&shared(&app, &id).await).await;
    assert_eq!((data.status, data.header("cache-control"), data.header("x-robots-tag")), (200, "no-store", "noindex, nofollow"));
    let text = data.text();
    assert!(!text.contains(&id) && !text.contains("signature") && !text.contains("a test"), "{text}");
    assert!(!text.contains("file:"), "where pictures of a pool lie is the operator's to know: {text}");
    let first = &data.json()["result"][0]["matches"][0];
    assert_eq!((first["image_uri"].as_str(), first["title"].as_str()), (Some("pool:samples"), Some("1 red")), "{first:#}");
    assert_eq!(first["provenances"][0]["image_uri"], "pool:samples");
    let pictures = pictures(&data.json());
    assert!(pictures.len() > 6, "{pictures:?}");
    for address in pictures {
        let picture = app.client.get(&address).await;
        assert_eq!((picture.status, picture.header("content-type")), (200, "image/jpeg"), "{address}");
        assert_eq!(picture.header("cache-control"), "private, no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_and_files_of_other_requests_are_not_behind_a_link() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (id, other) = (completed(&app).await, completed(&app).await);
    let link = shared(&app, &id).await;
    let below = link.strip_suffix(".json").expect("data").to_owned();
    assert!(app.service.objects.get(&format!("output/{id}/pool/embeddings.json")).await.expect("read").is_some());
    for path in [
        "pool/embeddings.json".into(),
        "query/embeddings.json".into(),
        "matching_results.json".into(),
        format!("..%2F{other}/query/embeddings.json"),
        format!("%2e%2e/{other}/matching_results.json"),
        "nothing".into(),
    ] {
        assert_eq!(app.client.get(&format!("{below}/{path}")).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_ended_answers_410_however_it_ended() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let revoke = async |id: &str| app.client.send("DELETE", &format!("/requests/{id}/share"), &[], b"").await.status;

    let id = completed(&app).await;
    let revoked = shared(&app, &id).await;
    let picture = pictures(&app.client.get(&revoked).await.json()).remove(0);
    assert_eq!((revoke(&id).await, revoke(&id).await), (204, 404));
    assert_eq!((app.client.get(&revoked).await.status, app.client.get(&picture).await.status), (410, 410));

    let replaced = shared(&app, &id).await;
    let open = shared(&app, &id).await;
    assert_eq!((app.client.get(&replaced).await.status, app.client.get(&open).await.status), (410, 200));

    assert_eq!(app.client.send("DELETE", &format!("/requests/{id}"), &[], b"").await.status, 204);
    assert_eq!((app.client.get(&open).await.status, revoke(&id).await, share(&app, &id, "").await.status), (410, 410, 410));

    let id = completed(&app).await;
    let made = share(&app, &id, r#"{"expires_in": 60}"#).await.json();
    let link = made["data"].as_str().expect("an address");
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(app.client.get(link).await.status, 200);
    app.clock.advance(Duration::from_secs(2));
    let ended = app.client.get(link).await;
    assert_snapshot!(ended.snapshot(), @r#"
    410 {
      "error": {
        "code": "gone",
        "message": "This link has ended: it was revoked, is past its time, or what it showed was erased."
      },
      "request_id": "[id]"
    }
    "#);
    assert_eq!(app.client.get("/r/0123456789abcdef.json").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_never_outlives_its_request_and_bad_wishes_are_refused() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("RETENTION_DAYS", "1")], Default::default()).await;
    let id = completed(&app).await;
    let request_ends = app.client.status(&id).await["expires_at"].clone();
    assert_eq!(share(&app, &id, r#"{"expires_in": 2592000}"#).await.json()["expires_at"], request_ends);
    for (body, code) in [
        (r#"{"expires_in": 5}"#, "invalid_field"),
        (r#"{"expires_in": 1e12}"#, "invalid_field"),
        (r#"{"expires_in": "soon"}"#, "malformed_request"),
        (r#"{"until": 5}"#, "malformed_request"),
        ("x", "malformed_request"),
    ] {
        let refused = share(&app, &id, body).await;
        assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (400, Some(code)), "{body}");
    }
    let unknown = share(&app, "8d1f0d8e-0000-4000-8000-000000000000", "").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_has_not_completed_cannot_be_shared() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], crate::common::FakeVision::closed()).await;
    let id = app.client.accepted(Form::good()).await;
    let early = share(&app, &id, "").await;
    assert_eq!((early.status, early.json()["error"]["code"].as_str()), (409, Some("not_completed")));
    app.vision.gate.open();
    app.client.ended(&id).await;
    assert_eq!(share(&app, &id, "").await.status, 201);
}
