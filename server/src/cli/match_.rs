//! `face-engine match`: one search from a shell, without a server.
//!
//! The matches go to stdout (a table or JSON), everything said about how they came about to stderr.

use super::start_logging;
use super::table::{notes, table};
use crate::clock::SystemClock;
use crate::config::{Config, Environment, PoolPlace};
use crate::discovery::{self, FolderProvider, MAX_URLS, Provider, UrlsProvider, check_url};
use crate::fetch::{Downloads, S3Fetcher, Surroundings};
use crate::objects::{FolderObjects, Objects};
use crate::pipeline::{self, ImageLimits, MatchJob, PipelineContext, Progress, QueryPhotos, distinct, validate_query};
use crate::s3::S3Access;
use crate::service::Networks;
use anyhow::{Context, bail, ensure};
use app::api::{EventKind, MAX_QUERY_PHOTOS, MatchOptions, MatchResult, MatchStatus, QualityGate};
use bytes::Bytes;
use std::collections::{BTreeMap, HashSet};
use std::io::{IsTerminal, Read, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// Compares the face of one picture with the pictures of a folder.
///
/// Face vectors are biometric data. By running this you affirm that your search has a lawful purpose and that you have
/// the right to make it; `--purpose` says which, and is kept with the result where `--out` keeps one.
///
/// Exit status: 0 at least one match or possible match; 1 none; 2 an error, told on stderr.
#[derive(Debug, clap::Args)]
pub struct MatchArgs {
    /// The picture with the face to look for (JPEG, PNG, WebP or GIF).
    photo: PathBuf,
    /// A further photo of the same person; may be given several times. All photos together make one vector, which is
    /// steadier than that of one; 8 are the most.
    #[arg(long, value_name = "PHOTO")]
    also: Vec<PathBuf>,
    /// A folder of pictures to search, with all below it; may be given several times. Without it, --url and --provider:
    /// the configured POOLS.
    #[arg(long, value_name = "DIR")]
    pool: Vec<PathBuf>,
    /// An address of a picture to compare with; may be given several times.
    #[arg(long, value_name = "URL", value_parser = check_url)]
    url: Vec<String>,
    /// Ask this provider, by its name in `face-engine providers`; may be given several times. A search by picture sends
    /// the photo, a search by words sends the --hint to somebody else; without this option nothing is sent to anyone.
    #[arg(long, value_name = "NAME")]
    provider: Vec<String>,
    /// Words about the person or the picture, for searches by words.
    #[arg(long, value_name = "WORDS", value_parser = hint)]
    hint: Option<String>,
    /// Print the whole result as JSON.
    #[arg(long)]
    json: bool,
    /// How many matches to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    top_k: u64,
    /// Leave out pictures less similar than this cosine, -1 to 1.
    #[arg(long, value_name = "T", value_parser = cosine, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// What is done about faces too poor to be sure of: `off` (told only), `standard` (two of them are never a MATCH) or `strict` (not listed; a
    /// poor face in the photo is refused). Without it: QUALITY_GATE.
    #[arg(long, value_name = "GATE")]
    quality: Option<QualityGate>,
    /// Which face of the photo, where it shows several: 0 is the largest. In each photo of --also the face most like this one
    /// is taken.
    #[arg(long, value_name = "I")]
    face: Option<usize>,
    /// How many pictures to look at.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_candidates: u64,
    /// Why the search is made: told with the result, and kept with it where `--out` keeps one.
    #[arg(long, default_value = "command line")]
    purpose: String,
    /// Keep crops, annotated pictures, embeddings and the result in this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A clap parser: a cosine is a number from -1 to 1.
fn cosine(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (-1.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a number from -1 to 1 is expected".into()),
    }
}

/// A clap parser: as long as the HTTP interface takes it.
fn hint(text: &str) -> Result<String, String> {
    if text.chars().count() > 500 { Err("at most 500 characters are taken".into()) } else { Ok(text.to_owned()) }
}

pub fn run(arguments: MatchArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime.context("cannot start").and_then(|runtime| runtime.block_on(search(arguments)));
    Ok(match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Told here, because an error's status differs from that of the other verbs: 1 has a meaning.
        Err(error) => {
            eprintln!("face-engine: {error:#}");
            ExitCode::from(2)
        }
    })
}

/// True where something was at least possibly a match.
async fn search(arguments: MatchArgs) -> anyhow::Result<bool> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    if std::env::var_os("LOG").is_none() {
        // The notes on stderr say what a person wants to know.
        config.log.filter = "warn".into();
    }
    start_logging(&config.log);
    let limits = ImageLimits { max_bytes: config.http.max_upload_bytes, max_pixels: config.http.max_pixels, ..ImageLimits::default() };
    let query = read_photos(&arguments, &limits)?;
    ensure!(arguments.url.len() <= MAX_URLS, "at most {MAX_URLS} addresses are taken (--url)");
    let s3 = S3Access::new(config.s3.clone());
    let providers = providers(&arguments, &config, &s3)?;
    let objects: Option<Arc<dyn Objects>> = match &arguments.out {
        Some(folder) => Some(Arc::new(FolderObjects::open(folder).with_context(|| format!("cannot write to {}", folder.display()))?)),
        None => None,
    };

    // What stands in is loaded when it is needed: most searches are over before.
    let visions = Networks::configured(&config.engine).visions(&config.engine, Arc::new(SystemClock));
    let vision = visions.choose().await.context("the networks cannot be loaded (`make models` prepares them)")?.vision;
    let skipped = vision.info().skipped.clone();

    let downloads = Downloads::new(&config.download, limits.max_pixels, &config.user_agent(), Surroundings::default())?;
    let mut context = PipelineContext::new(vision, providers, objects.clone());
    context.visions = Some(visions);
    context.downloads_folder = config.download.folder.clone();
    context.fetcher = Arc::new(downloads.fetchers().with_objects(Arc::new(S3Fetcher::new(s3))));
    context.limits = limits;
    context.max_concurrency = config.jobs.max_concurrency.unwrap_or(context.max_concurrency);
    context.job_timeout = config.jobs.job_timeout;
    context.provider_timeout = config.discovery.timeout;
    let job = MatchJob {
        request_id: Uuid::new_v4(),
        options: MatchOptions {
            purpose: arguments.purpose.clone(),
            // Affirmed by running the command, as its help says.
            consent: true,
            top_k: usize::try_from(arguments.top_k)?,
            threshold: arguments.threshold,
            max_candidates: usize::try_from(arguments.max_candidates)?,
            face: arguments.face,
            urls: arguments.url.clone(),
            hint: arguments.hint.clone(),
            quality: arguments.quality.unwrap_or(config.quality.gate),
            ..MatchOptions::default()
        },
        query,
        retry_count: 0,
        max_retries: 0,
        kept: BTreeMap::new(),
    };
    if let Some(objects) = &objects {
        for photo in job.query.iter() {
            let key = format!("input/{}/query/{}", job.request_id, photo.name);
            objects.put(&key, photo.bytes.clone()).await.context("cannot keep the photo")?;
        }
        let purpose = Bytes::from(arguments.purpose.clone());
        objects.put(&format!("input/{}/purpose.txt", job.request_id), purpose).await.context("cannot keep the purpose")?;
    }
    let progress = Arc::new(Terminal::new());
    let watcher = Arc::clone(&progress);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            watcher.cancelled.store(true, Ordering::Relaxed);
        }
    });
    let result = pipeline::run(&context, &job, &*progress).await;
    progress.clear();
    let result = result?;

    for reason in skipped {
        eprintln!("engine passed over: {reason}");
    }
    eprint!("{}", notes(&result, &progress.last_counts()));
    eprintln!("purpose: {}", arguments.purpose);
    if let Some(folder) = &arguments.out {
        eprintln!("kept in: {}", folder.join(&result.output_working_dir).display());
    }
    let text = if arguments.json { serde_json::to_string_pretty(&result)? + "\n" } else { table(&result) };
    // A reader that has seen enough (`| head`) is no error.
    let _ = stdout().write_all(text.as_bytes());
    Ok(has_match(&result))
}

fn has_match(result: &MatchResult) -> bool {
    result.result.iter().flat_map(|probe| &probe.matches).any(|found| found.match_status != MatchStatus::NoMatch)
}

/// The photos that the command line names, each file once.
fn read_photos(arguments: &MatchArgs, limits: &ImageLimits) -> anyhow::Result<QueryPhotos> {
    ensure!(arguments.also.len() < MAX_QUERY_PHOTOS, "at most {MAX_QUERY_PHOTOS} photos of one person are taken (--also)");
    let mut photos = Vec::new();
    for path in std::iter::once(&arguments.photo).chain(&arguments.also) {
        let bytes = read_photo(path, limits.max_bytes)?;
        photos.push((validate_query(&bytes, limits).with_context(|| path.display().to_string())?, bytes));
    }
    QueryPhotos::of(distinct(photos)).context("no photo is named")
}

/// At most one byte more than allowed is read: the check that follows tells the rest.
pub(super) fn read_photo(path: &Path, max_bytes: u64) -> anyhow::Result<Bytes> {
    let name = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("cannot open the photo {name}"))?;
    ensure!(file.metadata().is_ok_and(|m| m.is_file()), "{name} is not a file");
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).with_context(|| format!("cannot read the photo {name}"))?;
    Ok(bytes.into())
}

/// Those that the command line names: one per folder, named after it, one for the addresses, and those asked for by name.
/// Where it names none, the pools that the environment configures: nobody else is asked without being named.
fn providers(arguments: &MatchArgs, config: &Config, s3: &Arc<S3Access>) -> anyhow::Result<Vec<Arc<dyn Provider>>> {
    let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
    if !arguments.provider.is_empty() {
        let all = discovery::configured(config, s3)?;
        for name in &arguments.provider {
            if let Some(absent) = all.absent.iter().find(|absent| absent.name == *name) {
                bail!("the provider {name} is not configured: set {}", absent.variables.join(" and "));
            }
            let present = all.present.iter().find(|provider| provider.name() == name);
            providers.push(present.with_context(|| format!("there is no provider {name}; `face-engine providers` lists them"))?.clone());
        }
    }
    if !arguments.url.is_empty() {
        providers.push(Arc::new(UrlsProvider));
    }
    let mut taken: HashSet<String> = providers.iter().map(|provider| provider.name().to_owned()).collect();
    if providers.is_empty() && arguments.pool.is_empty() {
        for pool in &config.discovery.pools {
            if let PoolPlace::Folder(path) = &pool.place {
                ensure!(path.is_dir(), "the pool {} is not a folder: name one with --pool", path.display());
            }
        }
        providers = discovery::pools(&config.discovery, s3);
    }
    for pool in &arguments.pool {
        if !pool.is_dir() {
            bail!("the pool {} is not a folder", pool.display());
        }
        let stem = pool.file_name().map_or_else(|| "pool".to_owned(), |name| name.to_string_lossy().into_owned());
        let mut name = stem.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{stem}-{number}");
            number += 1;
        }
        providers.push(Arc::new(FolderProvider::new(name, pool.clone())));
    }
    Ok(providers)
}

/// One line on stderr that counts, where a person looks on.
struct Terminal {
    shows: bool,
    cancelled: AtomicBool,
    counts: std::sync::Mutex<app::api::Counts>,
}

impl Terminal {
    fn new() -> Self {
        Self { shows: stderr().is_terminal(), cancelled: AtomicBool::new(false), counts: std::sync::Mutex::default() }
    }

    fn last_counts(&self) -> app::api::Counts {
        *self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn clear(&self) {
        if self.shows {
            eprint!("\r\x1b[K");
        }
    }
}

impl Progress for Terminal {
    fn emit(&self, event: EventKind) {
        if let EventKind::Candidate { counts, .. } | EventKind::Stage { counts, .. } = event {
            *self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = counts;
            if self.shows {
                eprint!("\r\x1b[K{} of {} pictures, {} faces", counts.processed, counts.candidates, counts.faces);
            }
        }
    }

    fn log(&self, message: String) {
        tracing::debug!("{message}");
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempFolder;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: MatchArgs,
    }

    fn parsed(line: &str) -> Result<MatchArgs, clap::Error> {
        Line::try_parse_from(std::iter::once("match").chain(line.split(' '))).map(|line| line.arguments)
    }

    #[test]
    fn options_out_of_range_are_refused_with_their_name() {
        for (line, name) in
            [("p.jpg --threshold 1.5", "--threshold"), ("p.jpg --threshold NaN", "--threshold"), ("p.jpg --top-k 0", "--top-k")]
        {
            let refusal = parsed(line).expect_err(line).to_string();
            assert!(refusal.contains(name), "{refusal}");
        }
        let refusal = parsed("p.jpg --url https://a.example/1.jpg --url ftp://a.example/2.jpg").expect_err("no web address").to_string();
        assert!(refusal.contains("ftp://a.example/2.jpg") && refusal.contains("no http or https address"), "{refusal}");
        let refusal = parsed(&format!("p.jpg --hint {}", "x".repeat(501))).expect_err("too long").to_string();
        assert!(refusal.contains("--hint") && refusal.contains("500 characters"), "{refusal}");
        let read = parsed("p.jpg --pool a --pool b --threshold -0.25 --face 1").expect("in range");
        assert_eq!((read.pool.len(), read.threshold, read.face), (2, Some(-0.25), Some(1)));
    }

    #[test]
    fn several_photos_are_read_in_their_order_each_file_once_and_a_bad_one_is_named() {
        let folder = TempFolder::new();
        let picture = |name: &str, grey: u8| {
            let path = folder.path().join(name);
            image::RgbImage::from_pixel(9, 9, image::Rgb([grey; 3])).save(&path).expect("a picture can be written");
            path.display().to_string()
        };
        let (a, b, copy) = (picture("a.png", 1), picture("b.png", 2), picture("copy.png", 1));
        let read = |line: &str| read_photos(&parsed(line).expect("reads"), &ImageLimits::default()).map_err(|error| format!("{error:#}"));
        assert_eq!(read(&a).expect("one photo").count(), 1);
        let photos = read(&format!("{a} --also {b} --also {copy}")).expect("two photos");
        let bytes: Vec<_> = photos.iter().map(|photo| photo.bytes.to_vec()).collect();
        assert_eq!(bytes, [a.as_str(), b.as_str()].map(|path| std::fs::read(path).expect("is there")));

        let text = folder.write("notes.jpg", b"no picture").display().to_string();
        let refusal = read(&format!("{a} --also {text}")).expect_err("no picture");
        assert!(refusal.contains("notes.jpg: The file is no picture"), "{refusal}");
        let refusal = read(&(a.clone() + &format!(" --also {b}").repeat(8))).expect_err("nine");
        assert_eq!(refusal, "at most 8 photos of one person are taken (--also)");
    }

    /// The names of those who are asked.
    fn asked(line: &str, variables: &[(&str, &str)]) -> anyhow::Result<Vec<String>> {
        let config = Config::from_environment(&Environment::of(variables))?;
        let asked = providers(&parsed(line)?, &config, &S3Access::new(config.s3.clone()))?;
        Ok(asked.iter().map(|provider| provider.name().to_owned()).collect())
    }

    #[test]
    fn nobody_outside_is_asked_without_being_named() {
        let here = std::env::temp_dir();
        let pools = format!("own={},bucket=s3://photos", here.display());
        let variables = [("POOLS", pools.as_str()), ("BRAVE_KEY", "k")];
        let names = |line: &str| asked(line, &variables).map_err(|error| error.to_string());
        assert_eq!(names("p.jpg --hint Curie"), Ok(vec!["own".into(), "bucket".into()]));
        assert_eq!(names("p.jpg --provider brave --provider openverse"), Ok(vec!["brave".into(), "openverse".into()]));
        assert_eq!(names("p.jpg --provider own --url https://a.example/1.jpg"), Ok(vec!["own".into(), "urls".into()]));
        let refusal = names("p.jpg --provider tineye").expect_err("no key");
        assert_eq!(refusal, "the provider tineye is not configured: set TINEYE_KEY");
        assert!(names("p.jpg --provider bing").expect_err("unknown").contains("no provider bing"));
    }
}
