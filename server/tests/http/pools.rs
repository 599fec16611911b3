//! Pools: synced once, then searched by the vectors of their faces; pinned to the networks that made them; deleted without a trace.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};
use crate::postgres;
use insta::assert_snapshot;
use models::{Embedding, Vision};
use serde_json::{Value, json};
use server::config::Role;
use server::store::{NewPool, PoolOrigin};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tempfile::TempDir;

fn calls(app: &TestApp) -> usize {
    app.vision.calls.swap(0, Ordering::SeqCst)
}

async fn pool(app: &TestApp, name: &str) -> Value {
    let pools = app.client.get("/pools").await.json()["pools"].clone();
    pools.as_array().expect("a list").iter().find(|pool| pool["name"] == name).cloned().unwrap_or(Value::Null)
}

async fn in_state(app: &TestApp, name: &str, state: &str) -> Value {
    until(&format!("the pool is {state}"), || async { pool(app, name).await["state"] == state }).await;
    pool(app, name).await
}

/// Asks for a sync, and waits until it has ended well.
async fn synced(app: &TestApp, name: &str) -> Value {
    let reply = app.client.send("POST", &format!("/pools/{name}/sync"), &[], &[]).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    in_state(app, name, "synced").await
}

async fn search(app: &TestApp, form: Form) -> Value {
    let id = app.client.accepted(form).await;
    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    report
}

/// Address and similarity of every match, best first.
fn matches(report: &Value) -> Vec<(String, String)> {
    let matches = report["result"]["result"][0]["matches"].as_array().expect("matches");
    let one = |found: &Value| {
        (found["image_uri"].as_str().unwrap_or_default().to_owned(), format!("{:.4}", found["similarity"].as_f64().unwrap()))
    };
    matches.iter().map(one).collect()
}

fn uris(report: &Value) -> Vec<String> {
    matches(report).into_iter().map(|(uri, _)| uri).collect()
}

fn blue() -> Form {
    Form::lawful().file("image", "somebody.png", &pictures::png(30, 30, 200))
}

/// Files below the folder with the vector of the red face as it is in memory.
fn with_the_red_vector(folder: &Path) -> Vec<PathBuf> {
    let contract = FakeVision::default().info().contract.clone();
    let vector = Embedding::from_raw(vec![100.0, -70.0, -70.0], &contract).expect("a vector");
    let bytes: Vec<u8> = vector.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(with_the_red_vector(&entry));
        } else if std::fs::read(&entry).is_ok_and(|file| file.windows(bytes.len()).any(|part| part == bytes)) {
            found.push(entry);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_the_settings_is_listed_before_and_after_it_is_synced() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    assert_snapshot!(app.client.get("/pools").await.snapshot(), @r#"
    200 {
      "pools": [
        {
          "contract": null,
          "done": 0,
          "error": null,
          "faces": 0,
          "failed": 0,
          "name": "samples",
          "origin": "settings",
          "pictures": 0,
          "state": "new",
          "synced_at": null,
          "to_do": 0,
          "unreadable": 0,
          "uri": "file:pool"
        }
      ]
    }
    "#);
    synced(&app, "samples").await;
    assert_snapshot!(app.client.get("/pools").await.snapshot(), @r#"
    200 {
      "pools": [
        {
          "contract": "00000000/colour/3",
          "done": 6,
          "error": null,
          "faces": 5,
          "failed": 0,
          "name": "samples",
          "origin": "settings",
          "pictures": 5,
          "state": "synced",
          "synced_at": "[time]",
          "to_do": 6,
          "unreadable": 1,
          "uri": "file:pool"
        }
      ]
    }
    "#);
    assert_eq!(app.client.send("POST", "/pools/nowhere/sync", &[], &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_network_looks_at_a_picture_of_a_synced_pool_and_the_result_is_the_same() {
    let (empty, full) = (tempfile::tempdir().expect("a folder"), folder());
    std::fs::create_dir_all(empty.path().join("pool")).expect("a folder");
    let app = TestApp::start(empty.path()).await;
    search(&app, Form::good()).await;
    let of_the_query = calls(&app);
    app.stop().await;

    let app = TestApp::start(full.path()).await;
    let before = search(&app, Form::good()).await;
    assert!(calls(&app) > of_the_query, "each picture was looked at");
    app.stop().await;

    let full = folder();
    let app = TestApp::start(full.path()).await;
    synced(&app, "samples").await;
    calls(&app);
    let after = search(&app, Form::good()).await;
    assert_eq!(calls(&app), of_the_query, "nothing but the query");
    // Equally similar ones may change places.
    let sorted = |report: &Value| {
        let mut matches = matches(report);
        matches.sort();
        matches
    };
    assert_eq!(sorted(&after), sorted(&before));
    assert_eq!(
        (&after["counts"]["candidates"], &after["counts"]["failed"]),
        (&json!(5), &json!(0)),
        "the broken picture is known to be broken"
    );
    search(&app, Form::good()).await;
    assert_eq!(calls(&app), 0, "nor at the query a second time");
    app.kill().await;

    // What is known outlives the process.
    let app = TestApp::start(full.path()).await;
    let again = search(&app, blue()).await;
    assert_eq!(calls(&app), of_the_query);
    assert_eq!(uris(&again)[0], "file:3 blue.png");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synced_pool_names_the_nearest_pictures_and_no_others() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let list = search(&app, blue().field("max_candidates", "2")).await;
    assert!(!uris(&list).contains(&"file:3 blue.png".to_owned()), "as a list it names the first ones");
    synced(&app, "samples").await;
    let near = search(&app, blue().field("max_candidates", "2")).await;
    assert_eq!(near["counts"]["candidates"], 2);
    assert_eq!(uris(&near)[0], "file:3 blue.png");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_looks_at_what_is_new_or_has_changed_and_what_is_gone_goes() {
    let folder = folder();
    let pool_folder = folder.path().join("pool");
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    assert!(calls(&app) > 0);
    let again = synced(&app, "samples").await;
    assert_eq!((calls(&app), again["to_do"].as_u64()), (0, Some(0)), "nothing has changed");

    // Touched, and the same; one of them could not be read, and still cannot.
    for name in ["1 red.png", "6 broken.png"] {
        let bytes = std::fs::read(pool_folder.join(name)).expect("read");
        std::fs::remove_file(pool_folder.join(name)).expect("removed");
        std::fs::write(pool_folder.join(name), bytes).expect("written");
    }
    let touched = synced(&app, "samples").await;
    assert_eq!((calls(&app), touched["to_do"].as_u64(), touched["done"].as_u64()), (0, Some(2), Some(2)));

    std::fs::write(pool_folder.join("1 red.png"), pictures::png(30, 30, 210)).expect("changed");
    std::fs::write(pool_folder.join("7 new.png"), pictures::png(40, 40, 190)).expect("new");
    std::fs::write(pool_folder.join("6 broken.png"), pictures::png(190, 190, 30)).expect("whole");
    std::fs::remove_file(pool_folder.join("4 green.png")).expect("removed");
    let changed = synced(&app, "samples").await;
    assert!(calls(&app) > 0);
    assert_eq!((changed["pictures"].as_u64(), changed["unreadable"].as_u64(), changed["to_do"].as_u64()), (Some(6), Some(0), Some(3)));
    let found = search(&app, blue().field("max_candidates", "3")).await;
    let mut nearest = uris(&found);
    nearest.sort();
    assert!(nearest.iter().all(|uri| ["file:1 red.png", "file:3 blue.png", "file:7 new.png"].contains(&uri.as_str())), "{nearest:?}");
    assert!(!uris(&search(&app, blue()).await).contains(&"file:4 green.png".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_listed_leaves_the_pool_as_it_was() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    std::fs::rename(folder.path().join("pool"), folder.path().join("away")).expect("moved");
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    let failed = in_state(&app, "samples", "failed").await;
    assert!(failed["error"].as_str().is_some_and(|why| why.starts_with("The pool could not be listed")), "{failed}");
    assert_eq!(failed["pictures"], 5, "a folder that is away is no empty folder");
    std::fs::rename(folder.path().join("away"), folder.path().join("pool")).expect("moved back");
    assert_eq!(synced(&app, "samples").await["error"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_other_networks_is_refused_where_it_is_named_and_indexed_anew() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    app.stop().await;

    let app = TestApp::start_with(folder.path(), &[], FakeVision::of_networks(&"1".repeat(64))).await;
    until("the networks are warm", || async { app.service.vision().is_some() }).await;
    // No network gets to the pool's pictures before the gate is opened.
    app.vision.gate.close();
    assert_eq!(pool(&app, "samples").await["state"], "outdated");
    assert_snapshot!(app.client.post(Form::good().field("providers", "samples")).await.snapshot(), @r#"
    409 {
      "error": {
        "code": "contract_mismatch",
        "details": {
          "contract": "11111111/colour/3",
          "field": "providers",
          "model": "embedding@00000000",
          "pool": "samples",
          "pool_contract": "00000000/colour/3"
        },
        "message": "The pool `samples` was indexed by other networks than those that run now, and vectors of the two cannot be compared: it is being indexed anew, and can be searched when `GET /pools` says that it is synced."
      },
      "request_id": "[id]"
    }
    "#);
    until("it is being indexed anew", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    assert_eq!(app.client.post(Form::good().field("providers", "samples")).await.status, 409, "not while that goes on");
    app.vision.gate.open();
    let anew = in_state(&app, "samples", "synced").await;
    assert_eq!((anew["contract"].as_str(), anew["to_do"].as_u64()), (Some("11111111/colour/3"), Some(6)));
    let found = search(&app, Form::good().field("providers", "samples")).await;
    assert_eq!(uris(&found)[0], "file:1 red.png");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_other_networks_that_is_only_among_the_defaults_is_skipped_and_told() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    app.stop().await;
    let app = TestApp::start_with(folder.path(), &[], FakeVision::of_networks(&"1".repeat(64))).await;
    let report = search(&app, Form::good()).await;
    assert_eq!(uris(&report), Vec::<String>::new(), "never compared in silence");
    let told = json!({ "stage": "discover", "kind": "contract_mismatch", "count": 1, "provider": "samples" });
    assert!(report["result"]["diagnostics"].as_array().expect("a list").contains(&told), "{report:#}");
    in_state(&app, "samples", "synced").await;
    assert_eq!(uris(&search(&app, Form::good()).await).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pool_leaves_no_vector() {
    let folder = folder();
    let data = folder.path().join("data");
    let app = TestApp::start(folder.path()).await;
    // Before the sync: what the networks made of the pictures is kept with this request.
    let id = app.client.accepted(blue()).await;
    app.client.ended(&id).await;
    synced(&app, "samples").await;
    search(&app, blue()).await;
    assert!(with_the_red_vector(&data).len() > 1, "in the database and in the cache");
    assert_eq!(app.client.delete("/pools/samples").await.status, 204);
    assert_eq!(with_the_red_vector(&data), Vec::<PathBuf>::new(), "in no row, free page, log or cache");
    let left = pool(&app, "samples").await;
    assert_eq!((left["state"].as_str(), left["pictures"].as_u64()), (Some("new"), Some(0)), "the settings still name it");
    assert_eq!(app.client.delete("/pools/nowhere").await.status, 404);
    calls(&app);
    assert_eq!(uris(&search(&app, blue()).await).len(), 5, "it is a list of pictures again");
    assert!(calls(&app) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_deleted_in_the_middle_of_its_sync_stays_deleted() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    assert_eq!(app.client.delete("/pools/samples").await.status, 204);
    app.vision.gate.open();
    synced(&app, "samples").await;
    assert_eq!(app.client.delete("/pools/samples").await.status, 204);
    assert_eq!(with_the_red_vector(&folder.path().join("data")), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_may_be_put_below_the_roots_of_the_operator_and_nowhere_else() {
    let (folder, roots) = (folder(), tempfile::tempdir().expect("a folder"));
    let press = roots.path().join("press");
    std::fs::create_dir_all(&press).expect("a folder");
    std::fs::write(press.join("yellow.png"), pictures::png(220, 220, 10)).expect("written");
    let root = roots.path().to_string_lossy().into_owned();
    let app = TestApp::start_with(folder.path(), &[("POOL_ROOTS", &root)], FakeVision::default()).await;
    let added = app.client.post_json("/pools", &json!({ "name": "press", "uri": press })).await;
    let own = json!({ "name": "press", "origin": "route", "state": "new" });
    assert_eq!(added.status, 201, "{}", added.text());
    assert!(own.as_object().expect("fields").iter().all(|(name, value)| added.json()[name] == *value), "{}", added.text());
    let refused = async |name: &str, uri: &str| {
        let reply = app.client.post_json("/pools", &json!({ "name": name, "uri": uri })).await;
        format!("{} {}", reply.status, reply.json()["error"]["code"].as_str().unwrap_or_default())
    };
    assert_eq!(refused("press", &press.to_string_lossy()).await, "409 pool_exists");
    assert_eq!(refused("etc", "/etc").await, "403 pool_not_allowed");
    assert_eq!(refused("nothing", "/nothing/there").await, "403 pool_not_allowed", "what is there and what is not looks the same");
    assert_eq!(refused("up", &format!("{root}/../")).await, "400 invalid_field");
    assert_eq!(refused("bucket", "s3://press/people").await, "403 pool_not_allowed");
    assert_eq!(refused("missing", &format!("{root}/missing")).await, "422 pool_missing");
    assert_eq!(refused("wikimedia", &press.to_string_lossy()).await, "400 invalid_field");
    assert_eq!(app.client.post_json("/pools", &json!({ "name": "a", "uri": root, "more": 1 })).await.status, 400);

    let yellow = || Form::lawful().file("image", "a.png", &pictures::png(220, 220, 10)).field("providers", "press");
    assert_eq!(uris(&search(&app, yellow()).await), ["file:yellow.png"], "it is searched before it is synced");
    synced(&app, "press").await;
    assert_eq!(uris(&search(&app, yellow()).await), ["file:yellow.png"]);
    assert!(app.client.get("/health").await.text().contains("\"press\""));

    // A root that is taken away.
    app.stop().await;
    let app = TestApp::start(folder.path()).await;
    assert_eq!(pool(&app, "press").await["state"], "not_allowed");
    assert_eq!(app.client.post(yellow()).await.json()["error"]["code"], "unknown_provider");
    assert_eq!(app.client.delete("/pools/press").await.status, 204);
    assert_eq!(pool(&app, "press").await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_syncs_asked_for_at_once_look_at_each_picture_once() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    let looks = app.vision.looks.load(Ordering::SeqCst);
    app.client.delete("/pools/samples").await;
    let client = app.client;
    let ask = || client.send("POST", "/pools/samples/sync", &[], &[]);
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!((one.status, other.status), (202, 202));
    in_state(&app, "samples", "synced").await;
    assert_eq!(app.vision.looks.load(Ordering::SeqCst), 2 * looks);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_dies_goes_on_after_the_next_start() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    for number in 0..3 {
        std::fs::write(folder.path().join(format!("pool/new {number}.png")), pictures::png(10, 200, 100 + number)).expect("written");
    }
    app.vision.gate.close();
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    app.kill().await;

    let app = TestApp::start(folder.path()).await;
    let done = in_state(&app, "samples", "synced").await;
    assert_eq!((done["pictures"].as_u64(), done["to_do"].as_u64()), (Some(8), Some(3)), "what was stored is not looked at again");
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_that_fail_leave_a_pool_as_it_was() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::failing(1)).await;
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    let failed = in_state(&app, "samples", "failed").await;
    assert_eq!((failed["contract"].clone(), failed["failed"].as_u64()), (Value::Null, Some(1)), "{failed}");
    let whole = synced(&app, "samples").await;
    assert_eq!((whole["pictures"].as_u64(), whole["to_do"].as_u64()), (Some(5), Some(1)), "only what failed is looked at again");
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_that_share_a_database_share_the_vectors() {
    let Some(database) = postgres::database().await else { return };
    let (shared, url) = (folder(), database.url());
    let pools = format!("samples={}", shared.path().join("pool").display());
    let folders: [TempDir; 2] = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let artifacts = format!("file:{}", shared.path().join("artifacts").display());
    let variables = [("DATABASE_URL", url.as_str()), ("POOLS", pools.as_str()), ("ARTIFACTS_URL", artifacts.as_str())];
    let kept = || folders.iter().flat_map(|folder| with_the_red_vector(folder.path())).count();
    let one = TestApp::start_with(folders[0].path(), &variables, FakeVision::default()).await;
    let other = TestApp::start_with(folders[1].path(), &variables, FakeVision::default()).await;
    // Before the sync: what the networks made of the pictures is kept by whoever has run it, with its request.
    search(&other, blue()).await;
    assert!(kept() > 0);
    synced(&one, "samples").await;
    let found = search(&other, blue()).await;
    assert_eq!((uris(&found)[0].as_str(), uris(&found).len()), ("file:3 blue.png", 5));
    std::fs::write(shared.path().join("pool/7 new.png"), pictures::png(31, 30, 201)).expect("written");
    synced(&other, "samples").await;
    assert_eq!(uris(&search(&one, blue().field("max_candidates", "2")).await).len(), 2);
    assert_eq!(pool(&one, "samples").await["pictures"], 6);
    assert_eq!(one.client.delete("/pools/samples").await.status, 204);
    assert_eq!(pool(&other, "samples").await["state"], "new");
    until("whoever has kept something has let go of it", || async { kept() == 0 }).await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_not_renewed_is_taken_over_and_the_late_one_writes_nothing() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    let (store, lease) = (&app.service.store, std::time::Duration::from_secs(3600));
    assert!(store.claim_sync(lease).await.expect("asked").is_none(), "somebody has it in hand");
    // As where its lease is over. It looks for work at once, and may be the next one itself.
    let taken = || async {
        store.release_syncs().await.expect("asked");
        store.claim_sync(lease).await.expect("asked").is_some_and(|claim| claim.pool == "samples")
    };
    until("somebody else has taken over", taken).await;
    app.vision.gate.open();
    // The first one notices, and ends; the second is this test, which does nothing.
    until("nobody looks any more", || async { app.vision.gate.waiting.load(Ordering::SeqCst) == 0 }).await;
    assert_eq!(pool(&app, "samples").await["pictures"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_whose_networks_turn_out_to_be_others_when_the_search_runs_fails_with_the_same_code() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    app.stop().await;
    // Which networks run is not known when the request comes.
    let vision = FakeVision::of_networks(&"1".repeat(64));
    vision.loading.close();
    let app = TestApp::start_with(folder.path(), &[], vision).await;
    let id = app.client.accepted(Form::good().field("providers", "samples")).await;
    app.vision.loading.open();
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("contract_mismatch")), "{report:#}");
    assert_eq!(report["error"]["details"]["pool"], "samples");
    assert!(report["error"]["message"].as_str().is_some_and(|message| message.contains("indexed anew")), "{report:#}");
    in_state(&app, "samples", "synced").await;
    let found = search(&app, Form::good().field("providers", "samples")).await;
    assert_eq!(uris(&found)[0], "file:1 red.png");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_works_not_refuses_a_pool_of_other_networks_than_those_of_the_workers() {
    let Some(database) = postgres::database().await else { return };
    let (shared, url) = (folder(), database.url());
    let pools = format!("samples={}", shared.path().join("pool").display());
    let artifacts = format!("file:{}", shared.path().join("artifacts").display());
    let variables = [("DATABASE_URL", url.as_str()), ("POOLS", pools.as_str()), ("ARTIFACTS_URL", artifacts.as_str())];
    let folders: [TempDir; 3] = std::array::from_fn(|_| tempfile::tempdir().expect("a folder"));
    let api = TestApp::start_changed(folders[0].path(), &variables, FakeVision::default(), |config| config.role = Role::ServeOnly).await;
    let named = || Form::good().field("providers", "samples");

    let worker = TestApp::start_with(folders[1].path(), &variables, FakeVision::default()).await;
    synced(&api, "samples").await;
    assert_eq!(uris(&search(&api, named()).await)[0], "file:1 red.png");
    // It says goodbye, and counts no more.
    worker.stop().await;
    assert_eq!(pool(&api, "samples").await["state"], "synced", "where nobody works nobody can say");

    let worker = TestApp::start_with(folders[2].path(), &variables, FakeVision::of_networks(&"1".repeat(64))).await;
    worker.vision.gate.close();
    in_state(&api, "samples", "outdated").await;
    let refused = api.client.post(named()).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (409, Some("contract_mismatch")), "{}", refused.text());
    let details = &refused.json()["error"]["details"];
    assert_eq!((details["pool_contract"].as_str(), details["contract"].as_str()), (Some("00000000/colour/3"), Some("11111111/colour/3")));
    // It has been asked for by that.
    worker.vision.gate.open();
    assert_eq!(in_state(&api, "samples", "synced").await["contract"], "11111111/colour/3");
    assert_eq!(uris(&search(&api, named()).await)[0], "file:1 red.png");
    worker.stop().await;
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_cut_off_goes_on_by_itself() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    // As where the process died between the first step and the others.
    assert!(app.service.store.delete_pool("samples").await.expect("marked"));
    app.kill().await;
    let app = TestApp::start(folder.path()).await;
    let left = in_state(&app, "samples", "new").await;
    assert_eq!((left["pictures"].as_u64(), left["contract"].clone()), (Some(0), Value::Null));
    until("no vector is left", || async { with_the_red_vector(&folder.path().join("data")).is_empty() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_another_machine_has_deleted_and_made_anew_is_not_searched_by_the_vectors_of_before() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    synced(&app, "samples").await;
    assert_eq!(uris(&search(&app, blue()).await)[0], "file:3 blue.png");
    // Past this process: what it has in memory is as it was.
    let store = &app.service.store;
    assert!(store.delete_pool("samples").await.expect("marked"));
    while store.delete_some().await.expect("a portion") {}
    let place = folder.path().join("pool").to_string_lossy().into_owned();
    store.add_pool(&NewPool { name: "samples", place: &place, origin: PoolOrigin::Settings }).await.expect("added");
    let (blue_picture, red_picture) = (folder.path().join("pool/3 blue.png"), folder.path().join("pool/1 red.png"));
    std::fs::rename(&blue_picture, folder.path().join("aside")).expect("moved");
    std::fs::rename(&red_picture, &blue_picture).expect("moved");
    std::fs::rename(folder.path().join("aside"), &red_picture).expect("moved");
    synced(&app, "samples").await;
    let found = search(&app, blue().field("max_candidates", "1")).await;
    assert_eq!(uris(&found), ["file:1 red.png"], "as many changes as before, and other pictures");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_the_pool_that_cannot_be_read_any_more_leaves_its_pictures_as_they_were() {
    let folder = folder();
    let (pool_path, near) = (folder.path().join("pool"), folder.path().join("near"));
    std::fs::rename(&pool_path, &near).expect("moved");
    std::os::unix::fs::symlink(&near, &pool_path).expect("a link");
    // As deep as a path may be. Under a folder of a longer name nobody gets there, whoever he is.
    let deep: PathBuf = std::iter::repeat_n("x".repeat(250), 15).collect();
    std::fs::create_dir_all(near.join(&deep)).expect("folders");
    std::fs::write(near.join(&deep).join("7 deep.png"), pictures::png(31, 30, 201)).expect("written");
    let app = TestApp::start(folder.path()).await;
    assert_eq!(synced(&app, "samples").await["pictures"], 6);

    let far = folder.path().join("y".repeat(250)).join("z".repeat(250));
    std::fs::create_dir_all(far.parent().expect("a folder")).expect("a folder");
    std::fs::rename(&near, &far).expect("moved");
    std::fs::remove_file(&pool_path).expect("the link");
    std::os::unix::fs::symlink(&far, &pool_path).expect("a link");
    std::fs::remove_file(far.join("4 green.png")).expect("removed");
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    let partly = in_state(&app, "samples", "failed").await;
    assert!(partly["error"].as_str().is_some_and(|why| why.contains("could not be read, and are left as they were")), "{partly}");
    assert_eq!(partly["pictures"], 5, "what was seen to be gone is gone");
    assert_eq!(partly["contract"], "00000000/colour/3");

    std::fs::remove_file(&pool_path).expect("the link");
    std::fs::rename(&far, &near).expect("moved back");
    std::os::unix::fs::symlink(&near, &pool_path).expect("a link");
    calls(&app);
    let whole = synced(&app, "samples").await;
    assert_eq!((whole["pictures"].as_u64(), whole["to_do"].as_u64(), calls(&app)), (Some(5), Some(0), 0), "it was not looked at again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_while_a_pool_is_synced_is_looked_at_before_the_rest_of_the_pool() {
    let folder = folder();
    let press = folder.path().join("press");
    std::fs::create_dir_all(&press).expect("a folder");
    let (photo, of_press) = ([220, 220, 10], [[10, 220, 220], [220, 10, 220], [120, 220, 10]]);
    for (number, [red, green, blue]) in of_press.into_iter().enumerate() {
        std::fs::write(press.join(format!("{number}.png")), pictures::png(red, green, blue)).expect("written");
    }
    let pools = format!("samples={},press={}", folder.path().join("pool").display(), press.display());
    // However long the search takes.
    let patient = |config: &mut server::config::Config| config.discovery.sync_patience = std::time::Duration::from_secs(3600);
    let app = TestApp::start_changed(folder.path(), &[("POOLS", &pools)], FakeVision::closed().with_one_lane(), patient).await;
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    until("the sync has the networks", || async { app.vision.gate.waiting.load(Ordering::SeqCst) == 1 }).await;
    let form = Form::lawful().file("image", "a.png", &pictures::png(photo[0], photo[1], photo[2])).field("providers", "press");
    let id = app.client.accepted(form).await;
    until("the request is in hand", || async { app.service.jobs.is_busy() }).await;
    app.vision.gate.open();
    app.client.ended(&id).await;
    in_state(&app, "samples", "synced").await;
    let seen = app.vision.seen();
    let place = |colour: [u8; 3]| seen.iter().position(|seen| *seen == colour).expect("it was looked at");
    let last_of_request = of_press.map(place).into_iter().max();
    // The first one was at it before the request came.
    let first_of_the_rest = [[160, 20, 20], [30, 30, 200], [30, 200, 30], [90, 90, 90]].map(place).into_iter().min();
    assert!(last_of_request < first_of_the_rest, "{seen:?}");
}
