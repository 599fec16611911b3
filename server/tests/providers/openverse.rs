//! Openverse: licence and whom to name come with every picture; pages are small for who has no client.

use crate::service::{
    Answer, Make, Seen, Service, WORDS, answered, bears_every_strange_answer, fails_like_every_other, shown, upload, worded,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::discovery::{Need, ProviderError, web};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const MAKE: Make = |base| Box::new(web::Openverse::new(api(base)));
const REGISTERED: Make = |base| Box::new(web::Openverse::new(api(base)).with_client("client-1", "client-secret"));

fn api(base: &str) -> web::Api {
    web::Api::new("openverse", base, std::time::Duration::from_secs(60)).expect("a client")
}

fn good() -> Value {
    json!({
        "result_count": 3,
        "page_count": 1,
        "page_size": 20,
        "page": 1,
        "results": [
            {
                "id": "a1",
                "title": "Marie <em>Curie</em> &amp; her daughter",
                "foreign_landing_url": "https://collection.example/photos/17",
                "url": "https://live.collection.example/17_large.jpg",
                "thumbnail": "https://api.openverse.example/v1/images/a1/thumb/",
                "creator": "A. Photographer",
                "license": "by-sa",
                "license_version": "4.0",
                "license_url": "https://creativecommons.example/licenses/by-sa/4.0/",
                "attribution": "\"Marie Curie\" by A. Photographer is licensed under CC BY-SA 4.0.",
                "source": "collection",
                "width": 1600,
                "height": "1200",
                "mature": false,
                "tags": [{ "name": "physicist", "accuracy": null }],
            },
            { "title": null, "url": "//static.collection.example/18.png", "creator": "<b>Somebody</b>", "license": "cc0", "license_version": null },
            { "title": "Within", "url": "data:image/png;base64,AAAA", "thumbnail": null },
        ],
    })
}

#[tokio::test]
async fn a_picture_comes_with_its_licence_and_whom_to_name() {
    assert_snapshot!(shown(&answered(MAKE, &good()).await.expect("found")), @r#"
    https://live.collection.example/17_large.jpg
      page https://collection.example/photos/17
      title Marie Curie & her daughter
      from collection.example
      thumbnail https://api.openverse.example/v1/images/a1/thumb/
      size 1600x1200
      licence CC BY-SA 4.0
      licence page https://creativecommons.example/licenses/by-sa/4.0/
      by "Marie Curie" by A. Photographer is licensed under CC BY-SA 4.0.
    https://static.collection.example/18.png
      from static.collection.example
      licence CC0
      by Somebody
    "#);
}

#[tokio::test]
async fn words_go_out_and_nothing_else() {
    let service = Service::answering(Answer::json(&good())).await;
    let provider = MAKE(&service.base);
    assert_eq!(provider.needs(), [Need::Words]);
    assert_eq!(provider.discover(&upload(), 50).await, Err(ProviderError::Needs(Need::Words)));
    assert!(service.seen().is_empty(), "without words nobody is asked");
    provider.discover(&worded("  Marie\nCurie "), 5).await.expect("found");
    let [request] = &service.seen()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v1/images/"));
    assert_eq!(request.parameter("q"), Some(WORDS));
    assert_eq!((request.parameter("page"), request.parameter("page_size")), (Some("1"), Some("5")));
    assert_eq!(request.header("authorization"), None);
    assert!(request.body.is_empty());
    let long = "word ".repeat(100);
    provider.discover(&worded(&long), 5).await.expect("found");
    assert!(service.seen()[1].parameter("q").is_some_and(|q| q.len() <= 200 && q.ends_with("word")), "200 characters are taken");
}

/// Pages full of pictures, `last` of them.
fn pages(last: usize) -> impl Fn(&Seen) -> Answer + Clone + Send + Sync + 'static {
    move |request| {
        let number = |name: &str| request.parameter(name).and_then(|text| text.parse::<usize>().ok()).expect("a number");
        let (page, size) = (number("page"), number("page_size"));
        let results: Vec<Value> = (0..size).map(|item| json!({ "url": format!("https://a.example/{page}/{item}.jpg") })).collect();
        Answer::json(&json!({ "page_count": last.to_string(), "results": results }))
    }
}

#[tokio::test]
async fn pages_are_asked_for_until_there_is_enough() {
    for (last, limit, requests, found) in [(9, 50, 3, 50), (2, 50, 2, 40), (99, 500, 4, 80), (9, 7, 1, 7)] {
        let service = Service::start(pages(last)).await;
        let answer = MAKE(&service.base).discover(&worded(WORDS), limit).await.expect("found");
        assert_eq!((service.seen().len(), answer.candidates.len()), (requests, found), "{limit} of {last} pages");
    }
}

#[tokio::test]
async fn a_further_page_that_fails_costs_itself_only() {
    let good = pages(9);
    let service =
        Service::start(move |request| if request.parameter("page") == Some("1") { good(request) } else { Answer::of(429, &[], "") });
    let service = service.await;
    assert_eq!(MAKE(&service.base).discover(&worded(WORDS), 100).await.expect("found").candidates.len(), 20);
}

#[tokio::test]
async fn a_registered_client_gets_a_token_once_and_larger_pages() {
    let search = pages(1);
    let service = Service::start(move |request| match request.path.as_str() {
        "/v1/auth_tokens/token/" => Answer::json(&json!({ "access_token": "token-1", "expires_in": "36000", "token_type": "Bearer" })),
        _ => search(request),
    })
    .await;
    let provider = REGISTERED(&service.base);
    for _ in 0..2 {
        assert_eq!(provider.discover(&worded(WORDS), 150).await.expect("found").candidates.len(), 150);
    }
    let [token, first, second] = &service.seen()[..] else { panic!("one token, two searches") };
    assert_eq!(token.method.as_str(), "POST");
    let mut form: Vec<_> = url::form_urlencoded::parse(&token.body).into_owned().collect();
    form.sort();
    let sent = [("client_id", "client-1"), ("client_secret", "client-secret"), ("grant_type", "client_credentials")];
    assert_eq!(form, sent.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for search in [first, second] {
        assert_eq!(search.header("authorization"), Some("Bearer token-1"));
        assert_eq!(search.parameter("page_size"), Some("150"));
    }
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_renewed_once() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let given = Arc::clone(&tokens);
    let search = pages(1);
    let service = Service::start(move |request| match request.path.as_str() {
        "/v1/auth_tokens/token/" => {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            Answer::json(&json!({ "access_token": format!("token-{number}"), "expires_in": 36000 }))
        }
        _ if request.header("authorization") == Some("Bearer token-2") => search(request),
        _ => Answer::of(401, &[], "{}"),
    })
    .await;
    assert_eq!(REGISTERED(&service.base).discover(&worded(WORDS), 5).await.expect("found").candidates.len(), 5);
    assert_eq!(tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_client_that_is_refused_is_told_as_such() {
    let client = json!({ "error": "invalid_client" }).to_string();
    for (status, body, kind) in [
        (401, client.as_str(), "provider_unauthorized"),
        (400, &client, "provider_unauthorized"),
        (200, "{}", "provider_answer"),
        (503, "", "provider_unavailable"),
    ] {
        let service = Service::answering(Answer::of(status, &[], body)).await;
        let error = REGISTERED(&service.base).discover(&worded(WORDS), 5).await.expect_err("no token");
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(service.seen().len(), 1, "no search without a token");
    }
}

#[tokio::test]
async fn nothing_found_is_no_error_but_no_list_is() {
    for empty in [json!({ "result_count": 0, "page_count": 0, "results": [] }), json!({ "results": [null, {}] })] {
        assert_eq!(shown(&answered(MAKE, &empty).await.expect("no error")), "", "{empty}");
    }
    for none in [json!({}), json!({ "results": null }), json!([]), json!({ "detail": "Something else" })] {
        assert_eq!(answered(MAKE, &none).await.expect_err("no list").kind(), "provider_answer", "{none}");
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
