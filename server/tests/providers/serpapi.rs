//! SerpApi's two searches: Google Lens, which takes an upload or an address, and Yandex Images, which takes an address.

use crate::service::{
    Answer, Make, PUBLIC, Seen, Service, answered, ask, assert_clean_jpeg, bears_every_strange_answer, fails_like_every_other, large_photo,
    probe, shown, upload,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, ProbeQuery, ProviderError, web};
use std::time::Duration;

const KEY: &str = "serpapi-key";

const LENS: Make = |base| Box::new(web::SerpApiLens::new(api("serpapi_lens", base), KEY));
const YANDEX: Make = |base| Box::new(web::SerpApiYandex::new(api("serpapi_yandex", base), KEY));

fn api(provider: &'static str, base: &str) -> web::Api {
    web::Api::new(provider, base, Duration::from_secs(60)).expect("a client")
}

fn lens() -> Value {
    json!({
        "search_metadata": { "id": "1", "status": "Success" },
        "visual_matches": [
            {
                "position": 1,
                "title": "Marie Curie &mdash; <em>Physicist</em>",
                "link": "https://museum.example/curie",
                "source": "Museum",
                "thumbnail": "https://encrypted.example/images?q=1",
                "image": "https://museum.example/curie-large.jpg",
                "image_width": "1200",
                "image_height": 800,
            },
            { "position": 2, "title": null, "link": "https://shop.example/poster", "thumbnail": "https://encrypted.example/images?q=2" },
            { "position": 3, "title": "A thumbnail within", "link": "https://blog.example/", "thumbnail": "data:image/jpeg;base64,/9j/" },
            { "position": 4, "title": "Without scheme", "link": "//news.example/story", "image": "//news.example/story.jpg" },
        ],
        "knowledge_graph": [{ "title": "Marie Curie" }],
        "related_content": [{ "query": "Pierre Curie", "link": "https://search.example/" }],
    })
}

fn yandex() -> Value {
    json!({
        "search_metadata": { "id": "2", "total_time_taken": 5.23 },
        "image_results": [
            {
                "title": "Curie in <b>1911</b>",
                "snippet": "At the conference",
                "link": "https://archive.example/1911",
                "source": "archive.example",
                "thumbnail": { "link": "https://avatars.example/thumb/1", "serpapi_link": "https://serpapi.example/1", "width": 200, "height": 150 },
                "original_image": { "link": "https://archive.example/1911.jpg", "width": "1024", "height": 768 },
            },
            { "title": "Only a small copy", "link": "https://b.example/", "source": "B, the site", "thumbnail": { "link": "//avatars.example/thumb/2" } },
            { "title": "Nothing to see", "link": "https://c.example/", "thumbnail": null, "original_image": null },
            { "title": "Within", "link": "https://d.example/", "thumbnail": { "link": "data:image/jpeg;base64,/9j/" }, "original_image": {} },
        ],
        "images_results": [{ "original_image": { "link": "https://wrong.example/list.jpg" } }],
    })
}

#[tokio::test]
async fn lens_gives_thumbnails_as_texts() {
    assert_snapshot!(shown(&answered(LENS, &lens()).await.expect("found")), @r"
    https://museum.example/curie-large.jpg
      page https://museum.example/curie
      title Marie Curie — Physicist
      from museum.example
      thumbnail https://encrypted.example/images?q=1
      size 1200x800
    https://encrypted.example/images?q=2
      page https://shop.example/poster
      from shop.example
      thumbnail https://encrypted.example/images?q=2
    https://news.example/story.jpg
      page https://news.example/story
      title Without scheme
      from news.example
    words: Marie Curie | Pierre Curie
    ");
}

#[tokio::test]
async fn yandex_gives_thumbnails_as_objects() {
    assert_snapshot!(shown(&answered(YANDEX, &yandex()).await.expect("found")), @r"
    https://archive.example/1911.jpg
      page https://archive.example/1911
      title Curie in 1911
      from archive.example
      thumbnail https://avatars.example/thumb/1
      size 1024x768
    https://avatars.example/thumb/2
      page https://b.example/
      title Only a small copy
      from b.example
      thumbnail https://avatars.example/thumb/2
    ");
}

#[tokio::test]
async fn either_shape_of_a_thumbnail_is_read_wherever_it_comes() {
    let as_object = json!({ "visual_matches": [{ "image": { "link": "https://a.example/1.jpg" }, "thumbnail": { "link": "https://a.example/t.jpg" } }] });
    let as_text = json!({ "image_results": [{ "original_image": "https://a.example/1.jpg", "thumbnail": "https://a.example/t.jpg" }] });
    for (make, answer) in [(LENS, as_object), (YANDEX, as_text)] {
        let found = answered(make, &answer).await.expect("found");
        let [candidate] = &found.candidates[..] else { panic!("one of {answer}") };
        assert_eq!(
            (candidate.image_uri.as_str(), candidate.thumbnail_url.as_deref()),
            ("https://a.example/1.jpg", Some("https://a.example/t.jpg"))
        );
    }
}

#[tokio::test]
async fn a_public_address_is_searched_for_without_an_upload() {
    for (make, engine, answer) in [(LENS, "google_lens", lens()), (YANDEX, "yandex_images", yandex())] {
        let service = Service::answering(Answer::json(&answer)).await;
        ask(make, &service.base).await.expect("found");
        let [request] = &service.seen()[..] else { panic!("one request") };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/search.json"));
        assert_eq!(request.parameter("engine"), Some(engine));
        assert_eq!(request.parameter("url"), Some(PUBLIC));
        assert_eq!(request.parameter("api_key"), Some(KEY));
    }
}

#[tokio::test]
async fn without_an_address_lens_uploads_and_yandex_says_what_is_missing() {
    let answer = |request: &Seen| match request.path.as_str() {
        "/image" => Answer::json(&json!({ "message": "Image uploaded successfully.", "image_id": "picture-7" })),
        _ => Answer::json(&lens()),
    };
    let service = Service::start(answer).await;
    let provider = LENS(&service.base);
    assert_eq!(provider.needs(), [Need::Picture]);
    assert_eq!(provider.discover(&upload(), 50).await.expect("found").candidates.len(), 3);
    let [uploaded, searched] = &service.seen()[..] else { panic!("an upload and a search") };
    assert_eq!(uploaded.method.as_str(), "POST");
    let parts = uploaded.parts().await;
    let [(key, None, key_sent), (image, Some(file), picture)] = &parts[..] else { panic!("a key and a file: {parts:?}") };
    assert_eq!((key.as_str(), &key_sent[..], image.as_str(), file.as_str()), ("api_key", KEY.as_bytes(), "image", "picture.jpg"));
    assert_clean_jpeg(picture);
    assert_eq!((searched.parameter("image_id"), searched.parameter("url")), (Some("picture-7"), None));

    let yandex = YANDEX(&service.base);
    assert_eq!(yandex.needs(), [Need::PictureUrl]);
    assert_eq!(yandex.discover(&upload(), 50).await, Err(ProviderError::Needs(Need::PictureUrl)));
}

#[tokio::test]
async fn an_upload_takes_500_kb_at_most() {
    let service = Service::answering(Answer::json(&json!({ "image_id": "7" }))).await;
    let probe = ProbeQuery { picture: large_photo(), ..ProbeQuery::default() };
    LENS(&service.base).discover(&probe, 50).await.expect("no error");
    let parts = service.seen()[0].parts().await;
    let (_, _, picture) = parts.iter().find(|(name, _, _)| name == "image").expect("the picture");
    assert!(picture.len() <= 500_000, "{} bytes", picture.len());
    assert_clean_jpeg(picture);
}

#[tokio::test]
async fn an_upload_that_fails_is_told_and_nothing_is_searched() {
    for (answer, kind) in [
        (json!({ "error": "Image is too large." }), "provider_refused"),
        (json!({ "error": "Invalid API key." }), "provider_unauthorized"),
        (json!({ "message": "Image uploaded successfully." }), "provider_answer"),
        (json!({ "image_id": null }), "provider_answer"),
    ] {
        let service = Service::answering(Answer::json(&answer)).await;
        assert_eq!(LENS(&service.base).discover(&upload(), 50).await.expect_err("failed").kind(), kind, "{answer}");
        assert_eq!(service.seen().len(), 1, "{answer}");
    }
}

#[tokio::test]
async fn nothing_found_is_no_error_although_the_service_calls_it_one() {
    let words = "Google Lens hasn't returned any results for this query.";
    for empty in [json!({}), json!({ "visual_matches": [], "image_results": [] }), json!({ "error": words }), json!({ "error": null })] {
        for make in [LENS, YANDEX] {
            assert_eq!(shown(&answered(make, &empty).await.expect("no error")), "", "{empty}");
        }
    }
}

#[tokio::test]
async fn an_error_in_a_200_is_told_by_its_words() {
    for (words, error) in [
        ("Invalid API key. Your API key should be here: https://serpapi.example/manage", ProviderError::Unauthorized),
        ("Your account has run out of searches.", ProviderError::QuotaSpent),
        ("Account's hourly throughput limit was exceeded.", ProviderError::RateLimited { retry_after: None }),
        (
            "The picture at https://pictures.example/query.jpg cannot be fetched.",
            ProviderError::Refused("The picture at cannot be fetched.".into()),
        ),
    ] {
        for make in [LENS, YANDEX] {
            assert_eq!(answered(make, &json!({ "error": words })).await.as_ref().err(), Some(&error), "{words}");
        }
    }
}

/// One status tells of too many searches in an hour and of none left: the account, which costs nothing, tells which.
#[tokio::test]
async fn a_spent_account_is_told_apart_from_haste() {
    for (account, error) in [
        (json!({ "total_searches_left": 0 }), ProviderError::QuotaSpent),
        (json!({ "plan_searches_left": "0" }), ProviderError::QuotaSpent),
        (json!({ "total_searches_left": 12 }), ProviderError::RateLimited { retry_after: Some(Duration::from_secs(30)) }),
        (json!({}), ProviderError::RateLimited { retry_after: Some(Duration::from_secs(30)) }),
    ] {
        let given = account.clone();
        let service = Service::start(move |request| match request.path.as_str() {
            "/account" if request.parameter("api_key") == Some(KEY) => Answer::json(&given),
            _ => Answer::of(429, &[("retry-after", "30")], "{}"),
        })
        .await;
        assert_eq!(ask(LENS, &service.base).await, Err(error), "{account}");
    }
}

#[tokio::test]
async fn while_the_service_is_to_be_left_alone_not_even_the_account_is_asked_for() {
    let service = Service::answering(Answer::of(429, &[("retry-after", "3600")], "{}")).await;
    let provider = YANDEX(&service.base);
    for _ in 0..3 {
        assert_eq!(provider.discover(&probe(), 50).await.expect_err("busy").kind(), "provider_rate_limited");
    }
    let asked: Vec<String> = service.seen().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/search.json", "/account"]);
}

#[tokio::test]
async fn a_service_that_fails() {
    fails_like_every_other(LENS).await;
    fails_like_every_other(YANDEX).await;
}

#[tokio::test]
async fn a_service_that_answers_strangely() {
    bears_every_strange_answer(LENS, &lens()).await;
    bears_every_strange_answer(YANDEX, &yandex()).await;
}
