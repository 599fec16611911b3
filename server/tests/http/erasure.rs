//! Forgetting: on demand and after the retention. Afterwards every link answers 410, and nothing is left in rows, files
//! or the database's log.

use crate::common::{FakeVision, Form, TestApp, folder, until};
use insta::assert_snapshot;
use std::{path::Path, sync::atomic::Ordering, time::Duration};

/// Words that appear nowhere else.
const SECRET: &str = "zebra-crossing-purpose-4711";

fn secret_form() -> Form {
    Form::default().field("purpose", SECRET).field("consent", "true").file("image", "photo.png", &crate::common::pictures::red())
}

/// Every file below the folder that holds the bytes.
fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry")) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|w| w == needle)) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_request_leaves_nothing_but_the_word() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let key = [("idempotency-key", "to be forgotten")];
    let id = app.client.post_with(secret_form(), &key).await.json()["request_id"].as_str().expect("an id").to_owned();
    let report = app.client.ended(&id).await;
    let crop = report["result"]["result"][0]["matches"][0]["crop"].as_str().expect("a link").to_owned();
    assert_eq!(app.client.get(&crop).await.status, 200);
    let data = folder.path().join("data");
    assert!(!files_with(&data, SECRET.as_bytes()).is_empty(), "it is there before");

    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 204);

    assert_snapshot!(app.client.get(&format!("/status/{id}")).await.snapshot(), @r#"
    410 {
      "error": {
        "code": "gone",
        "message": "The request was erased or is past its retention: nothing of it is kept."
      },
      "request_id": "[id]"
    }
    "#);
    for path in [format!("/events/{id}"), format!("/requests/{id}"), crop] {
        let reply = app.client.get(&path).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (410, Some("gone")), "{path}");
    }
    let page = app.client.send("GET", &format!("/requests/{id}"), &[("accept", "text/html")], &[]).await;
    assert_eq!((page.status, page.header("content-type").starts_with("text/html")), (410, true));
    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 410, "and once is enough");

    assert_eq!(files_with(&data, SECRET.as_bytes()), Vec::<String>::new(), "rows, free pages, log");
    assert_eq!(files_with(&data, b"dark red.png"), Vec::<String>::new(), "events and results");
    let wal = std::fs::metadata(data.join("face-engine.sqlite-wal")).map_or(0, |m| m.len());
    assert_eq!(wal, 0, "the log is empty");
    assert!(app.service.objects.list("").await.expect("a listing").is_empty());
    let list = app.client.get("/status").await.json();
    assert_eq!((list["counts"]["expired"].as_u64(), list["requests"].as_array().map(Vec::len)), (Some(1), Some(0)));
    // The key is forgotten with the request.
    let again = app.client.post_with(Form::good(), &key).await;
    assert_eq!(again.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_request_is_stopped_and_erased() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(secret_form()).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    let (client, path) = (app.client, format!("/requests/{id}"));
    let erasing = tokio::spawn(async move { client.delete(&path).await });
    until("it is gone", || async { app.client.get(&format!("/status/{id}")).await.status == 410 }).await;
    app.vision.gate.open();
    assert_eq!(erasing.await.expect("an answer").status, 204);
    assert_eq!(files_with(&folder.path().join("data"), SECRET.as_bytes()), Vec::<String>::new());
    assert!(app.service.objects.list("").await.expect("a listing").is_empty(), "nor does the run write anything afterwards");
    let good = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&good).await["status"], "completed", "the worker goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_request_is_erased_and_never_runs() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let first = app.client.accepted(Form::good()).await;
    until("the first is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    let second = app.client.accepted(secret_form()).await;
    assert_eq!(app.client.delete(&format!("/requests/{second}")).await.status, 204);
    app.vision.gate.open();
    assert_eq!(app.client.ended(&first).await["status"], "completed");
    assert_eq!(app.client.get(&format!("/status/{second}")).await.status, 410);
    assert!(app.service.objects.list(&format!("input/{second}")).await.expect("a listing").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_is_erasure_when_the_time_has_come() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("RETENTION_DAYS", "2")], FakeVision::default()).await;
    let day = Duration::from_secs(86_400);
    let old = app.client.accepted(secret_form()).await;
    app.client.ended(&old).await;
    app.clock.advance(day);
    let young = app.client.accepted(Form::good()).await;
    app.client.ended(&young).await;
    assert_eq!(app.service.jobs.sweep().await.expect("a sweep"), 0, "not before its time");

    app.clock.advance(day + Duration::from_secs(1));
    app.service.jobs.sweep().await.expect("a sweep");
    assert_eq!(app.client.get(&format!("/status/{old}")).await.status, 410);
    assert_eq!(app.client.get(&format!("/status/{young}")).await.status, 200);
    assert_eq!(files_with(&folder.path().join("data"), SECRET.as_bytes()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_interrupted_is_finished_by_the_next_sweep() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    // The first half of an erasure: the row is gone, the files are not.
    let now = server::clock::Clock::now(&*app.clock);
    app.service.store.erase(id.parse().expect("an id"), now, Duration::ZERO).await.expect("erased");
    assert!(!app.service.objects.list("").await.expect("a listing").is_empty());
    app.service.jobs.sweep().await.expect("a sweep");
    assert!(app.service.objects.list("").await.expect("a listing").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_never_accepted_is_gone_after_the_next_start() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    // The process dies between the picture and its row.
    let id = uuid::Uuid::new_v4();
    app.service.store.begin_upload(id, Duration::from_secs(600)).await.expect("noted");
    app.service.objects.put(&format!("input/{id}/query/q.png"), bytes::Bytes::from_static(b"x")).await.expect("put");
    app.kill().await;
    let app = TestApp::start(folder.path()).await;
    assert!(app.service.objects.list("").await.expect("a listing").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_wrote_after_the_last_deletion_is_found_in_the_end() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let [erased, living] = [app.client.accepted(Form::good()).await, app.client.accepted(Form::good()).await];
    for id in [&erased, &living] {
        app.client.ended(id).await;
    }
    assert_eq!(app.client.delete(&format!("/requests/{erased}")).await.status, 204);
    let put = async |id: &str| {
        let key = format!("output/{id}/pool/thumbnail/late.jpg");
        app.service.objects.put(&key, bytes::Bytes::from_static(b"x")).await.expect("put");
    };
    // A worker that did not hear of the erasure, and died; and another service that shares the place.
    let foreign = uuid::Uuid::new_v4().to_string();
    put(&erased).await;
    put(&foreign).await;
    let kept = async || app.service.objects.children("output").await.expect("a listing");
    app.clock.advance(Duration::from_secs(2 * 3600));
    app.service.jobs.sweep().await.expect("a sweep");
    let mut expected = vec![living, foreign];
    expected.sort();
    assert_eq!(kept().await, expected, "what this service has not erased is not touched");
}
