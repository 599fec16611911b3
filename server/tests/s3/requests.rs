//! A service whose files lie in a bucket, asked over HTTP.

use crate::common::{Client, FakeVision, Form, TestApp, folder, pictures};
use crate::s3_server::{KEY, S3Server, SECRET};
use serde_json::Value;
use server::config::S3Keys;
use std::path::Path;

pub async fn store() -> S3Server {
    let store = S3Server::start().await;
    store.create("faces");
    store
}

/// A service whose files lie in `s3://faces/engine`.
pub async fn start(store: &S3Server, folder: &Path, variables: &[(&str, &str)], vision: FakeVision) -> TestApp {
    let mut all = vec![("ARTIFACTS_URL", "s3://faces/engine"), ("S3_ENDPOINT", store.endpoint.as_str())];
    all.extend_from_slice(variables);
    TestApp::start_changed(folder, &all, vision, |config| config.s3.keys = Some(S3Keys::new(KEY, SECRET))).await
}

/// Every link to a file that a result holds.
pub fn links(report: &Value) -> Vec<String> {
    let probe = &report["result"]["result"][0];
    let matches = probe["matches"].as_array().expect("matches");
    let of = |value: &Value, names: &[&str]| names.iter().map(|name| value[*name].as_str().expect("a link").to_owned()).collect::<Vec<_>>();
    let of_matches = matches.iter().flat_map(|matched| of(matched, &["crop", "annotated", "thumbnail"]));
    of(probe, &["crop", "annotated"]).into_iter().chain(of_matches).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_files_in_the_bucket_and_its_erasure_leaves_none() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[], FakeVision::default()).await;
    // Larger than one part: what follows the end of a PNG is no part of the picture.
    let mut large = pictures::red();
    large.resize(9 << 20, 0);
    let id = app.client.accepted(Form::lawful().file("image", "photo.png", &large)).await;
    let other = app.client.accepted(Form::good()).await;
    let report = app.client.ended(&id).await;
    app.client.ended(&other).await;
    assert_eq!(report["status"], "completed", "{report}");
    for link in links(&report) {
        let reply = app.client.get(&link).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "image/jpeg"), "{link}");
        assert!(image::load_from_memory(&reply.body).is_ok(), "{link}");
    }
    let keys = store.keys("faces");
    for part in [
        format!("engine/input/{id}/query/query-"),
        format!("engine/output/{id}/query/cropped_face/"),
        format!("engine/output/{id}/pool/annotated/"),
        format!("engine/output/{id}/pool/embeddings.json"),
        format!("engine/output/{id}/matching_results.json"),
    ] {
        assert!(keys.iter().any(|key| key.starts_with(&part)), "{part}: {keys:?}");
    }
    let artifacts = folder.path().join("data/artifacts");
    assert!(!artifacts.exists(), "nothing lies in the folder");

    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 204);
    assert!(store.keys("faces").iter().all(|key| key.contains(&other)), "{:?}", store.keys("faces"));
    assert_eq!(app.client.delete(&format!("/requests/{other}")).await.status, 204);
    assert_eq!((store.keys("faces"), store.unfinished()), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_allows_it_the_bucket_itself_gives_the_pictures() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[("ARTIFACTS_PRESIGN", "true")], FakeVision::default()).await;
    let id = app.client.accepted(Form::good()).await;
    let link = links(&app.client.ended(&id).await).remove(0);
    let reply = app.client.get(&link).await;
    assert_eq!((reply.status, reply.body.len()), (307, 0));
    let address = reply.header("location");
    let path = address.strip_prefix(&store.endpoint).expect("at the bucket").to_owned();
    assert!(path.starts_with("/faces/engine/output/") && path.contains("X-Amz-Expires=300"), "{path}");
    let opened = Client(store.address).get(&path).await;
    assert_eq!((opened.status, opened.header("content-type")), (200, "image/jpeg"));
    assert!(image::load_from_memory(&opened.body).is_ok());
    let (bare, _) = link.split_once('?').expect("a signed link");
    assert_eq!(app.client.get(bare).await.status, 403, "our own signature comes first");

    let page = app.client.send("GET", "/", &[("accept", "text/html")], &[]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("img-src 'self' data: blob: {}", store.endpoint)), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");

    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 204);
    assert_eq!(app.client.get(&link).await.status, 410);
    assert_eq!(Client(store.address).get(&path).await.status, 404, "what was handed out opens nothing any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn otherwise_a_page_shows_pictures_of_the_service_alone() {
    let (store, folder) = (store().await, folder());
    let app = start(&store, folder.path(), &[], FakeVision::default()).await;
    let page = app.client.send("GET", "/", &[("accept", "text/html")], &[]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("; img-src 'self' data: blob:"), "{policy}");
}
