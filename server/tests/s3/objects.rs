//! The files of requests in a bucket, key by key.

use crate::common::{Client, until};
use crate::s3_server::{Instead, KEY, S3Server, SECRET, config, serve};
use axum::{Router, body::Body, http::StatusCode, response::Response};
use bytes::Bytes;
use server::{
    clock::{Clock, Moment, SystemClock},
    config::{Config, Environment, S3Config},
    objects::{ObjectError, Objects, PART_BYTES, S3Objects, open},
    s3::S3Access,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

fn objects(store: &S3Server) -> S3Objects {
    S3Objects::new(store.access(), "faces", "engine", Arc::new(SystemClock))
}

async fn store() -> S3Server {
    let store = S3Server::start().await;
    store.create("faces");
    store
}

#[tokio::test]
async fn objects_are_put_read_listed_and_deleted_by_key_below_the_prefix() {
    let store = store().await;
    store.put("faces", "another/output/1/x.jpg", b"x");
    let objects = objects(&store);
    objects.put("output/1/pool/annotated/Zoë 1 & 2.jpg", Bytes::from_static(b"b")).await.expect("put");
    objects.put_durable("output/1/query/a.jpg", Bytes::from_static(b"a")).await.expect("put");
    objects.put("output/12/c.jpg", Bytes::from_static(b"c")).await.expect("put");
    assert_eq!(
        store.keys("faces"),
        ["another/output/1/x.jpg", "engine/output/1/pool/annotated/Zoë 1 & 2.jpg", "engine/output/1/query/a.jpg", "engine/output/12/c.jpg"]
    );

    assert_eq!(objects.get("output/1/query/a.jpg").await.expect("read").as_deref(), Some(&b"a"[..]));
    assert_eq!(objects.get("output/1/pool/annotated/Zoë 1 & 2.jpg").await.expect("read").as_deref(), Some(&b"b"[..]));
    assert_eq!(objects.get("output/1/query/b.jpg").await.expect("read"), None);
    assert_eq!(objects.list("output/1").await.expect("listed"), ["output/1/pool/annotated/Zoë 1 & 2.jpg", "output/1/query/a.jpg"]);
    assert_eq!(objects.children("output/").await.expect("listed"), ["1", "12"]);
    assert_eq!(objects.children("output/1").await.expect("listed"), ["pool", "query"]);
    assert_eq!(objects.children("").await.expect("listed"), ["output"]);
    assert_eq!(objects.list("").await.expect("listed").len(), 3);
    assert_eq!(objects.list("nothing/here").await.expect("listed"), Vec::<String>::new());

    objects.put("output/1/query/a.jpg", Bytes::from_static(b"again")).await.expect("put");
    assert_eq!(objects.get("output/1/query/a.jpg").await.expect("read").as_deref(), Some(&b"again"[..]));

    objects.delete_prefix("output/1").await.expect("deleted");
    objects.delete_prefix("output/1/").await.expect("nothing is there any more");
    assert_eq!(store.keys("faces"), ["another/output/1/x.jpg", "engine/output/12/c.jpg"], "neither a neighbour nor a namesake");
}

#[tokio::test]
async fn no_key_leaves_the_prefix() {
    let store = store().await;
    let objects = objects(&store);
    for key in ["../secret", "a/../../secret", "/etc/hostname", ".face-engine-check/x", "a//b", ""] {
        assert!(matches!(objects.get(key).await, Err(ObjectError::BadKey(_))), "{key}");
        assert!(matches!(objects.put(key, Bytes::new()).await, Err(ObjectError::BadKey(_))), "{key}");
        assert!(matches!(objects.delete_prefix(key).await, Err(ObjectError::BadKey(_))), "{key}");
        assert!(matches!(objects.presigned(key, Duration::from_secs(60)).await, Err(ObjectError::BadKey(_))), "{key}");
    }
    assert_eq!(store.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn more_than_a_page_is_listed_and_deleted_over_several() {
    let store = store().await;
    for number in 0..1003 {
        store.put("faces", &format!("engine/output/1/pool/{number:04}/crop.jpg"), b"crop");
    }
    let objects = objects(&store);
    let listed = objects.list("output/1").await.expect("listed");
    assert_eq!((listed.len(), listed[1002].as_str()), (1003, "output/1/pool/1002/crop.jpg"));
    assert_eq!(store.requests.swap(0, Ordering::SeqCst), 2, "a thousand keys a page");
    assert_eq!(objects.children("output/1/pool").await.expect("listed").len(), 1003);
    store.requests.store(0, Ordering::SeqCst);
    objects.delete_prefix("output/1").await.expect("deleted");
    assert_eq!(store.keys("faces"), Vec::<String>::new());
    assert_eq!(store.requests.load(Ordering::SeqCst), 5, "the uploads, and twice a page and its deletion");
}

/// Bytes that are nowhere the same.
fn bytes(count: usize) -> Bytes {
    (0..count).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

#[tokio::test]
async fn what_is_larger_than_a_part_goes_in_parts_and_arrives_whole() {
    let store = store().await;
    let objects = objects(&store);
    for (count, requests) in [(PART_BYTES, 1), (PART_BYTES + 1, 4), (3 * PART_BYTES, 5)] {
        store.requests.store(0, Ordering::SeqCst);
        objects.put("output/1/large.json", bytes(count)).await.expect("put");
        assert_eq!(store.requests.load(Ordering::SeqCst), requests, "{count} bytes");
        assert!(objects.get("output/1/large.json").await.expect("read") == Some(bytes(count)), "{count} bytes");
    }
    assert_eq!(store.unfinished(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_of_which_a_part_fails_leaves_nothing_behind() {
    let store = store().await;
    let second = |request: &axum::extract::Request| request.uri().query().is_some_and(|query| query.contains("partNumber=2"));
    store.rule(move |request| second(request).then_some(Instead::Status(StatusCode::FORBIDDEN)));
    let failed = objects(&store).put("output/1/large.json", bytes(3 * PART_BYTES)).await;
    assert!(matches!(&failed, Err(ObjectError::Refused(why)) if why.contains("s3:PutObject")), "{failed:?}");
    // The other parts may still be on their way when the second one fails; nothing of them may stay.
    until("its parts are gone", || async { store.unfinished().is_empty() }).await;
    assert_eq!(store.keys("faces"), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_whose_caller_is_gone_leaves_nothing_behind() {
    let store = store().await;
    let second = |request: &axum::extract::Request| request.uri().query().is_some_and(|query| query.contains("partNumber=2"));
    store.rule(move |request| second(request).then_some(Instead::Silence));
    let objects = objects(&store);
    let put = tokio::spawn(async move { objects.put("output/1/large.json", bytes(2 * PART_BYTES)).await });
    until("a part has arrived", || async { store.unfinished().iter().any(|name| name.ends_with(".part-1")) }).await;
    put.abort();
    until("its parts are gone", || async { store.unfinished().is_empty() }).await;
    assert_eq!(store.keys("faces"), Vec::<String>::new());
}

/// A clock that stands still.
struct Still(Moment);

impl Clock for Still {
    fn now(&self) -> Moment {
        self.0
    }
}

#[tokio::test]
async fn a_presigned_address_opens_one_object_without_credentials_and_only_for_its_time() {
    let store = store().await;
    store.put("faces", "engine/output/1/a b.jpg", b"picture");
    store.put("faces", "engine/output/1/c.jpg", b"another");
    let presigned_at = |now: Moment| {
        let objects = S3Objects::new(store.access(), "faces", "engine", Arc::new(Still(now))).presigning(true);
        async move { objects.presigned("output/1/a b.jpg", Duration::from_secs(300)).await.expect("signed").expect("an address") }
    };
    let get = |address: String| {
        let (client, path) = (Client(store.address), address.strip_prefix(&store.endpoint).expect("at this store").to_owned());
        async move { client.get(&path).await }
    };
    let address = presigned_at(SystemClock.now()).await;
    let opened = get(address.clone()).await;
    assert_eq!((opened.status, opened.text().as_str()), (200, "picture"), "{address}");
    assert_eq!(opened.header("content-type"), "image/jpeg");
    assert!(opened.header("cache-control").starts_with("private"));

    assert_eq!(get(address.replace("a%20b.jpg", "c.jpg")).await.status, 403, "an address is for one object");
    assert_eq!(get(address.replace("X-Amz-Expires=300", "X-Amz-Expires=900")).await.status, 403, "and for its time");
    let (bare, _) = address.split_once('?').expect("a query");
    assert_eq!(get(bare.to_owned()).await.status, 403, "nobody reads without one");
    let old = presigned_at(Moment(SystemClock.now().0 - 301_000)).await;
    assert_eq!(get(old).await.status, 403, "and not when it is over");

    let closed = objects(&store);
    assert_eq!(closed.presigned("output/1/a b.jpg", Duration::from_secs(300)).await.expect("asked"), None, "unless it is switched on");
    assert_eq!(closed.origin().await, None);
    assert_eq!(objects(&store).presigning(true).origin().await.as_deref(), Some(store.endpoint.as_str()));
}

#[tokio::test]
async fn an_address_at_aws_needs_no_header_that_a_browser_does_not_send() {
    let at_aws = S3Config { region: Some("eu-central-1".into()), ..S3Config::default() };
    let objects = S3Objects::new(S3Access::with_keys(at_aws, KEY, SECRET), "faces", "engine", Arc::new(SystemClock)).presigning(true);
    let address = objects.presigned("output/1/a.jpg", Duration::from_secs(300)).await.expect("signed").expect("an address");
    assert!(address.starts_with("https://faces.s3.eu-central-1.amazonaws.com/engine/output/1/a.jpg?"), "{address}");
    assert!(address.contains("X-Amz-SignedHeaders=host&"), "{address}");
    assert_eq!(objects.origin().await.as_deref(), Some("https://faces.s3.eu-central-1.amazonaws.com"));
}

#[tokio::test]
async fn wrong_keys_and_a_missing_bucket_are_told_apart() {
    let store = store().await;
    for (key, secret) in [(KEY, "another secret"), ("AKIDOTHER", SECRET)] {
        let access = S3Access::with_keys(config(&store.endpoint), key, secret);
        let objects = S3Objects::new(access, "faces", "", Arc::new(SystemClock));
        for refused in [objects.put("a", Bytes::new()).await, objects.get("a").await.map(drop), objects.check().await] {
            assert!(matches!(refused, Err(ObjectError::Refused(_))), "{key}: {refused:?}");
        }
    }
    let objects = S3Objects::new(store.access(), "nowhere", "", Arc::new(SystemClock));
    for missing in [objects.list("a").await.map(drop), objects.delete_prefix("a").await, objects.check().await] {
        assert!(matches!(missing, Err(ObjectError::NoSuchBucket)), "{missing:?}");
    }
}

#[tokio::test]
async fn what_the_operator_has_to_change_stops_the_start_and_what_passes_does_not() {
    let store = store().await;
    let started = |place: &'static str, access: Arc<S3Access>| async move {
        let variables = Environment::of(&[("ARTIFACTS_URL", place)]);
        let config = Config::from_environment(&variables).expect("usable settings");
        open(&config.storage, &access, Arc::new(SystemClock)).await.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(started("s3://faces/engine/", store.access()).await, Ok(()));
    assert_eq!(
        started("s3://nowhere/engine", store.access()).await,
        Err("The artifact store s3://nowhere/engine (ARTIFACTS_URL) cannot be used: the bucket of the artifact store does not exist."
            .into())
    );
    let stranger = S3Access::with_keys(config(&store.endpoint), "AKIDOTHER", SECRET);
    let refused = started("s3://faces", stranger).await.expect_err("wrong keys");
    assert!(refused.contains("ARTIFACTS_URL") && refused.contains("does not know the keys"), "{refused}");
    store.go_away();
    assert_eq!(started("s3://faces/engine", store.access()).await, Ok(()), "it may be back in a minute");
    assert_eq!(store.keys("faces"), Vec::<String>::new(), "a check leaves nothing");
}

#[tokio::test]
async fn a_full_store_says_so() {
    let router = Router::new().fallback(|| async {
        let body = "<?xml version=\"1.0\"?><Error><Code>XMinioStorageFull</Code><Message>no room</Message></Error>";
        Response::builder().status(507).header("content-type", "application/xml").body(Body::from(body)).expect("an answer")
    });
    let access = S3Access::with_keys(config(&format!("http://{}", serve(router).await)), KEY, SECRET);
    let full = S3Objects::new(access, "faces", "", Arc::new(SystemClock)).put("a", Bytes::from_static(b"a")).await;
    assert!(matches!(full, Err(ObjectError::Full)), "{full:?}");
}
