//! Wikimedia Commons: files with their renditions, licences and authors, the latter in HTML.

use crate::service::{
    Answer, Make, Seen, Service, WORDS, answered, bears_every_strange_answer, fails_like_every_other, shown, upload, worded,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, Provider, ProviderError, web};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

const MAKE: Make = |base| Box::new(web::Wikimedia::new(api(base)));

fn api(base: &str) -> web::Api {
    web::Api::new("wikimedia", base, std::time::Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({
        "batchcomplete": true,
        "query": { "pages": [
            {
                "pageid": 2,
                "ns": 6,
                "title": "File:Without licence.png",
                "index": "2",
                "imageinfo": [{
                    "url": "//upload.commons.example/b/Without_licence.png",
                    "thumburl": "//upload.commons.example/b/Without_licence.png",
                    "descriptionurl": null,
                    "extmetadata": { "Credit": { "value": "<span>Own work</span>" } },
                }],
            },
            {
                "pageid": 1,
                "ns": 6,
                "title": "File:Marie Curie &amp; Co. 1911.jpg",
                "index": 1,
                "imageinfo": [{
                    "url": "https://upload.commons.example/a/Marie_Curie.jpg",
                    "thumburl": "https://upload.commons.example/thumb/a/1280px-Marie_Curie.jpg",
                    "descriptionurl": "https://commons.example/wiki/File:Marie_Curie.jpg",
                    "width": 4000,
                    "height": "3000",
                    "mime": "image/jpeg",
                    "extmetadata": {
                        "LicenseShortName": { "value": "CC BY-SA 3.0", "source": "commons-desc-page" },
                        "LicenseUrl": { "value": "https://creativecommons.example/licenses/by-sa/3.0" },
                        "Artist": { "value": "<a href=\"//commons.example/wiki/User:A\" title=\"User:A\">A. Photographer</a>" },
                    },
                }],
            },
            { "pageid": 3, "title": "File:A film.webm", "index": 3, "imageinfo": [{ "url": "https://upload.commons.example/c.webm", "mime": "video/webm" }] },
            { "pageid": 4, "title": "File:Gone.jpg", "index": 4 },
            { "pageid": 5, "title": "File:Within.png", "index": 5, "imageinfo": [{ "url": "data:image/png;base64,AAAA", "thumburl": null }] },
        ] },
    })
}

const AS_READ: &str = "\
https://upload.commons.example/a/Marie_Curie.jpg
  page https://commons.example/wiki/File:Marie_Curie.jpg
  title Marie Curie & Co. 1911
  from commons.example
  size 4000x3000
  licence CC BY-SA 3.0
  licence page https://creativecommons.example/licenses/by-sa/3.0
  by A. Photographer
https://upload.commons.example/b/Without_licence.png
  title Without licence
  from upload.commons.example
  by Own work";

#[tokio::test]
async fn files_come_in_the_order_of_the_search_with_licence_and_author() {
    let found = answered(MAKE, &good()).await.expect("found");
    assert_eq!(shown(&found), AS_READ);
    let alternates: Vec<_> = found.candidates.iter().map(|candidate| candidate.alternates.join(" ")).collect();
    assert_eq!(
        alternates,
        ["https://upload.commons.example/thumb/a/1280px-Marie_Curie.jpg", ""],
        "the rendition, where it is another file"
    );
}

#[tokio::test]
async fn a_file_without_a_name_has_no_title() {
    let mut nameless = good();
    nameless["query"]["pages"][1]["title"] = json!("File: ");
    let found = answered(MAKE, &nameless).await.expect("found");
    assert_eq!((found.candidates.len(), found.candidates[0].title.as_deref()), (2, None));
}

#[tokio::test]
async fn the_older_form_of_the_answer_reads_the_same() {
    let mut older = good();
    let pages = older["query"]["pages"].as_array().expect("a list").clone();
    older["query"]["pages"] = pages.iter().map(|page| (page["pageid"].to_string(), page.clone())).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(shown(&answered(MAKE, &older).await.expect("found")), AS_READ);
}

#[tokio::test]
async fn words_go_out_and_cannot_give_orders() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!(provider.needs(), [Need::Words]);
    for nothing in [upload(), worded(" "), worded("*** \"\"")] {
        assert_eq!(provider.discover(&nothing, 50).await, Err(ProviderError::Needs(Need::Words)));
    }
    assert!(service.seen().is_empty(), "without words nobody is asked");
    provider.discover(&worded("Marie Curie insource:/x/"), 30).await.expect("found");
    let [request] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/w/api.php"));
    let sent: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_snapshot!(sent.join("\n"), @r"
    action=query
    format=json
    formatversion=2
    generator=search
    gsrnamespace=6
    gsrsearch=filetype:bitmap Marie Curie insource x
    gsrlimit=30
    gsroffset=0
    prop=imageinfo
    iiprop=url|size|mime|extmetadata
    iiurlwidth=1280
    iiextmetadatafilter=Artist|Credit|LicenseShortName|LicenseUrl
    uselang=en
    ");
}

/// Fifty files a page, and always one more page.
fn pages(request: &Seen) -> Answer {
    let offset: usize = request.parameter("gsroffset").and_then(|text| text.parse().ok()).expect("an offset");
    let page = |at: usize| json!({ "index": at, "imageinfo": [{ "url": format!("https://a.example/{at}.jpg") }] });
    let pages: Vec<Value> = (offset..offset + 50).map(page).collect();
    Answer::json(&json!({ "continue": { "gsroffset": offset + 50, "continue": "gsroffset||" }, "query": { "pages": pages } }))
}

#[tokio::test]
async fn further_pages_are_asked_for_where_the_answer_says_it_goes_on() {
    for (limit, requests, found) in [(50, 1, 50), (120, 3, 120), (500, 4, 200)] {
        let service = Service::start(pages).await;
        let answer = MAKE(&service.base).discover(&worded(WORDS), limit).await.expect("found");
        assert_eq!((service.seen().len(), answer.candidates.len()), (requests, found), "{limit}");
        assert_eq!(answer.candidates[49].image_uri, "https://a.example/49.jpg");
    }
}

#[tokio::test]
async fn a_further_page_that_fails_costs_itself_only_and_one_that_stands_still_ends_the_search() {
    let service =
        Service::start(|request| if request.parameter("gsroffset") == Some("0") { pages(request) } else { Answer::of(500, &[], "") }).await;
    assert_eq!(MAKE(&service.base).discover(&worded(WORDS), 500).await.expect("found").candidates.len(), 50);
    let mut still = good();
    still["continue"] = json!({ "gsroffset": 0 });
    let service = Service::answering(Answer::json(&still)).await;
    MAKE(&service.base).discover(&worded(WORDS), 500).await.expect("found");
    assert_eq!(service.seen().len(), 1);
}

/// Its operators bear three requests at a time from one client.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn no_more_than_three_requests_run_at_a_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (of_service, seen) = (now.clone(), most.clone());
    let service = Service::start(move |_| {
        seen.fetch_max(of_service.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        of_service.fetch_sub(1, Ordering::SeqCst);
        Answer::json(&good())
    })
    .await;
    let provider: Arc<dyn Provider> = MAKE(&service.base).into();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let provider = provider.clone();
        asking.spawn(async move { provider.discover(&worded(WORDS), 50).await });
    }
    while let Some(found) = asking.join_next().await {
        assert_eq!(found.expect("no panic").expect("found").candidates.len(), 2);
    }
    assert_eq!(service.seen().len(), 12);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at a time");
}

#[tokio::test]
async fn nothing_found_is_no_error() {
    for empty in [
        json!({ "batchcomplete": true }),
        json!({ "query": { "pages": [] } }),
        json!({ "query": null }),
        json!({ "query": { "pages": {} } }),
    ] {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
    }
    assert_eq!(answered(MAKE, &json!([])).await.expect_err("no object").kind(), "provider_answer");
}

#[tokio::test]
async fn an_error_in_a_200_is_told_by_its_code() {
    for (code, error) in [
        ("ratelimited", ProviderError::RateLimited { retry_after: None }),
        ("maxlag", ProviderError::Unavailable("it is busy".into())),
        ("internal_api_error_DBQueryError", ProviderError::Unavailable("it failed inside".into())),
        ("readapidenied", ProviderError::Unauthorized),
        ("badvalue", ProviderError::Refused("Unrecognized value for parameter".into())),
    ] {
        let answer = json!({ "error": { "code": code, "info": "<b>Unrecognized</b> value for parameter", "docref": "See https://commons.example/w/api.php" } });
        assert_eq!(answered(MAKE, &answer).await, Err(error), "{code}");
    }
}

#[tokio::test]
async fn a_service_that_fails() {
    fails_like_every_other(MAKE).await;
}

#[tokio::test]
async fn a_service_that_answers_strangely() {
    bears_every_strange_answer(MAKE, &good()).await;
}
