//! One picture: what is taken, what is refused, and how early.

use crate::host::{Host, Step, answer, candidate, downloads, fetch, had, head, jpeg, opened, picture_answer, read, request, until};
use async_trait::async_trait;
use server::fetch::{Body, FetchRequest, Fetcher, Names, RetryBudget, Source};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// An answer in chunks; `end` closes it properly.
fn chunked(chunks: &[&[u8]], end: bool) -> Vec<Step> {
    let mut bytes = head(200, &[("transfer-encoding", "chunked")]);
    for chunk in chunks {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(*chunk);
        bytes.extend(b"\r\n");
    }
    if end {
        bytes.extend(b"0\r\n\r\n");
    }
    vec![Step::Send(bytes)]
}

/// The header of a PNG of this size, and a beginning of data.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

#[tokio::test]
async fn a_picture_is_had_whole_however_it_is_sent() {
    let picture = jpeg(1);
    let (start, rest) = picture.split_at(100);
    let until_closed = [head(200, &[("connection", "close")]), picture.clone()].concat();
    for steps in [picture_answer(&picture), chunked(&[start, rest], true), vec![Step::Send(until_closed)]] {
        let host = Host::saying(steps).await;
        let fetching = opened(&[&host], &[], &[]);
        let fetched = fetch(&fetching, &host.at("/a.jpg")).await.expect("had");
        assert_eq!((fetched.from, fetched.url.clone()), (Source::Picture, Some(host.at("/a.jpg"))));
        assert!(matches!(fetched.bytes, Body::Disk(_)), "it waits on disk for its turn");
        assert_eq!(fetched.bytes.len(), picture.len() as u64);
        assert_eq!(read(fetched).await, picture);
    }
}

#[tokio::test]
async fn the_content_decides_and_not_what_the_host_calls_it() {
    let lying = Host::start(|asked| match asked.target.as_str() {
        "/picture-called-html" => answer(200, &[("content-type", "text/html")], &jpeg(2)),
        "/picture-called-nothing" => answer(200, &[], &jpeg(2)),
        "/html-called-picture.jpg" => answer(200, &[("content-type", "image/jpeg")], b"<html><body>Not here.</body></html>"),
        "/svg.jpg" => answer(200, &[("content-type", "image/jpeg")], b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "/zipped.jpg" => answer(200, &[("content-type", "image/jpeg"), ("content-encoding", "gzip")], b"\x1f\x8b\x08\0\0\0\0\0\0\0\0\0"),
        _ => answer(200, &[("content-type", "image/jpeg")], b""),
    })
    .await;
    let fetching = opened(&[&lying], &[], &[]);
    for path in ["/picture-called-html", "/picture-called-nothing"] {
        assert_eq!(had(&fetching, &lying.at(path)).await, Ok(jpeg(2)), "{path}");
    }
    for path in ["/html-called-picture.jpg", "/svg.jpg", "/zipped.jpg", "/empty.jpg"] {
        assert_eq!(had(&fetching, &lying.at(path)).await, Err("not_a_picture"), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_picture_ends_with_its_first_chunk() {
    // The host would go on for ever; nobody waits for that.
    for (first, kind) in [(b"<!DOCTYPE html><html>".to_vec(), "not_a_picture"), (png_header(30_000, 30_000), "too_many_pixels")] {
        let host = Host::saying(vec![Step::Send(head(200, &[("content-length", "10000000")])), Step::Send(first), Step::Stall]).await;
        let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "100")]);
        assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err(kind));
        until("the connection is closed", || async { host.seen.open() == 0 }).await;
    }
}

#[tokio::test]
async fn the_limit_counts_what_comes_whatever_was_announced() {
    let endless = vec![0xff_u8; 8192];
    let host = Host::start(move |asked| {
        let mut picture = jpeg(3);
        match asked.target.as_str() {
            "/announced" => vec![Step::Send(head(200, &[("content-length", "999999999")])), Step::Stall],
            "/chunks" => {
                let mut chunks: Vec<&[u8]> = vec![picture.as_slice()];
                chunks.extend((0..100).map(|_| endless.as_slice()));
                chunked(&chunks, true)
            }
            "/one-huge-chunk" => {
                let mut bytes = head(200, &[("transfer-encoding", "chunked")]);
                bytes.extend(b"ffffffffff\r\n");
                bytes.extend(&picture);
                let mut steps = vec![Step::Send(bytes)];
                steps.extend((0..100).map(|_| Step::Send(endless.clone())));
                steps
            }
            "/until-closed" => {
                picture.extend(endless.repeat(100));
                vec![Step::Send([head(200, &[]), picture].concat())]
            }
            _ => {
                picture.resize(100_000, 0);
                picture_answer(&picture)
            }
        }
    })
    .await;
    let fetching = opened(&[&host], &[], &[("MAX_DOWNLOAD_BYTES", "100000"), ("DOWNLOAD_TIMEOUT", "100")]);
    for path in ["/announced", "/chunks", "/one-huge-chunk", "/until-closed"] {
        assert_eq!(had(&fetching, &host.at(path)).await, Err("too_large"), "{path}");
    }
    assert_eq!(had(&fetching, &host.at("/just-so")).await.map(|bytes| bytes.len()), Ok(100_000));
    let smaller = FetchRequest::new(Uuid::new_v4(), 99_999, RetryBudget::new(0), Duration::from_secs(60));
    let refused = fetching.fetchers().fetch(&candidate(&host.at("/just-so")), &smaller).await.err();
    assert_eq!(refused.map(|e| e.kind()), Some("too_large"), "the request's own limit holds as well");
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_picture_and_is_tried_again() {
    let picture = jpeg(4);
    let half = picture[..picture.len() / 2].to_vec();
    let length = picture.len().to_string();
    for short in [
        vec![Step::Send(head(200, &[("content-length", &length)])), Step::Send(half.clone())],
        chunked(&[&half], false),
        vec![Step::Send(head(200, &[("content-length", &length)])), Step::Send(half.clone()), Step::Reset],
    ] {
        let host = Host::saying(short).await;
        let fetching = opened(&[&host], &[], &[]);
        assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err("interrupted"));
        assert_eq!(host.seen.count(), 3);
    }
}

#[tokio::test]
async fn a_missing_picture_is_missing_whatever_comes_with_the_news() {
    let host = Host::start(|asked| match asked.target.as_str() {
        "/404" => {
            let mut steps = vec![Step::Send(head(404, &[("content-length", "99999999")]))];
            steps.extend((0..1000).map(|_| Step::Send(jpeg(5))));
            steps
        }
        other => answer(other.trim_start_matches('/').parse().unwrap_or(200), &[], &jpeg(5)),
    })
    .await;
    let fetching = opened(&[&host], &[], &[("MAX_DOWNLOAD_BYTES", "100000"), ("DOWNLOAD_TIMEOUT", "100")]);
    for (path, kind, asked) in [
        ("/404", "not_found", 1),
        ("/410", "not_found", 1),
        ("/401", "forbidden", 1),
        ("/403", "forbidden", 1),
        ("/400", "http_error", 1),
        ("/204", "http_error", 1),
        ("/206", "http_error", 1),
        ("/304", "http_error", 1),
        ("/418", "http_error", 1),
    ] {
        let before = host.seen.count();
        assert_eq!((had(&fetching, &host.at(path)).await, host.seen.count() - before), (Err(kind), asked), "{path}");
    }
}

#[tokio::test]
async fn a_slow_drip_ends_with_the_time_of_the_download() {
    let picture = jpeg(6);
    let length = picture.len().to_string();
    let mut steps = vec![Step::Send(head(200, &[("content-length", &length)]))];
    for byte in picture {
        steps.extend([Step::Send(vec![byte]), Step::Wait(Duration::from_millis(100))]);
    }
    let host = Host::saying(steps).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "0.5"), ("DOWNLOAD_RETRIES", "0")]);
    assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err("timeout"));
    until("the connection is closed", || async { host.seen.open() == 0 }).await;
}

#[tokio::test]
async fn a_host_that_never_answers_costs_the_time_of_one_download() {
    let host = Host::saying(vec![Step::Stall]).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "0.2"), ("DOWNLOAD_RETRIES", "1")]);
    assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err("timeout"));
    assert_eq!(host.seen.count(), 2, "tried twice");
}

/// A resolver that is asked and says nothing.
struct Silent;

#[async_trait]
impl Names for Silent {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_connection_has_a_time_of_its_own_within_that_of_the_download() {
    let times = [("DOWNLOAD_CONNECT_TIMEOUT", "0.2"), ("DOWNLOAD_TIMEOUT", "600"), ("DOWNLOAD_RETRIES", "0")];
    let fetching = downloads(&times, Arc::new(Silent));
    assert_eq!(had(&fetching, "http://pictures.example/a.jpg").await, Err("timeout"));
}

#[tokio::test]
async fn headers_without_end_are_no_answer() {
    let mut endless = b"HTTP/1.1 200 OK\r\n".to_vec();
    for number in 0..100_000 {
        endless.extend(format!("x-{number}: a header that nobody asked for\r\n").bytes());
    }
    let host = Host::saying(vec![Step::Send(endless), Step::Stall]).await;
    let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "100"), ("DOWNLOAD_RETRIES", "0")]);
    assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Err("interrupted"));
}

#[tokio::test]
async fn the_alternates_are_tried_in_their_order_and_the_first_error_is_told() {
    let host = Host::start(|asked| match asked.target.as_str() {
        "/larger" => answer(404, &[], b""),
        "/smaller" | "/thumbnail" => picture_answer(&jpeg(7)),
        "/page.jpg" => answer(403, &[], b""),
        _ => answer(200, &[], b"no picture"),
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    let mut wanted = candidate(&host.at("/picture"));
    wanted.alternates = vec![host.at("/larger"), "http://127.0.0.1/secret".into(), host.at("/smaller"), host.at("/one-too-many")];
    wanted.thumbnail_url = Some(host.at("/thumbnail"));
    let fetched = fetching.fetchers().fetch(&wanted, &request()).await.expect("a rendition");
    assert_eq!((fetched.from, fetched.url), (Source::Rendition, Some(host.at("/smaller"))));
    assert_eq!(host.seen.targets(), ["/picture", "/larger", "/smaller"], "none twice, none that is refused");

    // Three renditions, none twice, and the thumbnail is never forgotten over them.
    wanted.alternates = [vec![host.at("/picture"); 2], vec![host.at("/larger"); 9]].concat();
    let fetched = fetching.fetchers().fetch(&wanted, &request()).await.expect("the thumbnail");
    assert_eq!((fetched.from, fetched.url), (Source::Thumbnail, Some(host.at("/thumbnail"))));

    wanted.thumbnail_url = Some(host.at("/page.jpg"));
    let error = fetching.fetchers().fetch(&wanted, &request()).await.expect_err("nothing");
    assert_eq!(error.kind(), "not_a_picture", "what was wrong with the picture itself");

    // A provider that knows the small copy alone names it in the picture's place: it is a thumbnail all the same.
    wanted = candidate(&host.at("/thumbnail"));
    wanted.thumbnail_url = Some(host.at("/thumbnail"));
    let fetched = fetching.fetchers().fetch(&wanted, &request()).await.expect("the thumbnail");
    assert_eq!(fetched.from, Source::Thumbnail);
}

#[tokio::test]
async fn connections_are_used_again_for_the_next_picture_of_a_host() {
    let host = Host::start(|asked| picture_answer(&jpeg(asked.target.len() as u32))).await;
    let fetching = opened(&[&host], &[], &[]);
    for _ in 0..5 {
        assert!(had(&fetching, &host.at("/a.jpg")).await.is_ok());
    }
    assert_eq!(host.seen.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}
