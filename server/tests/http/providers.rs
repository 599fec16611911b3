//! Who is asked for candidates, who is not, and what they are sent. The providers are a server on loopback that keeps what it
//! was sent.

use crate::common::{FakeVision, Form, TestApp, folder};
use axum::{Json, Router, body::to_bytes, extract::Request};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Every provider at once.
struct Outside {
    base: String,
    /// Path, words and length of the body of each request.
    asked: Arc<Mutex<Vec<(String, String, usize)>>>,
}

impl Outside {
    async fn start() -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        let router = Router::new().fallback(move |request: Request| {
            let kept = kept.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 64 << 20).await.expect("the whole body");
                let query: Vec<_> = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
                let words = query.into_iter().find(|(name, _)| name == "q" || name == "gsrsearch").map(|(_, words)| words);
                let path = head.uri.path().to_owned();
                let answer = Json(answer(&path));
                kept.lock().expect("what was asked").push((path, words.unwrap_or_default(), body.len()));
                answer
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, asked }
    }

    /// A service that asks here, with the usual settings but for `more`.
    async fn app(&self, folder: &TempDir, more: &[(&str, &str)]) -> TestApp {
        let mut variables =
            vec![("PROVIDERS", ""), ("WIKIMEDIA_URL", &self.base), ("OPENVERSE_URL", &self.base), ("GOOGLE_VISION_URL", &self.base)];
        variables.extend_from_slice(more);
        TestApp::start_with(folder.path(), &variables, FakeVision::default()).await
    }

    /// In the order of their paths: providers are asked side by side.
    fn asked(&self) -> Vec<(String, String, bool)> {
        let mut asked: Vec<_> = self.asked.lock().expect("what was asked").iter().map(|(p, w, n)| (p.clone(), w.clone(), *n > 0)).collect();
        asked.sort();
        asked
    }
}

fn answer(path: &str) -> Value {
    match path {
        "/v1/images/" => json!({ "results": [], "page_count": 0 }),
        "/v1/images:annotate" => json!({ "responses": [{ "webDetection": {
            "bestGuessLabels": [{ "label": "gentleman" }],
            "webEntities": [{ "description": "Ada Lovelace" }],
        } }] }),
        _ => json!({ "batchcomplete": true }),
    }
}

fn asked(path: &str, words: &str, with_picture: bool) -> (String, String, bool) {
    (path.into(), words.into(), with_picture)
}

/// Kind and provider of what was noted about providers.
async fn noted(app: &TestApp, form: Form) -> Vec<String> {
    let reply = app.client.post(form.field("sync", "true")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let diagnostics = reply.json()["diagnostics"].as_array().expect("diagnostics").clone();
    let discover = diagnostics.iter().filter(|noted| noted["stage"] == "discover");
    discover.map(|noted| format!("{} {}", noted["provider"].as_str().unwrap_or("-"), noted["kind"].as_str().unwrap_or("-"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_usual_settings_nothing_leaves_without_a_hint() {
    let (folder, outside) = (folder(), Outside::start().await);
    let app = outside.app(&folder, &[]).await;
    let noted = noted(&app, Form::good()).await;
    assert_eq!(noted, ["openverse provider_needs_more", "wikimedia provider_needs_more"], "who was not asked is told, and why");
    assert!(outside.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_goes_to_the_two_keyless_providers_and_the_photo_to_nobody() {
    let (folder, outside) = (folder(), Outside::start().await);
    let app = outside.app(&folder, &[]).await;
    assert!(noted(&app, Form::good().field("hint", "Ada Lovelace")).await.is_empty());
    let expected = [asked("/v1/images/", "Ada Lovelace", false), asked("/w/api.php", "filetype:bitmap Ada Lovelace", false)];
    assert_eq!(outside.asked(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photo_goes_to_who_has_a_key_and_the_names_that_come_back_to_those_who_take_words() {
    let (folder, outside) = (folder(), Outside::start().await);
    let app = outside.app(&folder, &[("GOOGLE_VISION_KEY", "key")]).await;
    assert!(noted(&app, Form::good()).await.is_empty());
    let expected = [
        asked("/v1/images/", "Ada Lovelace", false),
        asked("/v1/images:annotate", "", true),
        asked("/w/api.php", "filetype:bitmap Ada Lovelace", false),
    ];
    assert_eq!(outside.asked(), expected, "a label that fits anybody is not asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_asker_chooses_who_is_asked() {
    let (folder, outside) = (folder(), Outside::start().await);
    let app = outside.app(&folder, &[("GOOGLE_VISION_KEY", "key")]).await;
    assert!(noted(&app, Form::good().field("providers", "samples").field("hint", "Ada")).await.is_empty());
    assert!(outside.asked().is_empty(), "the pool alone");
    assert!(noted(&app, Form::good().field("providers", "samples,wikimedia").field("hint", "Ada")).await.is_empty());
    assert_eq!(outside.asked(), [asked("/w/api.php", "filetype:bitmap Ada", false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_configured_cannot_be_asked_and_the_variable_is_named() {
    let (folder, outside) = (folder(), Outside::start().await);
    let app = outside.app(&folder, &[("PROVIDERS", "pools,wikimedia")]).await;
    assert_snapshot!(app.client.post(Form::good().field("providers", "samples,yandex_cloud")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "provider_not_configured",
        "details": {
          "field": "providers",
          "provider": "yandex_cloud",
          "variables": [
            "YANDEX_CLOUD_KEY",
            "YANDEX_CLOUD_FOLDER"
          ]
        },
        "message": "The provider `yandex_cloud` is not configured here: its operator has to set YANDEX_CLOUD_KEY and YANDEX_CLOUD_FOLDER."
      },
      "request_id": "[id]"
    }
    "#);
    let switched_off = app.client.post(Form::good().field("providers", "openverse")).await.json();
    assert_eq!(switched_off["error"]["code"], "provider_not_configured");
    assert_eq!(switched_off["error"]["details"]["variables"], json!(["PROVIDERS"]));
    assert_eq!(app.client.get("/status").await.json()["requests"], json!([]), "nothing was queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_lists_who_can_be_asked_what_they_are_sent_and_what_is_missing() {
    let (folder, outside) = (folder(), Outside::start().await);
    let app = outside.app(&folder, &[("PROVIDERS", "pools,wikimedia,brave"), ("BRAVE_KEY", "hush-hush")]).await;
    let health = app.client.get("/health").await;
    assert!(!health.text().contains("hush"), "a key is never shown");
    let health = health.json();
    let line = |p: &Value| {
        let list = |name: &str| p[name].as_array().expect(name).iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+");
        let text = |name: &str| p[name].as_str().expect(name);
        let ready = if p["configured"] == true { "ready" } else { "not" };
        format!("{} | {ready} | {} | {} | {} | {}", text("name"), list("needs"), text("cost"), list("variables"), text("note"))
    };
    let lines: Vec<String> = health["providers"].as_array().expect("providers").iter().map(line).collect();
    assert_snapshot!(lines.join("\n"), @r"
    samples | ready |  | free |  | a folder of the operator's pictures
    urls | ready |  | free |  | addresses of pictures that a request brings along
    wikimedia | ready | words | free |  | files of Wikimedia Commons; your words are sent to it; it asks for a contact: set CONTACT
    brave | ready | words | metered |  | pictures on the web, by Brave Search; your words are sent to it
    google_vision | not | picture | metered | GOOGLE_VISION_KEY | set GOOGLE_VISION_KEY to search pictures on the web by Google Cloud Vision
    serpapi_lens | not | picture | metered | SERPAPI_KEY | set SERPAPI_KEY to search pictures on the web by Google Lens
    serpapi_yandex | not | picture_url | metered | SERPAPI_KEY | set SERPAPI_KEY to search pictures on the web by Yandex
    yandex_cloud | not | picture | metered | YANDEX_CLOUD_KEY+YANDEX_CLOUD_FOLDER | set YANDEX_CLOUD_KEY and YANDEX_CLOUD_FOLDER to search pictures on the web by Yandex Cloud
    tineye | not | picture | metered | TINEYE_KEY | set TINEYE_KEY to search copies of this very photo on the web by TinEye
    openverse | not | words | free | PROVIDERS | switched off by PROVIDERS; it searches freely licensed pictures by Openverse
    searxng | not | words | free | SEARXNG_URL | set SEARXNG_URL to search the engines of a SearXNG of your own
    ");
}
