//! A small HTTP/1.1 client over a bare socket: one connection a request, so that a test sees what is on the wire.

use super::pictures;
use serde_json::Value;
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[derive(Debug, Clone, Copy)]
pub struct Client(pub SocketAddr);

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text()))
    }

    /// Status and JSON, with ids, times and signatures made the same in every run.
    pub fn snapshot(&self) -> String {
        let mut json = self.json();
        redact("", &mut json);
        format!("{} {json:#}", self.status)
    }
}

fn redact(name: &str, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| redact(name, item)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| redact(name, value)),
        Value::String(text) if text.len() == 24 && text.ends_with('Z') && name.ends_with("_at") => *text = "[time]".into(),
        Value::String(text) => {
            let ids =
                text.split(['/', '?', ' ']).filter(|part| part.parse::<uuid::Uuid>().is_ok()).map(ToOwned::to_owned).collect::<Vec<_>>();
            for id in ids {
                *text = text.replace(&id, "[id]");
            }
        }
        Value::Number(_) if matches!(name, "seconds" | "time_taken") => *value = "[seconds]".into(),
        _ => {}
    }
}

/// A multipart form.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<u8>);

const BOUNDARY: &str = "----a-boundary-of-the-tests";

impl Form {
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.0.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        self
    }

    pub fn file(mut self, name: &str, file_name: &str, bytes: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n");
        self.0.extend(head.bytes());
        self.0.extend(b"content-type: application/octet-stream\r\n\r\n");
        self.0.extend(bytes);
        self.0.extend(b"\r\n");
        self
    }

    /// Purpose and consent.
    pub fn lawful() -> Self {
        Self::default().field("purpose", "a test of the search").field("consent", "true")
    }

    /// A whole, good request.
    pub fn good() -> Self {
        Self::lawful().file("image", "photo of somebody.png", &pictures::red())
    }

    pub fn body(mut self) -> Vec<u8> {
        self.0.extend(format!("--{BOUNDARY}--\r\n").bytes());
        self.0
    }
}

impl Client {
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], &[]).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], &[]).await
    }

    pub async fn post(&self, form: Form) -> Reply {
        self.post_with(form, &[]).await
    }

    pub async fn post_with(&self, form: Form, headers: &[(&str, &str)]) -> Reply {
        self.try_post_with(form, headers).await.expect("the whole answer, not a reset connection")
    }

    /// As [`Client::post_with`], where the other side may be gone, or may go in the middle of its answer.
    pub async fn try_post_with(&self, form: Form, headers: &[(&str, &str)]) -> io::Result<Reply> {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let mut all = vec![("content-type", kind.as_str())];
        all.extend_from_slice(headers);
        self.try_send("POST", "/match", &all, &form.body()).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes()).await
    }

    /// Queues a good request; its id.
    pub async fn accepted(&self, form: Form) -> String {
        let reply = self.post(form).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        reply.json()["request_id"].as_str().expect("an id").to_owned()
    }

    pub async fn status(&self, id: &str) -> Value {
        self.get(&format!("/status/{id}")).await.json()
    }

    /// Waits until the request has ended; its status report.
    pub async fn ended(&self, id: &str) -> Value {
        super::until("the request has ended", || async {
            matches!(self.status(id).await["status"].as_str(), Some("completed" | "failed"))
        })
        .await;
        self.status(id).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.try_send(method, path, headers, body).await.expect("the whole answer, not a reset connection")
    }

    /// As [`Client::send`], where the other side may be gone, or may go in the middle of its answer.
    pub async fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        let stream = self.try_start(method, path, headers, body).await?;
        let (mut read, mut write) = stream.into_split();
        let body = body.to_vec();
        // Writing and reading at once: the answer may come before the whole body is taken.
        let writing = tokio::spawn(async move {
            let _ = write.write_all(&body).await;
            write
        });
        let mut bytes = Vec::new();
        read.read_to_end(&mut bytes).await?;
        drop(writing.await);
        parse(&bytes).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Sends the head of a request; the caller sends the body and reads the answer.
    pub async fn start(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        self.try_start(method, path, headers, body).await.expect("the head is sent")
    }

    async fn try_start(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.0).await?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n", self.0, body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        stream.write_all(head.as_bytes()).await?;
        Ok(stream)
    }
}

/// None where the answer ends before its end.
fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).expect("a status");
    let headers: Vec<(String, String)> =
        lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let mut body = bytes[end + 4..].to_vec();
    if header("transfer-encoding") == Some("chunked") {
        body = dechunk(&body)?;
    }
    if let Some(length) = header("content-length").filter(|_| status != 204) {
        let length: usize = length.parse().expect("a length");
        if body.len() < length {
            return None;
        }
    }
    Some(Reply { status, headers, body })
}

fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|w| w == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).expect("a length"), 16).expect("a length");
        if length == 0 {
            return Some(body);
        }
        body.extend(bytes.get(end + 2..end + 2 + length)?);
        bytes = bytes.get(end + 2 + length + 2..)?;
    }
}
