//! A process of its own: this program, started again to run one test that never ends, a service with played networks. Its
//! settings are its environment, as an operator's are. It ends with the test, however that ends.

use crate::{
    common::{Client, until},
    played::Played,
};
use server::{
    cli,
    clock::SystemClock,
    config::{self, Config, Environment},
    http,
    service::Service,
};
use std::{
    collections::HashSet,
    env,
    future::ready,
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tokio::{net::TcpListener, task::spawn_blocking, time::Instant};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The API and the work.
    Serve,
    /// The API alone.
    ServeOnly,
    /// The work alone.
    Worker,
}

/// What each look of the played networks takes, unless `CLUSTER_PACE_MS` says otherwise.
const PACE_MS: u64 = 12;
const READY: &str = "node listens on ";

pub struct Node {
    child: Child,
    pub client: Client,
    /// Requests that it has begun and not ended, by what it logs.
    in_hand: Arc<Mutex<HashSet<String>>>,
    /// The last lines of its log.
    said: Arc<Mutex<Vec<String>>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("a process said:\n{}", self.said.lock().expect("whole").join("\n"));
        }
    }
}

impl Node {
    /// Returns once it works, or listens.
    pub async fn start(role: Role, variables: &[(String, String)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["--exact", "node::a_node", "--ignored", "--nocapture", "--test-threads", "1"]);
        // Nothing of this machine's own settings.
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("CLUSTER_ROLE", format!("{role:?}"));
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let (in_hand, said) = (Arc::default(), Arc::default());
        let (of_log, kept) = (Arc::clone(&in_hand), Arc::clone(&said));
        thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| read_log(&line, &of_log, &kept)));
        let begun = Instant::now();
        let address = spawn_blocking(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            let address = lines.find_map(|line| line.split_once(READY)?.1.parse::<SocketAddr>().ok());
            // Read on: a full pipe would hold it up.
            thread::spawn(move || lines.for_each(drop));
            address
        });
        let Some(address) = address.await.expect("no panic") else {
            let _ = child.wait();
            panic!("a process did not start ({:?}): {}", begun.elapsed(), said.lock().expect("whole").join("\n"));
        };
        Self { child, client: Client(address), in_hand, said }
    }

    /// The requests that it is working on.
    pub fn in_hand(&self) -> Vec<String> {
        self.in_hand.lock().expect("whole").iter().cloned().collect()
    }

    pub async fn is_at_work(&self) {
        until("it is at work", || ready(!self.in_hand().is_empty())).await;
    }

    /// Whether it has logged these words lately.
    pub fn has_said(&self, words: &str) -> bool {
        self.said.lock().expect("whole").iter().any(|line| line.contains(words))
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_some()
    }

    /// SIGKILL: it does not get to say goodbye.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Any other signal, by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("/bin/sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("a shell").success(), "{name} is sent");
    }

    /// SIGTERM, and how it ended.
    pub async fn stop(self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    pub async fn ended(mut self) -> ExitStatus {
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().expect("asked") {
                return status;
            }
            assert!(Instant::now() < patience, "it does not stop");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn read_log(line: &str, in_hand: &Mutex<HashSet<String>>, said: &Mutex<Vec<String>>) {
    let mut said = said.lock().expect("whole");
    said.push(line.to_owned());
    if said.len() > 200 {
        said.drain(..100);
    }
    let Some(id) = line.split_once("request_id=").map(|(_, rest)| rest.split(' ').next().unwrap_or_default().to_owned()) else { return };
    let mut in_hand = in_hand.lock().expect("whole");
    if line.contains(" request started ") {
        in_hand.insert(id);
    } else if [" request completed ", " request failed ", " request will be tried again ", " request waits for the store "]
        .iter()
        .any(|words| line.contains(words))
    {
        in_hand.remove(&id);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the tests of this program start"]
async fn a_node() {
    // The pipe ends with whoever has started this.
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
    let config = Config::from_environment(&Environment::of_process()).expect("a usable configuration");
    cli::start_logging(&config.log);
    let config = with_role(config);
    let pace = env::var("CLUSTER_PACE_MS").ok().and_then(|pace| pace.parse().ok()).unwrap_or(PACE_MS);
    let played = Arc::new(Played::new(Duration::from_millis(pace), env::var_os("CLUSTER_HOLD").expect("a path").into()));
    let service = Service::start(config, Arc::new(SystemClock), Box::new(move || Ok(played.clone()))).await.expect("it starts");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let shutdown = service.shutdown.clone();
    let server = axum::serve(listener, http::router(service.clone())).with_graceful_shutdown(async move { shutdown.cancelled().await });
    let server = tokio::spawn(server.into_future());
    let _ = writeln!(std::io::stdout(), "{READY}{address}");

    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("a signal");
    terminated.recv().await;
    tracing::info!("asked to stop");
    service.stop().await;
    let _ = tokio::time::timeout(Duration::from_secs(10), server).await;
    std::process::exit(0);
}

/// What the command line's verb says, and a shorter pause before a request is tried again.
fn with_role(mut config: Config) -> Config {
    config.role = match env::var("CLUSTER_ROLE").as_deref() {
        Ok("ServeOnly") => config::Role::ServeOnly,
        Ok("Worker") => config::Role::Worker,
        _ => config::Role::Serve,
    };
    config.jobs.retry_pause = Duration::from_millis(20);
    config
}
