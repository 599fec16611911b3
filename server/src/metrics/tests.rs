use super::*;
use crate::analyses::LayerCounts;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/METRICS.md");

fn now() -> Now {
    Now {
        requests: Some(BTreeMap::from([("queued".to_owned(), 3)])),
        caches: [("analyses", "memory", LayerCounts::default()); 4],
        vision: None,
    }
}

/// The line of one series, without its value.
fn value(text: &str, series: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned))
}

/// Name, kind and labels of every row of the document's table.
fn documented() -> BTreeSet<String> {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `face_engine_"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        format!("face_engine_{} {} {}", cells[0].trim_end_matches('`'), cells[1], cells[2].replace('`', ""))
    })
    .collect()
}

#[test]
fn every_metric_stands_in_the_document_and_the_document_names_no_other() {
    let described = Metrics::default();
    let described = described.described().iter().map(|of| format!("{} {} {}", of.name, of.kind, of.labels.join(", ")));
    assert_eq!(described.collect::<BTreeSet<_>>(), documented());
}

#[test]
fn names_are_prometheus_names() {
    for of in Metrics::default().described() {
        assert!(of.name.starts_with("face_engine_") && of.name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_'), "{}", of.name);
        assert_eq!(of.kind == "counter", of.name.ends_with("_total"), "{}", of.name);
        assert_eq!(of.kind == "histogram", of.name.ends_with("_duration_seconds"), "{}", of.name);
    }
}

#[test]
fn what_a_metric_is_is_told_in_one_sentence() {
    let text = Metrics::default().text(&now());
    let help: Vec<&str> = text.lines().filter(|line| line.starts_with("# HELP")).collect();
    assert!(help.len() > 10 && help.iter().all(|line| line.ends_with('.') && !line.ends_with("..")), "{help:?}");
}

#[test]
fn two_services_in_one_process_count_apart() {
    let (one, other) = (Metrics::default(), Metrics::default());
    one.request_submitted();
    let submitted = |metrics: &Metrics| value(&metrics.text(&now()), "face_engine_requests_submitted_total");
    assert_eq!((submitted(&one).as_deref(), submitted(&other).as_deref()), (Some("1"), Some("0")));
}

#[test]
fn a_request_is_counted_from_its_submission_to_its_end() {
    let metrics = Metrics::default();
    metrics.request_refused("queue_full");
    metrics.request_retried();
    metrics.request_taken_over();
    metrics.request_completed();
    metrics.request_failed("no_face");
    let running = metrics.searching();
    let text = metrics.text(&now());
    for (series, expected) in [
        ("face_engine_requests_refused_total{reason=\"queue_full\"}", "1"),
        ("face_engine_requests_retried_total", "1"),
        ("face_engine_requests_taken_over_total", "1"),
        ("face_engine_requests_completed_total", "1"),
        ("face_engine_requests_failed_total{code=\"no_face\"}", "1"),
        ("face_engine_requests{state=\"queued\"}", "3"),
        ("face_engine_searches_running", "1"),
    ] {
        assert_eq!(value(&text, series).as_deref(), Some(expected), "{series}\n{text}");
    }
    drop(running);
    assert_eq!(value(&metrics.text(&now()), "face_engine_searches_running").as_deref(), Some("0"));
}

#[test]
fn what_could_be_a_person_or_without_bounds_never_becomes_a_label() {
    let metrics = Metrics::default();
    metrics.request_refused("Somebody's photo.png");
    metrics.request_failed(&"x".repeat(41));
    metrics.answered("(none)", "SEARCH-FOR-SOMEBODY", 404, Duration::ZERO);
    let text = metrics.text(&Now { requests: Some(BTreeMap::from([("Some Body".to_owned(), 1)])), ..now() });
    assert!(!text.to_lowercase().contains("body\"") && !text.contains("photo") && !text.contains("xxx"), "{text}");
    for series in ["requests_refused_total{reason=\"other\"}", "requests_failed_total{code=\"other\"}", "requests{state=\"other\"}"] {
        assert_eq!(value(&text, &format!("face_engine_{series}")).as_deref(), Some("1"), "{series}");
    }
    assert!(text.contains("{route=\"(none)\",method=\"other\",status=\"404\"} 1"), "{text}");
}

#[test]
fn a_state_that_cannot_be_asked_is_not_told_as_it_was() {
    let metrics = Metrics::default();
    assert!(metrics.text(&now()).contains("face_engine_requests{state=\"queued\"} 3"));
    assert!(!metrics.text(&Now { requests: None, ..now() }).contains("face_engine_requests{"));
}

#[test]
fn the_caches_own_counts_are_told_as_they_are() {
    let disk = LayerCounts { hits: 1, misses: 2, evictions: 3, broken: 4, entries: 5, bytes: 6 };
    let nothing = LayerCounts::default();
    let caches =
        [("analyses", "memory", nothing), ("analyses", "disk", disk), ("analyses", "pools", nothing), ("downloads", "memory", disk)];
    let text = Metrics::default().text(&Now { caches, ..now() });
    for (name, expected) in [
        ("hits_total", "1"),
        ("misses_total", "2"),
        ("evictions_total", "3"),
        ("broken_files_total", "4"),
        ("entries", "5"),
        ("bytes", "6"),
    ] {
        for (layer, expected) in
            [("analyses\",layer=\"disk", expected), ("downloads\",layer=\"memory", expected), ("analyses\",layer=\"memory", "0")]
        {
            let series = format!("face_engine_cache_{name}{{cache=\"{layer}\"}}");
            assert_eq!(value(&text, &series).as_deref(), Some(expected), "{series}");
        }
    }
}
