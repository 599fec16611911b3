//! A photo that is not sent: one that stands at an address on the web, and those of an earlier request.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};
use axum::{Router, http::StatusCode, response::Redirect, routing::get};
use insta::assert_snapshot;
use serde_json::Value;
use server::store::Lookup;
use std::time::Duration;
use tokio::net::TcpListener;

const BROWSER: [(&str, &str); 1] = [("accept", "text/html")];

/// A host of pictures on loopback: `127.0.0.1:port`.
async fn host() -> String {
    let large = [pictures::red(), vec![0; 300 << 10]].concat();
    let router = Router::new()
        .route("/red.png", get(|| async { pictures::red() }))
        .route("/jpeg", get(|| async { pictures::jpeg() }))
        .route("/page.html", get(|| async { "<!doctype html><img src=\"red.png\">" }))
        .route("/damaged.png", get(|| async { pictures::red()[..60].to_vec() }))
        .route("/large.png", get(move || async move { large }))
        .route("/wide.png", get(|| async { pictures::png_header(20_000, 20_000) }))
        .route("/slow.png", get(|| async { tokio::time::sleep(Duration::from_secs(600)).await }))
        .route("/inside.png", get(|| async { Redirect::temporary("http://127.0.0.1/secret.png") }))
        .route("/gone.png", get(|| async { StatusCode::NOT_FOUND }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn at(url: &str) -> Form {
    Form::lawful().field("image_url", url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_fetched_from_its_address_and_searched_with_like_one_that_was_sent() {
    let (folder, host) = (folder(), host().await);
    let app = TestApp::start_with(folder.path(), &[("DOWNLOAD_ALLOW", &host)], FakeVision::default()).await;
    let sent = app.client.post(Form::good().field("sync", "true")).await.json();
    let fetched = app.client.post(at(&format!("http://{host}/red.png")).field("sync", "true")).await;
    assert_eq!(fetched.status, 200, "{}", fetched.text());
    let probe = |result: &Value| (result["result"][0]["query_image"].clone(), result["result"][0]["face"].clone());
    assert_eq!(probe(&fetched.json()), probe(&sent));
    assert_eq!(fetched.json()["result"][0]["picture_size"], serde_json::json!([96, 96]));
    // The content decides, not the name.
    assert_eq!(app.client.post(at(&format!("http://{host}/jpeg"))).await.status, 202);
    until("the download is kept nowhere but with its request", || async { app.service.downloads.cache.users().is_empty() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_javascript_may_name_an_address_too() {
    let (folder, host) = (folder(), host().await);
    let app = TestApp::start_with(folder.path(), &[("DOWNLOAD_ALLOW", &host)], FakeVision::default()).await;
    // As a browser sends it where no file is chosen.
    let form = |path: &str| at(&format!("http://{host}{path}")).file("image", "", b"");
    let reply = app.client.post_with(form("/red.png"), &BROWSER).await;
    assert_eq!((reply.status, reply.header("location").starts_with("/requests/")), (303, true), "{}", reply.text());
    let refused = app.client.post_with(form("/gone.png"), &BROWSER).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("<form") && refused.text().contains("could not be had from its site"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_address_has_a_code_and_a_sentence_and_nothing_is_queued() {
    let (folder, host) = (folder(), host().await);
    let settings = [
        ("DOWNLOAD_ALLOW", host.as_str()),
        ("DOWNLOAD_TIMEOUT", "0.3"),
        ("DOWNLOAD_RETRIES", "0"),
        ("MAX_UPLOAD_BYTES", "262144"),
        ("DOWNLOAD_BREAKER_FAILURES", "1000"),
    ];
    let app = TestApp::start_with(folder.path(), &settings, FakeVision::default()).await;
    for (url, status, code) in [
        ("not an address", 400, "invalid_field"),
        ("ftp://pictures.example/a.jpg", 400, "invalid_field"),
        ("http://me:secret@pictures.example/a.jpg", 400, "invalid_field"),
        ("http://pictures.example:8080/a.jpg", 400, "image_url_refused"),
        ("http://10.0.0.7/a.jpg", 400, "image_url_not_public"),
        ("http://[::1]/a.jpg", 400, "image_url_not_public"),
        ("HOST/inside.png", 400, "image_url_not_public"),
        ("HOST/page.html", 415, "image_url_no_picture"),
        ("HOST/damaged.png", 422, "unreadable_image"),
        ("HOST/large.png", 413, "payload_too_large"),
        ("HOST/wide.png", 413, "image_too_large"),
        ("HOST/slow.png", 422, "image_url_timeout"),
        ("HOST/gone.png", 422, "image_url_unreachable"),
    ] {
        let reply = app.client.post(at(&url.replace("HOST", &format!("http://{host}")))).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, error["code"].as_str()), (status, Some(code)), "{url}: {error}");
        assert!(error["message"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{error}");
    }
    assert_eq!(app.client.get("/status").await.json()["requests"].as_array().map(Vec::len), Some(0));
    let metrics = app.client.get("/metrics").await.text();
    assert!(metrics.contains("face_engine_requests_refused_total{reason=\"image_url_no_picture\"} 1"), "{metrics}");
    assert_snapshot!(app.client.post(at("http://10.0.0.7/a.jpg")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "image_url_not_public",
        "details": {
          "field": "image_url",
          "kind": "refused_host"
        },
        "message": "The address in `image_url` does not lead to a public site: save the picture and send the file."
      },
      "request_id": "[id]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_fetched_for_a_search_that_is_not_lawful() {
    let (folder, host) = (folder(), host().await);
    let app = TestApp::start_with(folder.path(), &[("DOWNLOAD_ALLOW", &host)], FakeVision::default()).await;
    let form = Form::default().field("image_url", &format!("http://{host}/gone.png")).field("purpose", "a test");
    assert_eq!(app.client.post(form).await.json()["error"]["code"], "consent_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_photo_the_address_only_says_where_it_stands() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    // It could not be fetched, and need not be.
    let reply = app.client.post(Form::good().field("image_url", "http://10.0.0.7/a.jpg")).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photos_of_an_earlier_request_are_searched_with_again_for_another_face() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let first = app.client.accepted(Form::good().field("top_k", "2").field("providers", "samples")).await;
    app.client.ended(&first).await;

    // Consent is asked anew: another face is another person.
    let refused = app.client.post(Form::default().field("photo_of", &first).field("face", "0")).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (422, Some("consent_required")));

    let again = Form::default().field("photo_of", &first).field("consent", "true");
    let second = app.client.accepted(again.clone().field("face", "0")).await;
    let report = app.client.ended(&second).await;
    assert_eq!(report["status"], "completed", "{report}");
    assert_eq!(report["purpose"], "a test of the search");
    assert_eq!(report["result"]["result"][0]["matches"].as_array().map(Vec::len), Some(2), "the options are those of the first");
    let third = app.client.accepted(again.clone().field("face", "4").field("purpose", "another one")).await;
    let report = app.client.ended(&third).await;
    assert_eq!((&report["error"]["code"], &report["purpose"]), (&"face_index_out_of_range".into(), &"another one".into()));

    // Each has its own copy: erasing one leaves the other.
    assert_eq!(app.client.delete(&format!("/requests/{first}")).await.status, 204);
    assert_eq!(app.client.status(&second).await["status"], "completed");
    let gone = app.client.post(again.clone()).await;
    assert_eq!((gone.status, gone.json()["error"]["code"].as_str()), (410, Some("gone")));
    let kept = app.service.store.request(second.parse().expect("an id")).await.expect("the store answers");
    let Lookup::Found(kept) = kept else { panic!("the second is there") };
    assert_eq!(kept.options.photo_of, None, "nothing tells of the first one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_there_lends_no_photo() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    for (form, status, code) in [
        (Form::lawful().field("photo_of", "00000000-0000-4000-8000-000000000000"), 404, "not_found"),
        (Form::lawful().field("photo_of", "mine"), 400, "malformed_id"),
        (Form::lawful().field("photo_of", ""), 400, "missing_image"),
        (Form::good().field("photo_of", "00000000-0000-4000-8000-000000000000"), 400, "invalid_field"),
    ] {
        let reply = app.client.post(form).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (status, Some(code)), "{}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_javascript_stops_and_erases_by_a_form() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(Form::good()).await;
    let reply = app.client.send("POST", &format!("/requests/{id}/erase"), &BROWSER, &[]).await;
    assert_eq!((reply.status, reply.header("location")), (303, format!("/requests/{id}").as_str()), "{}", reply.text());
    assert_eq!(app.client.get(&format!("/status/{id}")).await.status, 410);
    let again = app.client.send("POST", &format!("/requests/{id}/erase"), &BROWSER, &[]).await;
    assert_eq!((again.status, again.header("location")), (303, format!("/requests/{id}").as_str()), "its page says that it is erased");
    let nobodys = "/requests/00000000-0000-4000-8000-000000000000/erase";
    assert_eq!(app.client.send("POST", nobodys, &BROWSER, &[]).await.status, 404);
}
