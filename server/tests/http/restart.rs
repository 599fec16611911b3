//! A restart loses nothing: what was accepted runs to its end, whenever the process was stopped or died.

use crate::common::{FakeVision, Form, TestApp, folder, until};
use std::sync::atomic::Ordering;

async fn in_the_middle(app: &TestApp) {
    until("the request is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_in_the_middle_loses_nothing() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let key = [("idempotency-key", "kept over the restart")];
    let running = app.client.post_with(Form::good(), &key).await.json()["request_id"].as_str().expect("an id").to_owned();
    let queued = app.client.accepted(Form::good()).await;
    in_the_middle(&app).await;
    app.kill().await;

    let app = TestApp::start(folder.path()).await;
    let report = app.client.ended(&running).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    assert_eq!(report["result"]["retry_count"], 1);
    let report = app.client.ended(&queued).await;
    assert_eq!((report["status"].as_str(), report["result"]["retry_count"].as_u64()), (Some("completed"), Some(0)));
    let again = app.client.post_with(Form::good(), &key).await;
    assert_eq!(again.json()["request_id"], running.as_str(), "the key is known over the restart");

    let events = app.client.get(&format!("/events/{running}")).await.text();
    let ids: Vec<u64> = events.lines().filter_map(|l| l.strip_prefix("id: ")).map(|id| id.parse().expect("a number")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "events go on counting: {ids:?}");
    assert_eq!(events.matches("event: done").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_asked_to_stop_hands_its_work_back() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(Form::good()).await;
    in_the_middle(&app).await;
    let (service, vision) = (app.service.clone(), app.vision.clone());
    let stopping = tokio::spawn(async move { service.stop().await });
    until("it stops", || async { app.service.shutdown.is_cancelled() }).await;
    vision.gate.open();
    stopping.await.expect("stopped");
    app.kill().await;

    let app = TestApp::start(folder.path()).await;
    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed");
    assert_eq!(report["result"]["retry_count"], 0, "being handed back is no fault of the request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_every_process_down_is_given_up() {
    let folder = folder();
    let mut id = None;
    for _ in 0..2 {
        let app = TestApp::start_with(folder.path(), &[("MAX_RETRIES", "1")], FakeVision::closed()).await;
        if id.is_none() {
            id = Some(app.client.accepted(Form::good()).await);
        }
        in_the_middle(&app).await;
        app.kill().await;
    }
    let id = id.expect("an id");
    let app = TestApp::start_with(folder.path(), &[("MAX_RETRIES", "1")], FakeVision::default()).await;
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("interrupted")));
    assert!(app.client.get(&format!("/events/{id}")).await.text().contains("event: error"));
    let good = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&good).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_not_share_a_folder() {
    use server::{clock::SystemClock, service::Service};
    use std::sync::Arc;
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let second = Service::start(app.service.config.clone(), Arc::new(SystemClock), Box::new(|| unreachable!("not loaded"))).await;
    let sentence = second.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(sentence.contains("DATA_DIR") && sentence.contains("running"), "{sentence}");
}
