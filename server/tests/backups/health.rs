//! `/health` and the pages name both packs, and say which one does the work and why.

use crate::common::{Client, Form};
use crate::played::{Fault, Left, ONE_FACE, Played, png};
use crate::service::App;
use insta::assert_snapshot;
use models::{ModelError, Vision};
use server::vision::VisionLoader;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// Waits until it is let go, so that a test sees what is said while networks are loaded.
fn held(played: &Arc<Played>) -> (VisionLoader, mpsc::Sender<()>) {
    let (let_go, held) = mpsc::channel();
    let (loaded, held) = (played.clone(), Mutex::new(held));
    let loader = move || -> Result<Arc<dyn Vision>, ModelError> {
        // Also let go by a test that has ended.
        let _ = held.lock().map(|held| held.recv());
        Ok(loaded.clone())
    };
    (Box::new(loader), let_go)
}

/// What is said of the backup, with the seconds in round numbers.
async fn said(app: &App) -> String {
    let health = app.health().await;
    let mut backup = health["backup"].clone();
    if let Some(seconds) = backup["next_trial"].as_f64() {
        backup["next_trial"] = (seconds.round() as u64).into();
    }
    format!("{} on {} ({}) {backup:#}", health["status"], health["models"]["pack"], health["engine"]["name"])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backup_is_loaded_behind_the_primary_and_stands_by() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let (loads_first, primary_loaded) = held(&primary);
    let (loads_second, backup_loaded) = held(&backup);
    let app = App::start(loads_first, Some(loads_second), Left::new(4096)).await;
    app.health_is("the primary is being loaded", |health| health["backup"]["primary_state"] == "loading").await;
    assert_eq!(app.health().await["backup"]["state"], "not loaded");
    assert_eq!(app.client.get("/health/ready").await.status, 503);

    primary_loaded.send(()).expect("let go");
    app.health_is("the backup is being loaded", |health| health["backup"]["state"] == "loading").await;
    assert_eq!(app.client.get("/health/ready").await.status, 200, "requests need not wait for the backup");
    backup_loaded.send(()).expect("let go");
    app.health_is("the backup stands by", |health| health["backup"]["state"] == "ready").await;
    assert_snapshot!(said(&app).await, @r#"
    "ok" on "standard" ("played standard") {
      "breaker": "closed",
      "in_use": false,
      "next_trial": null,
      "pack": "light",
      "primary": "standard",
      "primary_state": "ready",
      "reason": null,
      "state": "ready"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_backup_does_the_work_health_is_degraded_and_says_why_and_until_when() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::on(&primary, &backup).await;
    primary.fail_after(0, Fault::Error(ModelError::OutOfMemory("played".into())));
    app.search().await;
    assert_snapshot!(said(&app).await, @r#"
    "degraded" on "light" ("played light") {
      "breaker": "open",
      "in_use": true,
      "next_trial": 30,
      "pack": "light",
      "primary": "standard",
      "primary_state": "ready",
      "reason": "out_of_memory",
      "state": "ready"
    }
    "#);
    assert_eq!(app.client.get("/health/ready").await.status, 200, "it works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_cannot_be_loaded_is_named_with_its_reason() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::start(primary.loader_failing(usize::MAX), Some(backup.loader()), Left::new(4096)).await;
    app.health_is("it starts on the backup", |health| health["backup"]["in_use"] == true).await;
    assert_snapshot!(said(&app).await, @r#"
    "degraded" on "light" ("played light") {
      "breaker": "open",
      "in_use": true,
      "next_trial": 30,
      "pack": "light",
      "primary": "standard",
      "primary_state": "failed: cannot load face.onnx: played",
      "reason": "model_not_loaded",
      "state": "ready"
    }
    "#);

    let app = App::start(primary.loader(), Some(backup.loader_failing(usize::MAX)), Left::new(4096)).await;
    app.health_is("the backup is given up", |health| health["backup"]["state"] == "failed: cannot load face.onnx: played").await;
    let health = app.health().await;
    assert_eq!((health["status"].as_str(), health["backup"]["in_use"].as_bool()), (Some("ok"), Some(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_say_when_the_backup_does_the_work() {
    let (primary, backup) = (Played::primary(), Played::backup());
    let app = App::on(&primary, &backup).await;
    let client = app.client;
    let page = |path: String| async move { page_at(client, &path).await };
    assert!(page("/".into()).await.contains("pack standard; light stands by"));
    primary.fail_after(2, Fault::Error(ModelError::Timeout(30.0)));
    let id = app.client.accepted(Form::lawful().file("image", "a.png", &png(ONE_FACE, 0, 0))).await;
    app.client.ended(&id).await;
    let home = page("/".into()).await;
    assert!(home.contains("played light (the backup)") && home.contains("pack light, in place of standard"), "{home}");
    assert!(home.contains("because the usual networks took too long"), "{home}");
    let result = page(format!("/requests/{id}")).await;
    for words in
        ["light (the backup)", "The backup did the work, because the usual networks took too long", "everything was compared again"]
    {
        assert!(result.contains(words), "{words} is missing in {result}");
    }
    app.clock.advance(Duration::from_secs(30));
    primary.recover();
    app.health_is("it is back", |health| health["status"] == "ok").await;
    assert!(page("/".into()).await.contains("pack standard; light stands by"));
}

async fn page_at(client: Client, path: &str) -> String {
    let reply = client.send("GET", path, &[("accept", "text/html")], &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    // The server's renderer parts text from text by empty comments.
    reply.text().replace("<!>", "")
}
