//! A service on loopback that answers as it is told and keeps what it was sent; and the table of failures that every
//! provider goes through.

use crate::spoil::spoiled;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use server::discovery::{Candidate, Found, Location, ProbeQuery, Provider, ProviderError};
use std::{
    io::Cursor,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The parts of a multipart form: name, file name, bytes.
    pub async fn parts(&self) -> Vec<(String, Option<String>, Bytes)> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.headers_mut() = self.headers.clone();
        let mut form = Multipart::from_request(request, &()).await.expect("a multipart form");
        let mut parts = Vec::new();
        while let Some(part) = form.next_field().await.expect("a part") {
            let (name, file) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(ToOwned::to_owned));
            parts.push((name, file, part.bytes().await.expect("its bytes")));
        }
        parts
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub fn json(body: &Value) -> Self {
        Self::of(200, &[], &body.to_string())
    }

    pub fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { status, headers, body: body.as_bytes().to_vec() }
    }

    pub fn bytes(body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }
}

/// Runs as long as the test.
pub struct Service {
    pub base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Service {
    pub async fn start(answer: impl Fn(&Seen) -> Answer + Clone + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 64 << 20).await.expect("the whole body");
                let query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
                let request = Seen { method: head.method, path: head.uri.path().to_owned(), query, headers: head.headers, body };
                let Answer { status, headers, body } = answer(&request);
                kept.lock().expect("what was seen").push(request);
                let mut response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).expect("an answer")
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, seen }
    }

    /// Gives everything the same answer.
    pub async fn answering(answer: Answer) -> Self {
        Self::start(move |_| answer.clone()).await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("what was seen").clone()
    }
}

/// Makes the provider under test, given the base address of its service.
pub type Make = fn(&str) -> Box<dyn Provider>;

pub const PUBLIC: &str = "https://pictures.example/query.jpg";
pub const WORDS: &str = "Marie Curie";

/// A photo with EXIF in it, as a phone makes it.
pub fn photo() -> Bytes {
    let mut jpeg = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(160, 120, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8]));
    DynamicImage::ImageRgb8(picture).write_to(&mut jpeg, ImageFormat::Jpeg).expect("encodes");
    let (start, rest) = jpeg.get_ref().split_at(2);
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x0e\0\0\0\x1a\0\0\0\0\0\0\0Secret Camera\0";
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [start, &[0xff, 0xe1][..], &length[..], &exif[..], rest].concat().into()
}

/// A large picture that does not compress.
pub fn large_photo() -> Bytes {
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).wrapping_mul(3_266_489_917);
    let picture = RgbImage::from_fn(1800, 1200, |x, y| {
        let [r, g, b, _] = noise(x, y).to_le_bytes();
        Rgb([r, g, b])
    });
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut png, ImageFormat::Png).expect("encodes");
    png.into_inner().into()
}

/// A JPEG that says nothing about where it comes from.
pub fn assert_clean_jpeg(bytes: &[u8]) {
    assert_eq!(image::guess_format(bytes).ok(), Some(ImageFormat::Jpeg));
    assert!(image::load_from_memory(bytes).is_ok(), "it can be read");
    for trace in [&b"Exif"[..], b"Secret Camera", b"http://ns.adobe.com"] {
        assert!(!bytes.windows(trace.len()).any(|window| window == trace), "{:?}", String::from_utf8_lossy(trace));
    }
}

/// With picture, public address and words: whatever a provider takes is there.
pub fn probe() -> ProbeQuery {
    ProbeQuery { picture: photo(), picture_url: Some(PUBLIC.into()), ..worded(WORDS) }
}

/// With words alone.
pub fn worded(words: &str) -> ProbeQuery {
    ProbeQuery { words: Some(words.into()), ..ProbeQuery::default() }
}

/// With the picture alone, as an upload usually is.
pub fn upload() -> ProbeQuery {
    ProbeQuery { picture: photo(), ..ProbeQuery::default() }
}

pub async fn ask(make: Make, base: &str) -> Result<Found, ProviderError> {
    make(base).discover(&probe(), 50).await
}

/// What a provider makes of one answer.
pub async fn answered(make: Make, body: &Value) -> Result<Found, ProviderError> {
    ask(make, &Service::answering(Answer::json(body)).await.base).await
}

/// One line a candidate, for a snapshot: address, page, title, domain, and what else there is.
pub fn shown(found: &Found) -> String {
    let mut lines: Vec<String> = found.candidates.iter().map(line).collect();
    if !found.words.is_empty() {
        lines.push(format!("words: {}", found.words.join(" | ")));
    }
    lines.join("\n")
}

fn line(candidate: &Candidate) -> String {
    let mut line = candidate.image_uri.clone();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line += &format!("\n  {name} {value}");
        }
    };
    add("page", candidate.page_url.clone());
    add("title", candidate.title.clone());
    add("from", candidate.source_domain.clone());
    add("thumbnail", candidate.thumbnail_url.clone());
    add("size", candidate.size.map(|(width, height)| format!("{width}x{height}")));
    add("score", candidate.provider_score.map(|score| score.to_string()));
    add("licence", candidate.license.clone());
    add("licence page", candidate.license_url.clone());
    add("by", candidate.attribution.clone());
    for other in &candidate.also {
        add("also", Some(format!("{} on {}", other.image_uri, other.page_url.as_deref().unwrap_or("-"))));
    }
    line
}

/// The table: a service that refuses, is busy, broken or speaks nonsense gives the same error whoever asked it.
pub async fn fails_like_every_other(make: Make) {
    let html = "<!doctype html><title>Sign in</title>";
    for (status, headers, body, kind) in [
        (401, &[][..], r#"{"error": "no"}"#, "provider_unauthorized"),
        (403, &[], "", "provider_unauthorized"),
        (402, &[], "{}", "provider_quota_spent"),
        (429, &[("retry-after", "7")], "{}", "provider_rate_limited"),
        (400, &[], r#"{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}"#, "provider_unauthorized"),
        (400, &[], r#"{"error": "Missing field."}"#, "provider_refused"),
        (404, &[], html, "provider_refused"),
        (302, &[("location", "/elsewhere")], "", "provider_unavailable"),
        (500, &[], html, "provider_unavailable"),
        (503, &[], "", "provider_unavailable"),
        (200, &[], html, "provider_answer"),
        (200, &[], r#"{"images": [{"url": "https://a.exam"#, "provider_answer"),
        (200, &[], "", "provider_answer"),
    ] {
        let service = Service::answering(Answer::of(status, headers, body)).await;
        let error = ask(make, &service.base).await.expect_err(body);
        assert_eq!(error.kind(), kind, "{status} {body}");
        if status == 429 {
            assert_eq!(error, ProviderError::RateLimited { retry_after: Some(Duration::from_secs(7)) });
        }
        // Keys and pictures are not carried on to where an answer points.
        assert!(service.seen().iter().all(|request| request.path != "/elsewhere"), "{status}");
    }
    let past = [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let service = Service::answering(Answer::of(429, &past, "{}")).await;
    assert_eq!(ask(make, &service.base).await, Err(ProviderError::RateLimited { retry_after: Some(Duration::ZERO) }));
    let endless = format!("[{}]", "0,".repeat(5 << 20));
    let service = Service::answering(Answer::of(200, &[], &endless)).await;
    assert_eq!(ask(make, &service.base).await.expect_err("too large").kind(), "provider_answer");
    let gone = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port that was free");
    assert_eq!(ask(make, &format!("http://{gone}")).await.expect_err("nobody there").kind(), "provider_unavailable");
}

/// Every value of a good answer in turn is missing, null or of another kind, then its bytes are spoiled: nothing panics,
/// whatever is named has an address of the web, and what is wrong with one entry of a list costs that entry alone.
pub async fn bears_every_strange_answer(make: Make, good: &Value) {
    let strange = Arc::new(Mutex::new(Vec::new()));
    let given = Arc::clone(&strange);
    let service = Service::start(move |_| Answer::bytes(given.lock().expect("the answer").clone())).await;
    let provider = make(&service.base);
    let answered = async |answer: &[u8]| {
        strange.lock().expect("the answer").clone_from(&answer.to_vec());
        let found = provider.discover(&probe(), 50).await;
        found.iter().flat_map(|found| &found.candidates).for_each(|candidate| assert_harmless(candidate, answer));
        found
    };
    let all = answered(good.to_string().as_bytes()).await.expect("a good answer").candidates.len();
    for (in_an_entry, answer) in strange_answers(good) {
        let found = answered(answer.to_string().as_bytes()).await;
        let left = found.as_ref().map(|found| found.candidates.len());
        assert!(!in_an_entry || left.as_ref().is_ok_and(|left| left + 1 >= all), "{left:?} of {all} left of {answer}");
    }
    let mut read = 0;
    for answer in spoiled(good.to_string().as_bytes(), 500) {
        read += usize::from(answered(&answer).await.is_ok());
    }
    assert!(read > 0, "some of them are still understood");
}

fn assert_harmless(candidate: &Candidate, answer: &[u8]) {
    let answer = String::from_utf8_lossy(answer);
    let Location::Url(url) = &candidate.location else { panic!("an address of the web: {:?}", candidate.location) };
    let others = [&candidate.page_url, &candidate.thumbnail_url, &candidate.license_url];
    let elsewhere = candidate.also.iter().flat_map(|place| [Some(&place.image_uri), place.page_url.as_ref()]).flatten();
    for address in others.into_iter().flatten().chain([url]).chain(&candidate.alternates).chain(elsewhere) {
        assert!(address.starts_with("https://") || address.starts_with("http://"), "{address} of {answer}");
    }
    for words in [&candidate.title, &candidate.license, &candidate.attribution].into_iter().flatten() {
        assert!(!words.contains(char::is_control) && !words.trim().is_empty(), "{words:?} of {answer}");
        assert!(!words.contains("<b>") && !words.contains("</"), "{words:?} of {answer}");
    }
}

/// Each with whether what is strange lies within one entry of a list.
fn strange_answers(good: &Value) -> Vec<(bool, Value)> {
    let mut pointers = Vec::new();
    collect(good, String::new(), &mut pointers);
    let odd = [
        json!(null),
        json!("odd"),
        json!(""),
        json!(-7),
        json!([]),
        json!({}),
        json!([null, 7, "odd", [], {}]),
        json!("//cdn.example/x.jpg"),
        json!("data:image/png;base64,AAAA"),
        json!("javascript:alert(1)"),
        json!("https://me:secret@a.example/x.jpg"),
        json!("<b>bold</b> &amp; <i>brave</i>"),
    ];
    let mut answers: Vec<(bool, Value)> = odd.iter().map(|value| (false, value.clone())).collect();
    for pointer in &pointers {
        let in_an_entry = lies_in_an_entry(pointer);
        for value in &odd {
            let mut answer = good.clone();
            if let Some(place) = answer.pointer_mut(pointer) {
                *place = value.clone();
            }
            answers.push((in_an_entry, answer));
        }
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        let mut answer = good.clone();
        if let Some(object) = answer.pointer_mut(parent).and_then(Value::as_object_mut) {
            object.remove(key);
            answers.push((in_an_entry, answer));
        }
    }
    answers
}

/// `/results/matches/0/score` does; Google's one answer is the first of a list of answers.
fn lies_in_an_entry(pointer: &str) -> bool {
    let parts: Vec<&str> = pointer.split('/').collect();
    parts.windows(2).any(|pair| matches!(pair, [list, place] if *list != "responses" && place.parse::<usize>().is_ok()))
}

/// The pointers of all values below the top.
fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(entries) => entries.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{key}");
        collect(child, pointer.clone(), pointers);
        pointers.push(pointer);
    }
}

/// What standard base64 says.
pub fn from_base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("no base64: {other}"),
    };
    let digits: Vec<u32> = text.trim_end_matches('=').bytes().map(|c| u32::from(digit(c))).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let bits = four.iter().enumerate().fold(0, |bits, (at, digit)| bits | digit << (18 - 6 * at));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}
