//! `face-engine bench-downloads`: 20 and 200 pictures from hosts with 50 ms of latency, timed against the ideal. `make bench`
//! prints it.
//!
//! The hosts run in this process, on loopback, and answer as late and as slowly as they are told; everything between
//! them and a picture's bytes is what a search uses. The ideal is what latency and bandwidth cost at the set concurrency,
//! and nothing else: so many rounds of one picture's time. The last line of stdout is one JSON object.

use super::start_logging;
use crate::config::{Config, Environment};
use crate::discovery::{Candidate, Location};
use crate::fetch::{Downloads, FetchRequest, Fetcher, Names, RetryBudget, Surroundings};
use anyhow::{Context, ensure};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use image::{ImageFormat, RgbImage};
use serde_json::json;
use std::io::{self, Cursor};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

const PICTURES: [usize; 2] = [20, 200];
const LATENCY: Duration = Duration::from_millis(50);
/// Of one connection, in bytes per second.
const BANDWIDTH: f64 = 10.0 * 1024.0 * 1024.0;
const PICTURE_BYTES: usize = 100 * 1024;
/// Written at once; the next piece goes when its time has come.
const PIECE: usize = 16 * 1024;
/// A search finds its pictures on several hosts.
const HOSTS: usize = 8;

#[derive(Debug, clap::Args)]
pub struct BenchDownloadsArgs {
    /// Timed runs of each; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
}

pub fn run(arguments: BenchDownloadsArgs) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(arguments))?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(arguments: BenchDownloadsArgs) -> anyhow::Result<()> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    if std::env::var_os("LOG").is_none() {
        config.log.filter = "warn".into();
    }
    start_logging(&config.log);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port on loopback")?;
    let port = listener.local_addr()?.port();
    // Dropped with this function, and all connections with it.
    let mut hosts = JoinSet::new();
    hosts.spawn(serve(listener, picture()?));

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let concurrency = config.jobs.max_concurrency.unwrap_or(cores + 1);
    let allow: Vec<String> = (0..HOSTS).map(|host| format!("{}:{port}", name(host))).collect();
    config.download.allow = allow.join(",").parse().map_err(anyhow::Error::msg)?;
    let mut measured = Vec::new();
    for pictures in PICTURES {
        let mut walls = Vec::new();
        for run in 0..arguments.runs {
            // Each run begins with nothing: no connection, nothing in the cache, hosts that were asked nothing yet.
            let surroundings = Surroundings { names: Arc::new(Loopback), ..Surroundings::default() };
            let downloads = Downloads::new(&config.download, config.http.max_pixels, &config.user_agent(), surroundings)?;
            walls.push(fetch_all(&downloads, port, run, pictures, concurrency).await?);
        }
        walls.sort_by(f64::total_cmp);
        let wall = walls.get(walls.len() / 2).copied().context("no run was made")?;
        let ideal = pictures.div_ceil(concurrency) as f64 * (LATENCY.as_secs_f64() + PICTURE_BYTES as f64 / BANDWIDTH);
        measured.push(json!({ "pictures": pictures, "wall_s": rounded(wall), "ideal_s": rounded(ideal), "ratio": rounded(wall / ideal) }));
    }
    let of_link = json!({ "latency_s": LATENCY.as_secs_f64(), "bytes_per_s": BANDWIDTH, "picture_bytes": PICTURE_BYTES });
    println!("{}", json!({ "concurrency": concurrency, "link": of_link, "downloads": measured }));
    Ok(())
}

/// Seconds until all pictures are there and read.
async fn fetch_all(downloads: &Downloads, port: u16, run: u32, pictures: usize, concurrency: usize) -> anyhow::Result<f64> {
    let request = FetchRequest::new(Uuid::new_v4(), u64::MAX, RetryBudget::new(0), Duration::from_secs(600));
    let fetchers = downloads.fetchers();
    let fetch = |number: usize| {
        let url = format!("http://{}:{port}/{run}/{number}.jpg", name(number % HOSTS));
        let (fetchers, request) = (&fetchers, &request);
        async move {
            let fetched = fetchers.fetch(&Candidate::new("bench", Location::Url(url.clone()), url), request).await?;
            let bytes = tokio::task::spawn_blocking(move || fetched.bytes.read()).await??;
            ensure!(bytes.len() == PICTURE_BYTES, "a picture came with {} bytes", bytes.len());
            anyhow::Ok(())
        }
    };
    let start = Instant::now();
    let ended: Vec<anyhow::Result<()>> = stream::iter((0..pictures).map(fetch)).buffer_unordered(concurrency).collect().await;
    let wall = start.elapsed().as_secs_f64();
    ended.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    Ok(wall)
}

fn name(host: usize) -> String {
    format!("host-{host}.bench.example")
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// Every name leads to this machine.
struct Loopback;

#[async_trait]
impl Names for Loopback {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

/// A JPEG, with zeros behind its end up to the size that is wanted.
fn picture() -> anyhow::Result<Arc<[u8]>> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(64, 64).write_to(&mut bytes, ImageFormat::Jpeg)?;
    let mut bytes = bytes.into_inner();
    bytes.resize(PICTURE_BYTES, 0);
    Ok(bytes.into())
}

async fn serve(listener: TcpListener, picture: Arc<[u8]>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let picture = picture.clone();
        connections.spawn(async move {
            // It ends when the other side has gone.
            let _ = answer_all(stream, &picture).await;
        });
    }
}

/// One picture after the other, each as late and as slowly as the link says.
async fn answer_all(mut stream: TcpStream, picture: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        // A request ends with an empty line.
        if !line.is_empty() {
            continue;
        }
        let begun = Instant::now() + LATENCY;
        sleep_until(begun).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: {}\r\n\r\n", picture.len());
        write.write_all(head.as_bytes()).await?;
        let mut sent = 0;
        for piece in picture.chunks(PIECE) {
            sent += piece.len();
            // The last byte of a piece arrives when the link has carried all before it.
            sleep_until(begun + Duration::from_secs_f64(sent as f64 / BANDWIDTH)).await;
            write.write_all(piece).await?;
        }
    }
    Ok(())
}
