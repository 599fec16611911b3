//! TinEye: copies of one photo; a match is a picture, its backlinks are the places where it stands.

use crate::service::{
    Answer, Make, PUBLIC, Service, answered, ask, assert_clean_jpeg, bears_every_strange_answer, fails_like_every_other, shown, upload,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, ProviderError, web};

const MAKE: Make = |base| Box::new(web::TinEye::new(api(base), "tineye-key"));

fn api(base: &str) -> web::Api {
    web::Api::new("tineye", base, std::time::Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({
        "code": 200,
        "messages": [],
        "stats": { "total_results": 2 },
        "results": { "matches": [
            {
                "image_url": "https://img.tineye.example/result/1",
                "domain": "archive.example",
                "score": 87.5,
                "width": 1024,
                "height": "768",
                "format": "JPEG",
                "tags": ["collection"],
                "backlinks": [
                    { "url": null, "backlink": "https://gone.example/", "crawl_date": "2009-01-01" },
                    { "url": "https://archive.example/1911.jpg", "backlink": "https://archive.example/1911", "crawl_date": "2010-03-04" },
                    { "url": "https://copy.example/1911.jpg", "backlink": "https://copy.example/", "crawl_date": "2015-06-07" },
                ],
            },
            { "image_url": "//img.tineye.example/result/2", "score": "12", "backlinks": [] },
            { "image_url": "data:image/png;base64,AAAA", "backlinks": null },
        ] },
    })
}

#[tokio::test]
async fn backlinks_give_the_picture_its_page_and_where_else_it_stands() {
    let found = answered(MAKE, &good()).await.expect("found");
    assert_snapshot!(shown(&found), @r"
    https://archive.example/1911.jpg
      page https://archive.example/1911
      from archive.example
      thumbnail https://img.tineye.example/result/1
      size 1024x768
      score 87.5
      also https://archive.example/1911.jpg on https://gone.example/
      also https://copy.example/1911.jpg on https://copy.example/
    https://img.tineye.example/result/2
      from img.tineye.example
      thumbnail https://img.tineye.example/result/2
      score 12
    ");
    assert_eq!(found.candidates[0].alternates, ["https://copy.example/1911.jpg"], "tried where the first cannot be had");
}

#[tokio::test]
async fn an_upload_is_a_clean_jpeg_with_the_key_in_a_header() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!(provider.needs(), [Need::Picture]);
    provider.discover(&upload(), 500).await.expect("found");
    let [request] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/search/"));
    assert_eq!(request.header("x-api-key"), Some("tineye-key"));
    assert_eq!((request.parameter("limit"), request.parameter("sort")), (Some("100"), Some("score")));
    let parts = request.parts().await;
    let [(name, Some(file), picture)] = &parts[..] else { panic!("one file: {parts:?}") };
    assert_eq!((name.as_str(), file.as_str()), ("image_upload", "picture.jpg"));
    assert_clean_jpeg(picture);
}

#[tokio::test]
async fn a_public_address_is_searched_for_without_an_upload() {
    let service = Service::answering(Answer::json(&good())).await;
    ask(MAKE, &service.base).await.expect("found");
    let [request] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.parameter("image_url")), ("GET", Some(PUBLIC)));
    assert_eq!(request.header("x-api-key"), Some("tineye-key"));
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn a_code_other_than_200_is_an_error_whatever_the_status() {
    for (code, messages, error) in [
        (json!(400), json!(["Image is simple.", null]), ProviderError::Refused("Image is simple.".into())),
        (json!("401"), json!([]), ProviderError::Unauthorized),
        (json!(403), json!(null), ProviderError::Unauthorized),
        (json!(402), json!([]), ProviderError::QuotaSpent),
        (json!(429), json!([]), ProviderError::RateLimited { retry_after: None }),
        (json!(503), json!(["Away"]), ProviderError::Unavailable("Away".into())),
    ] {
        let answer = json!({ "code": code, "messages": messages, "results": {} });
        assert_eq!(answered(MAKE, &answer).await, Err(error), "{answer}");
    }
    assert_eq!(answered(MAKE, &json!({ "results": { "matches": [] } })).await.expect_err("no code").kind(), "provider_answer");
}

#[tokio::test]
async fn nothing_found_is_no_error() {
    for empty in [json!({ "code": 200, "results": { "matches": [] } }), json!({ "code": "200", "results": null }), json!({ "code": 200 })] {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
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
