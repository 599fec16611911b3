//! `POST /process-s3-image`: the query and the pool by their addresses in buckets.

use crate::common::{FakeVision, Reply, TestApp, folder, pictures, until};
use crate::requests::start;
use crate::s3_server::{Instead, S3Server};
use axum::http::StatusCode;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::{path::Path, sync::atomic::Ordering};

const ROUTE: &str = "/process-s3-image";

/// A store with a query and a pool of four pictures, one of them broken, among other things.
async fn store() -> S3Server {
    let store = S3Server::start().await;
    store.create("faces");
    store.put("press", "queries/somebody.png", &pictures::red());
    store.put("press", "queries/empty.png", b"");
    store.put("press", "queries/text.png", b"This is a text that somebody has named .png.");
    store.put("press", "people/1 red.png", &pictures::red());
    store.put("press", "people/2 dark red.png", &pictures::png(160, 20, 20));
    store.put("press", "people/old/3 blue.png", &pictures::png(30, 30, 200));
    store.put("press", "people/4 broken.png", &pictures::red()[..40]);
    store.put("press", "people/notes.txt", b"words");
    store.put("press", "places/1.png", &pictures::red());
    store.put("private", "1.png", &pictures::red());
    store
}

async fn app(store: &S3Server, folder: &Path) -> TestApp {
    start(store, folder, &[("S3_BUCKETS", "press,nowhere,faces")], FakeVision::default()).await
}

/// A good body with these fields in place of its own.
fn asking(fields: Value) -> Value {
    let mut body = json!({
        "query_uri": "s3://press/queries/somebody.png", "pool_uri": "s3://press/people/", "purpose": "a test", "consent": true
    });
    for (name, value) in fields.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

async fn post(app: &TestApp, fields: Value) -> Reply {
    post_to(app, ROUTE, &[], asking(fields)).await
}

async fn post_to(app: &TestApp, route: &str, headers: &[(&str, &str)], body: Value) -> Reply {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    app.client.send("POST", route, &all, body.to_string().as_bytes()).await
}

fn seen(result: &Value) -> Vec<[String; 3]> {
    let matches = result["result"][0]["matches"].as_array().expect("matches");
    let texts =
        |matched: &'_ Value| ["image_uri", "provider", "match_status"].map(|name| matched[name].as_str().expect("a text").to_owned());
    matches.iter().map(texts).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_is_compared_with_every_picture_below_the_prefix_and_with_nothing_else() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    let reply = post(&app, json!({ "sync": true })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let result = reply.json();
    assert_eq!(
        seen(&result),
        [
            ["s3://press/people/1 red.png", "s3", "MATCH"],
            ["s3://press/people/2 dark red.png", "s3", "MATCH"],
            ["s3://press/people/old/3 blue.png", "s3", "NO_MATCH"],
        ]
    );
    assert_eq!(result["result"][0]["query_uri"], "s3://press/queries/somebody.png");
    let crop = result["result"][0]["matches"][0]["crop"].as_str().expect("a link");
    assert_eq!(app.client.get(crop).await.status, 200);
    let diagnostics = result["diagnostics"].as_array().expect("diagnostics");
    assert_eq!(diagnostics.iter().filter(|told| told["stage"] == "decode").count(), 1, "the broken one: {diagnostics:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_is_the_same_in_whatever_case_it_is_spelled() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    for route in [ROUTE, "/Process-s3-image", "/PROCESS-S3-IMAGE"] {
        let reply = post_to(&app, route, &[], asking(json!({}))).await;
        assert_eq!(reply.status, 202, "{route}: {}", reply.text());
        let id = reply.json()["request_id"].as_str().expect("an id").to_owned();
        let report = app.client.ended(&id).await;
        assert_eq!(report["result"]["result"][0]["query_uri"], "s3://press/queries/somebody.png");
        let get = app.client.get(route).await;
        assert_eq!((get.status, get.header("allow")), (405, "POST"), "{route}");
    }
    assert_eq!(post_to(&app, "/process-s3-images", &[], asking(json!({}))).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_options_are_those_of_a_match() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    let result = post(&app, json!({ "sync": true, "top_k": 1, "providers": ["samples"] })).await.json();
    let matches = seen(&result);
    assert_eq!(matches.len(), 1);
    let places = &result["result"][0]["matches"][0]["duplicates"];
    let mut uris: Vec<&str> = places.as_array().expect("places").iter().map(|uri| uri.as_str().expect("a text")).collect();
    uris.push(&matches[0][0]);
    uris.sort_unstable();
    assert_eq!(uris, ["file:1 red.png", "s3://press/people/1 red.png"], "a provider that is named is asked as well");
    let few = post(&app, json!({ "sync": true, "max_candidates": 2, "threshold": 0.5 })).await.json();
    assert_eq!(seen(&few).len(), 2);

    for (fields, code) in [
        (json!({ "consent": false }), "consent_required"),
        (json!({ "purpose": null }), "purpose_required"),
        (json!({ "providers": "elsewhere" }), "unknown_provider"),
        (json!({ "top_k": 0 }), "invalid_field"),
        (json!({ "urls": ["ftp://x.example"] }), "invalid_field"),
    ] {
        let reply = post(&app, fields).await;
        assert_eq!(reply.json()["error"]["code"], code);
    }
    assert_snapshot!(post(&app, json!({ "threshhold": 0.5 })).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "unknown_field",
        "details": {
          "field": "threshhold"
        },
        "message": "There is no field `threshhold`: check its spelling."
      },
      "request_id": "[id]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_stands_for_one_request() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    let key = [("idempotency-key", "once")];
    let first = post_to(&app, ROUTE, &key, asking(json!({}))).await.json();
    let again = post_to(&app, ROUTE, &key, asking(json!({}))).await.json();
    assert_eq!(first["request_id"], again["request_id"]);
    let other = post_to(&app, ROUTE, &key, asking(json!({ "pool_uri": "s3://press/places/" }))).await;
    assert_eq!((other.status, other.json()["error"]["code"].as_str()), (409, Some("idempotency_conflict")));
    store.put("press", "queries/somebody.png", b"");
    let again = post_to(&app, ROUTE, &key, asking(json!({}))).await;
    assert_eq!(again.json()["request_id"], first["request_id"], "whatever lies there now");
    let metrics = app.client.get("/metrics").await.text();
    assert!(metrics.contains("face_engine_requests_refused_total{reason=\"idempotency_conflict\"} 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_name_only_begins_like_an_allowed_one_stays_shut() {
    let (store, folder) = (store().await, folder());
    store.put("press", "people-private/9 red.png", &pictures::red());
    let app = start(&store, folder.path(), &[("S3_BUCKETS", "press/people,press/queries")], FakeVision::default()).await;
    for fields in [json!({ "pool_uri": "s3://press/people-private/" }), json!({ "query_uri": "s3://press/people-private/9 red.png" })] {
        let reply = post(&app, fields).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (403, Some("bucket_not_allowed")));
    }
    let result = post(&app, json!({ "pool_uri": "s3://press/people", "sync": true })).await.json();
    let uris: Vec<String> = seen(&result).into_iter().map(|[uri, ..]| uri).collect();
    assert_eq!(uris, ["s3://press/people/1 red.png", "s3://press/people/2 dark red.png", "s3://press/people/old/3 blue.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_a_bucket_is_told_by_a_code_of_its_own() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    assert_snapshot!(post(&app, json!({ "query_uri": "https://press/queries/somebody.png" })).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "invalid_s3_uri",
        "details": {
          "field": "query_uri"
        },
        "message": "`https://press/queries/somebody.png` in `query_uri` is no address of the form s3://bucket/key."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(post(&app, json!({ "pool_uri": "press" })).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "invalid_s3_uri",
        "details": {
          "field": "pool_uri"
        },
        "message": "`press` in `pool_uri` is no address of the form s3://bucket/prefix."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(post(&app, json!({ "pool_uri": "s3://private/" })).await.snapshot(), @r#"
    403 {
      "error": {
        "code": "bucket_not_allowed",
        "details": {
          "bucket": "private",
          "field": "pool_uri",
          "variables": [
            "S3_BUCKETS",
            "POOLS"
          ]
        },
        "message": "What `pool_uri` names lies in the bucket `private`, which requests may not name here: its operator has to list it in S3_BUCKETS, or as a pool in POOLS."
      },
      "request_id": "[id]"
    }
    "#);
    assert_eq!(post(&app, json!({ "query_uri": "s3://private/1.png" })).await.status, 403);
    let kept = post(&app, json!({ "pool_uri": "s3://faces/engine/input/" })).await;
    assert_eq!((kept.status, kept.json()["error"]["code"].as_str()), (403, Some("bucket_not_allowed")), "the files of other requests");
    assert_snapshot!(post(&app, json!({ "pool_uri": "s3://nowhere/people/" })).await.snapshot(), @r#"
    404 {
      "error": {
        "code": "no_such_bucket",
        "details": {
          "field": "pool_uri"
        },
        "message": "There is no bucket of the name in `pool_uri`: check its spelling."
      },
      "request_id": "[id]"
    }
    "#);
    let nowhere = post(&app, json!({ "query_uri": "s3://nowhere/1.png" })).await.json();
    assert_eq!((&nowhere["error"]["code"], &nowhere["error"]["details"]["field"]), (&json!("no_such_bucket"), &json!("query_uri")));
    assert_snapshot!(post(&app, json!({ "query_uri": "s3://press/queries/nobody.png" })).await.snapshot(), @r#"
    404 {
      "error": {
        "code": "no_such_key",
        "details": {
          "field": "query_uri"
        },
        "message": "There is no object at the address in `query_uri`: check its spelling."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(post(&app, json!({ "query_uri": "s3://press/queries/text.png" })).await.snapshot(), @r#"
    415 {
      "error": {
        "code": "unsupported_media_type",
        "message": "The file is no picture that is read here: send a JPEG, PNG, WebP or GIF file (the content decides, not the name)."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(post(&app, json!({ "query_uri": "s3://press/queries/empty.png" })).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "empty_image",
        "details": {
          "field": "query_uri"
        },
        "message": "The picture is empty: send the bytes of a JPEG, PNG, WebP or GIF file."
      },
      "request_id": "[id]"
    }
    "#);
    store.put("press", "queries/large.png", &vec![0; (12 << 20) + 1]);
    let large = post(&app, json!({ "query_uri": "s3://press/queries/large.png" })).await;
    assert_eq!((large.status, large.json()["error"]["code"].as_str()), (413, Some("payload_too_large")));
    let counts = app.client.get("/status").await.json()["counts"].clone();
    assert!(counts.as_object().expect("counts").values().all(|count| count == 0), "nothing was queued: {counts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_keys_may_not_do_and_a_store_that_is_away_are_told_apart() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    store.rule(|request| request.uri().path().starts_with("/press").then_some(Instead::Status(StatusCode::FORBIDDEN)));
    assert_snapshot!(post(&app, json!({})).await.snapshot(), @r#"
    403 {
      "error": {
        "code": "no_permission",
        "details": {
          "field": "pool_uri"
        },
        "message": "The service has no permission for what is named in `pool_uri`: its operator has to allow s3:GetObject and s3:ListBucket there."
      },
      "request_id": "[id]"
    }
    "#);
    store.rule(|request| request.uri().path().starts_with("/press/queries").then_some(Instead::Status(StatusCode::FORBIDDEN)));
    let query = post(&app, json!({})).await.json();
    assert_eq!((&query["error"]["code"], &query["error"]["details"]["field"]), (&json!("no_permission"), &json!("query_uri")));

    store.go_away();
    let away = post(&app, json!({})).await;
    assert_eq!(away.header("retry-after"), "5");
    assert_snapshot!(away.snapshot(), @r#"
    503 {
      "error": {
        "code": "s3_unavailable",
        "details": {
          "field": "pool_uri"
        },
        "message": "The store cannot be reached just now for what is named in `pool_uri`: try again."
      },
      "request_id": "[id]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_setting_no_bucket_may_be_named_and_a_pool_of_the_settings_may() {
    let (store, folder) = (store().await, folder());
    let closed = start(&store, folder.path(), &[], FakeVision::default()).await;
    assert_eq!(post(&closed, json!({})).await.json()["error"]["code"], "bucket_not_allowed");
    closed.stop().await;
    let open = start(&store, folder.path(), &[("POOLS", "press=s3://press/")], FakeVision::default()).await;
    assert_eq!(post(&open, json!({ "sync": true })).await.status, 200);
    assert_eq!(post(&open, json!({ "query_uri": "s3://private/1.png" })).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_does_not_offer_what_only_a_request_can_name() {
    let (store, folder) = (store().await, folder());
    let app = app(&store, folder.path()).await;
    let page = app.client.send("GET", "/", &[("accept", "text/html")], &[]).await.text();
    assert!(page.contains(r#"value="samples""#) && !page.contains(r#"value="s3""#), "{page}");
    let providers = app.client.get("/health").await.json()["providers"].clone();
    assert!(providers.as_array().expect("providers").iter().any(|provider| provider["name"] == "s3"), "{providers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_of_a_request_survives_a_restart() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[("S3_BUCKETS", "press")], FakeVision::closed()).await;
    let id = post(&app, json!({})).await.json()["request_id"].as_str().expect("an id").to_owned();
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    app.vision.gate.open();
    app.stop().await;
    let app = start(&store, folder.path(), &[("S3_BUCKETS", "press")], FakeVision::default()).await;
    let report = app.client.ended(&id).await;
    assert_eq!(seen(&report["result"]).len(), 3, "{report}");
}
