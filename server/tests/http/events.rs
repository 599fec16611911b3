//! `GET /events/{id}`: what happens, in order, once each, from wherever the client stands.

use crate::common::{FakeVision, Form, TestApp, folder};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

/// `(id, event, data)` of every event of a stream.
fn events(text: &str) -> Vec<(u64, String, Value)> {
    let value = |block: &str, name: &str| block.lines().find_map(|l| l.strip_prefix(name)).map(|v| v.trim().to_owned());
    text.split("\n\n")
        .filter_map(|block| {
            let data = serde_json::from_str(&value(block, "data:")?).expect("JSON in data");
            Some((value(block, "id:")?.parse().expect("a number as id"), value(block, "event:")?, data))
        })
        .collect()
}

/// What a stream says until these words have come.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), words: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(words) {
        let read = stream.read(&mut buffer).await.expect("the stream");
        assert_ne!(read, 0, "the stream ended early: {text}");
        text += &String::from_utf8_lossy(&buffer[..read]);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_late_reads_everything_and_the_stream_ends() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    let reply = app.client.get(&format!("/events/{id}")).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/event-stream"));
    let events = events(&reply.text());
    let ids: Vec<u64> = events.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>(), "1, 2, 3... without a gap");
    let count = |name: &str| events.iter().filter(|(_, event, _)| event == name).count();
    assert_eq!((count("candidate"), count("match"), count("done"), count("error")), (6, 5, 1, 0));
    for (_, event, data) in &events {
        assert_eq!(data["type"], event.as_str(), "the name of an event is the type of its data");
    }
    let (_, last, data) = events.last().expect("events");
    assert_eq!(last, "done");
    assert_eq!(data["counts"]["candidates"], 6);
    let signed = events
        .iter()
        .filter(|(_, event, _)| event == "match")
        .all(|(.., data)| data["report"]["crop"].as_str().is_none_or(|link| link.contains("signature=")));
    assert!(signed, "links in events are signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_goes_on_where_it_was() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    let path = format!("/events/{id}");
    let all = events(&app.client.get(&path).await.text());
    let rest = app.client.send("GET", &path, &[("last-event-id", "3")], &[]).await;
    assert_eq!(events(&rest.text()), all[3..]);

    let last = all.len().to_string();
    let nothing = app.client.send("GET", &path, &[("last-event-id", &last)], &[]).await;
    assert_eq!(nothing.status, 204, "an EventSource does not come back after this");
    let nonsense = app.client.send("GET", &path, &[("last-event-id", "first")], &[]).await;
    assert_eq!((nonsense.status, nonsense.json()["error"]["details"]["field"].as_str()), (400, Some("Last-Event-ID")));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_while_the_request_runs() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(Form::good()).await;
    let mut stream = app.client.start("GET", &format!("/events/{id}"), &[], &[]).await;
    // The query waits at the gate: the first stage is told before anything is done.
    let text = read_until(&mut stream, "event: stage").await;
    assert!(!text.contains("event: done"));
    assert_eq!(app.client.status(&id).await["status"], "running");
    app.vision.gate.open();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("the stream ends by itself");
    assert!(rest.contains("event: done"), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_ends_with_an_error_event() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::lawful().file("image", "wall.png", &crate::common::pictures::grey())).await;
    let events = events(&app.client.get(&format!("/events/{id}")).await.text());
    let (_, last, data) = events.last().expect("events");
    assert_eq!((last.as_str(), data["error"]["code"].as_str()), ("error", Some("no_face")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_request_is_erased_or_the_service_stops() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let (erased, kept) = (app.client.accepted(Form::good()).await, app.client.accepted(Form::good()).await);
    let open = async |id: &str| app.client.start("GET", &format!("/events/{id}"), &[], &[]).await;
    let (mut erased_stream, mut kept_stream) = (open(&erased).await, open(&kept).await);
    // Both are followed before anything ends: the first is told its stage, the second waits in the queue.
    read_until(&mut erased_stream, "event: stage").await;
    read_until(&mut kept_stream, "text/event-stream").await;
    let service = app.service.clone();
    let erasing = tokio::spawn(async move { service.jobs.erase(erased.parse().expect("an id")).await });
    let mut rest = String::new();
    erased_stream.read_to_string(&mut rest).await.expect("the stream ends with the request");
    assert!(rest.contains("event: error") && rest.contains("\"gone\""), "{rest}");
    app.vision.gate.open();
    erasing.await.expect("erased").expect("erased");
    app.service.stop().await;
    kept_stream.read_to_string(&mut String::new()).await.expect("the stream ends with the service");
}
