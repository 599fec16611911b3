//! Hosts on loopback that do as they are told, byte by byte; names for them; and the downloads that ask them.

#![allow(dead_code)] // Two test programs share this, and neither uses all of it.

use async_trait::async_trait;
use server::config::{Config, Environment};
use server::discovery::{Candidate, Location};
use server::fetch::{Downloads, FetchError, FetchRequest, Fetched, Fetcher, Names, RetryBudget, Surroundings};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// What a host does next on a connection.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// Says nothing more until the other side has gone.
    Stall,
    /// Ends the connection as a crash would.
    Reset,
    /// Goes on with the next request of the connection; without it, the connection is closed.
    KeepAlive,
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Asked {
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a host has seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub asked: Mutex<Vec<Asked>>,
    pub connections: AtomicUsize,
    pub open: AtomicUsize,
    /// Requests that this host was making wait at one time.
    waiting: AtomicUsize,
    pub most_waiting: AtomicUsize,
}

impl Seen {
    pub fn targets(&self) -> Vec<String> {
        self.asked.lock().expect("whole").iter().map(|asked| asked.target.clone()).collect()
    }

    pub fn count(&self) -> usize {
        self.asked.lock().expect("whole").len()
    }

    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

type Script = dyn Fn(&Asked) -> Vec<Step> + Send + Sync;

/// A host on a free port of 127.0.0.1; it ends with the test.
pub struct Host {
    pub port: u16,
    pub seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Host {
    pub async fn start(script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Seen::default());
        let script: Arc<Script> = Arc::new(script);
        let of_task = seen.clone();
        let task = tokio::spawn(async move {
            // Connections end with the host.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, of_task.clone(), script.clone()));
            }
        });
        Self { port, seen, task }
    }

    /// Answers everything with these steps.
    pub async fn saying(steps: Vec<Step>) -> Self {
        Self::start(move |_| steps.clone()).await
    }

    /// `http://127.0.0.1:port` and the path.
    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// `http://name:port` and the path.
    pub fn by(&self, name: &str, path: &str) -> String {
        format!("http://{name}:{}{path}", self.port)
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Seen>, script: Arc<Script>) {
    seen.connections.fetch_add(1, Ordering::SeqCst);
    seen.open.fetch_add(1, Ordering::SeqCst);
    // Counted down also where the task is dropped.
    let _closed = Closed(seen.clone());
    while let Some(asked) = next_request(&mut stream).await {
        let steps = script(&asked);
        seen.asked.lock().expect("whole").push(asked);
        let mut keep_alive = false;
        for step in steps {
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Step::Wait(time) => {
                    let waiting = seen.waiting.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.most_waiting.fetch_max(waiting, Ordering::SeqCst);
                    sleep(time).await;
                    seen.waiting.fetch_sub(1, Ordering::SeqCst);
                }
                Step::Stall => {
                    let mut bytes = [0; 1024];
                    while matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {}
                    return;
                }
                Step::Reset => {
                    let _ = stream.set_zero_linger();
                    return;
                }
                Step::KeepAlive => keep_alive = true,
            }
        }
        if !keep_alive {
            let _ = stream.shutdown().await;
            // What the other side still sends is taken, so that closing does not look like a crash.
            let mut bytes = [0; 1024];
            while matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {}
            return;
        }
    }
}

struct Closed(Arc<Seen>);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn next_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.ok()?;
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    Some(Asked { target, headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect() })
}

/// The head of an answer, ended.
pub fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Said\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    text.into_bytes()
}

/// A whole answer with the length of its body; the connection stays open.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<Step> {
    let length = body.len().to_string();
    let mut all = vec![("content-length", length.as_str())];
    all.extend_from_slice(headers);
    let mut bytes = head(status, &all);
    bytes.extend(body);
    vec![Step::Send(bytes), Step::KeepAlive]
}

pub fn picture_answer(body: &[u8]) -> Vec<Step> {
    answer(200, &[("content-type", "image/jpeg")], body)
}

pub fn redirect(location: &str) -> Vec<Step> {
    answer(302, &[("location", location)], b"")
}

/// What names lead to: an answer for each lookup, the last one for all that follow.
#[derive(Default)]
pub struct Book {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    pub lookups: AtomicUsize,
}

impl Book {
    /// Everything that is not told otherwise leads to 127.0.0.1.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn tell(&self, name: &str, answers: &[&[&str]]) {
        let parsed = |answer: &&[&str]| answer.iter().map(|text| text.parse::<IpAddr>().expect("an address")).collect();
        self.answers.lock().expect("whole").insert(name.into(), answers.iter().map(parsed).collect());
    }
}

#[async_trait]
impl Names for Book {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("whole");
        match answers.get_mut(name) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers.first().cloned().unwrap_or_default()),
            None => Ok(vec![[127, 0, 0, 1].into()]),
        }
    }
}

/// Downloads with variables as in the environment. Pauses before retries are short, hosts may be asked as often as one likes,
/// and there may be many downloads at once on any machine, unless the variables say otherwise.
pub fn downloads(variables: &[(&str, &str)], names: Arc<dyn Names>) -> Downloads {
    downloads_in(variables, Surroundings { names, ..Surroundings::default() })
}

pub fn downloads_in(variables: &[(&str, &str)], surroundings: Surroundings) -> Downloads {
    let folder = std::env::temp_dir().to_string_lossy().into_owned();
    let mut all = vec![
        ("DATA_DIR", folder.as_str()),
        ("DOWNLOAD_RETRY_SHORTEST", "0.001"),
        ("DOWNLOAD_RETRY_LONGEST", "0.01"),
        ("DOWNLOADS_PER_SECOND", "9999"),
        ("MAX_CONCURRENCY", "64"),
    ];
    all.extend_from_slice(variables);
    let config = Config::from_environment(&Environment::of(&all)).expect("a usable configuration");
    Downloads::new(&config.download, config.http.max_pixels, "face-engine tests", surroundings).expect("a client")
}

/// Downloads that may ask these hosts, as 127.0.0.1 and under every name given.
pub fn opened(hosts: &[&Host], names: &[&str], variables: &[(&str, &str)]) -> Downloads {
    let mut allow = Vec::new();
    for host in hosts {
        allow.push(format!("127.0.0.1:{}", host.port));
        allow.extend(names.iter().map(|name| format!("{name}:{}", host.port)));
    }
    let allow = allow.join(",");
    let mut all = vec![("DOWNLOAD_ALLOW", allow.as_str())];
    all.extend_from_slice(variables);
    downloads(&all, Book::new())
}

pub fn candidate(url: &str) -> Candidate {
    Candidate::new("test", Location::Url(url.to_owned()), url)
}

/// A request with a minute and twenty retries.
pub fn request() -> FetchRequest {
    FetchRequest::new(Uuid::new_v4(), 12 << 20, RetryBudget::new(20), Duration::from_secs(60))
}

pub async fn fetch(downloads: &Downloads, url: &str) -> Result<Fetched, FetchError> {
    downloads.fetchers().fetch(&candidate(url), &request()).await
}

/// The bytes, or the kind of the error.
pub async fn had(downloads: &Downloads, url: &str) -> Result<Vec<u8>, &'static str> {
    match fetch(downloads, url).await {
        Ok(fetched) => Ok(read(fetched).await),
        Err(error) => Err(error.kind()),
    }
}

/// On a blocking thread, as the pipeline does.
pub async fn read(fetched: Fetched) -> Vec<u8> {
    tokio::task::spawn_blocking(move || fetched.bytes.read().expect("readable").to_vec()).await.expect("read")
}

/// A JPEG of 40×30 pixels; `number` makes it another one.
pub fn jpeg(number: u32) -> Vec<u8> {
    let [_, red, green, blue] = number.to_be_bytes();
    let mut bytes = io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([red ^ (x as u8 * 6), green, blue.wrapping_add(y as u8 * 8)]));
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("encoded");
    let mut bytes = bytes.into_inner();
    // Behind the end marker, so that no two numbers share a file.
    bytes.extend(number.to_be_bytes());
    bytes
}

/// Asks again and again until it is so; bounded only so that a broken test ends.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let patience = Instant::now() + Duration::from_secs(120);
    while !is_so().await {
        assert!(Instant::now() < patience, "waited in vain until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
