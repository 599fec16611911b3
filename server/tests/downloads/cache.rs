//! What was downloaded a moment ago is not downloaded again, unless its host says otherwise, and goes with its request.

use crate::host::{Host, answer, candidate, had, jpeg, opened, read, request, until};
use server::fetch::{Downloads, FetchRequest, Fetcher};

/// As the pipeline does: a picture is kept when it has been read.
async fn looked_at(fetching: &Downloads, url: &str, request: &FetchRequest) -> Vec<u8> {
    let fetched = fetching.fetchers().fetch(&candidate(url), request).await.expect("had");
    read(fetched).await
}

/// Waits until so many bytes are kept: keeping goes on behind the reader.
async fn keeps(fetching: &Downloads, bytes: usize) {
    until("it is kept", || async { fetching.cache.size().await == bytes as u64 }).await;
}

#[tokio::test]
async fn a_fresh_picture_is_not_asked_for_again_and_a_stale_one_only_whether_it_changed() {
    let host = Host::start(|asked| {
        let validators = [("etag", "\"one\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
        match asked.target.as_str() {
            "/fresh" => answer(200, &[("cache-control", "max-age=600")], &jpeg(1)),
            "/asked" if asked.header("if-none-match") == Some("\"one\"") => {
                assert_eq!(asked.header("if-modified-since"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
                answer(304, &[], b"")
            }
            "/asked" => answer(200, &validators, &jpeg(2)),
            "/changes" if asked.header("if-none-match").is_some() => answer(200, &[("etag", "\"two\"")], &jpeg(4)),
            "/changes" => answer(200, &validators, &jpeg(3)),
            "/forbidden" => answer(200, &[("cache-control", "max-age=600, no-store")], &jpeg(5)),
            _ => answer(200, &[], &jpeg(6)),
        }
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    let mut kept = 0;
    for (path, numbers, requests) in [
        ("/fresh", [1, 1, 1], 1),
        ("/asked", [2, 2, 2], 3),
        ("/changes", [3, 4, 4], 3),
        ("/forbidden", [5, 5, 5], 3),
        ("/silent", [6, 6, 6], 3),
    ] {
        let before = host.seen.count();
        for (round, number) in numbers.into_iter().enumerate() {
            assert_eq!(looked_at(&fetching, &host.at(path), &request()).await, jpeg(number), "{path}, round {round}");
            match (path, round) {
                ("/fresh" | "/asked", 0) | ("/changes", 0 | 1) => {
                    kept += jpeg(number).len();
                    keeps(&fetching, kept).await;
                }
                _ => {}
            }
        }
        assert_eq!(host.seen.count() - before, requests, "{path}");
    }
    assert_eq!(fetching.cache.size().await, kept as u64, "what may not be kept is not");
}

#[tokio::test]
async fn the_same_file_at_two_addresses_is_kept_once() {
    let host = Host::start(|_| answer(200, &[("cache-control", "max-age=600")], &jpeg(1))).await;
    let fetching = opened(&[&host], &[], &[]);
    for path in ["/a", "/b", "/a", "/b"] {
        assert_eq!(looked_at(&fetching, &host.at(path), &request()).await, jpeg(1));
        keeps(&fetching, jpeg(1).len()).await;
    }
}

#[tokio::test]
async fn a_forgotten_request_takes_what_only_it_used_out_of_memory() {
    let host = Host::start(|asked| answer(200, &[("cache-control", "max-age=600")], &jpeg(asked.target.len() as u32))).await;
    let fetching = opened(&[&host], &[], &[]);
    let (erased, living) = (request(), request());
    let (own, shared) = (host.at("/own"), host.at("/shared"));
    looked_at(&fetching, &own, &erased).await;
    looked_at(&fetching, &shared, &erased).await;
    keeps(&fetching, jpeg(4).len() + jpeg(7).len()).await;
    looked_at(&fetching, &shared, &living).await;
    fetching.cache.forget(erased.request_id).await;
    assert_eq!(fetching.cache.size().await, jpeg(7).len() as u64);
    let before = host.seen.count();
    looked_at(&fetching, &shared, &living).await;
    assert_eq!(host.seen.count(), before, "still there for the other");
    looked_at(&fetching, &own, &living).await;
    assert_eq!(host.seen.count(), before + 1, "gone");
    // What a forgotten request still brings home is kept for nobody.
    let size = jpeg(4).len() + jpeg(7).len();
    keeps(&fetching, size).await;
    looked_at(&fetching, &host.at("/late-arrival"), &erased).await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(fetching.cache.size().await, size as u64);
}

#[tokio::test]
async fn without_room_nothing_is_kept() {
    let host = Host::start(|_| answer(200, &[("cache-control", "max-age=600")], &jpeg(1))).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOAD_CACHE_BYTES", "0")]);
    for _ in 0..3 {
        assert_eq!(had(&fetching, &host.at("/a")).await, Ok(jpeg(1)));
    }
    assert_eq!((host.seen.count(), fetching.cache.size().await), (3, 0));
}
