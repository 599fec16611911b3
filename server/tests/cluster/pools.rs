//! What the store promises about pools, on SQLite and on Postgres alike.

use crate::store::stores;
use server::clock::Moment;
use server::store::{NewPicture, NewPool, PoolOrigin, PoolStore, SqlStore, SyncClaim, SyncEnd};

const UNTIL: Moment = Moment(1_000);

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

async fn claimed(store: &SqlStore, name: &str) -> SyncClaim {
    assert!(store.add_pool(&NewPool { name, place: "/p", origin: PoolOrigin::Route }, Moment(1)).await.expect("added"));
    assert!(store.want_sync(name, Moment(2)).await.expect("wanted"));
    store.claim_sync(Moment(3), UNTIL).await.expect("asked").expect("a claim")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_syncs_a_pool_at_a_time_and_whoever_lost_it_writes_nothing() {
    for (name, store, _folder) in stores().await {
        let first = claimed(&store, "own").await;
        assert!(store.claim_sync(Moment(4), UNTIL).await.expect("asked").is_none(), "{name}");
        assert!(store.put_picture(&first, &picture("a.png", 2), UNTIL).await.expect("put"), "{name}");
        let second = store.claim_sync(Moment(1_000), Moment(2_000)).await.expect("asked").expect("taken over");
        assert!(!store.put_picture(&first, &picture("b.png", 1), UNTIL).await.expect("answered"), "{name}");
        assert!(!store.drop_pictures(&first, &[1], UNTIL).await.expect("answered"), "{name}");
        assert!(!store.touch_picture(&first, 1, "2").await.expect("answered"), "{name}");
        assert!(!store.end_sync(&first, &SyncEnd::Failed("late".into()), Moment(5)).await.expect("answered"), "{name}");
        // Who asks in the middle of a sync is answered by the next.
        assert!(store.want_sync("own", Moment(1_500)).await.expect("wanted"));
        assert!(store.end_sync(&second, &SyncEnd::Synced { contract: "c".into() }, Moment(1_600)).await.expect("ended"), "{name}");
        let row = PoolStore::pool(&*store, "own").await.expect("read").expect("there");
        assert_eq!((row.pictures, row.faces, row.contract.as_str(), row.wanted), (1, 2, "c", true), "{name}");
        assert_eq!((row.synced_at, row.error.as_str()), (Some(Moment(1_600)), ""), "{name}");
        let third = store.claim_sync(Moment(1_700), Moment(2_000)).await.expect("asked").expect("the one that was asked for");
        assert!(store.end_sync(&third, &SyncEnd::LeftOff, Moment(1_800)).await.expect("ended"), "{name}");
        assert!(
            store.claim_sync(Moment(1_801), Moment(2_000)).await.expect("asked").is_some(),
            "{name}: what was left off is gone on with"
        );
        server::store::Store::close(&*store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_has_changed_is_a_new_one_and_every_change_is_a_version() {
    for (name, store, _folder) in stores().await {
        let claim = claimed(&store, "own").await;
        let version = async || PoolStore::pool(&*store, "own").await.expect("read").expect("there").version;
        let before = version().await;
        store.put_picture(&claim, &picture("a.png", 2), UNTIL).await.expect("put");
        store.put_picture(&claim, &picture("b.png", 1), UNTIL).await.expect("put");
        store.put_picture(&claim, &picture("a.png", 3), UNTIL).await.expect("put");
        assert_eq!(version().await, before + 3, "{name}");
        let rows = store.pictures("own").await.expect("read");
        let rows: Vec<_> = rows.iter().map(|row| (row.number, row.place.as_str(), row.faces)).collect();
        assert_eq!(rows, [(2, "b.png", 1), (3, "a.png", 3)], "{name}");
        let analyses = store.analyses("own", &[1, 2, 3]).await.expect("read");
        assert_eq!(analyses.len(), 2, "{name}");
        assert!(analyses.iter().all(|analysis| analysis.bytes == [0, 1, 255]), "{name}");
        assert_eq!(store.analysis_by_key("key of a.png").await.expect("read"), Some(vec![0, 1, 255]), "{name}");
        let numbers: Vec<i64> = (0..450).collect();
        assert!(store.drop_pictures(&claim, &numbers, UNTIL).await.expect("dropped"), "{name}");
        assert_eq!(store.pictures("own").await.expect("read"), [], "{name}");
        assert_eq!(store.analysis_by_key("key of a.png").await.expect("read"), None, "{name}");
        server::store::Store::close(&*store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pool_takes_its_pictures_along_and_leaves_others() {
    for (name, store, _folder) in stores().await {
        let claim = claimed(&store, "own").await;
        store.put_picture(&claim, &picture("a.png", 1), UNTIL).await.expect("put");
        let other = claimed(&store, "other").await;
        store.put_picture(&other, &picture("b.png", 1), UNTIL).await.expect("put");
        assert!(store.delete_pool("own", Moment(7)).await.expect("deleted"), "{name}");
        assert!(!store.delete_pool("own", Moment(8)).await.expect("answered"), "{name}");
        let noted = vec![("key of a.png".to_owned(), Moment(7))];
        assert_eq!(store.pool_erasures(Moment(7)).await.expect("read"), noted, "{name}: for the caches of all machines");
        assert_eq!(store.pool_erasures(Moment(8)).await.expect("read"), [], "{name}");
        store.forget_pool_erasures(Moment(8)).await.expect("forgotten");
        assert_eq!(store.pool_erasures(Moment(0)).await.expect("read"), [], "{name}");
        assert!(!store.put_picture(&claim, &picture("c.png", 1), UNTIL).await.expect("answered"), "{name}: its sync ends");
        let names: Vec<String> = store.pools().await.expect("read").into_iter().map(|pool| pool.name).collect();
        assert_eq!((names, store.pictures("own").await.expect("read").len()), (vec!["other".to_owned()], 0), "{name}");
        assert!(store.analysis_by_key("key of b.png").await.expect("read").is_some(), "{name}");
        server::store::Store::close(&*store).await;
    }
}
