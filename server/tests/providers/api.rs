//! What the client of every provider refuses, whoever asks with it.

use crate::service::{Answer, Service};
use server::discovery::{ProviderError, web::Api};
use std::time::Duration;
use tokio::net::TcpListener;

fn api(base: &str, timeout: Duration) -> Api {
    Api::new("tests", base, timeout).expect("a client")
}

const MINUTE: Duration = Duration::from_secs(60);

async fn asked(answer: Answer) -> Result<serde_json::Value, ProviderError> {
    let service = Service::answering(answer).await;
    let api = api(&service.base, MINUTE);
    let answer = api.json(api.get("/search")).await;
    assert_eq!(service.seen().len(), 1, "asked once, whatever came");
    answer
}

#[tokio::test]
async fn who_asks_is_told_and_nothing_else_of_us() {
    let service = Service::answering(Answer::of(200, &[("set-cookie", "id=7")], "{}")).await;
    let api = api(&service.base, MINUTE).user_agent("face-engine/1 (desk@paper.example)");
    for _ in 0..2 {
        api.json(api.get("/search")).await.expect("an answer");
    }
    let seen = service.seen();
    let mut told: Vec<&str> = seen[1].headers.keys().map(|name| name.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["accept", "accept-encoding", "host", "user-agent"], "no cookie, no referer");
    assert_eq!(seen[1].header("user-agent"), Some("face-engine/1 (desk@paper.example)"));
}

#[tokio::test]
async fn an_answer_of_more_than_8_mib_is_not_read() {
    let filler = format!("{{\"filler\": \"{}\"}}", "x".repeat(8 << 20));
    let error = asked(Answer::of(200, &[], &filler)).await.expect_err("too large");
    assert!(matches!(&error, ProviderError::Answer(why) if why.contains("larger")), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let error = asked(Answer::of(302, &[("location", "/elsewhere")], "")).await.expect_err("a redirect");
    assert_eq!(error.kind(), "provider_unavailable");
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let api = api(&format!("http://{}", silent.local_addr().expect("an address")), Duration::from_millis(50));
    assert_eq!(api.json(api.get("/")).await, Err(ProviderError::Timeout));
}

#[tokio::test]
async fn retry_after_may_be_seconds_or_a_date_or_nonsense() {
    for (value, wait) in
        [("120", Some(Duration::from_secs(120))), ("Sun, 06 Nov 1994 08:49:37 GMT", Some(Duration::ZERO)), ("soon", None), ("-1", None)]
    {
        let error = asked(Answer::of(429, &[("retry-after", value)], "")).await;
        assert_eq!(error, Err(ProviderError::RateLimited { retry_after: wait }), "{value}");
    }
    assert_eq!(asked(Answer::of(429, &[], "<html>")).await, Err(ProviderError::RateLimited { retry_after: None }));
}

#[tokio::test]
async fn a_service_that_asks_to_be_left_alone_is_left_alone_by_all_who_share_its_client() {
    for (wait, sent) in [("3600", 1), ("86400", 1), ("0", 2)] {
        let service = Service::answering(Answer::of(429, &[("retry-after", wait)], "")).await;
        let (api, other) = (api(&service.base, MINUTE), api(&service.base, MINUTE));
        assert_eq!(api.json(api.get("/search")).await.expect_err("busy").kind(), "provider_rate_limited");
        let clone = api.clone();
        let again = clone.json(clone.get("/search")).await;
        let left = match again {
            Err(ProviderError::RateLimited { retry_after }) => retry_after.unwrap_or_default(),
            other => panic!("{other:?}"),
        };
        assert!(left <= Duration::from_secs(3600), "an hour at most: {left:?}");
        assert_eq!(service.seen().len(), sent, "Retry-After: {wait}");
        other.json(other.get("/search")).await.expect_err("another client knows nothing of it");
        assert_eq!(service.seen().len(), sent + 1);
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_providers_words_without_what_they_quote() {
    for (body, said) in [
        (r#"{"error": "Unknown engine."}"#, "status 400: Unknown engine."),
        (r#"{"error": {"code": 400, "message": "Bad <b>page</b>"}}"#, "status 400: Bad page"),
        (r#"{"detail": "Not a page"}"#, "status 400: Not a page"),
        (r#"{"message": "See https://a.example/?key=1"}"#, "status 400: See"),
        ("<html>no</html>", "status 400"),
        ("", "status 400"),
    ] {
        assert_eq!(asked(Answer::of(400, &[], body)).await, Err(ProviderError::Refused(said.into())), "{body}");
    }
}
