//! Many pictures: what one host is asked at most, and what a host that fails costs the others.

use crate::host::{Asked, Book, Host, Step, answer, candidate, downloads_in, had, jpeg, opened, picture_answer, request};
use futures::future::join_all;
use server::fetch::{FetchRequest, Fetcher, RetryBudget, StandingTicks, Surroundings};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Downloads whose pauses take no time: the clock jumps to their end.
fn timed(host: &Host, variables: &[(&str, &str)]) -> (server::fetch::Downloads, Arc<StandingTicks>) {
    let ticks = StandingTicks::new();
    let surroundings = Surroundings { names: Book::new(), ticks: ticks.clone(), chance: Arc::new(|| 0.5) };
    let allow = format!("127.0.0.1:{}", host.port);
    let mut all = vec![("DOWNLOAD_ALLOW", allow.as_str()), ("DOWNLOAD_RETRY_SHORTEST", "0.2"), ("DOWNLOAD_RETRY_LONGEST", "2")];
    all.extend_from_slice(variables);
    (downloads_in(&all, surroundings), ticks)
}

#[tokio::test]
async fn four_downloads_of_a_host_run_at_a_time_and_another_host_has_its_own_four() {
    let slow = |_: &Asked| [vec![Step::Wait(Duration::from_millis(30))], picture_answer(&jpeg(1))].concat();
    let (one, two) = (Host::start(slow).await, Host::start(slow).await);
    let fetching = opened(&[&one, &two], &[], &[]);
    let urls: Vec<_> = (0..20).flat_map(|number| [one.at(&format!("/{number}")), two.at(&format!("/{number}"))]).collect();
    let had = join_all(urls.iter().map(|url| had(&fetching, url))).await;
    assert!(had.iter().all(Result::is_ok));
    assert_eq!((one.seen.most_waiting.load(Ordering::SeqCst), two.seen.most_waiting.load(Ordering::SeqCst)), (4, 4));
}

#[tokio::test]
async fn so_many_downloads_run_at_a_time_in_all_whoever_asks() {
    let host = Host::start(|_| [vec![Step::Wait(Duration::from_millis(30))], picture_answer(&jpeg(1))].concat()).await;
    let names = ["a.example", "b.example", "c.example"];
    let fetching = opened(&[&host], &names, &[("MAX_CONCURRENCY", "5")]);
    // Each is a request of its own, and each name a host of its own: twelve could run.
    let urls: Vec<_> = (0..30).map(|number| host.by(names[number % 3], &format!("/{number}"))).collect();
    assert!(join_all(urls.iter().map(|url| had(&fetching, url))).await.iter().all(Result::is_ok));
    assert_eq!(host.seen.most_waiting.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_host_is_asked_no_more_often_in_a_second_than_it_may() {
    let host = Host::saying(picture_answer(&jpeg(2))).await;
    let (fetching, ticks) = timed(&host, &[("DOWNLOADS_PER_SECOND", "10")]);
    for _ in 0..30 {
        assert!(had(&fetching, &host.at("/a.jpg")).await.is_ok());
    }
    // Ten at once, the others one in a tenth of a second.
    let passed = ticks.passed().as_millis();
    assert!((1990..2100).contains(&passed), "{passed} ms");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_after_a_pause_and_nothing_else_is() {
    for (status, kind, tries) in [
        (500, "server_error", 3),
        (503, "server_error", 3),
        (408, "server_error", 3),
        (425, "server_error", 3),
        (429, "rate_limited", 3),
        (404, "not_found", 1),
    ] {
        let host = Host::saying(answer(status, &[], b"")).await;
        let (fetching, ticks) = timed(&host, &[]);
        assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err(kind), "{status}");
        assert_eq!(host.seen.count(), tries, "{status}");
        // Two pauses of half the way from 200 ms to 2 s.
        assert_eq!(ticks.passed().as_millis(), if tries == 3 { 2200 } else { 0 }, "{status}");
    }
    let second_time = AtomicUsize::new(0);
    let host = Host::start(move |_| match second_time.fetch_add(1, Ordering::SeqCst) {
        0 => vec![Step::Reset],
        1 => answer(503, &[], b""),
        _ => picture_answer(&jpeg(3)),
    })
    .await;
    assert_eq!(had(&timed(&host, &[]).0, &host.at("/a.jpg")).await, Ok(jpeg(3)));
}

#[tokio::test]
async fn retry_after_is_obeyed_by_everybody_who_asks_this_host() {
    let times = AtomicUsize::new(0);
    let host = Host::start(move |_| match times.fetch_add(1, Ordering::SeqCst) {
        0 => answer(429, &[("retry-after", "7")], b""),
        _ => picture_answer(&jpeg(4)),
    })
    .await;
    let (fetching, ticks) = timed(&host, &[("DOWNLOAD_RETRIES", "0")]);
    assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err("rate_limited"));
    assert_eq!(ticks.passed(), Duration::ZERO);
    assert_eq!(had(&fetching, &host.at("/another.jpg")).await, Ok(jpeg(4)));
    assert_eq!(ticks.passed().as_secs(), 7);
}

#[tokio::test]
async fn a_host_that_asks_for_too_long_a_silence_is_given_up_at_once() {
    let host = Host::saying(answer(503, &[("retry-after", "3600")], b"")).await;
    let (fetching, ticks) = timed(&host, &[]);
    assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err("server_error"));
    assert_eq!(had(&fetching, &host.at("/b.jpg")).await, Err("rate_limited"), "not even asked");
    assert_eq!((host.seen.count(), ticks.passed()), (1, Duration::ZERO));
}

#[tokio::test]
async fn one_budget_of_retries_is_shared_by_all_pictures_of_a_request() {
    let host = Host::saying(answer(500, &[], b"")).await;
    let (fetching, _) = timed(&host, &[("DOWNLOAD_BREAKER_FAILURES", "1000")]);
    let shared = FetchRequest::new(Uuid::new_v4(), 12 << 20, RetryBudget::new(5), Duration::from_secs(60));
    let fetchers = fetching.fetchers();
    for number in 0..10 {
        let failed = fetchers.fetch(&candidate(&host.at(&format!("/{number}"))), &shared).await;
        assert_eq!(failed.err().map(|e| e.kind()), Some("server_error"));
    }
    assert_eq!((host.seen.count(), shared.retries.left()), (10 + 5, 0));
    // Another request has its own.
    let failed = fetchers.fetch(&candidate(&host.at("/more")), &request()).await;
    assert_eq!((failed.is_err(), host.seen.count()), (true, 15 + 3));
}

#[tokio::test]
async fn a_host_that_is_down_costs_one_opening_of_its_breaker_and_comes_back_by_one_probe() {
    let well = Arc::new(AtomicUsize::new(0));
    let of_host = well.clone();
    let host = Host::start(move |_| match of_host.load(Ordering::SeqCst) {
        0 => vec![Step::Reset],
        _ => picture_answer(&jpeg(5)),
    })
    .await;
    let (fetching, ticks) = timed(&host, &[]);
    let place = format!("127.0.0.1:{}", host.port);
    for number in 0..50 {
        let kind = had(&fetching, &host.at(&format!("/{number}"))).await.expect_err("it is down");
        assert!(matches!(kind, "interrupted" | "host_down"), "{kind}");
    }
    assert_eq!((host.seen.connections.load(Ordering::SeqCst), fetching.client.hosts().openings(&place)), (5, 1));

    ticks.advance(Duration::from_secs(30));
    assert_eq!(had(&fetching, &host.at("/probe")).await, Err("host_down"), "the probe failed, and nothing was tried after it");
    assert_eq!((host.seen.connections.load(Ordering::SeqCst), fetching.client.hosts().openings(&place)), (6, 2));

    well.store(1, Ordering::SeqCst);
    assert_eq!(had(&fetching, &host.at("/too-soon")).await, Err("host_down"));
    ticks.advance(Duration::from_secs(30));
    assert_eq!(had(&fetching, &host.at("/probe")).await, Ok(jpeg(5)));
    assert_eq!(had(&fetching, &host.at("/all")).await, Ok(jpeg(5)));
}

#[tokio::test]
async fn missing_pictures_never_close_a_host() {
    let host = Host::saying(answer(404, &[], b"")).await;
    let (fetching, _) = timed(&host, &[]);
    for number in 0..20 {
        assert_eq!(had(&fetching, &host.at(&format!("/{number}"))).await, Err("not_found"));
    }
    assert_eq!(host.seen.count(), 20);
}

#[tokio::test]
async fn a_deadline_ends_what_is_not_there_yet_and_is_told_apart_from_a_slow_host() {
    let host = Host::saying(vec![Step::Stall]).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "100")]);
    let short = FetchRequest::new(Uuid::new_v4(), 12 << 20, RetryBudget::new(9), Duration::from_millis(100));
    let fetchers = fetching.fetchers();
    for _ in 0..2 {
        let failed = fetchers.fetch(&candidate(&host.at("/a.jpg")), &short).await;
        assert_eq!(failed.err().map(|e| e.kind()), Some("deadline"));
    }
    assert!(host.seen.count() <= 1, "the second was not begun");
}
