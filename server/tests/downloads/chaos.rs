//! A web that fails as webs do: a whole search through it, told down to the last picture.
//!
//! Five hosts fail at random, by a seed, so that every run is the same: 10% of their answers are 503, 5% end in a reset, 5%
//! drip, 2% are cut off, 2% lie about their type. A sixth takes every connection and says nothing. A search that knows
//! these faults beforehand says which of its pictures can be had at all.

use crate::common::FakeVision;
use crate::host::{Asked, Host, Step, answer, downloads, head, jpeg};
use app::api::{Counts, EventKind, MatchOptions, ProviderReport};
use async_trait::async_trait;
use server::discovery::{Candidate, Found, Location, ProbeQuery, Provider, ProviderError};
use server::pipeline::{MatchJob, PipelineContext, Progress, QueryPhoto, run, validate_query};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

const LIVE: usize = 5;
/// Every sixth picture stands on the host that is down.
const PICTURES: usize = 240;
/// Attempts at one address: the first and two retries.
const ATTEMPTS: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    None,
    Unavailable,
    Reset,
    Drip,
    CutOff,
    /// Says `text/html`; the picture is there all the same.
    Lie,
}

/// The fault of this attempt at this picture: the output of splitmix64, taken by the hundred.
fn fault(seed: u64, picture: usize, attempt: u64) -> Fault {
    let mut x = seed.wrapping_add((picture as u64 * ATTEMPTS + attempt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    match (x ^ (x >> 31)) % 100 {
        0..10 => Fault::Unavailable,
        10..15 => Fault::Reset,
        15..20 => Fault::Drip,
        20..22 => Fault::CutOff,
        22..24 => Fault::Lie,
        _ => Fault::None,
    }
}

fn fails(fault: Fault) -> bool {
    !matches!(fault, Fault::None | Fault::Lie)
}

/// How often this picture is asked for in vain.
fn failures(seed: u64, picture: usize) -> u64 {
    (0..ATTEMPTS).take_while(|attempt| fails(fault(seed, picture, *attempt))).count() as u64
}

/// A seed under which hosts are flaky but none looks down: no eight pictures of one host in a row fail more than four times.
fn seed() -> u64 {
    let flaky = |seed: &u64| {
        (0..LIVE).all(|host| {
            let of_host: Vec<u64> = (0..PICTURES).filter(|picture| picture % (LIVE + 1) == host).map(|p| failures(*seed, p)).collect();
            of_host.windows(8).all(|window| window.iter().sum::<u64>() <= 4)
        })
    };
    (1..100_000).find(flaky).expect("one of so many")
}

/// `/picture/17`, `/thumbnail/17`
fn number(target: &str) -> usize {
    target.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number")
}

fn chaotic(seed: u64) -> impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static {
    let attempts: Mutex<HashMap<String, u64>> = Mutex::default();
    move |asked| {
        let picture = number(&asked.target);
        if asked.target.starts_with("/thumbnail/") {
            return answer(200, &[("content-type", "image/jpeg")], &jpeg(10_000 + picture as u32));
        }
        let attempt = {
            let mut attempts = attempts.lock().expect("whole");
            let attempt = attempts.entry(asked.target.clone()).or_default();
            *attempt += 1;
            *attempt - 1
        };
        let bytes = jpeg(picture as u32);
        let length = bytes.len().to_string();
        let begun = |part: usize| Step::Send([head(200, &[("content-length", &length)]), bytes[..part].to_vec()].concat());
        match fault(seed, picture, attempt) {
            Fault::None => answer(200, &[("content-type", "image/jpeg")], &bytes),
            Fault::Lie => answer(200, &[("content-type", "text/html; charset=utf-8")], &bytes),
            Fault::Unavailable => answer(503, &[], b"busy"),
            Fault::Reset => vec![Step::Reset],
            Fault::CutOff => vec![begun(bytes.len() / 2)],
            Fault::Drip => {
                let mut steps = vec![begun(20)];
                for byte in &bytes[20..] {
                    steps.extend([Step::Wait(Duration::from_millis(100)), Step::Send(vec![*byte])]);
                }
                steps
            }
        }
    }
}

/// Names the pictures of the web.
struct Web(Vec<Candidate>);

#[async_trait]
impl Provider for Web {
    fn name(&self) -> &str {
        "web"
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new("web", true, "a web of the test")
    }

    async fn discover(&self, _: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        Ok(Found { candidates: self.0.iter().take(limit).cloned().collect(), words: Vec::new() })
    }
}

#[derive(Default)]
struct Told(Mutex<Counts>);

impl Progress for Told {
    fn emit(&self, event: EventKind) {
        if let EventKind::Candidate { counts, .. } = event {
            *self.0.lock().expect("whole") = counts;
        }
    }

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn the_faults_come_as_often_as_they_should() {
    let seed = seed();
    let mut counted: BTreeMap<Fault, usize> = BTreeMap::new();
    for picture in 0..PICTURES {
        for attempt in 0..ATTEMPTS {
            *counted.entry(fault(seed, picture, attempt)).or_default() += 1;
        }
    }
    for (kind, percent) in [(Fault::Unavailable, 10.0), (Fault::Reset, 5.0), (Fault::Drip, 5.0), (Fault::CutOff, 2.0), (Fault::Lie, 2.0)] {
        let came = counted.get(&kind).copied().unwrap_or(0) as f64 * 100.0 / (PICTURES as f64 * ATTEMPTS as f64);
        assert!((came - percent).abs() <= percent * 0.4, "{kind:?}: {came}%");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_web_that_fails_what_can_be_had_is_had_and_the_rest_is_explained() {
    let seed = seed();
    let mut hosts = Vec::new();
    for _ in 0..LIVE {
        hosts.push(Host::start(chaotic(seed)).await);
    }
    let down = Host::saying(vec![Step::Stall]).await;
    let place = |picture: usize, path: &str| match picture % (LIVE + 1) {
        LIVE => down.by("down.example", path),
        live => hosts[live].by(&format!("live-{live}.example"), path),
    };
    let candidates: Vec<Candidate> = (0..PICTURES)
        .map(|picture| {
            let url = place(picture, &format!("/picture/{picture}"));
            let mut candidate = Candidate::new("web", Location::Url(url.clone()), url);
            // Half of what stands on the host that is down has a thumbnail elsewhere.
            if picture % (2 * (LIVE + 1)) == LIVE {
                candidate.thumbnail_url = Some(place(picture + 1, &format!("/thumbnail/{picture}")));
            }
            candidate
        })
        .collect();
    let lost = (0..PICTURES).filter(|picture| picture % (LIVE + 1) != LIVE && failures(seed, *picture) == ATTEMPTS).count();
    let without_hope = PICTURES / (LIVE + 1) / 2;

    let mut allow: Vec<String> = hosts.iter().enumerate().map(|(live, host)| format!("live-{live}.example:{}", host.port)).collect();
    allow.push(format!("down.example:{}", down.port));
    let allow = allow.join(",");
    let fetching =
        downloads(&[("DOWNLOAD_ALLOW", &allow), ("DOWNLOAD_TIMEOUT", "2"), ("DOWNLOAD_BREAKER_PAUSE", "3600")], crate::host::Book::new());
    let mut context = PipelineContext::new(Arc::new(FakeVision::default()), vec![Arc::new(Web(candidates))], None);
    context.fetcher = Arc::new(fetching.fetchers());
    context.max_concurrency = 16;
    context.job_timeout = Duration::from_secs(600);
    let query = jpeg(999_999);
    let job = MatchJob {
        request_id: Uuid::new_v4(),
        options: MatchOptions { max_candidates: PICTURES, top_k: PICTURES, ..MatchOptions::default() },
        query: QueryPhoto { name: validate_query(&query, &context.limits).expect("a picture").name, bytes: query.into() }.into(),
        retry_count: 0,
        max_retries: 0,
        kept: std::collections::BTreeMap::new(),
    };
    let told = Told::default();
    let result = run(&context, &job, &told).await.expect("a result");

    let counts = *told.0.lock().expect("whole");
    let (possible, had) = (PICTURES - without_hope, counts.processed - counts.failed);
    assert!(had * 100 >= possible * 98, "{had} of {possible} had: {:?}", result.diagnostics);
    assert!(lost * 100 <= possible, "the seed leaves room: {lost} fail three times");

    // Every picture is accounted for, and every failure by its kind.
    let failures: BTreeMap<&str, usize> =
        result.diagnostics.iter().filter(|d| d.stage == "fetch").map(|d| (d.kind.as_str(), d.count)).collect();
    assert_eq!((counts.candidates, counts.processed), (PICTURES, PICTURES));
    assert_eq!(failures.values().sum::<usize>(), counts.failed, "{failures:?}");
    assert!(failures.keys().all(|kind| ["host_down", "timeout", "server_error", "interrupted"].contains(kind)), "{failures:?}");

    // The host that is down was asked until its breaker opened, by those under way then, and never again.
    assert_eq!(fetching.client.hosts().openings(&format!("down.example:{}", down.port)), 1);
    let asked = down.seen.connections.load(Ordering::SeqCst);
    assert!((5..=8).contains(&asked), "{asked} connections");
    assert!(failures.get("host_down").copied().unwrap_or(0) + asked >= without_hope, "{failures:?}");
    for (live, host) in hosts.iter().enumerate() {
        assert_eq!(fetching.client.hosts().openings(&format!("live-{live}.example:{}", host.port)), 0, "a flaky host is not down");
    }
}
