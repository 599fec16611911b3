//! Work changes hands: where a process is asked to stop, is held up, dies of a request, or a request is erased under it.

use crate::{
    common::{Form, Reply, until},
    entrances::Entrances,
    follow::follow,
    ground::Ground,
    node::{Node, Role},
    played,
};
use serde_json::Value;
use std::{
    future::ready,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// SIGTERM in the middle of a run that is held up: the signal is there before the run goes on.
async fn stopped_in_the_middle(ground: &Ground, node: Node) {
    node.signal("TERM");
    until("it has the signal", || ready(node.has_said("asked to stop"))).await;
    ground.let_runs_go();
    let status = node.ended().await;
    assert!(status.success(), "{status}");
}

async fn whole_without_a_retry(ground: &Ground, entrances: &Entrances, id: &str) {
    let followed = follow(entrances, 0, id).await;
    let report = entrances.ended(0, id).await;
    ground.assert_whole("somebody", &report);
    followed.assert_told_once(id);
    assert_eq!(report["result"]["retry_count"], 0, "being handed back is no fault of the request");
    assert_eq!(ground.web.asked("somebody"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_process_on_sqlite_hands_its_work_to_the_next_start() {
    let ground = Ground::on_sqlite().await;
    ground.hold_runs();
    let node = ground.start(Role::Serve, "node").await;
    let entrances = Entrances::of(&[node.client]);
    let id = entrances.accepted(0, "a key", &Ground::form("somebody")).await;
    node.is_at_work().await;
    stopped_in_the_middle(&ground, node).await;
    let node = ground.start(Role::Serve, "node").await;
    entrances.are(&[node.client]);
    whole_without_a_retry(&ground, &entrances, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_asked_to_stop_hands_its_work_to_another() {
    let Some(ground) = Ground::on_postgres().await else { return };
    ground.hold_runs();
    let api = ground.start(Role::ServeOnly, "api").await;
    let first = ground.start(Role::Worker, "first").await;
    let entrances = Entrances::of(&[api.client]);
    let id = entrances.accepted(0, "a key", &Ground::form("somebody")).await;
    first.is_at_work().await;
    let _second = ground.start(Role::Worker, "second").await;
    stopped_in_the_middle(&ground, first).await;
    whole_without_a_retry(&ground, &entrances, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_held_up_writes_nothing_after_its_work_was_given_to_another() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with("WORKERS", 1);
    ground.hold_runs();
    let api = ground.start(Role::ServeOnly, "api").await;
    let first = ground.start(Role::Worker, "first").await;
    let entrances = Entrances::of(&[api.client]);
    let id = entrances.accepted(0, "a key", &Ground::form("somebody")).await;
    first.is_at_work().await;
    first.signal("STOP");
    let mut second = ground.start(Role::Worker, "second").await;
    ground.let_runs_go();
    let followed = follow(&entrances, 0, &id).await;
    let report = entrances.ended(0, &id).await;
    ground.assert_whole("somebody", &report);
    assert_eq!(report["result"]["retry_count"], 1);

    // It goes on where it was, and does not know yet that nobody waits for it.
    first.signal("CONT");
    second.kill();
    let next = entrances.accepted(0, "another key", &Ground::form("somebody else")).await;
    ground.assert_whole("somebody else", &entrances.ended(0, &next).await);
    assert_eq!(unsigned(entrances.status(0, &id).await), unsigned(report), "the result stays as it was");
    followed.assert_told_once(&id);
    let again = follow(&entrances, 0, &id).await;
    assert_eq!(again.events.len(), followed.events.len(), "nothing is told after the end");
    assert_eq!(ground.web.asked("somebody"), 1);
    // What it keeps for itself goes when it is there to be told.
    let _second = ground.start(Role::Worker, "second").await;
    for id in [id, next] {
        entrances.erased(0, &id).await;
    }
    ground.assert_empty().await;
}

/// Links are signed anew each time.
fn unsigned(mut report: Value) -> Value {
    match &mut report {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = unsigned(item.take())),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, field)| *field = unsigned(field.take())),
        Value::String(text) => text.truncate(text.find("?expires=").unwrap_or(text.len())),
        _ => {}
    }
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_dead_worker_is_taken_over_within_half_a_minute_by_the_usual_settings() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with("WORKER_HEARTBEAT", "");
    ground.hold_runs();
    let api = ground.start(Role::ServeOnly, "api").await;
    let mut first = ground.start(Role::Worker, "first").await;
    let entrances = Entrances::of(&[api.client]);
    let id = entrances.accepted(0, "a key", &Ground::form("somebody")).await;
    first.is_at_work().await;
    let second = ground.start(Role::Worker, "second").await;
    first.kill();
    let dead = Instant::now();
    second.is_at_work().await;
    let taken_over = dead.elapsed();
    println!("taken over after {taken_over:?}");
    assert!(taken_over < Duration::from_secs(30), "{taken_over:?}");
    ground.let_runs_go();
    ground.assert_whole("somebody", &entrances.ended(0, &id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_erased_on_one_node_stops_on_its_worker_and_leaves_nothing() {
    let Some(ground) = Ground::on_postgres().await else { return };
    ground.hold_runs();
    let (here, there) = (ground.start(Role::ServeOnly, "here").await, ground.start(Role::ServeOnly, "there").await);
    let worker = ground.start(Role::Worker, "worker").await;
    let entrances = Entrances::of(&[here.client, there.client]);
    let id = entrances.accepted(0, "a key", &Ground::form("somebody")).await;
    worker.is_at_work().await;
    let erasing = tokio::spawn({
        let (entrances, id) = (entrances.clone(), id.clone());
        async move { entrances.erased(1, &id).await }
    });
    until("it is gone", || async { here.client.get(&format!("/status/{id}")).await.status == 410 }).await;
    ground.let_runs_go();
    erasing.await.expect("erased");
    let next = entrances.accepted(0, "another key", &Ground::form("somebody else")).await;
    ground.assert_whole("somebody else", &entrances.ended(0, &next).await);
    assert!(!worker.has_said(&format!("request completed request_id={id}")), "it was stopped");
    entrances.erased(0, &next).await;
    ground.assert_empty().await;
    assert_eq!(there.client.get(&format!("/events/{id}")).await.status, 410);
}

/// How often a fatal request may be tried again.
const RETRIES: usize = 2;

/// One request kills whoever takes it; others are handed in around it.
async fn outlive_a_fatal_request(ground: Ground, entrances: Entrances, workers: Vec<(Role, String, Node)>) {
    let ground = Arc::new(ground);
    // All are there, and as many in hand as may be, before the first of them looks for a face.
    ground.hold_runs();
    let (good, poison) = (Ground::form, Form::lawful().file("image", "photo.png", &played::fatal()).field("providers", "samples"));
    let mut ids = vec![entrances.accepted(0, "person 0", &good("person 0")).await];
    let fatal = entrances.accepted(0, "the fatal one", &poison).await;
    for number in 1..6 {
        let words = format!("person {number}");
        ids.push(entrances.accepted(0, &words, &good(&words)).await);
    }
    // An operator's service manager.
    let mut managers = JoinSet::new();
    for (role, name, mut node) in workers {
        let (ground, entrances) = (ground.clone(), entrances.clone());
        managers.spawn(async move {
            loop {
                until("it dies, or the test ends", || ready(node.has_ended())).await;
                println!("{name} died");
                if role == Role::Serve {
                    entrances.are(&[]);
                }
                node = ground.start(role, &name).await;
                if role == Role::Serve {
                    entrances.are(&[node.client]);
                }
            }
        });
    }
    ground.let_runs_go();
    let (followed, report) = (follow(&entrances, 0, &fatal).await, entrances.ended(0, &fatal).await);
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("interrupted")), "{report:#}");
    assert_eq!(report["error"]["details"]["max_retries"], RETRIES);
    followed.assert_told_once(&fatal);
    assert_eq!(followed.names("error"), 1, "its followers are told");
    for (number, id) in ids.iter().enumerate() {
        let report = entrances.ended(0, id).await;
        ground.assert_whole(&format!("person {number}"), &report);
        assert_eq!(report["result"]["retry_count"], 0, "person {number} pays nothing for having been a neighbour");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_kills_a_process_with_several_in_hand_costs_its_neighbours_none_of_their_retries() {
    let ground = Ground::on_sqlite().await.with("MAX_RETRIES", RETRIES).with("WORKERS", 4);
    let node = ground.start(Role::Serve, "node").await;
    let entrances = Entrances::of(&[node.client]);
    outlive_a_fatal_request(ground, entrances, vec![(Role::Serve, "node".into(), node)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_kills_workers_with_several_in_hand_costs_its_neighbours_none_of_their_retries() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with("MAX_RETRIES", RETRIES).with("WORKERS", 4);
    let api = ground.start(Role::ServeOnly, "api").await;
    let mut workers = Vec::new();
    for name in ["first", "second"] {
        workers.push((Role::Worker, name.to_owned(), ground.start(Role::Worker, name).await));
    }
    outlive_a_fatal_request(ground, Entrances::of(&[api.client]), workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_kills_the_one_process_on_sqlite_is_given_up_and_blocks_nobody() {
    let ground = Ground::on_sqlite().await.with("MAX_RETRIES", RETRIES).with("WORKERS", 1);
    let node = ground.start(Role::Serve, "node").await;
    let entrances = Entrances::of(&[node.client]);
    outlive_a_fatal_request(ground, entrances, vec![(Role::Serve, "node".into(), node)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_kills_its_workers_is_given_up_and_blocks_nobody() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with("MAX_RETRIES", RETRIES).with("WORKERS", 1);
    let api = ground.start(Role::ServeOnly, "api").await;
    let mut workers = Vec::new();
    for name in ["first", "second"] {
        workers.push((Role::Worker, name.to_owned(), ground.start(Role::Worker, name).await));
    }
    outlive_a_fatal_request(ground, Entrances::of(&[api.client]), workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_one_bounded_queue_that_refuses_with_a_time_and_loses_nothing_accepted() {
    const CAPACITY: usize = 4;
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with("QUEUE_CAPACITY", CAPACITY);
    let (here, there) = (ground.start(Role::ServeOnly, "here").await, ground.start(Role::ServeOnly, "there").await);
    let mut posts = JoinSet::new();
    for number in 0..12 {
        let client = [here.client, there.client][number % 2];
        posts.spawn(async move { (number, client.post(Ground::form(&format!("person {number}"))).await) });
    }
    let answers: Vec<(usize, Reply)> = posts.join_all().await;
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, reply)| reply.status == 202);
    assert_eq!(accepted.len(), CAPACITY);
    for (_, reply) in refused {
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (503, Some("queue_full")));
        assert!(reply.header("retry-after").parse::<u64>().is_ok());
    }
    let _worker = ground.start(Role::Worker, "worker").await;
    let entrances = Entrances::of(&[here.client, there.client]);
    for (number, reply) in accepted {
        let id = reply.json()["request_id"].as_str().expect("an id").to_owned();
        ground.assert_whole(&format!("person {number}"), &entrances.ended(number, &id).await);
    }
}
