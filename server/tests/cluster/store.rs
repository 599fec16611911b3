//! What the store promises, on SQLite and on Postgres alike: whoever has a request in hand, and nobody else, writes to it.

use crate::postgres;
use app::api::{Counts, ErrorDetail, Event, EventKind, MatchOptions, RequestState};
use server::{
    clock::Moment,
    store::{Batch, Claim, Claimed, Cursor, Due, Idempotency, Leftovers, Lookup, NewRequest, Outcome, Retry, SqlStore, Store, Submitted},
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

/// What an upload may take.
pub const UPLOAD: Duration = Duration::from_secs(600);

pub fn request(at: i64) -> NewRequest {
    NewRequest {
        id: Uuid::new_v4(),
        created_at: Moment(at),
        expires_at: Moment(at + 1000),
        query_names: vec!["query-1.jpg".into()],
        options: MatchOptions { purpose: "a test".into(), consent: true, ..MatchOptions::default() },
        idempotency: None,
    }
}

pub async fn submit(store: &SqlStore, new: &NewRequest) -> Submitted {
    store.begin_upload(new.id, UPLOAD).await.expect("noted");
    store.submit(new, 3).await.expect("submitted")
}

pub async fn queued(store: &SqlStore, at: i64) -> Uuid {
    let new = request(at);
    assert_eq!(submit(store, &new).await, Submitted::Queued);
    new.id
}

pub fn parked() -> ErrorDetail {
    ErrorDetail { code: "interrupted".into(), message: "Too often.".into(), details: serde_json::Value::Null }
}

pub async fn appraise(store: &SqlStore, id: Uuid) -> Due {
    store.appraise(id, 2, &parked(), Moment(50)).await.expect("appraised")
}

pub fn fresh(id: Uuid) -> Claim {
    Claim { id, token: Uuid::new_v4() }
}

/// As a process does that runs one request at a time; and whether its worker before was gone.
async fn taken_up(store: &SqlStore, id: Uuid) -> (Claimed, bool) {
    let Due::Run { taken_over, .. } = appraise(store, id).await else { panic!("it is to be run") };
    (*store.claim(fresh(id), true, Moment(50)).await.expect("claimed").expect("it waits"), taken_over)
}

async fn claim(store: &SqlStore, id: Uuid) -> Claimed {
    taken_up(store, id).await.0
}

pub fn told(seq: u64, kept: &[(&str, &str)]) -> Batch {
    let counts = Counts { candidates: 7, ..Counts::default() };
    Batch {
        events: vec![Event { seq, kind: EventKind::Done { counts, seconds: 1.5 } }],
        logs: vec![(seq, Moment(60), format!("line {seq}"))],
        kept: kept.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        stages: Vec::new(),
        counts,
    }
}

pub fn failed() -> Outcome {
    Outcome::Failed(ErrorDetail { code: "no_face".into(), message: "There is no face.".into(), details: serde_json::Value::Null })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_from_what_was_kept_and_an_older_claim_writes_nothing() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        let (first, taken_over) = taken_up(&store, id).await;
        assert_eq!((taken_over, first.retry_count, first.kept.len(), first.last_event), (false, 0, 0, 0), "{name}");
        assert!(store.record(first.claim, &told(1, &[("a", "1"), ("b", "2")]), Moment(60)).await.expect("recorded"));
        assert!(store.record(first.claim, &told(2, &[("a", "3")]), Moment(61)).await.expect("recorded"));

        // The queue hands it out again: whoever had it is thought dead.
        let (second, taken_over) = taken_up(&store, id).await;
        assert_eq!((taken_over, second.retry_count, second.last_event, second.last_log), (true, 1, 2, 2), "{name}");
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
        assert_eq!(appraise(&store, id).await, Due::Nothing, "{name}");
        assert!(store.claim(fresh(id), true, Moment(70)).await.expect("read").is_none(), "{name}");
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
        assert_eq!(appraise(&store, id).await, Due::Parked, "{name}");
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
            let Lookup::Found(erased) = store.erase(id, Moment(70), UPLOAD).await.expect("erased") else { panic!("{name}") };
            assert_eq!(erased.was_running, was_running, "{name}");
            assert!(matches!(store.erase(id, Moment(71), UPLOAD).await.expect("read"), Lookup::Gone), "{name}");
            assert!(matches!(store.request(id).await.expect("read"), Lookup::Gone), "{name}");
        }
        assert!(!store.record(claimed.claim, &told(2, &[]), Moment(72)).await.expect("refused"), "{name}");
        for table in ["requests", "events", "logs", "kept", "consents"] {
            let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let (count,): (i64,) = sqlx::query_as(count).fetch_one(store.pool()).await.expect("counted");
            assert_eq!(count, 0, "{name}: {table}");
        }
        assert_eq!(store.leftovers(Leftovers::Due).await.expect("read"), [waiting], "{name}: the worker elsewhere may write still");
        let mut all = store.leftovers(Leftovers::All).await.expect("read");
        all.sort();
        let mut both = [waiting, running];
        both.sort();
        assert_eq!(all, both, "{name}");
        store.erasure_finished(waiting).await.expect("noted");
        assert_eq!(store.leftovers(Leftovers::All).await.expect("read"), [running], "{name}");
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
        store.begin_upload(new.id, Duration::ZERO).await.expect("noted");
        assert_eq!(store.leftovers(Leftovers::Due).await.expect("read"), [new.id], "{name}");
        assert_eq!(store.submit(&new, 3).await.expect("answered"), Submitted::TooLate, "{name}: the sweep may have begun");
        assert!(store.may_delete(new.id).await.expect("read"), "{name}");
        store.erasure_finished(new.id).await.expect("swept");
        assert!(!store.may_delete(new.id).await.expect("read"), "{name}: another process has swept");
        assert_eq!(store.submit(&new, 3).await.expect("answered"), Submitted::TooLate, "{name}");

        let in_time = request(2);
        store.begin_upload(in_time.id, UPLOAD).await.expect("noted");
        assert_eq!(store.leftovers(Leftovers::Due).await.expect("read"), Vec::<Uuid>::new(), "{name}: by the database's clock");
        assert!(!store.may_delete(in_time.id).await.expect("read"), "{name}");
        assert_eq!(store.submit(&in_time, 3).await.expect("answered"), Submitted::Queued, "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_objects_of_a_request_that_is_there_are_never_swept() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        // However a note of it came about.
        let note = "INSERT INTO erasures (id, not_before) VALUES ($1, 0)";
        sqlx::query(note).bind(id.to_string()).execute(store.pool()).await.expect("noted");
        for which in [Leftovers::Due, Leftovers::All] {
            assert_eq!(store.leftovers(which).await.expect("read"), Vec::<Uuid>::new(), "{name}");
        }
        assert!(!store.may_delete(id).await.expect("read"), "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_lies_in_the_store_only_what_was_erased_long_ago_is_nobodys() {
    for (name, store, _folder) in stores().await {
        let [long_ago, lately, noted] = [queued(&store, 1).await, queued(&store, 2).await, queued(&store, 3).await];
        for (id, at) in [(long_ago, 70), (lately, 100), (noted, 70)] {
            assert!(matches!(store.erase(id, Moment(at), UPLOAD).await.expect("erased"), Lookup::Found(_)), "{name}");
        }
        for id in [long_ago, lately] {
            store.erasure_finished(id).await.expect("finished");
        }
        let living = queued(&store, 4).await;
        let all: Vec<Uuid> = [long_ago, lately, noted, living].into_iter().chain((0..600).map(|_| Uuid::new_v4())).collect();
        assert_eq!(store.long_erased(&all, Moment(100)).await.expect("read"), [long_ago], "{name}");
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
