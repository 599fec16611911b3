//! What the processes of one test share: a folder, a pool of pictures, a database, files, and the web outside.

use crate::{
    common::{self, Form},
    node::{Node, Role},
    postgres::{self, Database},
    s3_server::{self, S3Server},
    web::{GOOD, Web},
};
use serde_json::Value;
use std::{fs, path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Pictures of the pool that a search lists; one more is broken.
const OF_THE_POOL: usize = 5;

/// Pictures that a small search looks at.
const SMALL: usize = 3;

const BUCKET: &str = "artifacts";

pub struct Ground {
    pub folder: TempDir,
    pub web: Web,
    /// None: SQLite, and one process.
    pub database: Option<Database>,
    /// None: a folder.
    bucket: Option<S3Server>,
    /// Set on top of the usual variables, the same for every process.
    pub variables: Vec<(String, String)>,
}

impl Ground {
    pub async fn on_sqlite() -> Self {
        Self { folder: common::folder(), web: Web::start().await, database: None, bucket: None, variables: Vec::new() }
    }

    /// None where this machine has no Postgres.
    pub async fn on_postgres() -> Option<Self> {
        let database = Some(postgres::database().await?);
        Some(Self { database, ..Self::on_sqlite().await })
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.push((name.into(), value.to_string()));
        self
    }

    /// Files lie in a bucket from now on.
    pub async fn with_a_bucket(self) -> Self {
        let server = S3Server::start().await;
        server.create(BUCKET);
        let endpoint = server.endpoint.clone();
        let ground = Self { bucket: Some(server), ..self };
        ground
            .with("ARTIFACTS_URL", format!("s3://{BUCKET}/requests"))
            .with("S3_ENDPOINT", endpoint)
            .with("AWS_ACCESS_KEY_ID", s3_server::KEY)
            .with("AWS_SECRET_ACCESS_KEY", s3_server::SECRET)
    }

    pub fn bucket(&self) -> &S3Server {
        self.bucket.as_ref().expect("files lie in a bucket")
    }

    /// Where the processes keep files, if not in a bucket.
    pub fn artifacts(&self) -> PathBuf {
        self.folder.path().join("artifacts")
    }

    /// As long as it is there, no process looks for faces.
    pub fn hold(&self) -> PathBuf {
        self.folder.path().join("hold")
    }

    pub fn hold_runs(&self) {
        fs::write(self.hold(), "").expect("the file");
    }

    pub fn let_runs_go(&self) {
        fs::remove_file(self.hold()).expect("the file was there");
    }

    /// A process of this name: the name is that of its own folder.
    pub async fn start(&self, role: Role, name: &str) -> Node {
        let of_folder = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let mut variables = vec![
            ("DATA_DIR".to_owned(), of_folder(name)),
            ("ARTIFACTS_URL".into(), format!("file:{}", self.artifacts().display())),
            ("POOLS".into(), format!("samples={}", of_folder("pool"))),
            ("POOLS_SYNC".into(), "false".into()),
            ("PROVIDERS".into(), "samples,brave".into()),
            // A face of one flat colour is as blurred as can be.
            ("QUALITY_GATE".into(), "off".into()),
            ("SIGNING_KEY".into(), "the same key on every machine".into()),
            ("MAX_CONCURRENCY".into(), "3".into()),
            ("WORKERS".into(), "3".into()),
            ("WORKER_HEARTBEAT".into(), "1".into()),
            ("CLUSTER_HOLD".into(), self.hold().to_string_lossy().into_owned()),
        ];
        variables.extend(self.web.variables().map(|(name, value)| (name.to_owned(), value)));
        if let Some(database) = &self.database {
            variables.push(("DATABASE_URL".into(), database.url()));
        }
        variables.extend(self.variables.iter().cloned());
        Node::start(role, &variables).await
    }

    /// A search in the pool and on the web, with words of its own.
    pub fn form(words: &str) -> Form {
        Form::good().field("hint", words).field("providers", "samples,brave")
    }

    /// A search on the web alone, for the first pictures that it names.
    pub fn small_form(words: &str) -> Form {
        Form::good().field("hint", words).field("providers", "brave").field("max_candidates", &SMALL.to_string())
    }

    /// [`Ground::form`] has completed, with every picture listed once. Where a process died between asking the paid search and
    /// keeping its answer, that search is not asked again: the result goes without it, and says so.
    pub fn assert_whole(&self, words: &str, report: &Value) {
        let (own, of_the_web): (Vec<_>, Vec<_>) = listed(words, report).into_iter().partition(|address| address.starts_with("file:"));
        let once = own.windows(2).all(|pair| pair[0] != pair[1]);
        assert!(own.len() == OF_THE_POOL && once, "{words}: {own:?}");
        self.assert_of_the_web(words, report, of_the_web, GOOD);
    }

    /// The same of [`Ground::small_form`].
    pub fn assert_small(&self, words: &str, report: &Value) {
        self.assert_of_the_web(words, report, listed(words, report), SMALL);
    }

    fn assert_of_the_web(&self, words: &str, report: &Value, of_the_web: Vec<String>, expected: usize) {
        let diagnostics = report["result"]["diagnostics"].as_array().cloned().unwrap_or_default();
        let of_the_search: Vec<&Value> = diagnostics.iter().filter(|d| d["provider"] == "brave").collect();
        let expected = match of_the_search[..] {
            [] => expected,
            // What it is paid for twice it is not asked; nothing else that may be said of it is right here.
            [told] if told["stage"] == "discover" && told["kind"] == "provider_interrupted" && told["count"] == 1 => 0,
            _ => panic!("{words}: {of_the_search:?}"),
        };
        assert_eq!(of_the_web, self.web.good(words)[..expected], "{words}: {report:#}");
    }

    /// Files of requests that the processes have left: what they share, and what each has kept for itself of pictures.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.artifacts()];
        for name in fs::read_dir(self.folder.path()).into_iter().flatten().flatten() {
            folders.extend(["analyses", "downloads"].map(|kept| name.path().join(kept)));
        }
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_none_or(|extension| extension != "lock") {
                    files.push(path);
                }
            }
        }
        files
    }

    /// Once the requests are erased. What is left is named where that does not come.
    pub async fn assert_empty(&self) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !self.files().is_empty() {
            assert!(Instant::now() < patience, "these are left, and no request owns them: {:#?}", self.files());
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The addresses of all pictures in the result of a completed request, in their alphabet's order.
fn listed(words: &str, report: &Value) -> Vec<String> {
    assert_eq!(report["status"], "completed", "{words}: {report:#}");
    let matches = report["result"]["result"][0]["matches"].as_array().cloned().unwrap_or_default();
    let mut listed: Vec<String> = matches.iter().filter_map(|found| Some(found["image_uri"].as_str()?.to_owned())).collect();
    listed.sort();
    listed
}
