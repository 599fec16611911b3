//! Google Cloud Vision: one POST with the picture in it; pages are joined to the pictures they show.

use crate::service::{
    Answer, Make, Service, answered, assert_clean_jpeg, bears_every_strange_answer, fails_like_every_other, from_base64, large_photo,
    shown, upload,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, ProbeQuery, ProviderError, web};

const KEY: &str = "google-key";

const MAKE: Make = |base| Box::new(web::GoogleVision::new(api(base), KEY));

fn api(base: &str) -> web::Api {
    web::Api::new("google_vision", base, std::time::Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({ "responses": [{ "webDetection": {
        "webEntities": [
            { "entityId": "/m/1", "score": 14.2, "description": "Marie Curie" },
            { "entityId": "/m/2", "score": 0.4, "description": "" },
            { "entityId": "/m/3", "description": "Solvay Conference" },
        ],
        "fullMatchingImages": [{ "url": "https://museum.example/curie.jpg", "score": 0.9 }],
        "partialMatchingImages": [{ "url": "https://cdn.example/crop.png" }, { "url": "https://museum.example/curie.jpg" }],
        "pagesWithMatchingImages": [
            {
                "url": "https://museum.example/people",
                "pageTitle": "<b>Marie Curie</b> &amp; friends",
                "fullMatchingImages": [{ "url": "https://museum.example/curie.jpg" }],
            },
            {
                "url": "https://blog.example/post",
                "pageTitle": "A post",
                "fullMatchingImages": [{ "url": "https://museum.example/curie.jpg" }],
                "partialMatchingImages": [{ "url": "//blog.example/only-here.jpg" }],
            },
        ],
        "visuallySimilarImages": [{ "url": "https://similar.example/1.jpg" }, { "url": "data:image/png;base64,AAAA" }],
        "bestGuessLabels": [{ "label": "marie curie", "languageCode": "en" }],
    } }] })
}

#[tokio::test]
async fn pictures_come_with_the_pages_that_show_them_and_words_for_a_second_round() {
    let found = answered(MAKE, &good()).await.expect("found");
    assert_snapshot!(shown(&found), @r"
    https://museum.example/curie.jpg
      page https://museum.example/people
      title Marie Curie & friends
      from museum.example
      also https://museum.example/curie.jpg on https://blog.example/post
    https://cdn.example/crop.png
      from cdn.example
    https://blog.example/only-here.jpg
      page https://blog.example/post
      title A post
      from blog.example
    https://similar.example/1.jpg
      from similar.example
    words: marie curie | Solvay Conference
    ");
    let first = &found.candidates[0];
    assert_eq!((first.provider.as_str(), first.provider_rank), ("google_vision", 0));
}

#[tokio::test]
async fn the_picture_goes_out_as_a_clean_jpeg_with_the_key_in_a_header() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!(provider.needs(), [Need::Picture]);
    let found = provider.discover(&upload(), 2).await.expect("found");
    assert_eq!(found.candidates.len(), 2, "no more than wanted");
    let [request] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/images:annotate"));
    assert_eq!(request.header("x-goog-api-key"), Some(KEY));
    assert!(request.query.is_empty(), "nothing in the address");
    let body = request.json();
    assert_eq!(body["requests"][0]["features"], json!([{ "type": "WEB_DETECTION", "maxResults": 2 }]));
    assert_clean_jpeg(&from_base64(body["requests"][0]["image"]["content"].as_str().expect("base64")));
}

#[tokio::test]
async fn a_large_picture_is_made_to_fit_into_a_request() {
    let service = Service::answering(Answer::json(&good())).await;
    MAKE(&service.base).discover(&ProbeQuery { picture: large_photo(), ..ProbeQuery::default() }, 50).await.expect("found");
    assert!(service.seen()[0].body.len() < 10_000_000, "the service takes 10 MB");
}

#[tokio::test]
async fn nothing_found_is_no_error() {
    for empty in
        [json!({ "responses": [{}] }), json!({ "responses": [{ "webDetection": null }] }), json!({ "responses": [{ "webDetection": {} }] })]
    {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
    }
}

#[tokio::test]
async fn an_error_in_a_200_is_told_by_its_number() {
    for (code, message, kind) in [
        (3, "Bad image data.", "provider_refused"),
        (7, "Permission denied", "provider_unauthorized"),
        (16, "Unauthenticated", "provider_unauthorized"),
        (8, "Quota exceeded", "provider_quota_spent"),
        (14, "Try again", "provider_unavailable"),
    ] {
        let answer = json!({ "responses": [{ "error": { "code": code, "message": message } }] });
        let error = answered(MAKE, &answer).await.expect_err(message);
        assert_eq!(error.kind(), kind, "{code}");
    }
    let refused = answered(MAKE, &json!({ "responses": [{ "error": { "code": 3, "message": "Bad image data." } }] })).await;
    assert_eq!(refused, Err(ProviderError::Refused("Bad image data.".into())));
    assert_eq!(answered(MAKE, &json!({})).await.expect_err("no responses").kind(), "provider_answer");
}

#[tokio::test]
async fn numbers_may_be_texts() {
    let answer = json!({ "responses": [{ "error": { "code": "8", "message": "spent" } }] });
    assert_eq!(answered(MAKE, &answer).await, Err(ProviderError::QuotaSpent));
}

#[tokio::test]
async fn a_service_that_fails() {
    fails_like_every_other(MAKE).await;
}

#[tokio::test]
async fn a_service_that_answers_strangely() {
    bears_every_strange_answer(MAKE, &good()).await;
}
