//! Addresses of pictures that a request brings along: checked by name before anything is queued, then compared like every
//! other candidate.

use crate::common::{FakeVision, Form, TestApp, folder, pictures};
use axum::{Router, http::StatusCode, routing::get};
use insta::assert_snapshot;
use serde_json::Value;
use tokio::net::TcpListener;

/// A host of pictures on loopback: `127.0.0.1:port`.
async fn host() -> String {
    let router = Router::new()
        .route("/red.png", get(|| async { pictures::red() }))
        .route("/yellow,_small.png", get(|| async { pictures::png(210, 190, 20) }))
        .route("/gone.png", get(|| async { StatusCode::NOT_FOUND }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn matches(result: &Value) -> Vec<(String, String)> {
    let matches = result["result"][0]["matches"].as_array().expect("matches");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    matches.iter().map(|found| (text(&found["provider"]), text(&found["image_uri"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_at_addresses_are_compared_beside_the_pools() {
    let (folder, host) = (folder(), host().await);
    let app = TestApp::start_with(folder.path(), &[("DOWNLOAD_ALLOW", &host)], FakeVision::default()).await;
    let list = format!("http://{host}/red.png\r\nhttp://{host}/yellow,_small.png, http://{host}/gone.png\r\nhttp://{host}/red.png");
    let reply = app.client.post(Form::good().field("sync", "true").field("urls", &list)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let found = matches(&reply.json());
    assert!(found.contains(&("urls".into(), format!("http://{host}/yellow,_small.png"))), "{found:?}");
    // The red picture is the very file that lies in the pool: one match, and both places told.
    let text = reply.text();
    assert!(text.contains(&format!("http://{host}/red.png")) && text.contains("file:1 red.png"), "{text}");
    assert!(reply.json()["diagnostics"].to_string().contains("not_found"), "the one that is gone is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_compared_whoever_else_is_asked_and_alone_where_nobody_is() {
    let (folder, host) = (folder(), host().await);
    std::fs::remove_dir_all(folder.path().join("pool")).expect("the pool is emptied");
    std::fs::create_dir(folder.path().join("pool")).expect("an empty pool");
    let app = TestApp::start_with(folder.path(), &[("DOWNLOAD_ALLOW", &host)], FakeVision::default()).await;
    let urls = format!("http://{host}/yellow,_small.png");
    for providers in ["", "samples", "urls"] {
        let form = Form::good().field("sync", "true").field("urls", &urls).field("providers", providers);
        let reply = app.client.post(form).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(matches(&reply.json()), [("urls".to_owned(), urls.clone())], "providers={providers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_refused_and_counted() {
    let (folder, host) = (folder(), host().await);
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.post(Form::good().field("sync", "true").field("urls", &format!("http://{host}/red.png"))).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(matches(&reply.json()).iter().all(|(provider, _)| provider == "samples"));
    assert!(reply.json()["diagnostics"].to_string().contains("refused"), "{}", reply.json()["diagnostics"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_is_named_and_nothing_is_queued() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let list = "https://pictures.example/1.jpg\nhttps://me:secret@pictures.example/2.jpg";
    assert_snapshot!(app.client.post(Form::good().field("urls", list)).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "invalid_field",
        "details": {
          "field": "urls",
          "url": "https://me:secret@pictures.example/2.jpg"
        },
        "message": "`https://me:secret@pictures.example/2.jpg` in `urls` carries a user name or a password: send addresses of pictures that begin with http:// or https://."
      },
      "request_id": "[id]"
    }
    "#);
    for (field, value) in [
        ("urls", "pictures.example/1.jpg"),
        ("urls", "https://pictures.example/1.jpg, file:///etc/passwd"),
        ("urls", "https://pictures.example/1.jpg\ndata:image/png;base64,AAAA"),
        ("image_url", "ftp://pictures.example/1.jpg"),
    ] {
        let reply = app.client.post(Form::good().field(field, value)).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, error["code"].as_str()), (400, Some("invalid_field")), "{value}: {error}");
        assert_eq!(error["details"]["field"], field);
    }
    let many: Vec<String> = (0..=100).map(|number| format!("https://pictures.example/{number}.jpg")).collect();
    let reply = app.client.post(Form::good().field("urls", &many.join("\n"))).await;
    assert_eq!((reply.status, reply.json()["error"]["message"].as_str()), (400, Some("`urls` must be at most 100 addresses.")));
    assert_eq!(app.client.get("/status").await.json()["requests"].as_array().map(Vec::len), Some(0));
}
