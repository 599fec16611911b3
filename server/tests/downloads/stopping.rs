//! Stopping: whoever does not want a picture any more holds no socket for it.

use crate::host::{Host, Step, candidate, had, head, jpeg, opened, request, until};
use server::fetch::Fetcher;
use std::time::Duration;

/// A host that has begun to send and never ends.
async fn unending(before: Vec<Step>) -> Host {
    let mut steps = before;
    steps.push(Step::Stall);
    Host::saying(steps).await
}

fn beginnings() -> [Vec<Step>; 2] {
    let begun = [head(200, &[("content-length", "100000")]), jpeg(1)].concat();
    [Vec::new(), vec![Step::Send(begun)]]
}

#[tokio::test]
async fn a_cancelled_request_closes_its_sockets_before_and_after_the_first_bytes() {
    for before in beginnings() {
        let host = unending(before).await;
        let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "100")]);
        let request = request();
        let mut running = tokio::task::JoinSet::new();
        for number in 0..4 {
            let (fetchers, wanted, request) = (fetching.fetchers(), candidate(&host.at(&format!("/{number}"))), request.clone());
            running.spawn(async move { fetchers.fetch(&wanted, &request).await.map(|_| ()).map_err(|e| e.kind()) });
        }
        until("all four are under way", || async { host.seen.count() == 4 }).await;
        request.cancel.cancel();
        while let Some(ended) = running.join_next().await {
            assert_eq!(ended.expect("no panic"), Err("cancelled"));
        }
        until("the host sees four closed connections", || async { host.seen.open() == 0 }).await;
    }
}

#[tokio::test]
async fn a_download_that_is_dropped_closes_its_socket() {
    for before in beginnings() {
        let host = unending(before).await;
        let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "100")]);
        let (fetchers, wanted) = (fetching.fetchers(), candidate(&host.at("/a.jpg")));
        let running = tokio::spawn(async move { fetchers.fetch(&wanted, &request()).await.map(|_| ()) });
        until("it is under way", || async { host.seen.count() == 1 }).await;
        running.abort();
        until("the host sees a closed connection", || async { host.seen.open() == 0 }).await;
    }
}

#[tokio::test]
async fn a_stopped_download_makes_room_for_the_next() {
    let host = unending(Vec::new()).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOADS_PER_HOST", "1"), ("DOWNLOAD_TIMEOUT", "0.3"), ("DOWNLOAD_RETRIES", "0")]);
    let (fetchers, wanted, stopped) = (fetching.fetchers(), candidate(&host.at("/stopped")), request());
    let cancel = stopped.cancel.clone();
    let running = tokio::spawn(async move { fetchers.fetch(&wanted, &stopped).await.map(|_| ()) });
    until("it is under way", || async { host.seen.count() == 1 }).await;
    cancel.cancel();
    running.await.expect("no panic").expect_err("cancelled");
    assert_eq!(had(&fetching, &host.at("/next")).await, Err("timeout"));
    assert_eq!(host.seen.targets(), ["/stopped", "/next"]);
}

#[tokio::test]
async fn one_that_waits_for_its_turn_is_cancelled_as_well() {
    let host = unending(Vec::new()).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOADS_PER_HOST", "1"), ("DOWNLOAD_TIMEOUT", "100")]);
    let request = request();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..3 {
        let (fetchers, wanted, request) = (fetching.fetchers(), candidate(&host.at(&format!("/{number}"))), request.clone());
        running.spawn(async move { fetchers.fetch(&wanted, &request).await.map(|_| ()).map_err(|e| e.kind()) });
    }
    until("one is under way", || async { host.seen.count() == 1 }).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    request.cancel.cancel();
    while let Some(ended) = running.join_next().await {
        assert_eq!(ended.expect("no panic"), Err("cancelled"));
    }
    assert_eq!(host.seen.count(), 1);
}
