//! A pool in a bucket that is synced: what has changed is fetched, by the store's marks, and nothing else.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};
use crate::postgres;
use crate::s3_server::{Instead, KEY, S3Server, SECRET};
use serde_json::{Value, json};
use server::config::S3Keys;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

async fn synced(app: &TestApp) -> Value {
    let pool = async || {
        app.client.get("/pools").await.json()["pools"].as_array().expect("a list").iter().find(|pool| pool["name"] == "press").cloned()
    };
    let reply = app.client.send("POST", "/pools/press/sync", &[], &[]).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    until("the pool is synced", || async { pool().await.is_some_and(|pool| pool["state"] == "synced") }).await;
    pool().await.expect("the pool")
}

async fn found(app: &TestApp) -> Vec<String> {
    let form = Form::good().field("providers", "press");
    let report = app.client.ended(&app.client.accepted(form).await).await;
    let matches = report["result"]["result"][0]["matches"].as_array().expect("matches").clone();
    matches.iter().map(|found| found["image_uri"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_below_a_root_is_synced_and_only_what_has_changed_is_fetched() {
    let (store, folder) = (S3Server::start().await, folder());
    store.put("press", "people/red.png", &pictures::red());
    store.put("press", "people/blue.png", &pictures::png(30, 30, 200));
    store.put("press", "people/notes.txt", b"words");
    let fetched = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&fetched);
    store.rule(move |request| {
        if request.method() == "GET" && request.uri().path().ends_with(".png") {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        None
    });
    let variables = [("S3_ENDPOINT", store.endpoint.as_str()), ("POOL_ROOTS", "s3://press/people")];
    let change = |config: &mut server::config::Config| config.s3.keys = Some(S3Keys::new(KEY, SECRET));
    let app = TestApp::start_changed(folder.path(), &variables, FakeVision::default(), change).await;
    let added = app.client.post_json("/pools", &json!({ "name": "press", "uri": "s3://press/people/" })).await;
    assert_eq!((added.status, added.json()["uri"].as_str()), (201, Some("s3://press/people/")));
    assert_eq!(app.client.post_json("/pools", &json!({ "name": "all", "uri": "s3://press/" })).await.status, 403);

    let first = synced(&app).await;
    assert_eq!((first["pictures"].as_u64(), fetched.swap(0, Ordering::SeqCst)), (Some(2), 2));
    let second = synced(&app).await;
    assert_eq!((second["to_do"].as_u64(), fetched.swap(0, Ordering::SeqCst)), (Some(0), 0), "nothing has changed");
    assert_eq!(found(&app).await, ["s3://press/people/red.png", "s3://press/people/blue.png"]);
    fetched.store(0, Ordering::SeqCst);

    store.put("press", "people/blue.png", &pictures::png(190, 20, 20));
    std::fs::remove_file(store.folder.path().join("press/people/red.png")).expect("removed");
    let third = synced(&app).await;
    assert_eq!((third["pictures"].as_u64(), fetched.swap(0, Ordering::SeqCst)), (Some(1), 1));
    assert_eq!(found(&app).await, ["s3://press/people/blue.png"]);
}

/// Who syncs the pool, and until when others wait for it.
async fn claim(database: &sqlx::AnyPool) -> Option<(String, i64)> {
    let select = "SELECT claim, claimed_until FROM pools WHERE name = 'press' AND claim <> ''";
    sqlx::query_as(select).fetch_optional(database).await.expect("read")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_takes_longer_than_the_lease_keeps_the_lease() {
    a_slow_list(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_takes_longer_than_the_lease_is_waited_for_by_one_machine_alone() {
    let Some(database) = postgres::database().await else { return };
    a_slow_list(Some(database)).await;
}

/// With a second machine where there is a Postgres; a file has one process.
async fn a_slow_list(postgres: Option<postgres::Database>) {
    let store = S3Server::start().await;
    store.put("press", "people/red.png", &pictures::red());
    let listed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&listed);
    store.rule(move |request| {
        let is_list = request.uri().query().is_some_and(|query| query.contains("list-type=2"));
        is_list.then(|| counted.fetch_add(1, Ordering::SeqCst)).map(|_| Instead::Later)
    });
    let lease = std::time::Duration::from_secs(2);
    let change = |config: &mut server::config::Config| {
        config.s3.keys = Some(S3Keys::new(KEY, SECRET));
        config.discovery.sync_lease = lease;
    };
    let folders = [folder(), folder()];
    let url = match &postgres {
        Some(database) => database.url(),
        None => format!("sqlite:{}", folders[0].path().join("one.sqlite").display()),
    };
    let artifacts = format!("file:{}", folders[0].path().join("artifacts").display());
    let variables = [
        ("S3_ENDPOINT", store.endpoint.as_str()),
        ("POOLS", "press=s3://press/people/"),
        ("DATABASE_URL", url.as_str()),
        ("ARTIFACTS_URL", artifacts.as_str()),
    ];
    let app = TestApp::start_changed(folders[0].path(), &variables, FakeVision::default(), change).await;
    let rival = match &postgres {
        Some(_) => Some(TestApp::start_changed(folders[1].path(), &variables, FakeVision::default(), change).await),
        None => None,
    };
    sqlx::any::install_default_drivers();
    let database = sqlx::AnyPool::connect(&url).await.expect("opens");
    app.client.send("POST", "/pools/press/sync", &[], &[]).await;
    until("somebody waits for the list", || async { listed.load(Ordering::SeqCst) > 0 }).await;
    let (token, first) = claim(&database).await.expect("a claim");
    // By the clock of the database: the first lease and one more have gone by, in which anybody could have taken over what was not
    // renewed.
    let later = first + 2 * i64::try_from(lease.as_millis()).expect("a small number");
    until("the lease was renewed", || async { claim(&database).await.is_some_and(|(_, until)| until > later) }).await;
    assert_eq!(claim(&database).await.map(|(token, _)| token), Some(token), "by the one that has it");
    assert!(app.service.store.claim_sync(lease).await.expect("asked").is_none());
    store.let_go();
    let is_synced = || async { app.client.get("/pools").await.json()["pools"][0]["state"] == "synced" };
    until("the pool is synced", is_synced).await;
    let pool = app.client.get("/pools").await.json()["pools"][0].clone();
    assert_eq!((pool["pictures"].as_u64(), listed.load(Ordering::SeqCst)), (Some(1), 1), "{pool}");
    database.close().await;
    if let Some(rival) = rival {
        rival.stop().await;
    }
    app.stop().await;
}
