//! Two hundred uploads at once: some are accepted and done, the others are told when to come again, and the service stays alive.

use crate::{
    common::{Form, pictures},
    entrances::Entrances,
    ground::Ground,
    node::Role,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::task::JoinSet;

const UPLOADS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_uploads_at_once_are_accepted_or_told_when_to_come_again() {
    // Settings as they are where nobody sets any.
    let ground = Ground::on_sqlite().await.with("WORKERS", "").with("MAX_CONCURRENCY", "").with("CLUSTER_PACE_MS", 0);
    let node = ground.start(Role::Serve, "node").await;
    let entrances = Entrances::of(&[node.client]);
    let photo = Arc::new(pictures::as_jpeg(&pictures::portrait(7, 900, [200, 30, 30]), 90));

    let (all_answered, client) = (Arc::new(AtomicBool::new(false)), node.client);
    let stop_asking = all_answered.clone();
    let alive = tokio::spawn(async move {
        let mut asked = 0;
        while !stop_asking.load(Ordering::SeqCst) {
            assert_eq!(client.get("/health/live").await.status, 200);
            asked += 1;
        }
        asked
    });
    let mut uploads = JoinSet::new();
    for number in 0..UPLOADS {
        let photo = photo.clone();
        uploads.spawn(async move {
            let form = Form::lawful().file("image", "photo.jpg", &photo).field("providers", "samples").field("max_candidates", "1");
            client.post(form.field("hint", &format!("person {number}"))).await
        });
    }
    let answers = uploads.join_all().await;
    all_answered.store(true, Ordering::SeqCst);
    assert!(alive.await.expect("it is alive all the time") > 0);

    let mut accepted = Vec::new();
    for reply in &answers {
        match reply.status {
            202 => accepted.push(reply.json()["request_id"].as_str().expect("an id").to_owned()),
            429 | 503 => assert!(reply.header("retry-after").parse::<u64>().is_ok(), "{}", reply.text()),
            other => panic!("{other}: {}", reply.text()),
        }
    }
    println!("{} of {UPLOADS} were accepted", accepted.len());
    assert!(accepted.len() >= 64, "as many as the queue holds: {}", accepted.len());
    assert!(accepted.len() < UPLOADS, "the queue is bounded");
    for id in accepted {
        let report = entrances.ended(0, &id).await;
        assert_eq!(report["status"], "completed", "{report:#}");
    }
}
