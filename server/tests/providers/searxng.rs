//! SearXNG: what its engines answer, in many spellings.

use crate::service::{Answer, Make, Service, WORDS, answered, bears_every_strange_answer, fails_like_every_other, shown, upload, worded};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, ProviderError, web};

const MAKE: Make = |base| Box::new(web::SearXng::new(api(base)));

fn api(base: &str) -> web::Api {
    web::Api::new("searxng", base, std::time::Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({
        "query": "Marie Curie",
        "number_of_results": 0,
        "results": [
            {
                "title": "<b>Marie Curie</b> &#8211; portrait",
                "url": "https://museum.example/curie",
                "img_src": "//cdn.museum.example/curie.jpg",
                "thumbnail_src": "https://thumbs.engine.example/1.jpg",
                "resolution": "1024 x 768",
                "img_format": "jpeg",
                "filesize": "210 KB",
                "source": "Museum",
                "engine": "engine one",
                "engines": ["engine one", "engine two"],
                "positions": [1, 3],
                "score": "2.5",
                "category": "images",
                "template": "images.html",
            },
            { "title": "", "url": "https://blog.example/post", "img_src": "data:image/gif;base64,R0lG", "thumbnail_src": "https://thumbs.engine.example/2.jpg", "score": 1 },
            { "title": "Behind a proxy", "url": "https://c.example/", "img_src": "/image_proxy?url=x", "thumbnail_src": "/image_proxy?url=y" },
            { "title": null, "url": null, "img_src": "https://d.example/4.png", "resolution": "large" },
        ],
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [["engine three", "timeout"]],
    })
}

#[tokio::test]
async fn pictures_of_many_engines_are_read() {
    assert_snapshot!(shown(&answered(MAKE, &good()).await.expect("found")), @r"
    https://cdn.museum.example/curie.jpg
      page https://museum.example/curie
      title Marie Curie – portrait
      from museum.example
      thumbnail https://thumbs.engine.example/1.jpg
      size 1024x768
      score 2.5
    https://thumbs.engine.example/2.jpg
      page https://blog.example/post
      from blog.example
      thumbnail https://thumbs.engine.example/2.jpg
      score 1
    https://d.example/4.png
      from d.example
    ");
}

#[tokio::test]
async fn words_go_out_page_by_page_until_a_page_has_nothing_new() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!(provider.needs(), [Need::Words]);
    assert_eq!(provider.discover(&upload(), 50).await, Err(ProviderError::Needs(Need::Words)));
    provider.discover(&worded(WORDS), 50).await.expect("found");
    let [first, second] = &service.seen()[..] else { panic!("two pages") };
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", "/search"));
    let sent: Vec<_> = first.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, [("q", WORDS), ("categories", "images"), ("format", "json"), ("pageno", "1")]);
    assert_eq!(second.parameter("pageno"), Some("2"));
    let enough = Service::answering(Answer::json(&good())).await;
    assert_eq!(MAKE(&enough.base).discover(&worded(WORDS), 2).await.expect("found").candidates.len(), 2);
    assert_eq!(enough.seen().len(), 1);
}

#[tokio::test]
async fn no_more_than_three_pages_are_asked_for_and_one_that_fails_costs_itself_only() {
    let page = |number: &str| Answer::json(&json!({ "results": [{ "img_src": format!("https://a.example/{number}.jpg") }] }));
    let service = Service::start(move |request| page(request.parameter("pageno").expect("a page"))).await;
    assert_eq!(MAKE(&service.base).discover(&worded(WORDS), 500).await.expect("found").candidates.len(), 3);
    let service = Service::start(move |request| match request.parameter("pageno") {
        Some("1") => page("1"),
        _ => Answer::of(429, &[], "Too Many Requests"),
    })
    .await;
    assert_eq!(MAKE(&service.base).discover(&worded(WORDS), 500).await.expect("found").candidates.len(), 1);
}

#[tokio::test]
async fn nothing_found_is_no_error_but_no_engine_is() {
    for empty in [json!({ "results": [] }), json!({ "results": [], "unresponsive_engines": [] }), json!({ "results": [{}, null] })] {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
    }
    let silent = json!({ "results": [], "unresponsive_engines": [["engine one", "CAPTCHA"], ["engine two", "timeout"]] });
    assert_eq!(answered(MAKE, &silent).await, Err(ProviderError::Unavailable("none of its engines answered".into())));
    let refused = json!({ "error": "Invalid value for parameter pageno" });
    assert_eq!(answered(MAKE, &refused).await, Err(ProviderError::Refused("Invalid value for parameter pageno".into())));
    assert_eq!(answered(MAKE, &json!({ "query": "Marie Curie" })).await.expect_err("no list").kind(), "provider_answer");
}

#[tokio::test]
async fn a_service_that_fails() {
    fails_like_every_other(MAKE).await;
}

#[tokio::test]
async fn a_service_that_answers_strangely() {
    bears_every_strange_answer(MAKE, &good()).await;
}
