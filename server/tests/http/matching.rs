//! `POST /match`: 202 and a place to look, or the whole result.

use crate::common::{Form, TestApp, folder, pictures};
use insta::assert_snapshot;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_accepted_runs_and_is_there_to_be_read() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.post(Form::good()).await;
    assert_snapshot!(reply.snapshot(), @r#"
    202 {
      "links": {
        "events": "/events/[id]",
        "page": "/requests/[id]",
        "status": "/status/[id]"
      },
      "request_id": "[id]",
      "status": "queued"
    }
    "#);
    let id = reply.json()["request_id"].as_str().expect("an id").to_owned();
    assert_eq!(reply.header("location"), format!("/status/{id}"));

    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    assert_eq!(report["purpose"], "a test of the search");
    assert_eq!(report["counts"]["candidates"], 6);
    assert_eq!(report["counts"]["failed"], 1, "the broken picture costs itself alone");
    assert_eq!(report["logs"], serde_json::Value::Null);
    let stages: Vec<_> = report["stages"].as_array().expect("stages").iter().map(|s| s["name"].as_str().expect("a name")).collect();
    assert_eq!(stages, ["validate", "discover", "analyse", "rank", "artifacts"]);

    let matches = report["result"]["result"][0]["matches"].as_array().expect("matches");
    let seen: Vec<_> =
        matches.iter().map(|m| (m["image_uri"].as_str().unwrap_or_default(), m["match_status"].as_str().unwrap_or_default())).collect();
    assert_eq!(seen[..2], [("file:1 red.png", "MATCH"), ("file:2 dark red.png", "MATCH")], "{seen:?}");
    assert!(seen[2..].iter().all(|(_, status)| *status != "MATCH"), "{seen:?}");
    assert_eq!(report["result"]["request_id"], id);
    assert_eq!(report["result"]["max_retries"], 3);
    assert_eq!(report["result"]["engine"], "fake (test)");

    let with_logs = app.client.get(&format!("/status/{id}?logs=true")).await.json();
    let lines = with_logs["logs"].as_array().expect("logs");
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| !line["message"].as_str().unwrap_or_default().contains("somebody")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_answers_the_result_itself() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.post(Form::good().field("sync", "true").field("top_k", "1").field("threshold", "0.5")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let result = reply.json();
    assert_eq!(result["status"], "completed");
    assert_eq!(result["result"][0]["matches"].as_array().map(Vec::len), Some(1));
    assert_eq!(result["result"][0]["matches"][0]["rank"], 1);
    assert!(result["result"][0]["matches"][0]["crop"].as_str().is_some_and(|link| link.contains("signature=")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_answers_202_where_the_result_takes_too_long() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("SYNC_TIMEOUT", "0.05")], crate::common::FakeVision::closed()).await;
    let reply = app.client.post(Form::good().field("sync", "true")).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    app.vision.gate.open();
    let id = reply.json()["request_id"].as_str().expect("an id").to_owned();
    assert_eq!(app.client.ended(&id).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_without_a_face_fails_by_name() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let form = || Form::lawful().file("image", "wall.png", &pictures::grey());
    let reply = app.client.post(form().field("sync", "true")).await;
    let mut shown = reply.clone();
    let id = reply.json()["error"]["details"]["match_request_id"].as_str().expect("the id").to_owned();
    shown.body = reply.text().replace(&id, "[match id]").into_bytes();
    assert_snapshot!(shown.snapshot(), @r#"
    422 {
      "error": {
        "code": "no_face",
        "details": {
          "match_request_id": "[match id]"
        },
        "message": "No face was found in the query picture: send one that shows the face larger, sharper or less turned away."
      },
      "request_id": "[id]"
    }
    "#);

    let id = app.client.accepted(form()).await;
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("no_face")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_is_the_same_request() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let key = [("idempotency-key", "order-17")];
    let first = app.client.post_with(Form::good(), &key).await;
    let again = app.client.post_with(Form::good(), &key).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.json()["request_id"], again.json()["request_id"]);
    assert_eq!(app.client.get("/status").await.json()["requests"].as_array().map(Vec::len), Some(1));

    let other_option = app.client.post_with(Form::good().field("top_k", "3"), &key).await;
    assert_snapshot!(other_option.snapshot(), @r#"
    409 {
      "error": {
        "code": "idempotency_conflict",
        "message": "This Idempotency-Key came with another request before: use a new key for a new request."
      },
      "request_id": "[id]"
    }
    "#);
    let other_picture = app.client.post_with(Form::lawful().file("image", "x.png", &pictures::png(30, 30, 200)), &key).await;
    assert_eq!(other_picture.status, 409);
    let other_key = app.client.post_with(Form::good(), &[("idempotency-key", "order-18")]).await;
    assert_ne!(first.json()["request_id"], other_key.json()["request_id"]);
    // What was not accepted has left no picture behind.
    let kept = app.service.objects.children("input").await.expect("a listing");
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(app.client.post_with(Form::good(), &[("idempotency-key", "")]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_the_same_key_at_the_same_time_are_one_request() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let key = [("idempotency-key", "at once")];
    let replies = futures::future::join_all((0..8).map(|_| app.client.post_with(Form::good(), &key))).await;
    let ids: std::collections::BTreeSet<_> = replies.iter().map(|reply| reply.json()["request_id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}
