//! `quality`: how a request says what is done about faces too poor to be sure of.

use crate::common::{FakeVision, Form, TestApp, folder};
use insta::assert_snapshot;

#[tokio::test(flavor = "multi_thread")]
async fn strict_refuses_a_poor_photo_with_its_reasons() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let form = || Form::good().field("quality", "strict");
    let reply = app.client.post(form().field("sync", "true")).await;
    assert_eq!(reply.status, 422, "{}", reply.text());
    let error = &reply.json()["error"];
    assert_eq!(error["code"], "low_quality");
    let reasons = error["details"]["reasons"].as_array().expect("reasons");
    assert!(reasons.contains(&"blurred".into()), "{error:#}");
    assert!(error["message"].as_str().is_some_and(|sentence| sentence.contains("sharper")), "{error:#}");

    let id = app.client.accepted(form()).await;
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("low_quality")));
    assert_eq!(report["error"]["details"]["reasons"], error["details"]["reasons"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_request_does_not_say_the_setting_says() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("QUALITY_GATE", "standard")], FakeVision::default()).await;
    let statuses = async |form: Form| {
        let reply = app.client.post(form.field("sync", "true").field("top_k", "2")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let matches = reply.json()["result"][0]["matches"].clone();
        matches.as_array().expect("matches").iter().map(|m| (m["match_status"].clone(), m["held_back"].clone())).collect::<Vec<_>>()
    };
    let by_default = statuses(Form::good()).await;
    assert_eq!(by_default, statuses(Form::good().field("quality", "standard")).await);
    for (status, held_back) in by_default {
        assert_eq!(status, "POSSIBLE");
        assert!(held_back.as_array().is_some_and(|reasons| reasons.contains(&"blurred".into())), "{held_back}");
    }
    for (status, held_back) in statuses(Form::good().field("quality", "off")).await {
        assert_eq!((status, held_back), ("MATCH".into(), serde_json::json!([])));
    }
    assert_eq!(app.client.get("/health").await.json()["quality_gate"], "standard");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_gate_is_refused() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    assert_snapshot!(app.client.post(Form::good().field("quality", "hard")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "invalid_field",
        "details": {
          "field": "quality"
        },
        "message": "`quality` must be `off`, `standard` or `strict`."
      },
      "request_id": "[id]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_which_gate_and_shows_what_was_held_back() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("QUALITY_GATE", "standard")], FakeVision::default()).await;
    let html = [("accept", "text/html")];
    let home = app.client.send("GET", "/", &html, &[]).await.text();
    assert!(home.contains("<select name=\"quality\"") && home.contains("<option value=\"standard\" selected"), "{home}");
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    let page = app.client.send("GET", &format!("/requests/{id}"), &html, &[]).await.text();
    for words in ["Held back: blurred", "poor evidence", "<meter", "played: no pictures"] {
        assert!(page.contains(words), "{words}");
    }
}
