//! A real S3 server, signatures checked, over a temporary folder: a bucket is a folder of it. Before it stands a gate that can be
//! shut, so that the server is away and comes back at the same address.

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use server::{config::S3Config, s3::S3Access};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::ServiceExt;

pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "a secret of the tests";

/// What becomes of a request in place of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    Status(StatusCode),
    /// It is never answered.
    Silence,
    /// It is answered once [`S3Server::let_go`] is called.
    Later,
}

type Rule = Box<dyn Fn(&Request) -> Option<Instead> + Send>;

pub struct S3Server {
    pub folder: TempDir,
    pub endpoint: String,
    pub address: SocketAddr,
    /// Requests that came in so far.
    pub requests: Arc<AtomicUsize>,
    /// Connections that were refused so far.
    pub refused: Arc<AtomicUsize>,
    rule: Arc<Mutex<Option<Rule>>>,
    shut: watch::Sender<bool>,
    go: watch::Sender<bool>,
}

impl S3Server {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("a file system"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let (requests, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let rule: Arc<Mutex<Option<Rule>>> = Arc::default();
        let (counted, ruled) = (Arc::clone(&requests), Arc::clone(&rule));
        let (go, is_go) = watch::channel(false);
        let router = Router::new().fallback(move |request: Request| {
            counted.fetch_add(1, Ordering::SeqCst);
            let instead = ruled.lock().expect("the rule").as_ref().and_then(|rule| rule(&request));
            let (service, mut may_go) = (service.clone(), is_go.clone());
            async move {
                match instead {
                    None => service.oneshot(request).await.expect("an answer").map(Body::new),
                    Some(Instead::Status(status)) => {
                        // Who is answered before all is sent may see a reset connection and no answer.
                        let _ = axum::body::to_bytes(request.into_body(), usize::MAX).await;
                        Response::builder().status(status).body(Body::empty()).expect("an answer")
                    }
                    Some(Instead::Silence) => std::future::pending().await,
                    Some(Instead::Later) => {
                        let _ = may_go.wait_for(|go| *go).await;
                        service.oneshot(request).await.expect("an answer").map(Body::new)
                    }
                }
            }
        });
        let (shut, is_shut) = watch::channel(false);
        let address = gate(serve(router).await, is_shut, Arc::clone(&refused)).await;
        Self { folder, endpoint: format!("http://{address}"), address, requests, refused, rule, shut, go }
    }

    /// An object; its bucket is made where it is not there yet.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let path = self.folder.path().join(bucket).join(key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, bytes).expect("the object");
    }

    pub fn create(&self, bucket: &str) {
        std::fs::create_dir_all(self.folder.path().join(bucket)).expect("the bucket");
    }

    /// The keys of every object in a bucket, as they lie on the disk.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        fn collect(root: &Path, folder: &Path, keys: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    collect(root, &entry, keys);
                } else {
                    keys.push(entry.strip_prefix(root).expect("below").to_string_lossy().into_owned());
                }
            }
        }
        let (root, mut keys) = (self.folder.path().join(bucket), Vec::new());
        collect(&root, &root, &mut keys);
        keys.sort();
        keys
    }

    /// What uploads in parts have left.
    pub fn unfinished(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains("upload")).collect()
    }

    pub fn access(&self) -> Arc<S3Access> {
        S3Access::with_keys(config(&self.endpoint), KEY, SECRET)
    }

    /// From now on every connection is closed, and new ones are refused.
    pub fn go_away(&self) {
        self.shut.send_replace(true);
    }

    pub fn come_back(&self) {
        self.shut.send_replace(false);
    }

    /// What was held back is answered, and what comes is.
    pub fn let_go(&self) {
        self.go.send_replace(true);
    }

    /// From now on the rule is asked first.
    pub fn rule(&self, rule: impl Fn(&Request) -> Option<Instead> + Send + 'static) {
        *self.rule.lock().expect("the rule") = Some(Box::new(rule));
    }
}

pub fn config(endpoint: &str) -> S3Config {
    S3Config { endpoint: Some(endpoint.to_owned()), ..S3Config::default() }
}

pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Passes connections on. The port stays taken while it is shut, so that nobody else gets it meanwhile.
async fn gate(target: SocketAddr, shut: watch::Receiver<bool>, refused: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            if *shut.borrow() {
                refused.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            let mut shut = shut.clone();
            tokio::spawn(async move {
                let Ok(mut to) = TcpStream::connect(target).await else { return };
                tokio::select! {
                    _ = copy_bidirectional(&mut from, &mut to) => {}
                    _ = shut.wait_for(|shut| *shut) => {}
                }
            });
        }
    });
    address
}
