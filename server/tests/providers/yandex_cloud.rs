//! Yandex Cloud: the picture once, in base64 of a bounded length; further pages by the identifier of the first.

use crate::service::{
    Answer, Make, Seen, Service, answered, assert_clean_jpeg, bears_every_strange_answer, fails_like_every_other, from_base64, large_photo,
    shown, upload,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, ProbeQuery, ProviderError, web};

const MAKE: Make = |base| Box::new(web::YandexCloud::new(api(base), "yandex-key", "folder-1"));

fn api(base: &str) -> web::Api {
    web::Api::new("yandex_cloud", base, std::time::Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({
        "images": [
            {
                "url": "https://archive.example/1911.jpg",
                "format": "IMAGE_FORMAT_JPEG",
                "width": "1024",
                "height": "768",
                "passage": "At the conference",
                "host": "archive.example",
                "pageTitle": "Curie in <b>1911</b>",
                "pageUrl": "https://archive.example/1911",
            },
            { "url": "//cdn.example/2.png", "width": "", "height": null, "passage": "Said of it", "host": "", "pageTitle": "", "pageUrl": null },
            { "url": "data:image/png;base64,AAAA", "pageUrl": "https://c.example/" },
        ],
        "page": "0",
        "maxPage": "0",
        "id": "cbir-1",
    })
}

#[tokio::test]
async fn numbers_come_as_texts() {
    assert_snapshot!(shown(&answered(MAKE, &good()).await.expect("found")), @r"
    https://archive.example/1911.jpg
      page https://archive.example/1911
      title Curie in 1911
      from archive.example
      size 1024x768
    https://cdn.example/2.png
      title Said of it
      from cdn.example
    ");
}

#[tokio::test]
async fn the_picture_goes_out_as_a_clean_jpeg_with_key_and_folder() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!(provider.needs(), [Need::Picture]);
    provider.discover(&upload(), 50).await.expect("found");
    let [request] = &service.seen()[..] else { panic!("one page is all there is") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v2/image/search_by_image"));
    assert_eq!(request.header("authorization"), Some("Api-Key yandex-key"));
    let body = request.json();
    assert_eq!((&body["folderId"], &body["page"]), (&json!("folder-1"), &json!("0")));
    assert_clean_jpeg(&from_base64(body["data"].as_str().expect("base64")));
}

#[tokio::test]
async fn a_large_picture_is_made_to_fit() {
    let service = Service::answering(Answer::json(&good())).await;
    MAKE(&service.base).discover(&ProbeQuery { picture: large_photo(), ..ProbeQuery::default() }, 50).await.expect("found");
    let body = service.seen()[0].json();
    let data = body["data"].as_str().expect("base64");
    assert!(data.len() <= 3_145_728, "{} characters", data.len());
    assert_clean_jpeg(&from_base64(data));
}

/// Ten pictures a page, by number.
fn pages(last: u32) -> impl Fn(&Seen) -> Answer + Clone + Send + Sync + 'static {
    move |request| {
        let page: u32 = request.json()["page"].as_str().and_then(|page| page.parse().ok()).expect("a page");
        let image = |number: u32| json!({ "url": format!("https://a.example/{page}/{number}.jpg") });
        let images: Vec<Value> = (0..10).map(image).collect();
        Answer::json(&json!({ "images": images, "page": page.to_string(), "maxPage": last.to_string(), "id": "cbir-1" }))
    }
}

#[tokio::test]
async fn further_pages_are_asked_for_by_the_identifier_until_there_is_enough() {
    let service = Service::start(pages(9)).await;
    let found = MAKE(&service.base).discover(&upload(), 25).await.expect("found");
    assert_eq!(found.candidates.len(), 25);
    assert_eq!(found.candidates[24].image_uri, "https://a.example/2/4.jpg");
    let asked: Vec<Value> = service.seen().iter().map(Seen::json).collect();
    let by: Vec<_> = asked.iter().map(|body| (&body["page"], body["data"].is_string(), &body["id"])).collect();
    assert_eq!(by, [(&json!("0"), true, &Value::Null), (&json!("1"), false, &json!("cbir-1")), (&json!("2"), false, &json!("cbir-1"))]);
}

#[tokio::test]
async fn no_page_is_asked_for_beyond_the_last_or_the_fifth() {
    for (last, expected) in [(0, 1), (1, 2), (999, 5)] {
        let service = Service::start(pages(last)).await;
        let found = MAKE(&service.base).discover(&upload(), 500).await.expect("found");
        assert_eq!((found.candidates.len(), service.seen().len()), (expected * 10, expected), "{last}");
    }
}

#[tokio::test]
async fn a_further_page_that_fails_costs_itself_only() {
    let good = pages(9);
    let service = Service::start(move |request| if request.json()["page"] == "0" { good(request) } else { Answer::of(503, &[], "") }).await;
    assert_eq!(MAKE(&service.base).discover(&upload(), 500).await.expect("found").candidates.len(), 10);
}

#[tokio::test]
async fn nothing_found_is_no_error() {
    for empty in [json!({}), json!({ "images": [] }), json!({ "images": null, "id": "cbir-1", "maxPage": "3" })] {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
    }
}

#[tokio::test]
async fn an_error_in_a_200_is_told_by_its_number() {
    let denied = json!({ "code": 7, "message": "Permission denied", "details": [] });
    assert_eq!(answered(MAKE, &denied).await, Err(ProviderError::Unauthorized));
    let nested = json!({ "error": { "code": 3, "message": "folder id is wrong" } });
    assert_eq!(answered(MAKE, &nested).await, Err(ProviderError::Refused("folder id is wrong".into())));
}

#[tokio::test]
async fn a_service_that_fails() {
    fails_like_every_other(MAKE).await;
}

#[tokio::test]
async fn a_service_that_answers_strangely() {
    bears_every_strange_answer(MAKE, &good()).await;
}
