//! What is answered, held against what the document tells: every answer that these tests get is one of those that it lists.

use super::{checker::problems, events_of};
use crate::common::{FakeVision, Form, Reply, TestApp, folder, pictures};
use serde_json::{Value, json};
use server::http::openapi;
use std::collections::BTreeSet;

/// The answer is one that the document tells of: its status, its media type, its body, its headers, its code.
#[track_caller]
fn is_told(document: &Value, method: &str, path: &str, reply: &Reply) {
    let at = format!("{method} {path} {}: {}", reply.status, reply.text());
    let response = document["paths"][path][method]["responses"].get(reply.status.to_string()).unwrap_or_else(|| panic!("untold: {at}"));
    for (name, _) in response["headers"].as_object().expect("headers") {
        // Not every code of a status comes with it.
        assert!(name == "Retry-After" || !reply.header(&name.to_lowercase()).is_empty(), "no {name}: {at}");
    }
    let Some(content) = response["content"].as_object() else {
        assert!(reply.body.is_empty(), "a body of which nothing is told: {at}");
        return;
    };
    let media = reply.header("content-type").split(';').next().unwrap_or_default().trim();
    let content = content.get(media).unwrap_or_else(|| panic!("{media} is untold: {at}"));
    match media {
        "application/json" => {
            assert_eq!(problems(document, &content["schema"], &reply.json()), Vec::<String>::new(), "{at}");
            if reply.status >= 400 {
                let codes = response["x-codes"].as_array().expect("codes");
                let code = &reply.json()["error"]["code"];
                assert!(codes.contains(code), "{code} is untold: {at}");
                assert_eq!(
                    reply.header("retry-after").is_empty(),
                    openapi::error(code.as_str().unwrap_or_default()).retry_after.is_none(),
                    "{at}"
                );
            }
        }
        "text/event-stream" => {
            let events = events_of(&reply.text());
            assert!(!events.is_empty(), "{at}");
            for (name, data) in events {
                assert_eq!(data["type"], name, "{at}");
                assert_eq!(problems(document, &content["x-event-data"], &data), Vec::<String>::new(), "{data:#}");
            }
        }
        _ => assert!(!reply.body.is_empty(), "{at}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_what_the_document_tells() {
    let folder = folder();
    let roots = folder.path().to_string_lossy().into_owned();
    let app = TestApp::start_with(folder.path(), &[("POOL_ROOTS", &roots)], FakeVision::default()).await;
    let document = app.client.get("/openapi.json").await.json();
    let client = app.client;
    let told = |method: &str, path: &str, reply: &Reply| is_told(&document, method, path, reply);

    let result = client.post(Form::good().field("sync", "true").field("providers", "samples")).await;
    assert_eq!(result.status, 200);
    told("post", "/match", &result);
    let accepted = client.post(Form::good()).await;
    assert_eq!(accepted.status, 202);
    told("post", "/match", &accepted);
    let id = accepted.json()["request_id"].as_str().expect("an id").to_owned();
    let report = client.ended(&id).await;

    let status = client.get(&format!("/status/{id}?logs=true")).await;
    assert!(status.json()["result"]["result"][0]["matches"].as_array().is_some_and(|matches| matches.len() > 2), "{}", status.text());
    told("get", "/status/{request_id}", &status);
    told("get", "/status", &client.get("/status?limit=1").await);
    let events = client.get(&format!("/events/{id}")).await;
    let names: BTreeSet<String> = events_of(&events.text()).into_iter().map(|(name, _)| name).collect();
    assert!(["stage", "candidate", "match", "done"].iter().all(|name| names.contains(*name)), "{names:?}");
    told("get", "/events/{request_id}", &events);
    let all = client.send("GET", &format!("/events/{id}"), &[("last-event-id", "100000")], &[]).await;
    assert_eq!(all.status, 204);
    told("get", "/events/{request_id}", &all);
    let crop = report["result"]["result"][0]["crop"].as_str().expect("a crop");
    told("get", "/artifacts/{key}", &client.get(crop).await);

    told("get", "/requests/{request_id}/evidence.zip", &client.get(&format!("/requests/{id}/evidence.zip")).await);

    let share = client.send("POST", &format!("/requests/{id}/share"), &[], &[]).await;
    assert_eq!(share.status, 201);
    told("post", "/requests/{request_id}/share", &share);
    let shared = client.get(share.json()["data"].as_str().expect("an address")).await;
    told("get", "/r/{token}.json", &shared);
    told("get", "/r/{token}/{path}", &client.get(shared.json()["result"][0]["crop"].as_str().expect("a crop")).await);
    let revoke = async || client.delete(&format!("/requests/{id}/share")).await;
    told("delete", "/requests/{request_id}/share", &revoke().await);
    let again = revoke().await;
    assert_eq!(again.status, 404);
    told("delete", "/requests/{request_id}/share", &again);
    told("get", "/r/{token}.json", &client.get(share.json()["data"].as_str().expect("an address")).await);

    let place = folder.path().join("pool").to_string_lossy().into_owned();
    for (uri, name, status) in [(place.as_str(), "mine", 201), (place.as_str(), "mine", 409), ("nowhere", "x", 400), ("/", "x", 403)] {
        let made = client.post_json("/pools", &json!({ "name": name, "uri": uri })).await;
        assert_eq!(made.status, status, "{}", made.text());
        told("post", "/pools", &made);
    }
    told("post", "/pools/{name}/sync", &client.send("POST", "/pools/mine/sync", &[], &[]).await);
    told("get", "/pools", &client.get("/pools").await);
    told("delete", "/pools/{name}", &client.delete("/pools/mine").await);
    told("delete", "/pools/{name}", &client.delete("/pools/mine").await);

    for path in ["/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/"] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        told("get", path, &reply);
    }
    told("get", "/requests/{request_id}", &client.get(&format!("/requests/{id}")).await);
    told("delete", "/requests/{request_id}", &client.delete(&format!("/requests/{id}")).await);
    for (method, path) in [
        ("get", "/status/{request_id}"),
        ("get", "/events/{request_id}"),
        ("get", "/requests/{request_id}/evidence.zip"),
        ("get", "/requests/{request_id}"),
        ("delete", "/requests/{request_id}"),
        ("post", "/requests/{request_id}/share"),
        ("delete", "/requests/{request_id}/share"),
    ] {
        for (other, status) in [(id.as_str(), 410), ("8d1f0d8e-0000-4000-8000-000000000000", 404), ("mistyped", 400)] {
            let refused = client.send(&method.to_uppercase(), &path.replace("{request_id}", other), &[], &[]).await;
            assert_eq!(refused.status, status, "{method} {path} {other}");
            told(method, path, &refused);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_refused_as_the_document_tells() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("MAX_PIXELS", "10000")], FakeVision::default()).await;
    let document = app.client.get("/openapi.json").await.json();
    let photo = pictures::red();
    let large = pictures::portrait(1, 200, [200, 30, 30]);
    let mut encoded = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageRgb8(large).write_to(&mut encoded, image::ImageFormat::Png).expect("a picture can be encoded");
    let mut codes = BTreeSet::new();
    for (form, code) in [
        (Form::lawful(), "missing_image"),
        (Form::lawful().file("image", "a.png", b""), "empty_image"),
        (Form::lawful().file("image", "a.png", b"no picture"), "unsupported_media_type"),
        (Form::lawful().file("image", "a.png", &photo[..40]), "unreadable_image"),
        (Form::lawful().file("image", "a.png", encoded.get_ref()), "image_too_large"),
        (Form::default().file("image", "a.png", &photo).field("consent", "true"), "purpose_required"),
        (Form::default().file("image", "a.png", &photo).field("purpose", "a test"), "consent_required"),
        (Form::good().field("top_k", "0"), "invalid_field"),
        (Form::good().field("treshold", "0"), "unknown_field"),
        (Form::good().field("providers", "nobody"), "unknown_provider"),
        (Form::good().field("providers", "brave"), "provider_not_configured"),
        (Form::lawful().file("image", "a.png", &pictures::grey()).field("sync", "true"), "no_face"),
        (Form::good().field("face", "7").field("sync", "true"), "face_index_out_of_range"),
        ((0..9).fold(Form::lawful(), |form, _| form.file("image", "a.png", &photo)), "too_many_images"),
    ] {
        let refused = app.client.post(form).await;
        assert_eq!(refused.json()["error"]["code"], code, "{}", refused.text());
        is_told(&document, "post", "/match", &refused);
        codes.insert(code);
    }
    let key = [("idempotency-key", "one")];
    app.client.post_with(Form::good(), &key).await;
    let conflict = app.client.post_with(Form::good().field("hint", "other"), &key).await;
    assert_eq!(conflict.status, 409);
    is_told(&document, "post", "/match", &conflict);
    is_told(&document, "post", "/match", &app.client.send("POST", "/match", &[], b"no form").await);
    for (body, code) in [
        (json!([]), "malformed_request"),
        (json!({ "purpose": "a test", "consent": true }), "missing_field"),
        (json!({ "query_uri": "s3://a/b", "pool_uri": "s3://a", "purpose": "a test" }), "consent_required"),
        (json!({ "query_uri": "s3://a/b", "pool_uri": "s3://a", "purpose": "a test", "consent": true }), "bucket_not_allowed"),
        (json!({ "query_uri": "a/b", "pool_uri": "b", "purpose": "a test", "consent": true }), "invalid_s3_uri"),
    ] {
        let refused = app.client.post_json("/process-s3-image", &body).await;
        assert_eq!(refused.json()["error"]["code"], code, "{}", refused.text());
        is_told(&document, "post", "/process-s3-image", &refused);
    }
    for (path, template) in [
        ("/status?limit=0", "/status"),
        ("/status?cursor=x", "/status"),
        ("/artifacts/output/x?expires=1&signature=x", "/artifacts/{key}"),
        ("/r/unknown.json", "/r/{token}.json"),
    ] {
        let refused = app.client.get(path).await;
        assert!(refused.status >= 400, "{path}");
        is_told(&document, "get", template, &refused);
    }
}
