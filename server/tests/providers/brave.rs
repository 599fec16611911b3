//! Brave: `url` is the page, `properties.url` the picture; a bad key is a 422, a spent month a 429.

use crate::service::{Answer, Make, Service, WORDS, answered, bears_every_strange_answer, fails_like_every_other, shown, upload, worded};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Cost, Need, ProviderError, web};
use std::time::Duration;

const MAKE: Make = |base| Box::new(web::Brave::new(api(base), "brave-key"));

fn api(base: &str) -> web::Api {
    web::Api::new("brave", base, Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({
        "type": "images",
        "query": { "original": "Marie Curie", "spellcheck_off": false },
        "results": [
            {
                "type": "image_result",
                "title": "Marie <strong>Curie</strong> in 1911",
                "url": "https://archive.example/1911",
                "source": "archive.example",
                "page_fetched": "2026-01-02T03:04:05Z",
                "thumbnail": { "src": "https://imgs.brave.example/1", "width": 500, "height": 375 },
                "properties": { "url": "https://archive.example/1911.jpg", "placeholder": "https://imgs.brave.example/p1", "width": "1024", "height": 768 },
                "meta_url": { "scheme": "https", "netloc": "archive.example", "hostname": "archive.example" },
                "confidence": "high",
            },
            { "title": null, "url": "//b.example/page", "source": "B, the site", "thumbnail": { "src": "//imgs.brave.example/2" }, "properties": null },
            { "title": "Within", "url": "https://c.example/", "properties": { "url": "data:image/png;base64,AAAA" } },
        ],
        "extra": { "might_be_offensive": false },
    })
}

#[tokio::test]
async fn the_page_and_the_picture_are_told_apart() {
    assert_snapshot!(shown(&answered(MAKE, &good()).await.expect("found")), @r"
    https://archive.example/1911.jpg
      page https://archive.example/1911
      title Marie Curie in 1911
      from archive.example
      thumbnail https://imgs.brave.example/1
      size 1024x768
    https://imgs.brave.example/2
      page https://b.example/page
      from b.example
      thumbnail https://imgs.brave.example/2
    ");
}

#[tokio::test]
async fn words_go_out_once_with_the_key_in_a_header() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!((provider.needs(), provider.cost()), (&[Need::Words][..], Cost::Metered));
    assert_eq!(provider.discover(&upload(), 50).await, Err(ProviderError::Needs(Need::Words)));
    provider.discover(&worded(WORDS), 500).await.expect("found");
    let [request] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/res/v1/images/search"));
    assert_eq!(request.header("x-subscription-token"), Some("brave-key"));
    let sent: Vec<_> = request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, [("q", WORDS), ("count", "200")]);
    provider.discover(&worded(&"a ".repeat(150)), 5).await.expect("found");
    assert_eq!(service.seen()[1].parameter("q").map(|q| q.split(' ').count()), Some(50), "fifty words are taken");
}

#[tokio::test]
async fn a_bad_key_and_a_spent_month_are_told_by_their_codes() {
    let error = |code: &str, detail: &str| json!({ "type": "ErrorResponse", "error": { "code": code, "detail": detail, "status": 0 } });
    let bad_key = error("SUBSCRIPTION_TOKEN_INVALID", "The provided subscription token is invalid.");
    let spent = error("QUOTA_LIMITED", "Request quota limit exceeded for plan.");
    let fast = error("RATE_LIMITED", "Request rate limit exceeded for plan.");
    let listed = json!({ "errors": [{ "code": "QUOTA_LIMITED" }] });
    let wrong = error("VALIDATION", "Unable to validate request parameter(s)");
    for (status, body, expected) in [
        (422, &bad_key, ProviderError::Unauthorized),
        (429, &spent, ProviderError::QuotaSpent),
        (429, &listed, ProviderError::QuotaSpent),
        (429, &fast, ProviderError::RateLimited { retry_after: None }),
        (422, &wrong, ProviderError::Refused("status 422: Unable to validate request parameter(s)".into())),
        (200, &wrong, ProviderError::Refused("Unable to validate request parameter(s)".into())),
    ] {
        let service = Service::answering(Answer::of(status, &[], &body.to_string())).await;
        assert_eq!(MAKE(&service.base).discover(&worded(WORDS), 5).await, Err(expected), "{status} {body}");
    }
}

#[tokio::test]
async fn nothing_found_is_no_error_but_no_list_is() {
    for empty in [json!({ "type": "images", "results": [] }), json!({ "results": [null, {}] })] {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
    }
    assert_eq!(answered(MAKE, &json!({ "type": "images" })).await.expect_err("no list").kind(), "provider_answer");
}

#[tokio::test]
async fn a_service_that_fails() {
    fails_like_every_other(MAKE).await;
}

#[tokio::test]
async fn a_service_that_answers_strangely() {
    bears_every_strange_answer(MAKE, &good()).await;
}
