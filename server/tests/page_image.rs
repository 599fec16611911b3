//! Where neither the picture nor a copy of it can be had, the page is asked for the picture that it names as its own.
//! Pages stand on real hosts on loopback, and are asked through the same guarded client as pictures.

#[path = "downloads/host.rs"]
mod host;

use host::{Asked, Host, Step, answer, candidate, downloads, head, jpeg, opened, picture_answer, read, redirect, request};
use server::discovery::Candidate;
use server::fetch::{Downloads, FetchError, Fetcher, PageImage, PageImages, Source};
use std::sync::atomic::Ordering;

fn page(html: &str) -> Vec<Step> {
    answer(200, &[("content-type", "text/html")], html.as_bytes())
}

fn og(image: &str) -> String {
    format!(r#"<!doctype html><head><title>News</title><meta property="og:image" content="{image}"></head><body>...</body>"#)
}

async fn image_of(downloads: &Downloads, url: &str) -> Result<Option<String>, &'static str> {
    PageImages::new(downloads.client.clone()).image_of(url, &request()).await.map_err(|error| error.kind())
}

/// A picture that is gone, on a page that is not.
fn gone(host: &Host, page: &str) -> Candidate {
    Candidate { page_url: Some(host.at(page)), ..candidate(&host.at("/gone.jpg")) }
}

#[tokio::test]
async fn the_pages_own_picture_stands_in_for_one_that_is_gone() {
    let host = Host::start(|asked: &Asked| match asked.target.as_str() {
        "/story" => page(&og("/pictures/own.jpg?size=large&amp;crop=no")),
        "/pictures/own.jpg?size=large&crop=no" => picture_answer(&jpeg(3)),
        _ => answer(404, &[], b"gone"),
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    let mut wanted = gone(&host, "/story");
    wanted.thumbnail_url = Some(host.at("/gone-as-well.jpg"));
    let fetched = fetching.fetchers().fetch(&wanted, &request()).await.expect("the page's picture");
    assert_eq!((fetched.from, fetched.url.clone()), (Source::PageImage, Some(host.at("/pictures/own.jpg?size=large&crop=no"))));
    assert_eq!(read(fetched).await, jpeg(3));
    assert_eq!(host.seen.targets(), ["/gone.jpg", "/gone-as-well.jpg", "/story", "/pictures/own.jpg?size=large&crop=no"]);

    // While the picture itself is there, nobody is asked for the page.
    let there = Candidate { page_url: Some(host.at("/story")), ..candidate(&host.at("/pictures/own.jpg?size=large&crop=no")) };
    let before = host.seen.count();
    assert_eq!(fetching.fetchers().fetch(&there, &request()).await.expect("there").from, Source::Picture);
    assert!(host.seen.targets()[before..].iter().all(|target| target != "/story"));
}

#[tokio::test]
async fn a_page_that_names_nothing_of_use_leaves_the_first_error_standing() {
    let host = Host::start(|asked: &Asked| match asked.target.as_str() {
        "/nothing" => page("<html><head><title>Nothing</title></head>"),
        "/same" => page(&og("/gone.jpg")),
        "/no-picture" => page(&og("/story.pdf")),
        "/story.pdf" => answer(200, &[], b"%PDF-1.7 and so on"),
        "/empty" => page(""),
        "/is-a-picture" => picture_answer(&jpeg(1)),
        "/forbidden" => answer(403, &[], og("/there.jpg").as_bytes()),
        _ => answer(404, &[], b"gone"),
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    for path in ["/nothing", "/same", "/no-picture", "/empty", "/is-a-picture", "/forbidden", "/missing"] {
        let error = fetching.fetchers().fetch(&gone(&host, path), &request()).await.expect_err(path);
        assert_eq!(error, FetchError::NotFound, "{path}: what was wrong with the picture itself");
    }
    let asked_for_the_gone = host.seen.targets().iter().filter(|target| *target == "/gone.jpg").count();
    assert_eq!(asked_for_the_gone, 7, "the page that names it again does not have it asked for twice");
}

#[tokio::test]
async fn relative_addresses_are_relative_to_where_the_page_was_found_in_the_end() {
    let host = Host::start(|asked: &Asked| match asked.target.as_str() {
        "/short" => redirect("/2026/11/story"),
        "/2026/11/story" => page(&og("own.jpg")),
        "/with-base" => page(&format!(r#"<base href="/media/">{}"#, og("own.jpg"))),
        _ => answer(404, &[], b""),
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    assert_eq!(image_of(&fetching, &host.at("/short")).await, Ok(Some(host.at("/2026/11/own.jpg"))));
    assert_eq!(image_of(&fetching, &host.at("/with-base")).await, Ok(Some(host.at("/media/own.jpg"))));
}

#[tokio::test]
async fn of_a_huge_page_only_the_beginning_is_read() {
    // 64 MiB if it were read to its end; each piece waits for the one before to be taken.
    let host = Host::start(|asked: &Asked| {
        let (before, after) = match asked.target.as_str() {
            "/early" => (og("/own.jpg"), String::new()),
            _ => (String::new(), og("/own.jpg")),
        };
        let mut steps = vec![Step::Send(head(200, &[("content-type", "text/html")])), Step::Send(before.into_bytes())];
        steps.push(Step::Send(vec![b'.'; 600 << 10]));
        steps.push(Step::Send(after.into_bytes()));
        steps.extend((0..64).map(|_| Step::Send(vec![b'.'; 1 << 20])));
        steps
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    assert_eq!(image_of(&fetching, &host.at("/early")).await, Ok(Some(host.at("/own.jpg"))));
    assert_eq!(image_of(&fetching, &host.at("/late")).await, Ok(None), "half a MiB down, nobody looks");
    host::until("the connections are closed from this side", || async { host.seen.open() == 0 }).await;
}

#[tokio::test]
async fn a_page_that_leads_inside_is_refused_and_so_is_a_picture_that_it_names_there() {
    let inside = Host::start(|_| page(&og("/secret.jpg"))).await;
    let at_inside = inside.at("/secret.jpg");
    let host = Host::start(move |asked: &Asked| match asked.target.as_str() {
        "/leads-inside" => redirect(&at_inside),
        "/names-inside" => page(&og(&at_inside)),
        "/names-a-network" => page(&og("http://169.254.169.254/latest/meta-data/")),
        _ => answer(404, &[], b""),
    })
    .await;
    let fetching = opened(&[&host], &[], &[]);
    assert_eq!(image_of(&fetching, &host.at("/leads-inside")).await, Err("refused_address"), "its port was not opened");
    assert_eq!(image_of(&fetching, "http://10.0.0.1/story").await, Err("refused_host"));
    assert_eq!(image_of(&fetching, "file:///etc/passwd").await, Err("refused_address"));
    // By name the guard sees where the name leads.
    let closed = downloads(&[], host::Book::new());
    assert_eq!(image_of(&closed, "http://pictures.example/story").await, Err("refused_host"));
    for path in ["/leads-inside", "/names-inside", "/names-a-network"] {
        assert_eq!(fetching.fetchers().fetch(&gone(&host, path), &request()).await.expect_err(path), FetchError::NotFound);
    }
    assert_eq!(inside.seen.connections.load(Ordering::SeqCst), 0, "nobody was asked inside");
}

#[tokio::test]
async fn a_page_is_held_to_the_jobs_time_retries_and_turns() {
    let host = Host::start(|asked: &Asked| match asked.target.as_str() {
        "/stalls" => vec![Step::Stall],
        "/fails" => answer(503, &[], b""),
        _ => answer(404, &[], b""),
    })
    .await;
    let fetching = opened(&[&host], &[], &[("DOWNLOAD_TIMEOUT", "0.3"), ("DOWNLOAD_RETRIES", "1")]);
    assert_eq!(image_of(&fetching, &host.at("/fails")).await, Err("server_error"));
    assert_eq!(host.seen.targets(), ["/fails", "/fails"], "one retry, as for a picture");
    assert_eq!(image_of(&fetching, &host.at("/stalls")).await, Err("timeout"));
    let over = request();
    over.cancel.cancel();
    let pages = PageImages::new(fetching.client.clone());
    assert_eq!(pages.image_of(&host.at("/stalls"), &over).await, Err(FetchError::Cancelled));
}
