//! Fifty kills. A process that works is ended by SIGKILL in the middle of its work, again and again, wherever it happens to be;
//! every request completes all the same, once, and nobody outside is asked twice.

use crate::{
    common::Form,
    entrances::Entrances,
    follow::follow,
    ground::Ground,
    node::{Node, Role},
    seeded::Seeded,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

const KILLS: usize = 50;
/// Requests that are under way at one time.
const AT_ONCE: usize = 8;
/// A kill comes at most so long after its process was found at work: a little longer than an undisturbed search takes.
const LONGEST_RUN: Duration = Duration::from_millis(600);

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_of_the_one_process_on_sqlite_lose_nothing_and_double_nothing() {
    let ground = Ground::on_sqlite().await.with("MAX_RETRIES", 20);
    let node = ground.start(Role::Serve, "node").await;
    let entrances = Entrances::of(&[node.client]);
    survive(ground, entrances, vec![(Role::Serve, "node".into(), node)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_of_three_workers_on_postgres_lose_nothing_and_double_nothing() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = ground.with("MAX_RETRIES", 20);
    let api = ground.start(Role::ServeOnly, "api").await;
    let mut workers = Vec::new();
    for name in ["first", "second", "third"] {
        workers.push((Role::Worker, name.to_owned(), ground.start(Role::Worker, name).await));
    }
    survive(ground, Entrances::of(&[api.client]), workers).await;
}

/// Keeps requests coming while the processes are killed in turns and started again; then looks at all that came of it.
async fn survive(ground: Ground, entrances: Entrances, mut victims: Vec<(Role, String, Node)>) {
    let begun = Instant::now();
    let mut chance = Seeded::new("fifty kills");
    let ground = Arc::new(ground);
    let enough = Arc::new(AtomicBool::new(false));
    let handed_in = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..AT_ONCE {
        clients.spawn(keep_asking(ground.clone(), entrances.clone(), enough.clone(), handed_in.clone()));
    }

    let mut stages: BTreeMap<String, usize> = BTreeMap::new();
    let mut kills = 0;
    while kills < KILLS {
        // A client ends early only where something is wrong.
        if let Some(ended) = clients.try_join_next() {
            ended.expect("every request is whole");
        }
        let at = chance.below(victims.len());
        let (role, name, node) = &mut victims[at];
        if timeout(Duration::from_secs(5), node.is_at_work()).await.is_err() {
            continue;
        }
        sleep(chance.pause(LONGEST_RUN)).await;
        let in_hand = node.in_hand();
        if in_hand.is_empty() {
            continue;
        }
        for id in &in_hand {
            let report = entrances.status(kills, id).await;
            let stage = report["stages"].as_array().and_then(|stages| stages.iter().rfind(|stage| stage["state"] == "running").cloned());
            let stage = stage.map_or_else(|| "between stages".into(), |stage| stage["name"].as_str().unwrap_or_default().to_owned());
            *stages.entry(stage).or_default() += 1;
        }
        if *role == Role::Serve {
            entrances.are(&[]);
        }
        node.kill();
        kills += 1;
        *node = ground.start(*role, name).await;
        if *role == Role::Serve {
            entrances.are(&[node.client]);
        }
    }
    enough.store(true, Ordering::SeqCst);
    println!("{KILLS} kills in {:.0?}, and what was being done then: {stages:?}", begun.elapsed());
    assert!(stages.contains_key("discover") && stages.contains_key("analyse"), "they hit more than one stage: {stages:?}");

    let (mut requests, mut interrupted) = (Vec::new(), 0);
    while let Some(ended) = clients.join_next().await {
        let (ids, retries) = ended.expect("every request is whole");
        requests.extend(ids);
        interrupted += retries;
    }
    println!("{} requests, interrupted {interrupted} times, {:.0?} in all", requests.len(), begun.elapsed());
    // What dies in company is not charged: its next run is alone, and that one is.
    assert!(interrupted > 0, "some were killed when they were alone");

    for (number, id) in requests.iter().enumerate() {
        entrances.erased(number, id).await;
    }
    ground.assert_empty().await;
}

/// One request after the other, each followed to its end and looked at. Their ids, and how often they were tried again.
async fn keep_asking(
    ground: Arc<Ground>,
    entrances: Entrances,
    enough: Arc<AtomicBool>,
    handed_in: Arc<AtomicUsize>,
) -> (Vec<String>, u64) {
    let (mut ids, mut retries) = (Vec::new(), 0);
    while !enough.load(Ordering::SeqCst) {
        let number = handed_in.fetch_add(1, Ordering::SeqCst);
        let words = format!("person {number}");
        let form: Form = Ground::form(&words);
        let id = entrances.accepted(number, &words, &form).await;
        let followed = follow(&entrances, number, &id).await;
        let report = entrances.ended(number, &id).await;
        ground.assert_whole(&words, &report);
        followed.assert_told_once(&id);
        assert!(ground.web.asked(&words) <= 1, "{words}: the search that is paid for was asked {} times", ground.web.asked(&words));
        retries += report["result"]["retry_count"].as_u64().unwrap_or(0);
        ids.push(id);
    }
    (ids, retries)
}
