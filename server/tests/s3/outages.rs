//! The bucket is away for a while: uploads are told so, what was accepted waits and is done.

use crate::common::{FakeVision, Form, folder, until};
use crate::requests::{links, start, store};
use insta::assert_snapshot;
use std::sync::atomic::Ordering;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_cannot_be_kept_is_refused_with_the_time_to_try_again() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[], FakeVision::default()).await;
    until("it is ready", || async { app.client.get("/health/ready").await.status == 200 }).await;
    store.go_away();

    let refused = app.client.post(Form::good()).await;
    assert_eq!(refused.header("retry-after"), "5");
    assert_snapshot!(refused.snapshot(), @r#"
    503 {
      "error": {
        "code": "storage_unavailable",
        "message": "The service cannot reach its storage just now: try again."
      },
      "request_id": "[id]"
    }
    "#);
    let ready = app.client.get("/health/ready").await;
    assert_eq!((ready.status, ready.header("retry-after")), (503, "2"));
    assert_eq!(ready.json()["error"]["details"]["objects"], "not writable");
    assert_eq!(app.client.get("/health/live").await.status, 200);

    store.come_back();
    assert_eq!(app.client.get("/health/ready").await.status, 200);
    let id = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&id).await["status"], "completed");
    assert!(store.keys("faces").iter().all(|key| key.contains(&id)), "of the refused one nothing is kept: {:?}", store.keys("faces"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_runs_waits_for_the_bucket_and_misses_nothing() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(Form::good()).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    store.go_away();
    let before = store.refused.load(Ordering::SeqCst);
    app.vision.gate.open();
    // More than the client itself repeats.
    until("its files have been refused", || async { store.refused.load(Ordering::SeqCst) >= before + 7 }).await;
    assert_eq!(app.client.status(&id).await["status"], "running");

    store.come_back();
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["result"]["retry_count"].as_u64()), (Some("completed"), Some(0)), "{report}");
    for link in links(&report) {
        assert_eq!(app.client.get(&link).await.status, 200, "{link}");
    }
    let missing = report["result"]["diagnostics"].as_array().expect("diagnostics").iter().any(|told| told["stage"] == "artifacts");
    assert!(!missing, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_an_outage_interrupts_is_finished_by_the_sweep() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[], FakeVision::default()).await;
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    store.go_away();
    let erased = app.client.delete(&format!("/requests/{id}")).await;
    assert_eq!((erased.status, erased.header("retry-after")), (503, "5"));
    assert_eq!(app.client.get(&format!("/status/{id}")).await.status, 410, "it is gone all the same");
    assert!(!store.keys("faces").is_empty(), "its files are not");
    store.come_back();
    app.service.jobs.sweep().await.expect("swept");
    assert_eq!(store.keys("faces"), Vec::<String>::new());
}
