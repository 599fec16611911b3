//! Two nodes, three workers, one database, one bucket. Who hands a request in follows it on the other node; one node stops when
//! half of it is done, and its clients go on with the one that is left.

use crate::{entrances::Entrances, follow::follow, ground::Ground, node::Role};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

const REQUESTS: usize = 200;
/// Clients that hand in and follow at one time.
const CLIENTS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_and_three_workers_do_two_hundred_requests_although_one_node_stops_half_way() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let ground = Arc::new(ground.with_a_bucket().await.with("CLUSTER_PACE_MS", 1).with("WORKER_HEARTBEAT", ""));
    let (leaving, staying) = (ground.start(Role::ServeOnly, "leaving").await, ground.start(Role::ServeOnly, "staying").await);
    let mut workers = Vec::new();
    for name in ["first", "second", "third"] {
        workers.push(ground.start(Role::Worker, name).await);
    }
    let entrances = Entrances::of(&[leaving.client, staying.client]);
    let (at_once, done, half) = (Arc::new(Semaphore::new(CLIENTS)), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut clients = JoinSet::new();
    for number in 0..REQUESTS {
        let (ground, entrances) = (ground.clone(), entrances.clone());
        let (at_once, done, half) = (at_once.clone(), done.clone(), half.clone());
        clients.spawn(async move {
            let _turn = at_once.acquire().await.expect("never closed");
            let words = format!("person {number}");
            let id = entrances.accepted(number, &words, &Ground::small_form(&words)).await;
            let followed = follow(&entrances, number + 1, &id).await;
            let report = entrances.ended(number, &id).await;
            ground.assert_small(&words, &report);
            followed.assert_told_once(&id);
            assert_eq!(followed.names("done"), 1, "{words}");
            assert_eq!(ground.web.asked(&words), 1, "{words}");
            assert_eq!(report["result"]["retry_count"], 0, "no worker has gone");
            if done.fetch_add(1, Ordering::SeqCst) + 1 == REQUESTS / 2 {
                half.notify_one();
            }
            (followed.connections, report)
        });
    }
    half.notified().await;
    entrances.are(&[staying.client]);
    let status = leaving.stop().await;
    assert!(status.success(), "{status}");

    let mut moved = 0;
    let mut links = Vec::new();
    while let Some(ended) = clients.join_next().await {
        let (connections, report) = ended.expect("every request is whole");
        moved += usize::from(connections > 1);
        links.push(report["result"]["result"][0]["matches"][0]["crop"].as_str().expect("a link").to_owned());
    }
    println!("{moved} clients followed their request on a second connection");
    assert!(moved > 0, "somebody was following on the node that stopped");
    assert_eq!(links.len(), REQUESTS);
    let opened = staying.client.get(&links[0]).await;
    assert_eq!((opened.status, opened.header("content-type")), (200, "image/jpeg"), "a link of the node that is gone");
    for worker in workers {
        assert!(worker.stop().await.success());
    }
}
