//! `GET /status` and `/health`: how things stand.

use crate::common::{FakeVision, Form, TestApp, folder};
use insta::assert_snapshot;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_listed_newest_first_page_by_page() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let id = app.client.accepted(Form::good()).await;
        app.client.ended(&id).await;
        ids.push(id);
        app.clock.advance(Duration::from_secs(1));
    }
    ids.reverse();
    let mut seen = Vec::new();
    let mut path = "/status?limit=2".to_owned();
    let mut pages = 0;
    loop {
        let page = app.client.get(&path).await.json();
        pages += 1;
        assert_eq!(page["counts"]["completed"], 5);
        seen.extend(page["requests"].as_array().expect("requests").iter().map(|r| r["request_id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/status?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!((pages, seen), (3, ids));
    assert_snapshot!(app.client.get("/status?limit=1").await.json()["counts"].to_string(), @r#"{"completed":5,"expired":0,"failed":0,"queued":0,"running":0}"#);
    for bad in ["limit=0", "limit=501", "limit=x", "cursor=x", "cursor=", "cursor=0000000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
        assert_eq!(app.client.get(&format!("/status?{bad}")).await.json()["error"]["code"], "invalid_field", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_what_runs_and_why() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    crate::common::until("the networks are there", || async { app.client.get("/health/ready").await.status == 200 }).await;
    let reply = app.client.get("/health").await;
    let mut health = reply.json();
    // The others are listed as well, see `providers`.
    health["providers"].as_array_mut().expect("providers").truncate(1);
    assert_snapshot!(format!("{} {health:#}", reply.status), @r#"
    200 {
      "calibration": "played: no pictures",
      "database": "ok",
      "engine": {
        "kind": "fake",
        "name": "fake (test)",
        "networks": [
          {
            "max_batch": 1,
            "model": "person@00000000",
            "role": "person",
            "warm_up": 0.0625
          },
          {
            "max_batch": 1,
            "model": "face@00000000",
            "role": "face",
            "warm_up": 0.0625
          },
          {
            "max_batch": 8,
            "model": "embedding@00000000",
            "role": "embedding",
            "warm_up": 0.0625
          }
        ],
        "skipped": [
          "wgpu: no GPU"
        ],
        "stuck": 0,
        "warm_up": 0.25
      },
      "models": {
        "embedding": "embedding@00000000",
        "face": "face@00000000",
        "pack": "fake",
        "person": "person@00000000"
      },
      "objects": "ok",
      "providers": [
        {
          "configured": true,
          "cost": "free",
          "name": "samples",
          "needs": [],
          "note": "a folder of the operator's pictures",
          "variables": []
        }
      ],
      "quality_gate": "off",
      "queue": {
        "capacity": 64,
        "queued": 0,
        "running": 0,
        "workers": 1
      },
      "status": "ok",
      "thresholds": {
        "match": 0.9,
        "possible": 0.5
      },
      "version": "0.1.0"
    }
    "#);
    let ready = app.client.get("/health/ready").await.json();
    assert_eq!(ready["engine"], health["engine"], "readiness tells the warm-up too");
    assert_snapshot!(app.client.get("/health/live").await.snapshot(), @r#"
    200 {
      "status": "ok"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_what_is_missing() {
    let folder = folder();
    std::fs::remove_dir_all(folder.path().join("pool")).expect("removed");
    let app = TestApp::start_with(folder.path(), &[], FakeVision::default()).await;
    let health = app.client.get("/health").await.json();
    assert_eq!(health["providers"][0]["configured"], false);
    // A search over a missing pool ends, and says so.
    let reply = app.client.post(Form::good().field("sync", "true")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!reply.json()["diagnostics"].as_array().expect("diagnostics").is_empty());
}
