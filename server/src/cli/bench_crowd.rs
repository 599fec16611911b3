//! `face-engine bench-crowd`: two hundred uploads at once, and how long `/health/live` takes meanwhile. `make bench` prints it.
//!
//! The service is a process of its own (`face-engine serve`, its database and files in a temporary folder), with the networks
//! of the machine and settings as they are where nobody sets any. The uploads come from this process, on the same cores. The
//! probe knocks at fixed times, on a connection of its own each time; a knock that comes late because the one before took long
//! is counted from the time when it was due. The last line of stdout is one JSON object.

use crate::config::{Config, Environment};
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use uuid::Uuid;

const UPLOADS: usize = 200;
const KNOCK_EVERY: Duration = Duration::from_millis(20);
/// Between two looks at how a request stands.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub struct BenchCrowdArgs {
    /// The photo that is uploaded, each time with another byte behind its end.
    query: PathBuf,
}

pub fn run(arguments: &BenchCrowdArgs) -> anyhow::Result<ExitCode> {
    // A bad value is told here rather than by the child.
    Config::from_environment(&Environment::of_process())?;
    let photo = fs::read(&arguments.query).with_context(|| format!("cannot read {}", arguments.query.display()))?;
    let folder = Folder::new()?;
    let served = Served::start(&folder.0)?;
    let node = served.address;
    wait_until("the networks are warm", || Ok(ask(node, "GET", "/health/ready", &[], &[])?.0 == 200))?;

    let uploading = Knocking::start(node);
    let begun = Instant::now();
    let photo = Arc::new(photo);
    let uploads: Vec<_> = (0..UPLOADS)
        .map(|number| {
            let photo = photo.clone();
            thread::spawn(move || upload(node, number, &photo))
        })
        .collect();
    let (mut statuses, mut seconds, mut accepted) = (BTreeMap::<u16, u64>::new(), Vec::new(), Vec::new());
    for upload in uploads {
        let Ok(answered) = upload.join() else { bail!("an upload panicked") };
        let Answered { status, id, took } = answered?;
        *statuses.entry(status).or_default() += 1;
        seconds.push(took);
        accepted.extend(id);
    }
    let while_uploading = uploading.stop()?;

    let working = Knocking::start(node);
    let mut completed = 0;
    for id in &accepted {
        let mut report = Value::Null;
        wait_until("a request has ended", || {
            report = serde_json::from_slice(&ask(node, "GET", &format!("/status/{id}"), &[], &[])?.1)?;
            Ok(matches!(report["status"].as_str(), Some("completed" | "failed")))
        })?;
        completed += usize::from(report["status"] == "completed");
    }
    let (while_working, wall) = (working.stop()?, begun.elapsed());
    let measured = json!({
        "uploads": UPLOADS,
        "photo_bytes": photo.len(),
        "statuses": statuses,
        "answer_s": percentiles(&mut seconds),
        "live_while_uploading_s": while_uploading,
        "live_while_working_s": while_working,
        "accepted": accepted.len(),
        "completed": completed,
        "wall_s": wall.as_secs_f64(),
    });
    println!("{measured}");
    Ok(ExitCode::SUCCESS)
}

/// Deleted with all that is in it when the measurement ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("face-engine-bench-{}", Uuid::new_v4()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The service, ended with this value.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
        command.arg("serve").env("HOST", "127.0.0.1").env("PORT", "0").env("LOG", "warn");
        command.env("DATABASE_URL", format!("sqlite:{}", folder.join("face-engine.sqlite").display()));
        command.env("ARTIFACTS_URL", format!("file:{}", folder.join("artifacts").display()));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().context("cannot start it")?;
        let stderr = child.stderr.take().context("a service without a log")?;
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let (mut said, mut address) = (String::new(), None);
        for line in lines.by_ref() {
            if let Some((_, url)) = line.split_once("listens on http://") {
                address = url.parse().ok();
                break;
            }
            said = line;
        }
        // What it says from now on belongs to this program's log.
        thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
        let Some(address) = address else {
            let _ = child.wait();
            bail!("the service did not start: {said}");
        };
        Ok(Self { child, address })
    }
}

struct Answered {
    status: u16,
    /// Of the request, where it was accepted.
    id: Option<String>,
    took: f64,
}

fn upload(node: SocketAddr, number: usize, photo: &[u8]) -> anyhow::Result<Answered> {
    const BOUNDARY: &str = "----a-boundary-of-the-benchmark";
    let mut body = Vec::with_capacity(photo.len() + 1024);
    let pools = [("purpose", "a benchmark"), ("consent", "true"), ("max_candidates", "2")];
    for (name, value) in pools {
        body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"image\"; filename=\"photo.jpg\"\r\n\r\n");
    body.extend(head.bytes());
    body.extend(photo);
    // Behind the end of the picture: another file each time, so that nothing is known from the last one.
    body.extend(number.to_be_bytes());
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let begun = Instant::now();
    let (status, answer) = ask(node, "POST", "/match", &[("content-type", &kind)], &body).context("an upload was not answered")?;
    let took = begun.elapsed().as_secs_f64();
    ensure!(matches!(status, 202 | 429 | 503), "an upload was answered {status}: {}", String::from_utf8_lossy(&answer));
    let id = match status {
        202 => serde_json::from_slice::<Value>(&answer)?["request_id"].as_str().map(ToOwned::to_owned),
        _ => None,
    };
    Ok(Answered { status, id, took })
}

/// Asks `/health/live` again and again.
struct Knocking {
    enough: Arc<AtomicBool>,
    task: thread::JoinHandle<anyhow::Result<Vec<f64>>>,
}

impl Knocking {
    fn start(node: SocketAddr) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let stop = enough.clone();
        let task = thread::spawn(move || {
            let (mut seconds, mut due) = (Vec::new(), Instant::now());
            while !stop.load(Ordering::SeqCst) {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let (status, _) = ask(node, "GET", "/health/live", &[], &[])?;
                ensure!(status == 200, "/health/live answered {status}");
                seconds.push(due.elapsed().as_secs_f64());
                due += KNOCK_EVERY;
            }
            Ok(seconds)
        });
        Self { enough, task }
    }

    fn stop(self) -> anyhow::Result<Value> {
        self.enough.store(true, Ordering::SeqCst);
        let Ok(seconds) = self.task.join() else { bail!("the probe panicked") };
        Ok(percentiles(&mut seconds?))
    }
}

/// By the nearest rank.
fn percentiles(seconds: &mut [f64]) -> Value {
    seconds.sort_by(f64::total_cmp);
    let of = |share: f64| {
        let rank = (seconds.len() as f64 * share).ceil() as usize;
        seconds.get(rank.saturating_sub(1)).copied()
    };
    json!({ "count": seconds.len(), "p50": of(0.5), "p99": of(0.99), "longest": of(1.0) })
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !is_so()? {
        ensure!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Status and body of an answer, on a connection of its own.
fn ask(node: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(node)?;
    stream.set_nodelay(true)?;
    // HTTP/1.0: the body ends with the connection.
    let mut head = format!("{method} {path} HTTP/1.0\r\nhost: {node}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    // An answer may come before the whole body is taken.
    let written = stream.write_all(body);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok());
    match (status, end, written) {
        (Some(status), Some(end), _) => Ok((status, answer.split_off(end + 4))),
        (.., Err(error)) => Err(error),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut seconds: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(percentiles(&mut seconds), json!({ "count": 200, "p50": 100.0, "p99": 198.0, "longest": 200.0 }));
        assert_eq!(percentiles(&mut [])["p99"], Value::Null);
    }
}
