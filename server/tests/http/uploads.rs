//! Uploads: what comes at once takes no more memory than the operator has set, and nothing is read that there is no room for.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};
use insta::assert_snapshot;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const KIND: &str = "multipart/form-data; boundary=----a-boundary-of-the-tests";
/// Room for three uploads of [`large`], and not for four.
const ROOM: [(&str, &str); 2] = [("MAX_UPLOAD_BYTES", "262144"), ("UPLOADS_MAX_BYTES", "2457600")];

/// A good form of some 700 KiB: what stands behind a picture's end is no part of it.
fn large() -> Vec<u8> {
    let padded = |picture: Vec<u8>, number: u8| [picture, vec![number; 240 << 10]].concat();
    let form = (0..3).fold(Form::lawful(), |form, number| form.file("image", "photo.png", &padded(pictures::red(), number)));
    form.body()
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_come_at_once_take_no_more_room_than_there_is() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &ROOM, FakeVision::default()).await;
    let (all, body) = (app.service.uploads.left(), large());
    assert_eq!(all, 2_457_600);
    // Three are on their way, and have sent nothing but their heads.
    let mut under_way = Vec::new();
    for number in 1..=3 {
        under_way.push(app.client.start("POST", "/match", &[("content-type", KIND)], &body).await);
        let left = all - number * (body.len() as u64).div_ceil(1024) * 1024;
        until("its room is taken", || async { app.service.uploads.left() == left }).await;
    }
    let refused = app.client.send("POST", "/match", &[("content-type", KIND)], &body).await;
    assert_snapshot!(refused.snapshot(), @r#"
    503 {
      "error": {
        "code": "uploads_full",
        "message": "The service is taking in as many photos as it has room for: try again in a few seconds."
      },
      "request_id": "[id]"
    }
    "#);
    assert_eq!(refused.header("retry-after"), "2");
    let metrics = app.client.get("/metrics").await.text();
    assert!(metrics.contains("face_engine_requests_refused_total{reason=\"uploads_full\"} 1"), "{metrics}");
    assert_eq!(app.client.post(Form::good()).await.status, 202, "a small one finds room beside them");

    // One of the three goes away, the others go on.
    drop(under_way.pop());
    until("its room is free", || async { app.service.uploads.left() > body.len() as u64 }).await;
    for mut stream in under_way {
        stream.write_all(&body).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    }
    until("all of it is free", || async { app.service.uploads.left() == all }).await;
}

/// So many pieces of 256 KiB, without a word on how many there are. The answer's first line.
async fn sent_in_chunks(app: &TestApp, pieces: usize) -> String {
    let mut stream = tokio::net::TcpStream::connect(app.client.0).await.expect("a connection");
    let head =
        format!("POST /match HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {KIND}\r\ntransfer-encoding: chunked\r\n\r\n");
    let piece = [b"40000\r\n".as_slice(), &vec![b'x'; 256 << 10], b"\r\n"].concat();
    let all = [head.into_bytes(), piece.repeat(pieces), b"0\r\n\r\n".to_vec()].concat();
    stream.write_all(&all).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_does_not_say_its_length_takes_room_as_it_comes() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &ROOM, FakeVision::default()).await;
    let (all, body) = (app.service.uploads.left(), large());
    // No form, but all of it is read.
    assert_eq!(sent_in_chunks(&app, 8).await, "HTTP/1.1 400 Bad Request");
    assert_eq!(sent_in_chunks(&app, 12).await, "HTTP/1.1 413 Payload Too Large");
    let mut under_way = Vec::new();
    for _ in 0..3 {
        under_way.push(app.client.start("POST", "/match", &[("content-type", KIND)], &body).await);
    }
    until("little is left", || async { app.service.uploads.left() < 256 << 10 }).await;
    assert_eq!(sent_in_chunks(&app, 2).await, "HTTP/1.1 503 Service Unavailable");
    drop(under_way);
    until("all of it is free", || async { app.service.uploads.left() == all }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told_before_the_upload_is_read() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[("QUEUE_CAPACITY", "1")], FakeVision::closed()).await;
    let first = app.client.accepted(Form::good()).await;
    until("the worker has the first", || async { app.vision.gate.waiting.load(Ordering::SeqCst) == 1 }).await;
    let key = [("idempotency-key", "the second")];
    let second = app.client.post_with(Form::good(), &key).await;
    assert_eq!(second.status, 202);
    // It waits to be told to go on, and is told otherwise: not one byte of its body is sent.
    let body = Form::good().body();
    let headers = [("content-type", KIND), ("expect", "100-continue")];
    let mut third = app.client.start("POST", "/match", &headers, &body).await;
    let mut answer = String::new();
    third.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 5") && answer.contains("queue_full"), "{answer}");
    let again = app.client.post_with(Form::good(), &key).await;
    assert_eq!(
        (again.status, again.json()["request_id"].clone()),
        (202, second.json()["request_id"].clone()),
        "what is known needs no room"
    );
    app.vision.gate.open();
    assert_eq!(app.client.ended(&first).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_key_is_answered_as_before_although_a_pool_is_gone_since() {
    let folder = folder();
    let pools = format!("samples={0},gone={0}", folder.path().join("pool").display());
    let key = [("idempotency-key", "kept")];
    let form = || Form::good().field("providers", "gone");
    let app = TestApp::start_with(folder.path(), &[("POOLS", pools.as_str())], FakeVision::default()).await;
    let first = app.client.post_with(form(), &key).await.json()["request_id"].clone();
    app.client.ended(first.as_str().expect("an id")).await;
    app.stop().await;
    let app = TestApp::start(folder.path()).await;
    let again = app.client.post_with(form(), &key).await;
    assert_eq!((again.status, &again.json()["request_id"]), (202, &first));
    let unknown = app.client.post_with(form(), &[("idempotency-key", "new")]).await;
    assert_eq!((unknown.status, unknown.json()["error"]["code"].as_str()), (400, Some("unknown_provider")));
    let other = app.client.post_with(form().field("top_k", "3"), &key).await;
    assert_eq!((other.status, other.json()["error"]["code"].as_str()), (409, Some("idempotency_conflict")));
}
