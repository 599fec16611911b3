//! A COMMIT reaches the database, and its answer reaches nobody: whoever has asked cannot know what happened, and asks again.
//! Nothing is done twice.

use crate::{
    entrances::Entrances,
    follow::follow,
    ground::Ground,
    node::Role,
    postgres,
    store::{UPLOAD, appraise, failed, fresh, parked, queued, request, submit, told},
};
use server::{
    clock::Moment,
    store::{Due, Idempotency, Leftovers, Lookup, NewRequest, Retry, SqlStore, Store, Submitted},
};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// How many answers are lost at most in the course of one search.
const ANSWERS: usize = 6;

/// Before a Postgres, on a free port. When it is armed the next COMMIT goes through, and the connection ends before its answer.
struct Swallower {
    address: SocketAddr,
    armed: Arc<AtomicBool>,
    swallowed: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Swallower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Swallower {
    async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (armed, swallowed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (of_task, counter) = (armed.clone(), swallowed.clone());
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (armed, counter) = (of_task.clone(), counter.clone());
                connections.spawn(async move { carry(client, server, &armed, &counter).await });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, armed, swallowed, task }
    }

    fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    fn disarm(&self) {
        self.armed.store(false, Ordering::SeqCst);
    }

    fn swallowed(&self) -> usize {
        self.swallowed.load(Ordering::SeqCst)
    }
}

/// Until one of them closes, or the answer to a COMMIT is kept back.
async fn carry(mut client: TcpStream, server: SocketAddr, armed: &AtomicBool, swallowed: &AtomicUsize) -> io::Result<()> {
    const COMMIT: &[u8] = b"COMMIT\0";
    let mut server = TcpStream::connect(server).await?;
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut asked, mut answered) = ([0; 16 << 10], [0; 16 << 10]);
    let mut swallowing = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                let commits = asked[..read].windows(COMMIT.len()).any(|window| window == COMMIT);
                swallowing = swallowing || (commits && armed.swap(false, Ordering::SeqCst));
                server.write_all(&asked[..read]).await?;
            }
            read = server.read(&mut answered) => {
                let read = read?;
                if swallowing {
                    swallowed.fetch_add(1, Ordering::SeqCst);
                    return client.set_zero_linger();
                }
                if read == 0 {
                    return Ok(());
                }
                client.write_all(&answered[..read]).await?;
            }
        }
    }
}

/// The store behind a swallower; None where this machine has no Postgres.
async fn store() -> Option<(Swallower, SqlStore)> {
    let database = postgres::database().await?;
    let swallower = Swallower::before(database.address).await;
    let store = SqlStore::open_postgres(&database.url_by(swallower.address)).await.expect("Postgres opens");
    Some((swallower, store))
}

async fn count(store: &SqlStore, of: &str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {of}"));
    let (count,): (i64,) = sqlx::query_as(count).fetch_one(store.pool()).await.expect("counted");
    count
}

/// Asks once with the answer kept back, then asks again.
async fn twice<T: std::fmt::Debug, F: Future<Output = Result<T, server::store::StoreError>>>(
    swallower: &Swallower,
    ask: impl Fn() -> F,
) -> T {
    let before = swallower.swallowed();
    swallower.arm();
    let lost = ask().await;
    assert!(lost.is_err(), "nobody is told: {lost:?}");
    assert_eq!(swallower.swallowed(), before + 1, "and it was done");
    ask().await.expect("now there is an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_commit_was_not_answered_is_one_request() {
    let Some((swallower, store)) = store().await else { return };
    let idempotency = Some(Idempotency { key_hash: "k".into(), body_hash: "b".into() });
    let first = NewRequest { idempotency, ..request(1) };
    store.begin_upload(first.id, UPLOAD).await.expect("noted");
    swallower.arm();
    assert!(store.submit(&first, 3).await.is_err());
    assert_eq!(swallower.swallowed(), 1);
    // The client comes again with its key.
    assert!(store.has_room(1, Some("k")).await.expect("read"), "it is in the queue already");
    let known = store.known(first.idempotency.as_ref().expect("a key")).await.expect("read");
    assert_eq!(known, Some(Submitted::Existing(first.id)));
    let again = NewRequest { id: uuid::Uuid::new_v4(), ..first.clone() };
    assert_eq!(submit(&store, &again).await, Submitted::Existing(first.id));
    assert_eq!((count(&store, "requests").await, count(&store, "apalis.jobs").await, count(&store, "consents").await), (1, 1, 1));
    assert_eq!(store.leftovers(Leftovers::All).await.expect("read"), [again.id], "the second upload's photos are swept, not the first's");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_commits_are_not_answered_is_charged_and_told_once() {
    let Some((swallower, store)) = store().await else { return };
    let id = queued(&store, 1).await;
    let own = fresh(id);
    let claimed = twice(&swallower, || store.claim(own, true, Moment(50))).await.expect("it is this one's");
    assert_eq!((claimed.claim, claimed.retry_count), (own, 0), "its own claim is no death");
    assert!(twice(&swallower, || async { store.record(own, &told(1, &[("a", "1")]), Moment(60)).await }).await);
    assert_eq!((count(&store, "events").await, count(&store, "logs").await, count(&store, "kept").await), (1, 1, 1));

    // Its worker dies, and the one that takes over does not hear that the death is charged.
    let parked = parked();
    let due = twice(&swallower, || store.appraise(id, 2, &parked, Moment(61))).await;
    assert!(matches!(due, Due::Run { alone: true, .. }), "{due:?}");
    let second = fresh(id);
    let claimed = store.claim(second, true, Moment(62)).await.expect("claimed").expect("it waits");
    assert_eq!((claimed.retry_count, claimed.last_event), (1, 1), "charged once");

    let there =
        twice(&swallower, || async { store.requeue(second, &told(2, &[]), Retry::Counted, Duration::ZERO, Moment(63)).await }).await;
    assert!(!there, "it is back in the queue, and nobody's");
    let third = fresh(id);
    let claimed = store.claim(third, true, Moment(64)).await.expect("claimed").expect("it waits");
    assert_eq!((claimed.retry_count, claimed.last_event), (2, 2));

    let there = twice(&swallower, || async { store.finish(third, &told(3, &[]), &failed(), Moment(65)).await }).await;
    assert!(!there, "it has ended");
    assert_eq!((count(&store, "events").await, count(&store, "kept").await, count(&store, "apalis.jobs").await), (3, 0, 0));
    assert_eq!(appraise(&store, id).await, Due::Nothing);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_whose_commit_was_not_answered_has_happened() {
    let Some((swallower, store)) = store().await else { return };
    let id = queued(&store, 1).await;
    assert!(matches!(twice(&swallower, || store.erase(id, Moment(70), UPLOAD)).await, Lookup::Gone));
    assert_eq!(store.leftovers(Leftovers::Due).await.expect("read"), [id], "its objects are still to be deleted");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_survives_answers_of_the_database_that_are_lost_again_and_again() {
    let Some(ground) = Ground::on_postgres().await else { return };
    let database = ground.database.clone().expect("a database");
    let swallower = Swallower::before(database.address).await;
    let ground = ground.with("DATABASE_URL", database.url_by(swallower.address));
    let api = ground.start(Role::ServeOnly, "api").await;
    let _worker = ground.start(Role::Worker, "worker").await;
    let entrances = Entrances::of(&[api.client]);
    for number in 0..4 {
        let words = format!("person {number}");
        swallower.arm();
        let id = entrances.accepted(0, &words, &Ground::form(&words)).await;
        let following = tokio::spawn({
            let (entrances, id) = (entrances.clone(), id.clone());
            async move { follow(&entrances, 0, &id).await }
        });
        // Not for ever: a database that answers no COMMIT at all is one that is away.
        for _ in 0..ANSWERS {
            swallower.arm();
            sleep(Duration::from_millis(150)).await;
        }
        swallower.disarm();
        let followed = following.await.expect("followed to the end");
        let report = entrances.ended(0, &id).await;
        ground.assert_whole(&words, &report);
        followed.assert_told_once(&id);
        assert_eq!(report["result"]["retry_count"], 0, "nobody has died");
        assert!(ground.web.asked(&words) <= 1, "{words}: asked {} times", ground.web.asked(&words));
    }
    println!("{} answers were swallowed", swallower.swallowed());
    assert!(swallower.swallowed() >= ANSWERS, "{}", swallower.swallowed());
}
