//! Pools in buckets, against a real S3 server that checks signatures: what is listed, what is read, and what is said
//! where a key, a bucket or an object is not as it should be.

use crate::s3_server::{KEY, S3Server, SECRET, config, serve};
use axum::{Router, body::Body, http::StatusCode, response::Response};
use server::{
    config::{Config, Environment},
    discovery::{BucketProvider, Candidate, Location, ProbeQuery, Provider, ProviderError, configured},
    fetch::{FetchError, FetchRequest, Fetcher, Fetchers, RetryBudget, S3Fetcher},
    s3::S3Access,
};
use std::{
    process::Command,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{net::TcpListener, sync::Notify};
use uuid::Uuid;

fn pool(store: &S3Server, bucket: &str, prefix: &str) -> BucketProvider {
    BucketProvider::new("archive", bucket, prefix, store.access())
}

async fn list(pool: &BucketProvider, limit: usize) -> Result<Vec<Candidate>, ProviderError> {
    Ok(pool.discover(&ProbeQuery::default(), limit).await?.candidates)
}

fn uris(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|candidate| candidate.image_uri.as_str()).collect()
}

fn object(bucket: &str, key: &str) -> Candidate {
    let location = Location::Object { bucket: bucket.into(), key: key.into() };
    Candidate::new("archive", location, format!("s3://{bucket}/{key}"))
}

fn request(max_bytes: u64) -> FetchRequest {
    FetchRequest::new(Uuid::new_v4(), max_bytes, RetryBudget::new(0), Duration::from_secs(300))
}

async fn read(fetcher: &dyn Fetcher, candidate: &Candidate, max_bytes: u64) -> Result<Vec<u8>, FetchError> {
    let fetched = fetcher.fetch(candidate, &request(max_bytes)).await?;
    Ok(fetched.bytes.read().expect("the bytes").to_vec())
}

#[tokio::test]
async fn pictures_below_a_prefix_are_listed_over_several_pages_in_the_order_of_their_keys() {
    let store = S3Server::start().await;
    for number in 0..8 {
        store.put("press", &format!("people/{number}.JPG"), b"picture");
    }
    for key in ["people/notes.txt", "people/old/x.png", "people/empty.jpg", "places/1.jpg", "people2.jpg"] {
        store.put("press", key, if key.contains("empty") { b"" } else { b"picture" });
    }
    let found = list(&pool(&store, "press", "people/").with_page(3), 99).await.expect("listed");
    let mut expected: Vec<String> = (0..8).map(|number| format!("s3://press/people/{number}.JPG")).collect();
    expected.push("s3://press/people/old/x.png".into());
    assert_eq!(uris(&found), expected);
    assert_eq!(store.requests.load(Ordering::SeqCst), 4, "eleven keys in pages of three");

    let first = &found[0];
    assert_eq!((first.provider.as_str(), first.title.as_deref(), first.source_quality), ("archive", Some("0"), 1.0));
    assert_eq!(first.location, Location::Object { bucket: "press".into(), key: "people/0.JPG".into() });
    let ranks: Vec<usize> = found.iter().map(|candidate| candidate.provider_rank).collect();
    assert_eq!(ranks, (0..9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_bucket_among_the_pools_of_the_settings_is_listed_and_read() {
    let store = S3Server::start().await;
    store.put("press", "people/1.jpg", b"picture");
    store.put("press", "places/1.jpg", b"picture");
    let variables = [("POOLS", "press=s3://press/people/"), ("PROVIDERS", "none"), ("S3_ENDPOINT", &store.endpoint)];
    let settings = Config::from_environment(&Environment::of(&variables)).expect("usable settings");
    assert_eq!(settings.s3, config(&store.endpoint));
    let providers = configured(&settings, &store.access()).expect("clients");
    let press = providers.present.iter().find(|provider| provider.name() == "press").expect("the pool");
    assert!(press.needs().is_empty(), "nothing of the request leaves for it");
    let found = press.discover(&ProbeQuery::default(), 9).await.expect("listed").candidates;
    assert_eq!(uris(&found), ["s3://press/people/1.jpg"]);
    assert_eq!(read(&S3Fetcher::new(store.access()), &found[0], 99).await.as_deref(), Ok(&b"picture"[..]));
}

#[tokio::test]
async fn no_page_is_asked_for_once_there_are_enough() {
    let store = S3Server::start().await;
    for number in 0..8 {
        store.put("press", &format!("{number}.jpg"), b"picture");
    }
    let found = list(&pool(&store, "press", "").with_page(3), 3).await.expect("listed");
    assert_eq!(uris(&found), ["s3://press/0.jpg", "s3://press/1.jpg", "s3://press/2.jpg"]);
    assert_eq!(list(&pool(&store, "press", "").with_page(3), 4).await.expect("listed").len(), 4);
    assert!(store.requests.load(Ordering::SeqCst) <= 4, "a page ahead at most");
}

#[tokio::test]
async fn an_empty_bucket_is_no_error() {
    let store = S3Server::start().await;
    store.put("press", "notes.txt", b"words");
    assert_eq!(list(&pool(&store, "press", ""), 9).await, Ok(Vec::new()));
    assert_eq!(list(&pool(&store, "press", "nothing/here"), 9).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_unknown_key_and_a_wrong_secret_are_unauthorized() {
    let store = S3Server::start().await;
    store.put("press", "1.jpg", b"picture");
    for (key, secret) in [(KEY, "another secret"), ("AKIDOTHER", SECRET)] {
        let access = S3Access::with_keys(config(&store.endpoint), key, secret);
        let pool = BucketProvider::new("archive", "press", "", Arc::clone(&access));
        assert_eq!(list(&pool, 9).await, Err(ProviderError::Unauthorized), "{key}");
        assert_eq!(read(&S3Fetcher::new(access), &object("press", "1.jpg"), 99).await, Err(FetchError::Forbidden), "{key}");
    }
}

#[tokio::test]
async fn a_missing_bucket_is_named_as_such() {
    let store = S3Server::start().await;
    let error = list(&pool(&store, "nowhere", ""), 9).await.expect_err("no such bucket");
    assert_eq!(error.kind(), "provider_unavailable");
    assert!(error.to_string().contains("no bucket of this name"), "{error}");
    assert_eq!(read(&S3Fetcher::new(store.access()), &object("nowhere", "1.jpg"), 99).await, Err(FetchError::NotFound));
}

#[tokio::test]
async fn an_object_is_read_whole_up_to_the_limit_and_not_a_byte_beyond() {
    let store = S3Server::start().await;
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    store.put("press", "Marie & Irène, 1925.jpg", &bytes);
    let found = list(&pool(&store, "press", ""), 9).await.expect("listed");
    assert_eq!(uris(&found), ["s3://press/Marie & Irène, 1925.jpg"]);
    let fetchers = Fetchers::default().with_objects(Arc::new(S3Fetcher::new(store.access())));
    assert_eq!(read(&fetchers, &found[0], bytes.len() as u64).await, Ok(bytes.clone()));
    let limit = bytes.len() as u64 - 1;
    assert_eq!(read(&fetchers, &found[0], limit).await, Err(FetchError::TooLarge { limit }));
}

#[tokio::test]
async fn an_object_deleted_between_listing_and_reading_is_not_found() {
    let store = S3Server::start().await;
    store.put("press", "1.jpg", b"picture");
    let found = list(&pool(&store, "press", ""), 9).await.expect("listed");
    std::fs::remove_file(store.folder.path().join("press/1.jpg")).expect("deleted");
    assert_eq!(read(&S3Fetcher::new(store.access()), &found[0], 99).await, Err(FetchError::NotFound));
}

#[tokio::test]
async fn a_place_that_is_no_object_is_left_to_others() {
    let store = S3Server::start().await;
    let elsewhere = Candidate::new("archive", Location::Url("https://example.org/1.jpg".into()), "https://example.org/1.jpg");
    assert_eq!(read(&S3Fetcher::new(store.access()), &elsewhere, 99).await, Err(FetchError::Unsupported));
    assert_eq!(store.requests.load(Ordering::SeqCst), 0);
}

/// A store that gives everything the same answer.
async fn answering(status: u16, code: &'static str) -> BucketProvider {
    let address = serve(Router::new().fallback(move || async move {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
        let status = StatusCode::from_u16(status).expect("a status");
        Response::builder().status(status).header("content-type", "application/xml").body(Body::from(body)).expect("an answer")
    }))
    .await;
    BucketProvider::new("archive", "press", "", S3Access::with_keys(config(&format!("http://{address}")), KEY, SECRET))
}

#[tokio::test]
async fn what_a_store_refuses_is_said_in_words_that_help() {
    for (status, code, kind, words) in [
        (403, "AccessDenied", "provider_refused", "s3:ListBucket"),
        (301, "PermanentRedirect", "provider_unavailable", "S3_REGION"),
        (400, "ExpiredToken", "provider_unauthorized", ""),
        (501, "NotImplemented", "provider_unavailable", "NotImplemented"),
    ] {
        let error = list(&answering(status, code).await, 9).await.expect_err(code);
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.to_string().contains(words), "{code}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_listing_and_a_store_that_is_away_are_unavailable() {
    let page = serve(Router::new().fallback(|| async { "<html>Welcome</html>" })).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port that was free");
    for address in [page, gone] {
        let access = S3Access::with_keys(config(&format!("http://{address}")), KEY, SECRET);
        let pool = BucketProvider::new("archive", "press", "", access);
        assert_eq!(list(&pool, 9).await.expect_err("no store").kind(), "provider_unavailable");
    }
}

#[tokio::test]
async fn cancelling_a_request_ends_its_reading() {
    let arrived = Arc::new(Notify::new());
    let told = Arc::clone(&arrived);
    let address = serve(Router::new().fallback(move || {
        told.notify_one();
        std::future::pending::<&'static str>()
    }))
    .await;
    let fetcher = S3Fetcher::new(S3Access::with_keys(config(&format!("http://{address}")), KEY, SECRET));
    let request = request(99);
    let cancelling = async {
        arrived.notified().await;
        request.cancel.cancel();
    };
    let candidate = object("press", "1.jpg");
    let (ended, ()) = tokio::join!(fetcher.fetch(&candidate, &request), cancelling);
    assert_eq!(ended.err(), Some(FetchError::Cancelled));
}

/// The keys of the environment, as an operator sets them: in a process of its own, for they belong to the whole process.
#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_the_standard_chain() {
    let store = S3Server::start().await;
    store.put("press", "1.jpg", b"picture");
    let child = |secret: &'static str| {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args(["--exact", "pools::listing_with_the_keys_of_the_environment", "--ignored", "--nocapture"]);
        child.env("S3_TEST_ENDPOINT", &store.endpoint).env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", secret);
        tokio::task::spawn_blocking(move || child.output().expect("it runs").status.success())
    };
    assert!(child(SECRET).await.expect("it ends"));
    assert!(!child("another secret").await.expect("it ends"));
}

#[tokio::test]
#[ignore = "the part of the test above that runs in a process of its own"]
async fn listing_with_the_keys_of_the_environment() {
    let endpoint = std::env::var("S3_TEST_ENDPOINT").expect("the store's address");
    let pool = BucketProvider::new("archive", "press", "", S3Access::new(config(&endpoint)));
    assert_eq!(uris(&list(&pool, 9).await.expect("listed")), ["s3://press/1.jpg"]);
}
