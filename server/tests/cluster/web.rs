//! What the processes ask outside: a search that is paid for each time it is asked (Brave's), and the host of the pictures that
//! it names. It lives in the test's own process, so that its count is right whoever is killed.
//!
//! Every search has words of its own, and finds pictures at addresses of its own: so each question, and each picture in a result,
//! tells whose it is.

use crate::common::pictures;
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::json;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, time::sleep};

/// Pictures that each search names.
pub const PICTURES: usize = 6;
/// The last of them is none.
pub const GOOD: usize = PICTURES - 1;

const SEARCH_TAKES: Duration = Duration::from_millis(60);
const PICTURE_TAKES: Duration = Duration::from_millis(25);

pub struct Web {
    pub address: SocketAddr,
    /// How often the search was asked for these words.
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

impl Web {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(HashMap::new()));
        let kept = asked.clone();
        let files: Arc<Vec<Vec<u8>>> = Arc::new((0..GOOD).map(file).collect());
        let router = Router::new().fallback(move |request: Request| {
            let (kept, files) = (kept.clone(), files.clone());
            async move {
                match request.uri().path() {
                    "/res/v1/images/search" => {
                        let query = request.uri().query().unwrap_or_default().as_bytes();
                        let words = url::form_urlencoded::parse(query).find(|(name, _)| name == "q").map(|(_, words)| words.into_owned());
                        let words = words.unwrap_or_default();
                        // Paid for when it is asked, whoever is still there to read the answer.
                        *kept.lock().expect("whole").entry(words.clone()).or_insert(0) += 1;
                        sleep(SEARCH_TAKES).await;
                        found(address, &words)
                    }
                    path => {
                        sleep(PICTURE_TAKES).await;
                        let number = path.rsplit_once('/').and_then(|(_, name)| name.strip_suffix(".jpg")?.parse::<usize>().ok());
                        match number {
                            Some(number) if number < GOOD => {
                                // Processes keep it in memory for a while.
                                let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "max-age=600")];
                                (headers, files[number].clone()).into_response()
                            }
                            Some(_) => Html("<h1>Please log in</h1>").into_response(),
                            None => StatusCode::NOT_FOUND.into_response(),
                        }
                    }
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    /// The variables that let a process ask it, and nothing else of loopback.
    pub fn variables(&self) -> [(&'static str, String); 6] {
        [
            ("BRAVE_URL", format!("http://{}", self.address)),
            ("BRAVE_KEY", "key".into()),
            ("DOWNLOAD_ALLOW", self.address.to_string()),
            ("DOWNLOADS_PER_SECOND", "9999".into()),
            ("DOWNLOADS_PER_HOST", "64".into()),
            ("DOWNLOAD_RETRIES", "0".into()),
        ]
    }

    /// How often the search was asked for these words.
    pub fn asked(&self, words: &str) -> usize {
        self.asked.lock().expect("whole").get(words).copied().unwrap_or(0)
    }

    /// The addresses of the pictures that such a search lists in the end, in their alphabet's order.
    pub fn good(&self, words: &str) -> Vec<String> {
        (0..GOOD).map(|number| picture(self.address, words, number)).collect()
    }
}

fn picture(host: SocketAddr, words: &str, number: usize) -> String {
    format!("http://{host}/{}/{number}.jpg", words.replace(' ', "-"))
}

fn found(host: SocketAddr, words: &str) -> Response {
    let result = |number: usize| {
        let address = picture(host, words, number);
        json!({ "title": format!("Picture {number}"), "url": format!("{address}.html"), "properties": { "url": address } })
    };
    let results: Vec<_> = (0..PICTURES).map(result).collect();
    ([(header::CONTENT_TYPE, "application/json")], json!({ "type": "images", "results": results }).to_string()).into_response()
}

/// Each another photograph, of one and of another face in turns.
fn file(number: usize) -> Vec<u8> {
    let colour = if number.is_multiple_of(2) { [200, 30, 30] } else { [30, 30, 200] };
    pictures::as_jpeg(&pictures::portrait(number as u32 + 1, 128, colour), 85)
}
