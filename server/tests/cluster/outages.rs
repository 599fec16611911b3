//! The database is away for a minute, and the bucket is: the service says so, with the time after which to come again, and goes
//! on by itself when they are back. What was accepted before is done.
//!
//! The minute is a real one, for both at the same time.

use crate::{
    common::{Client, Reply, until},
    entrances::Entrances,
    gate::TcpGate,
    ground::Ground,
    node::{Node, Role},
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const AWAY: Duration = Duration::from_secs(60);
/// Whoever asks gets an answer within this time, also where something behind does not answer at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// Requests that are accepted before.
const BEFORE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_or_a_bucket_that_is_away_for_a_minute_loses_nothing() {
    tokio::join!(the_database_is_away(), the_bucket_is_away());
}

async fn asked(what: impl Future<Output = std::io::Result<Reply>>) -> Reply {
    timeout(ANSWERS_WITHIN, what).await.expect("an answer in time").expect("an answer")
}

async fn get(client: Client, path: &str) -> Reply {
    asked(client.try_send("GET", path, &[], &[])).await
}

async fn handed_in(client: Client, words: &str) -> Reply {
    asked(client.try_post_with(Ground::form(words), &[("idempotency-key", words)])).await
}

fn assert_not_now(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "when to come again");
}

/// Their ids and words. Some of them are held in the middle of their run.
async fn accepted_before(ground: &Ground, entrances: &Entrances, worker: &Node) -> Vec<(String, String)> {
    ground.hold_runs();
    let mut requests = Vec::new();
    for number in 0..BEFORE {
        let words = format!("person {number}");
        requests.push((entrances.accepted(number, &words, &Ground::form(&words)).await, words));
    }
    worker.is_at_work().await;
    requests
}

/// All are done, once, and so is one that comes now; nobody had to start anything again.
async fn recovered(ground: &Ground, entrances: &Entrances, mut requests: Vec<(String, String)>, nodes: &mut [Node]) {
    let words = "somebody who came late".to_owned();
    requests.push((entrances.accepted(0, &words, &Ground::form(&words)).await, words));
    for (id, words) in &requests {
        let report = entrances.ended(0, id).await;
        ground.assert_whole(words, &report);
        assert!(ground.web.asked(words) <= 1, "{words}");
    }
    assert!(nodes.iter_mut().all(|node| !node.has_ended()), "they have stayed");
}

async fn the_database_is_away() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let database = ground.database.clone().expect("a database");
    let gate = TcpGate::before(database.address).await;
    let ground = ground.with("DATABASE_URL", database.url_by(gate.address));
    let api = ground.start(Role::ServeOnly, "api").await;
    let worker = ground.start(Role::Worker, "worker").await;
    let (client, entrances) = (api.client, Entrances::of(&[api.client]));
    let requests = accepted_before(&ground, &entrances, &worker).await;

    let first = format!("/status/{}", requests[0].0);
    let begun = Instant::now();
    gate.refuse();
    ground.let_runs_go();
    while begun.elapsed() < AWAY {
        // First nobody is there, then somebody is and says nothing.
        if begun.elapsed() > AWAY / 2 {
            gate.fall_silent();
        }
        let (new, status) = tokio::join!(handed_in(client, "too early"), get(client, &first));
        assert_not_now(&new);
        assert_not_now(&status);
        let (live, ready) = tokio::join!(get(client, "/health/live"), get(client, "/health/ready"));
        assert_eq!((live.status, ready.status), (200, 503));
        sleep(Duration::from_millis(500)).await;
    }
    gate.open();
    let mut nodes = [api, worker];
    recovered(&ground, &entrances, requests, &mut nodes).await;
    until("it says that it is well", || async { get(client, "/health/ready").await.status == 200 }).await;
}

async fn the_bucket_is_away() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with_a_bucket().await;
    let api = ground.start(Role::ServeOnly, "api").await;
    let worker = ground.start(Role::Worker, "worker").await;
    let (client, entrances) = (api.client, Entrances::of(&[api.client]));
    let requests = accepted_before(&ground, &entrances, &worker).await;

    let back = Instant::now() + AWAY;
    ground.bucket().go_away();
    ground.let_runs_go();
    let first = format!("/status/{}", requests[0].0);
    while Instant::now() < back {
        assert_not_now(&handed_in(client, "too early").await);
        let (live, status, ready) = tokio::join!(get(client, "/health/live"), get(client, &first), get(client, "/health/ready"));
        assert_eq!((live.status, status.status), (200, 200));
        assert_not_now(&ready);
        let told = ready.json();
        assert_eq!(
            (told["error"]["code"].as_str(), told["error"]["details"]["objects"].as_str()),
            (Some("not_ready"), Some("not writable"))
        );
        sleep(Duration::from_millis(500)).await;
    }
    ground.bucket().come_back();
    let mut nodes = [api, worker];
    recovered(&ground, &entrances, requests, &mut nodes).await;
    until("it says that it is well", || async { get(client, "/health/ready").await.status == 200 }).await;
}
