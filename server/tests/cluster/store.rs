//! What the store promises, on SQLite and on Postgres alike: whoever has a request in hand, and nobody else, writes to it.

use crate::postgres;
use app::api::{Counts, ErrorDetail, Event, EventKind, MatchOptions, RequestState};
use server::{
    clock::Moment,
    store::{Batch, Claim, Claimed, Cursor, Idempotency, Lookup, NewRequest, Outcome, Retry, SqlStore, Store, Submitted, Taken},
};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use uuid::Uuid;

/// A store on each database that there is, and what keeps it alive.
pub async fn stores() -> Vec<(&'static str, Arc<SqlStore>, Option<TempDir>)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = SqlStore::open_sqlite(&folder.path().join("a file with spaces ü.sqlite")).await.expect("SQLite opens");
    let mut stores = vec![("SQLite", Arc::new(sqlite), Some(folder))];
    if let Some(database) = postgres::database().await {
        stores.push(("Postgres", Arc::new(SqlStore::open_postgres(&database.url()).await.expect("Postgres opens")), None));
    }
    stores
}

fn request(at: i64) -> NewRequest {
    NewRequest {
        id: Uuid::new_v4(),
        created_at: Moment(at),
        expires_at: Moment(at + 1000),
        query_names: vec!["query-1.jpg".into()],
        options: MatchOptions { purpose: "a test".into(), consent: true, ..MatchOptions::default() },
        idempotency: None,
    }
}

async fn submit(store: &SqlStore, new: &NewRequest) -> Submitted {
    store.begin_upload(new.id, Moment(i64::MAX)).await.expect("noted");
    store.submit(new, 3).await.expect("submitted")
}

async fn queued(store: &SqlStore, at: i64) -> Uuid {
    let new = request(at);
    assert_eq!(submit(store, &new).await, Submitted::Queued);
    new.id
}

fn parked() -> ErrorDetail {
    ErrorDetail { code: "interrupted".into(), message: "Too often.".into(), details: serde_json::Value::Null }
}

async fn claim(store: &SqlStore, id: Uuid) -> Claimed {
    match store.claim(id, 2, &parked(), Moment(50)).await.expect("claimed") {
        Taken::Run(claimed) => *claimed,
        other => panic!("{other:?}"),
    }
}

fn told(seq: u64, kept: &[(&str, &str)]) -> Batch {
    let counts = Counts { candidates: 7, ..Counts::default() };
    Batch {
        events: vec![Event { seq, kind: EventKind::Done { counts, seconds: 1.5 } }],
        logs: vec![(seq, Moment(60), format!("line {seq}"))],
        kept: kept.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        stages: Vec::new(),
        counts,
    }
}

fn failed() -> Outcome {
    Outcome::Failed(ErrorDetail { code: "no_face".into(), message: "There is no face.".into(), details: serde_json::Value::Null })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_from_what_was_kept_and_an_older_claim_writes_nothing() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        let first = claim(&store, id).await;
        assert_eq!((first.taken_over, first.retry_count, first.kept.len(), first.last_event), (false, 0, 0, 0), "{name}");
        assert!(store.record(first.claim, &told(1, &[("a", "1"), ("b", "2")]), Moment(60)).await.expect("recorded"));
        assert!(store.record(first.claim, &told(2, &[("a", "3")]), Moment(61)).await.expect("recorded"));

        // The queue hands it out again: whoever had it is thought dead.
        let second = claim(&store, id).await;
        assert_eq!((second.taken_over, second.retry_count, second.last_event, second.last_log), (true, 1, 2, 2), "{name}");
        assert_eq!(second.kept, [("a".to_owned(), "3".to_owned()), ("b".to_owned(), "2".to_owned())].into(), "{name}");
        assert_eq!(second.counts.candidates, 7);

        // It was not dead after all.
        assert!(!store.record(first.claim, &told(3, &[]), Moment(62)).await.expect("refused"), "{name}");
        assert!(!store.finish(first.claim, &told(3, &[]), &failed(), Moment(62)).await.expect("refused"), "{name}");
        let free = store.requeue(first.claim, &told(3, &[]), Retry::Free, Duration::ZERO, Moment(62)).await;
        assert!(!free.expect("refused"), "{name}");
        assert_eq!(store.events_after(id, 0, 9).await.expect("read").len(), 2, "{name}");

        assert!(store.finish(second.claim, &told(3, &[]), &failed(), Moment(63)).await.expect("finished"), "{name}");
        assert!(!store.finish(second.claim, &told(4, &[]), &failed(), Moment(64)).await.expect("refused"), "it ends once: {name}");
        let (kept,): (i64,) = sqlx::query_as("SELECT count(*) FROM kept").fetch_one(store.pool()).await.expect("counted");
        assert_eq!(kept, 0, "nothing that was kept outlives the run: {name}");
        assert!(matches!(store.claim(id, 2, &parked(), Moment(70)).await.expect("read"), Taken::Nothing), "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_workers_end_in_the_middle_of_it_too_often_is_parked_with_its_reason() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        for retry in 0..=2 {
            assert_eq!(claim(&store, id).await.retry_count, retry, "{name}");
        }
        assert!(matches!(store.claim(id, 2, &parked(), Moment(50)).await.expect("read"), Taken::Parked), "{name}");
        let Lookup::Found(row) = store.request(id).await.expect("read") else { panic!("{name}: it is there") };
        assert_eq!((row.state, row.error), (RequestState::Failed, Some(parked())), "{name}");
        let events = store.events_after(id, 0, 9).await.expect("read");
        assert_eq!(events, [Event { seq: 1, kind: EventKind::Error { error: parked() } }], "{name}: followers are told");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn being_handed_back_costs_no_retry_and_a_failure_costs_one() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        for (retry, count) in [(Retry::Free, 0), (Retry::Counted, 1), (Retry::Free, 1)] {
            let Claim { token, .. } = claim(&store, id).await.claim;
            let there = store.requeue(Claim { id, token }, &Batch::default(), retry, Duration::ZERO, Moment(60)).await;
            assert!(there.expect("requeued"), "{name}");
            let Lookup::Found(row) = store.request(id).await.expect("read") else { panic!("{name}: it is there") };
            assert_eq!((row.state, row.retry_count), (RequestState::Queued, count), "{name}");
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_request_leaves_a_tombstone_and_the_duty_to_delete_its_objects() {
    for (name, store, _folder) in stores().await {
        let (waiting, running) = (queued(&store, 1).await, queued(&store, 2).await);
        let claimed = claim(&store, running).await;
        assert!(store.record(claimed.claim, &told(1, &[("a", "1")]), Moment(60)).await.expect("recorded"));
        for (id, was_running) in [(waiting, false), (running, true)] {
            let Lookup::Found(erased) = store.erase(id, Moment(70), Moment(500)).await.expect("erased") else { panic!("{name}") };
            assert_eq!(erased.was_running, was_running, "{name}");
            assert!(matches!(store.erase(id, Moment(71), Moment(500)).await.expect("read"), Lookup::Gone), "{name}");
            assert!(matches!(store.request(id).await.expect("read"), Lookup::Gone), "{name}");
        }
        assert!(!store.record(claimed.claim, &told(2, &[]), Moment(72)).await.expect("refused"), "{name}");
        for table in ["requests", "events", "logs", "kept", "consents"] {
            let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let (count,): (i64,) = sqlx::query_as(count).fetch_one(store.pool()).await.expect("counted");
            assert_eq!(count, 0, "{name}: {table}");
        }
        assert_eq!(store.leftovers(Some(Moment(100))).await.expect("read"), [waiting], "{name}: the worker elsewhere may write still");
        let mut all = store.leftovers(None).await.expect("read");
        all.sort();
        let mut both = [waiting, running];
        both.sort();
        assert_eq!(all, both, "{name}");
        store.erasure_finished(waiting).await.expect("noted");
        assert_eq!(store.leftovers(None).await.expect("read"), [running], "{name}");
        assert!(store.forget_traces().await.expect("forgotten"), "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_submissions_at_once_no_more_are_queued_than_there_is_room_for() {
    for (name, store, _folder) in stores().await {
        let all = (0..12).map(|at| {
            let store = store.clone();
            tokio::spawn(async move { submit(&store, &request(at)).await })
        });
        let answers = futures::future::join_all(all).await;
        let queued = answers.iter().filter(|answer| matches!(answer, Ok(Submitted::Queued))).count();
        let full = answers.iter().filter(|answer| matches!(answer, Ok(Submitted::Full))).count();
        assert_eq!((queued, full), (3, 9), "{name}: {answers:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_submissions_with_one_key_one_is_made_and_the_others_are_it() {
    for (name, store, _folder) in stores().await {
        let all = (0..8).map(|at| {
            let store = store.clone();
            let idempotency = Some(Idempotency { key_hash: "k".into(), body_hash: if at == 7 { "other" } else { "same" }.into() });
            tokio::spawn(async move { submit(&store, &NewRequest { idempotency, ..request(at) }).await })
        });
        let answers: Vec<Submitted> = futures::future::join_all(all).await.into_iter().map(|answer| answer.expect("answered")).collect();
        let made = answers.iter().filter(|answer| **answer == Submitted::Queued).count();
        let conflicts = answers.iter().filter(|answer| **answer == Submitted::Conflict).count();
        // The one with the other body may have come first.
        assert!(made == 1 && (conflicts == 1 || conflicts == 7), "{name}: {answers:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_the_sweep_has_taken_for_abandoned_is_not_queued() {
    for (name, store, _folder) in stores().await {
        let new = request(1);
        store.begin_upload(new.id, Moment(10)).await.expect("noted");
        assert_eq!(store.leftovers(Some(Moment(9))).await.expect("read"), Vec::<Uuid>::new(), "{name}");
        assert_eq!(store.leftovers(Some(Moment(10))).await.expect("read"), [new.id], "{name}");
        store.erasure_finished(new.id).await.expect("swept");
        assert_eq!(store.submit(&new, 3).await.expect("answered"), Submitted::TooLate, "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_requests_is_read_page_by_page_newest_first() {
    for (name, store, _folder) in stores().await {
        let ids = [queued(&store, 10).await, queued(&store, 30).await, queued(&store, 20).await];
        let mut cursor: Option<Cursor> = None;
        let mut seen = Vec::new();
        loop {
            let page = store.page(cursor, 1).await.expect("a page");
            let Some((last, summary)) = page.into_iter().next() else { break };
            seen.push(summary.request_id.parse::<Uuid>().expect("an id"));
            cursor = Some(last);
        }
        assert_eq!(seen, [ids[1], ids[2], ids[0]], "{name}");
        assert_eq!(store.counts().await.expect("counted")["queued"], 3, "{name}");
        assert_eq!(store.expired(Moment(1020)).await.expect("read"), [ids[0], ids[2]], "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_machines_share_one_secret_whoever_makes_it_first() {
    for (name, store, _folder) in stores().await {
        assert_eq!(store.secret("signing key", "mine").await.expect("kept"), "mine", "{name}");
        assert_eq!(store.secret("signing key", "yours").await.expect("kept"), "mine", "{name}");
        assert_eq!(store.secret("another", "yours").await.expect("kept"), "yours", "{name}");
        assert_eq!(store.is_exclusive(), name == "SQLite");
        store.check().await.expect("it works");
        store.close().await;
    }
}

/// A second process brings the same database up to date and finds nothing to do, also at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_bring_one_postgres_up_to_date_at_once() {
    let Some(database) = postgres::database().await else { return };
    let url = database.url();
    let all = (0..4).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { SqlStore::open_postgres(&url).await.map(drop).map_err(|error| error.to_string()) })
    });
    for opened in futures::future::join_all(all).await {
        assert_eq!(opened.expect("no panic"), Ok(()));
    }
}
