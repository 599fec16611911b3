//! The queue: bounded, nothing accepted is lost, failures are tried again a few times and then told.

use crate::common::{FakeVision, Form, TestApp, folder, until};
use insta::assert_snapshot;
use std::sync::atomic::Ordering;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_and_loses_nothing_it_has_accepted() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("QUEUE_CAPACITY", "2")], FakeVision::closed()).await;
    let mut accepted = vec![app.client.accepted(Form::good()).await];
    until("the worker has the first", || async { app.vision.gate.waiting.load(Ordering::SeqCst) == 1 }).await;
    accepted.push(app.client.accepted(Form::good()).await);
    accepted.push(app.client.accepted(Form::good()).await);

    let full = app.client.post(Form::good()).await;
    assert_snapshot!(full.snapshot(), @r#"
    503 {
      "error": {
        "code": "queue_full",
        "message": "The queue is full: try again in a few seconds."
      },
      "request_id": "[id]"
    }
    "#);
    assert_eq!(full.header("retry-after"), "5");
    let kept = app.service.objects.children("input").await.expect("a listing");
    assert_eq!(kept.len(), 3, "the refused picture is not kept");
    assert_eq!(app.client.get("/health").await.json()["queue"]["queued"], 2);

    app.vision.gate.open();
    for id in accepted {
        assert_eq!(app.client.ended(&id).await["status"], "completed");
    }
    app.client.accepted(Form::good()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_pass_is_tried_again() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::failing(2)).await;
    let id = app.client.accepted(Form::good()).await;
    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    assert_eq!(report["result"]["retry_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_stays_ends_the_request_with_its_reason_and_blocks_nobody() {
    let folder = folder();
    // The first try and three retries.
    let app = TestApp::start_with(folder.path(), &[], FakeVision::failing(4)).await;
    let poison = app.client.accepted(Form::good()).await;
    let report = app.client.ended(&poison).await;
    assert_eq!(report["status"], "failed");
    assert_eq!(report["error"]["code"], "engine_failed");
    assert_eq!(report["error"]["details"]["retry_count"], 3);
    assert!(!report.to_string().contains("told to fail"), "what is behind it is for the log alone");
    let good = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&good).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_for_the_networks_and_readiness_says_when() {
    let folder = folder();
    let vision = FakeVision::default();
    vision.loading.close();
    let app = TestApp::start_with(folder.path(), &[], vision).await;
    assert_eq!(app.client.get("/health/live").await.status, 200);
    let loading = app.client.get("/health/ready").await;
    assert_snapshot!(loading.snapshot(), @r#"
    503 {
      "error": {
        "code": "not_ready",
        "details": {
          "models": "loading"
        },
        "message": "The networks are still being loaded: requests are accepted and wait."
      },
      "request_id": "[id]"
    }
    "#);
    assert_eq!(app.client.get("/health").await.json()["engine"]["kind"], "loading");
    let id = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.status(&id).await["status"], "queued");

    app.vision.loading.open();
    assert_eq!(app.client.ended(&id).await["status"], "completed");
    assert_eq!(app.client.get("/health/ready").await.status, 200);
}
