//! `GET /metrics`, as Prometheus reads it.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};

/// The values of a metric, summed over its series that hold all of `labels`.
fn sum(text: &str, name: &str, labels: &[&str]) -> f64 {
    let of_it = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    let matching = text.lines().filter(of_it).filter(|line| labels.iter().all(|label| line.contains(label)));
    matching.map(|line| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).expect("a number")).sum()
}

async fn metrics(app: &TestApp) -> String {
    let reply = app.client.get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.text()
}

async fn search(app: &TestApp) {
    let id = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&id).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_identical_request_runs_no_network_and_the_metrics_prove_it() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    search(&app).await;
    let first = metrics(&app).await;
    let calls = |text: &str| sum(text, "face_engine_network_calls_total", &[]);
    for role in ["person", "face", "embedding"] {
        let label = format!("role=\"{role}\"");
        assert!(sum(&first, "face_engine_network_calls_total", &[&label, "pack=\"fake\"", "outcome=\"ok\""]) > 0.0, "{first}");
        assert!(sum(&first, "face_engine_network_inputs_total", &[&label]) > 0.0);
        assert!(sum(&first, "face_engine_network_call_duration_seconds_count", &[&label]) > 0.0);
    }
    assert_eq!(sum(&first, "face_engine_cache_hits_total", &["cache=\"analyses\""]), 0.0);
    search(&app).await;
    let second = metrics(&app).await;
    assert_eq!(calls(&second), calls(&first));
    // The query and the five pictures of the pool that can be read.
    assert_eq!(sum(&second, "face_engine_cache_hits_total", &["cache=\"analyses\"", "layer=\"memory\""]), 6.0);
    assert_eq!(sum(&second, "face_engine_cache_misses_total", &["cache=\"analyses\"", "layer=\"disk\""]), 6.0);
    assert_eq!(sum(&second, "face_engine_cache_entries", &["cache=\"analyses\"", "layer=\"disk\""]), 6.0);
    assert_eq!(sum(&second, "face_engine_requests_submitted_total", &[]), 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_a_synced_pool_count_as_known() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    app.client.send("POST", "/pools/samples/sync", &[], &[]).await;
    until("the pool is synced", || async { app.client.get("/pools").await.json()["pools"][0]["state"] == "synced" }).await;
    search(&app).await;
    let text = metrics(&app).await;
    let of_pools = |name: &str| sum(&text, name, &["cache=\"analyses\"", "layer=\"pools\""]);
    // The query is known to nobody.
    assert_eq!((of_pools("face_engine_cache_hits_total"), of_pools("face_engine_cache_misses_total")), (5.0, 1.0), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leaves_its_stages_candidates_faces_and_files() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    search(&app).await;
    let text = metrics(&app).await;
    for stage in ["validate", "discover", "analyse", "rank", "artifacts"] {
        assert_eq!(sum(&text, "face_engine_stage_duration_seconds_count", &[&format!("stage=\"{stage}\"")]), 1.0, "{stage}");
    }
    for work in ["fetch", "decode", "person", "face", "face_again", "align", "embed", "quality", "artifacts"] {
        assert_eq!(sum(&text, "face_engine_work_duration_seconds_count", &[&format!("work=\"{work}\"")]), 1.0, "{work}");
    }
    let candidates = |outcome: &str| sum(&text, "face_engine_candidates_total", &[outcome]);
    assert_eq!([candidates("\"compared\""), candidates("\"failed\"")], [5.0, 1.0]);
    assert_eq!(sum(&text, "face_engine_faces_total", &[]), 4.0);
    assert_eq!(sum(&text, "face_engine_downloads_total", &["from=\"file\"", "outcome=\"picture\""]), 6.0);
    assert!(sum(&text, "face_engine_downloaded_bytes_total", &["from=\"file\""]) > 0.0);
    assert_eq!(sum(&text, "face_engine_provider_calls_total", &["provider=\"pool\"", "outcome=\"ok\""]), 1.0);
    assert_eq!(sum(&text, "face_engine_requests", &["state=\"completed\""]), 1.0);
    assert_eq!(sum(&text, "face_engine_searches_running", &[]), 0.0);
    assert_eq!(sum(&text, "face_engine_engine_info", &["kind=\"fake\"", "pack=\"fake\"", "embedding=\"embedding@00000000\""]), 1.0);
    assert_eq!([sum(&text, "face_engine_engine_ready", &[]), sum(&text, "face_engine_build_info", &[])], [1.0, 1.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_counted_by_route_and_refusals_by_reason() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    app.client.get("/status/00000000-0000-0000-0000-000000000000").await;
    app.client.get("/nowhere/somebody").await;
    app.client.post(Form::default().file("image", "photo.png", &pictures::red())).await;
    let text = metrics(&app).await;
    let answered = |labels: &[&str]| sum(&text, "face_engine_http_requests_total", labels);
    assert_eq!(answered(&["route=\"/status/{request_id}\"", "method=\"GET\"", "status=\"404\""]), 1.0, "{text}");
    assert_eq!(answered(&["route=\"(none)\"", "status=\"404\""]), 1.0);
    assert_eq!(answered(&["route=\"/match\"", "method=\"POST\""]), 1.0);
    assert_eq!(sum(&text, "face_engine_http_request_duration_seconds_count", &["route=\"/match\""]), 1.0);
    assert_eq!(sum(&text, "face_engine_requests_refused_total", &[]), 1.0);
    assert_eq!(sum(&text, "face_engine_requests_submitted_total", &[]), 0.0);
    assert!(!text.contains("somebody") && !text.contains("00000000-0000"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_that_fail_are_counted_by_what_ails_them() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::failing(1)).await;
    search(&app).await;
    let text = metrics(&app).await;
    assert_eq!(sum(&text, "face_engine_network_calls_total", &["role=\"face\"", "outcome=\"engine_failed\""]), 1.0, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_networks_are_loaded_the_metrics_say_so() {
    let folder = folder();
    let vision = FakeVision::default();
    vision.loading.close();
    let app = TestApp::start_with(folder.path(), &[], vision).await;
    let text = metrics(&app).await;
    assert_eq!(sum(&text, "face_engine_engine_ready", &[]), 0.0);
    assert!(!text.contains("face_engine_engine_info{"), "{text}");
}
