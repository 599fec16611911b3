//! What `GET /metrics` tells: counters, gauges and histograms of one service, in Prometheus' text format.
//!
//! Each service has a registry of its own; there is no global one. What is counted is counted by wrappers around the seams
//! ([`CountedVision`], [`CountedFetcher`], [`CountedProvider`], [`Watched`]), so that nothing is forgotten, and by single calls
//! where requests are answered and end. What is a state rather than an event is looked up when somebody asks ([`Now`]).
//!
//! No label ever holds anything of a person or anything unbounded: no ids, addresses, host names, file names or names of pools.
//! Every metric stands in `docs/METRICS.md`; a test sees to it.

mod family;
mod fetching;
mod networks;
mod progress;
mod provider;

pub use family::Described;
pub use fetching::CountedFetcher;
pub use networks::{CountedVision, counted};
pub use progress::Watched;
pub use provider::CountedProvider;

use crate::analyses::LayerCounts;
use crate::pipeline::{Progress, Stage, StageTimes};
use family::{Builder, Of, word};
use models::Vision;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// As the `Content-Type` of `GET /metrics`.
pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Everything that is counted. What nobody asks for costs next to nothing.
pub struct Metrics {
    registry: Registry,
    described: Vec<Described>,
    /// Held while states are put in and the text is written: two who ask at once do not disturb each other.
    asked: Mutex<()>,
    http_requests: Of<Counter, 3>,
    http_duration: Of<Histogram, 2>,
    submitted: Of<Counter, 0>,
    refused: Of<Counter, 1>,
    completed: Of<Counter, 0>,
    failed: Of<Counter, 1>,
    retried: Of<Counter, 0>,
    taken_over: Of<Counter, 0>,
    requests: Of<Gauge, 1>,
    searching: Of<Gauge, 0>,
    stages: Of<Histogram, 1>,
    work: Of<Histogram, 1>,
    candidates: Of<Counter, 1>,
    faces: Of<Counter, 0>,
    network_calls: Of<Counter, 3>,
    network_inputs: Of<Counter, 2>,
    network_duration: Of<Histogram, 2>,
    cache_hits: Of<Counter, 2>,
    cache_misses: Of<Counter, 2>,
    cache_evictions: Of<Counter, 2>,
    cache_broken: Of<Counter, 2>,
    cache_entries: Of<Gauge, 2>,
    cache_bytes: Of<Gauge, 2>,
    provider_calls: Of<Counter, 2>,
    provider_duration: Of<Histogram, 1>,
    downloads: Of<Counter, 2>,
    downloaded: Of<Counter, 1>,
    engine: Of<Gauge, 7>,
    engine_ready: Of<Gauge, 0>,
    engine_stuck: Of<Gauge, 0>,
}

/// The layer that gives nothing up for want of room, and is counted by `GET /pools`.
const POOLS: &str = "pools";

/// A layer of a cache: `analyses` or `downloads`, `memory`, `disk` or `pools` (what syncs have stored, of which hits and misses alone
/// are counted), and what happened to it.
pub type Layer = (&'static str, &'static str, LayerCounts);

/// What is a state, as it is when somebody asks.
pub struct Now {
    /// Requests by state; None where the store could not be asked.
    pub requests: Option<BTreeMap<String, u64>>,
    pub caches: [Layer; 4],
    /// The networks that would do a job now; None while they are loaded.
    pub vision: Option<Arc<dyn Vision>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut b = Builder::new("face_engine");
        let build = b.gauge("build_info", "The version that runs; always 1.", ["version"]);
        build.with([env!("CARGO_PKG_VERSION")]).set(1);
        Self {
            http_requests: b.counter("http_requests", "Requests answered.", ["route", "method", "status"]),
            http_duration: b.histogram("http_request_duration_seconds", "Until the head of the answer was ready.", ["route", "method"]),
            submitted: b.counter("requests_submitted", "Searches that were accepted.", []),
            refused: b.counter("requests_refused", "Searches that were not accepted.", ["reason"]),
            completed: b.counter("requests_completed", "Searches that ended with a result.", []),
            failed: b.counter("requests_failed", "Searches that ended without a result.", ["code"]),
            retried: b.counter("requests_retried", "Searches put back into the queue after a failure.", []),
            taken_over: b.counter("requests_taken_over", "Searches taken up again that another process left unfinished.", []),
            requests: b.gauge("requests", "Searches known, by state.", ["state"]),
            searching: b.gauge("searches_running", "Searches that this process computes.", []),
            stages: b.histogram("stage_duration_seconds", "How long a stage of a search took.", ["stage"]),
            work: b.histogram("work_duration_seconds", "Work of one kind in one search, summed over its pictures.", ["work"]),
            candidates: b.counter("candidates", "Candidate pictures looked at.", ["outcome"]),
            faces: b.counter("faces", "Faces seen in candidate pictures.", []),
            network_calls: b.counter("network_calls", "Calls of the networks.", ["role", "pack", "outcome"]),
            network_inputs: b.counter("network_inputs", "Pictures or crops given to the networks.", ["role", "pack"]),
            network_duration: b.histogram("network_call_duration_seconds", "A call of the networks, its turn included.", ["role", "pack"]),
            cache_hits: b.counter("cache_hits", "What was asked for and known.", ["cache", "layer"]),
            cache_misses: b.counter("cache_misses", "What was asked for and not known.", ["cache", "layer"]),
            cache_evictions: b.counter("cache_evictions", "What was given up for want of room.", ["cache", "layer"]),
            cache_broken: b.counter("cache_broken_files", "Files that were unreadable, and deleted.", ["cache", "layer"]),
            cache_entries: b.gauge("cache_entries", "What is kept.", ["cache", "layer"]),
            cache_bytes: b.gauge("cache_bytes", "Bytes that it takes.", ["cache", "layer"]),
            provider_calls: b.counter("provider_calls", "Questions to providers.", ["provider", "outcome"]),
            provider_duration: b.histogram("provider_call_duration_seconds", "Until a provider had answered.", ["provider"]),
            downloads: b.counter("downloads", "Candidate pictures fetched, or not.", ["from", "outcome"]),
            downloaded: b.counter("downloaded_bytes", "Bytes of the pictures that were had.", ["from"]),
            engine: b.gauge(
                "engine_info",
                "The networks that would do a search now; always 1.",
                ["kind", "engine", "pack", "person", "face", "backup_face", "embedding"],
            ),
            engine_ready: b.gauge("engine_ready", "1 when the networks are warm.", []),
            engine_stuck: b.gauge("engine_stuck_threads", "Threads that hang in the engine.", []),
            asked: Mutex::default(),
            registry: b.registry,
            described: b.described,
        }
    }
}

impl Metrics {
    /// Every metric there is.
    pub fn described(&self) -> &[Described] {
        &self.described
    }

    /// What `GET /metrics` answers.
    pub fn text(&self, now: &Now) -> String {
        let _alone = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        self.requests.clear();
        for (state, count) in now.requests.iter().flatten() {
            self.requests.with([word(state)]).set(number(*count));
        }
        for (cache, layer, counts) in now.caches {
            let labels = [cache, layer];
            self.cache_hits.with(labels).inner().store(counts.hits, Ordering::Relaxed);
            self.cache_misses.with(labels).inner().store(counts.misses, Ordering::Relaxed);
            if layer == POOLS {
                continue;
            }
            self.cache_evictions.with(labels).inner().store(counts.evictions, Ordering::Relaxed);
            self.cache_broken.with(labels).inner().store(counts.broken, Ordering::Relaxed);
            self.cache_entries.with(labels).set(number(counts.entries));
            self.cache_bytes.with(labels).set(number(counts.bytes));
        }
        self.engine.clear();
        self.engine_ready.with([]).set(i64::from(now.vision.is_some()));
        self.engine_stuck.with([]).set(now.vision.as_ref().map_or(0, |vision| number(vision.stuck() as u64)));
        if let Some(info) = now.vision.as_ref().map(|vision| vision.info()) {
            let backup = info.backup_face_model.as_deref().unwrap_or("none");
            let models: [&str; 7] =
                [&info.kind, &info.engine, &info.pack, &info.person_model, &info.face_model, backup, &info.embedding_model];
            self.engine.with(models).set(1);
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _: std::fmt::Result = prometheus_text::encode(&mut text, &self.registry);
        text
    }

    /// `route`: the template, not the address.
    pub fn answered(&self, route: &str, method: &str, status: u16, time: Duration) {
        let method = match method {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
            _ => "other",
        };
        self.http_requests.with([route, method, &status.to_string()]).inc();
        self.http_duration.with([route, method]).observe(time.as_secs_f64());
    }

    /// A search was accepted: once for each, however often the same Idempotency-Key is sent.
    pub fn request_submitted(&self) {
        self.submitted.with([]).inc();
    }

    /// A search was not accepted; `reason`: the code of the error.
    pub fn request_refused(&self, reason: &str) {
        self.refused.with([word(reason)]).inc();
    }

    /// A search has ended with a result.
    pub fn request_completed(&self) {
        self.completed.with([]).inc();
    }

    /// A search has ended without a result; `code`: that of the error.
    pub fn request_failed(&self, code: &str) {
        self.failed.with([word(code)]).inc();
    }

    /// A search goes back to the queue after a failure that may pass.
    pub fn request_retried(&self) {
        self.retried.with([]).inc();
    }

    /// A search that another process left unfinished is taken up again.
    pub fn request_taken_over(&self) {
        self.taken_over.with([]).inc();
    }

    /// A search is computed for as long as what this returns is kept.
    pub fn searching(&self) -> Searching {
        let running = self.searching.with([]);
        running.inc();
        Searching(running)
    }

    /// Counts what a search tells on its way.
    pub fn watching<'a>(&'a self, progress: &'a dyn Progress) -> Watched<'a> {
        Watched::new(progress, self)
    }

    /// What one search worked at.
    pub fn worked(&self, times: &StageTimes) {
        for stage in Stage::ALL {
            self.work.with([stage.name()]).observe(times.seconds(stage));
        }
    }
}

/// A search that is computed; no more when this is dropped.
#[must_use]
pub struct Searching(Gauge);

impl Drop for Searching {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
