//! Who is charged for what: a claim is made once, a death in company is nobody's fault, an erasure happens once.

use crate::store::{appraise, fresh, parked, queued, stores, told};
use server::{
    clock::Moment,
    store::{Due, Lookup, Share, Store},
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_whose_answer_was_lost_is_asked_for_again_and_counts_as_nothing() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        let own = fresh(id);
        for _ in 0..2 {
            assert_eq!(appraise(&store, id).await, Due::Run { alone: false, taken_over: false }, "{name}");
        }
        for _ in 0..2 {
            let claimed = store.claim(own, false, Moment(50)).await.expect("claimed").expect("it is this one's");
            assert_eq!((claimed.claim, claimed.retry_count), (own, 0), "{name}");
        }
        assert!(store.claim(fresh(id), false, Moment(51)).await.expect("read").is_none(), "{name}: another has it");
        assert!(store.record(own, &told(1, &[]), Moment(60)).await.expect("recorded"), "{name}: and still has");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_in_company_is_charged_to_nobody_and_the_next_run_is_alone() {
    for (name, store, _folder) in stores().await {
        let id = queued(&store, 1).await;
        assert!(store.claim(fresh(id), false, Moment(50)).await.expect("claimed").is_some());
        assert_eq!(appraise(&store, id).await, Due::Run { alone: true, taken_over: true }, "{name}");
        // Another process dies before its turn has come: it was not at work on it.
        for _ in 0..5 {
            assert_eq!(appraise(&store, id).await, Due::Run { alone: true, taken_over: false }, "{name}");
        }
        for retry in 0..=2 {
            let claimed = store.claim(fresh(id), true, Moment(51)).await.expect("claimed").expect("it waits");
            assert_eq!(claimed.retry_count, retry, "{name}");
            let due = if retry < 2 { Due::Run { alone: true, taken_over: true } } else { Due::Parked };
            assert_eq!(appraise(&store, id).await, due, "{name}: alone it is to blame");
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_charges_as_a_takeover_does() {
    for (name, store, _folder) in stores().await {
        let [alone, in_company] = [queued(&store, 1).await, queued(&store, 2).await];
        for (id, is_alone) in [(alone, true), (in_company, false)] {
            assert!(store.claim(fresh(id), is_alone, Moment(50)).await.expect("claimed").is_some());
        }
        let recovered = store.recover(0, &parked(), Moment(60)).await.expect("recovered");
        assert_eq!((recovered.parked, recovered.requeued), (vec![alone], vec![in_company]), "{name}");
        assert_eq!(appraise(&store, in_company).await, Due::Run { alone: true, taken_over: false }, "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_erase_and_share_one_request_at_once_and_it_is_erased_once() {
    for (name, store, _folder) in stores().await {
        for round in 0..12_i64 {
            let id = queued(&store, round).await;
            let link = |number: i64| format!("link {round} {number}");
            let share = Share { created_at: Moment(5), expires_at: Moment(5000) };
            assert!(matches!(store.share(id, &link(0), share, Moment(5)).await.expect("shared"), Lookup::Found(())), "{name}");
            let all = (1..=12_i64).map(|number| {
                let (store, link) = (store.clone(), link(number));
                tokio::spawn(async move {
                    match number % 3 {
                        0 => store.erase(id, Moment(70), Duration::ZERO).await.map(|answer| matches!(answer, Lookup::Found(_))),
                        1 => store.share(id, &link, share, Moment(60)).await.map(|_| false),
                        _ => store.end_share(id, Moment(60)).await.map(|_| false),
                    }
                })
            });
            let answers: Vec<bool> = futures::future::join_all(all)
                .await
                .into_iter()
                .map(|answer| answer.expect("no panic").unwrap_or_else(|error| panic!("{name}: {error}")))
                .collect();
            assert_eq!(answers.iter().filter(|erased| **erased).count(), 1, "{name}: one has erased it");
            assert!(matches!(store.state(id).await.expect("read"), Lookup::Gone), "{name}");
            for number in 0..=12 {
                let behind = store.shared(&link(number), Moment(80)).await.expect("read");
                assert!(!matches!(behind, Lookup::Found(_)), "{name}: no link leads to it");
            }
            assert!(matches!(store.shared(&link(0), Moment(80)).await.expect("read"), Lookup::Gone), "{name}: the first was open");
            store.erasure_finished(id).await.expect("finished");
        }
        let (left,): (i64,) = sqlx::query_as("SELECT (SELECT count(*) FROM shares) + (SELECT count(*) FROM requests)")
            .fetch_one(store.pool())
            .await
            .expect("counted");
        assert_eq!(left, 0, "{name}");
        store.vacuum().await.expect("vacuumed");
        store.close().await;
    }
}
