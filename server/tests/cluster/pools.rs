//! What the store promises about pools, on SQLite and on Postgres alike.

use crate::store::stores;
use server::store::{
    NewPicture, NewPool, PoolAdded, PoolOrigin, PoolRow, PoolStore, PublishedContract, SqlStore, Store, SyncClaim, SyncEnd,
};
use std::time::Duration;
use uuid::Uuid;

/// Longer than any test takes.
const LEASE: Duration = Duration::from_secs(3600);

fn picture(place: &str, faces: usize) -> NewPicture {
    NewPicture {
        place: place.into(),
        etag: "1".into(),
        sha256: "aa".into(),
        networks: "n".into(),
        contract: "c".into(),
        key: format!("key of {place}"),
        faces,
        failure: String::new(),
        analysis: vec![0, 1, 255],
    }
}

fn unreadable(place: &str) -> NewPicture {
    NewPicture { key: String::new(), failure: "unreadable_image".into(), analysis: Vec::new(), ..picture(place, 0) }
}

fn synced() -> SyncEnd {
    SyncEnd::Synced { contract: "c".into(), left_out: String::new() }
}

async fn added(store: &SqlStore, name: &str) -> PoolAdded {
    store.add_pool(&NewPool { name, place: "/p", origin: PoolOrigin::Route }).await.expect("answered")
}

async fn claimed_for(store: &SqlStore, name: &str, lease: Duration) -> SyncClaim {
    assert_eq!(added(store, name).await, PoolAdded::New);
    assert!(store.want_sync(name).await.expect("wanted"));
    store.claim_sync(lease).await.expect("asked").expect("a claim")
}

async fn claimed(store: &SqlStore, name: &str) -> SyncClaim {
    claimed_for(store, name, LEASE).await
}

async fn row(store: &SqlStore, name: &str) -> PoolRow {
    PoolStore::pool(store, name).await.expect("read").expect("there")
}

async fn deleted(store: &SqlStore, name: &str) {
    assert!(store.delete_pool(name).await.expect("deleted"));
    while store.delete_some().await.expect("a portion") {}
}

/// All of them, read two at a time.
async fn notes(store: &SqlStore, mut after: i64) -> Vec<(i64, String)> {
    let mut all = Vec::new();
    loop {
        let some = store.pool_notes(after, 2).await.expect("read");
        let Some((last, _)) = some.last() else { return all };
        after = *last;
        all.extend(some);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_syncs_a_pool_at_a_time_and_whoever_lost_it_writes_nothing() {
    for (name, store, _folder) in stores().await {
        // A lease that is over at once, by the clock of the database: whoever has it must renew it.
        let first = claimed_for(&store, "own", Duration::ZERO).await;
        let first = SyncClaim { lease: LEASE, ..first };
        assert!(store.sync_goes_on(&first, (3, 0, 0)).await.expect("renewed"), "{name}");
        assert!(store.claim_sync(LEASE).await.expect("asked").is_none(), "{name}");
        assert!(row(&store, "own").await.is_claimed, "{name}");
        assert!(store.put_picture(&first, &picture("a.png", 2)).await.expect("put"), "{name}");
        assert!(store.drop_pictures(&first, &[]).await.expect("answered"), "{name}");

        // It says nothing for too long.
        let silent = SyncClaim { lease: Duration::ZERO, ..first.clone() };
        assert!(store.sync_goes_on(&silent, (3, 1, 0)).await.expect("renewed"), "{name}");
        let second = store.claim_sync(LEASE).await.expect("asked").expect("taken over");
        assert!(!store.sync_goes_on(&first, (3, 2, 0)).await.expect("answered"), "{name}");
        assert!(!store.put_picture(&first, &picture("b.png", 1)).await.expect("answered"), "{name}");
        assert!(!store.drop_pictures(&first, &[1]).await.expect("answered"), "{name}");
        assert!(!store.drop_pictures(&first, &[]).await.expect("answered"), "{name}: also with nothing to drop");
        assert!(!store.touch_picture(&first, 1, "2").await.expect("answered"), "{name}");
        assert!(!store.end_sync(&first, &SyncEnd::Failed("late".into())).await.expect("answered"), "{name}");

        // Who asks in the middle of a sync is answered by the next, however soon that is.
        assert!(store.want_sync("own").await.expect("wanted"));
        assert!(store.end_sync(&second, &synced()).await.expect("ended"), "{name}");
        let after = row(&store, "own").await;
        assert_eq!((after.pictures, after.faces, after.contract.as_str(), after.wanted), (1, 2, "c", true), "{name}");
        assert_eq!((after.synced_at.is_some(), after.is_claimed, after.error.as_str()), (true, false, ""), "{name}");
        let third = store.claim_sync(LEASE).await.expect("asked").expect("the one that was asked for");
        assert!(store.end_sync(&third, &SyncEnd::LeftOff).await.expect("ended"), "{name}");
        let fourth = store.claim_sync(LEASE).await.expect("asked").expect("what was left off is gone on with");
        assert!(store.end_sync(&fourth, &synced()).await.expect("ended"), "{name}");
        assert!(store.claim_sync(LEASE).await.expect("asked").is_none(), "{name}: everybody was answered");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_has_changed_is_a_new_one_and_every_change_is_a_version() {
    for (name, store, _folder) in stores().await {
        let claim = claimed(&store, "own").await;
        let before = row(&store, "own").await.version;
        store.put_picture(&claim, &picture("a.png", 2)).await.expect("put");
        store.put_picture(&claim, &picture("b.png", 1)).await.expect("put");
        store.put_picture(&claim, &picture("a.png", 3)).await.expect("put");
        assert_eq!(row(&store, "own").await.version, before + 3, "{name}");
        let rows = store.pictures("own").await.expect("read");
        let rows: Vec<_> = rows.iter().map(|row| (row.number, row.place.as_str(), row.faces)).collect();
        assert_eq!(rows, [(2, "b.png", 1), (3, "a.png", 3)], "{name}");
        let analyses = store.analyses("own", &[1, 2, 3]).await.expect("read");
        assert_eq!(analyses.len(), 2, "{name}");
        assert!(analyses.iter().all(|analysis| analysis.bytes == [0, 1, 255]), "{name}");
        assert_eq!(store.analysis_by_key("key of a.png").await.expect("read"), Some(vec![0, 1, 255]), "{name}");
        let numbers: Vec<i64> = (0..450).collect();
        assert!(store.drop_pictures(&claim, &numbers).await.expect("dropped"), "{name}");
        assert_eq!(store.pictures("own").await.expect("read"), [], "{name}");
        assert_eq!(store.analysis_by_key("key of a.png").await.expect("read"), None, "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pool_holds_is_known_without_counting() {
    for (name, store, _folder) in stores().await {
        let claim = claimed(&store, "own").await;
        let held = async || {
            let PoolRow { pictures, faces, unreadable, .. } = row(&store, "own").await;
            let sql = "SELECT count(*), CAST(coalesce(sum(faces), 0) AS BIGINT) FROM pool_pictures";
            let (rows, of_rows): (i64, i64) = sqlx::query_as(sql).fetch_one(store.pool()).await.expect("counted");
            assert_eq!((pictures + unreadable, faces), (rows.unsigned_abs(), of_rows.unsigned_abs()), "{name}");
            (pictures, faces, unreadable)
        };
        for (place, faces) in [("a.png", 2), ("b.png", 1), ("c.png", 0)] {
            store.put_picture(&claim, &picture(place, faces)).await.expect("put");
        }
        store.put_picture(&claim, &unreadable("d.png")).await.expect("put");
        assert_eq!(held().await, (3, 3, 1), "{name}");
        store.put_picture(&claim, &picture("d.png", 4)).await.expect("mended");
        store.put_picture(&claim, &unreadable("a.png")).await.expect("spoilt");
        assert_eq!(held().await, (3, 5, 1), "{name}");
        // 2: `b.png`; 6: `a.png`; 99 is no picture's.
        assert!(store.drop_pictures(&claim, &[2, 6, 99]).await.expect("dropped"), "{name}");
        assert_eq!(held().await, (2, 4, 0), "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pool_takes_its_pictures_along_and_leaves_others() {
    for (name, store, _folder) in stores().await {
        let claim = claimed(&store, "own").await;
        store.put_picture(&claim, &picture("a.png", 1)).await.expect("put");
        let other = claimed(&store, "other").await;
        store.put_picture(&other, &picture("b.png", 1)).await.expect("put");
        deleted(&store, "own").await;
        assert!(!store.delete_pool("own").await.expect("answered"), "{name}");
        let noted: Vec<String> = notes(&store, 0).await.into_iter().map(|(_, key)| key).collect();
        assert_eq!(noted, ["key of a.png"], "{name}: for the caches of all machines");
        store.tidy_pools(LEASE, LEASE).await.expect("tidied");
        assert_eq!(notes(&store, 0).await.len(), 1, "{name}");
        // By the clock of the database it is in the past by now, or will be.
        while !notes(&store, 0).await.is_empty() {
            store.tidy_pools(Duration::ZERO, LEASE).await.expect("tidied");
        }
        assert!(!store.put_picture(&claim, &picture("c.png", 1)).await.expect("answered"), "{name}: its sync ends");
        let names: Vec<String> = store.pools().await.expect("read").into_iter().map(|pool| pool.name).collect();
        assert_eq!((names, store.pictures("own").await.expect("read").len()), (vec!["other".to_owned()], 0), "{name}");
        assert!(store.analysis_by_key("key of b.png").await.expect("read").is_some(), "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_pool_is_gone_at_once_for_everybody_and_its_pictures_go_in_portions() {
    for (name, store, _folder) in stores().await {
        let claim = claimed(&store, "own").await;
        let pictures = 450;
        for number in 0..pictures {
            store.put_picture(&claim, &picture(&format!("{number}.png"), 1)).await.expect("put");
        }
        assert!(store.delete_pool("own").await.expect("deleted"), "{name}");
        assert!(PoolStore::pool(&*store, "own").await.expect("read").is_none(), "{name}");
        assert_eq!(store.pools().await.expect("read").len(), 0, "{name}");
        assert!(!store.want_sync("own").await.expect("answered"), "{name}");
        assert_eq!(store.analysis_by_key("key of 449.png").await.expect("read"), None, "{name}: nor is a picture of it seen");
        assert!(!store.put_picture(&claim, &picture("late.png", 1)).await.expect("answered"), "{name}");
        assert_eq!(added(&store, "own").await, PoolAdded::Going, "{name}: its name is taken until then");

        assert!(store.delete_some().await.expect("a portion"), "{name}");
        let left = store.pictures("own").await.expect("read").len();
        assert!((1..pictures).contains(&left), "{name}: {left}");
        let seen = notes(&store, 0).await;
        assert_eq!(seen.len(), pictures - left, "{name}");
        // Whoever did this is gone: another one goes on with it. And who deletes it once more does as well.
        assert!(store.delete_pool("own").await.expect("answered"), "{name}");
        while store.delete_some().await.expect("a portion") {}
        assert_eq!(store.pictures("own").await.expect("read").len(), 0, "{name}");
        let rest = notes(&store, seen.last().expect("some").0).await;
        assert_eq!(rest.len(), left, "{name}: who has read the first notes is told of the others alone");
        assert!(!store.delete_pool("own").await.expect("answered"), "{name}");
        assert_eq!(added(&store, "own").await, PoolAdded::New, "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_of_two_deletions_at_once_come_in_the_order_of_their_numbers() {
    for (name, store, _folder) in stores().await {
        for pool in ["one", "two"] {
            let claim = claimed(&store, pool).await;
            for number in 0..250 {
                store.put_picture(&claim, &picture(&format!("{pool} {number}.png"), 1)).await.expect("put");
            }
        }
        let reading = async {
            let (mut seen, mut all) = (0, Vec::new());
            while all.len() < 500 {
                for (number, key) in store.pool_notes(seen, 70).await.expect("read") {
                    assert!(number > seen, "{name}");
                    seen = number;
                    all.push(key);
                }
            }
            all
        };
        let ((), (), mut all) = tokio::join!(deleted(&store, "one"), deleted(&store, "two"), reading);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 500, "{name}: whoever only remembers the last number misses none");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_named_again_is_another_one() {
    for (name, store, _folder) in stores().await {
        assert_eq!(added(&store, "own").await, PoolAdded::New);
        let first = row(&store, "own").await.incarnation;
        assert_eq!(added(&store, "own").await, PoolAdded::Exists, "{name}");
        assert_eq!(row(&store, "own").await.incarnation, first, "{name}");
        deleted(&store, "own").await;
        assert_eq!(added(&store, "own").await, PoolAdded::New, "{name}");
        assert_ne!(row(&store, "own").await.incarnation, first, "{name}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn which_networks_compare_is_known_of_whoever_has_told_lately() {
    for (name, store, _folder) in stores().await {
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let networks = |digest: &str| PublishedContract { name: format!("net@{digest}"), contract: format!("{digest}/p/3") };
        assert_eq!(store.contracts(LEASE).await.expect("read"), [], "{name}");
        store.publish_contract(one, &networks("a")).await.expect("told");
        store.publish_contract(one, &networks("b")).await.expect("told");
        assert_eq!(store.contracts(LEASE).await.expect("read"), [networks("b")], "{name}: each has one");
        store.publish_contract(other, &networks("c")).await.expect("told");
        assert_eq!(store.contracts(LEASE).await.expect("read").len(), 2, "{name}");
        store.withdraw_contract(other).await.expect("told");
        assert_eq!(store.contracts(LEASE).await.expect("read"), [networks("b")], "{name}");
        assert_eq!(store.contracts(Duration::ZERO).await.expect("read"), [], "{name}: who was silent for too long does not count");
        store.close().await;
    }
}
