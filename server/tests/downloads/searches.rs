//! Whole searches with pictures from the web: what a deadline leaves, and what stopping and erasing leave behind.

use crate::common::{FakeVision, Form, TestApp, folder, pictures, until};
use crate::host::{Host, Step, answer};
use serde_json::Value;
use tempfile::TempDir;

/// A request for these pictures, and no others.
fn asking_for(urls: &[String]) -> Form {
    Form::good().field("providers", "urls").field("urls", &urls.join("\n"))
}

async fn app(folder: &TempDir, host: &Host, variables: &[(&str, &str)]) -> TestApp {
    let allow = format!("127.0.0.1:{}", host.port);
    let mut all = vec![("DOWNLOAD_ALLOW", allow.as_str()), ("DOWNLOAD_TIMEOUT", "100")];
    all.extend_from_slice(variables);
    TestApp::start_with(folder.path(), &all, FakeVision::default()).await
}

/// `stage kind count`, in their order.
fn diagnostics(report: &Value) -> Vec<String> {
    let list = report["result"]["diagnostics"].as_array().cloned().unwrap_or_default();
    list.iter().map(|d| format!("{} {} {}", d["stage"].as_str().unwrap_or(""), d["kind"].as_str().unwrap_or(""), d["count"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_deadline_a_search_ranks_what_it_has_and_counts_the_rest() {
    let host = Host::start(|asked| match asked.target.as_str() {
        "/there.png" => answer(200, &[], &pictures::red()),
        _ => vec![Step::Stall],
    })
    .await;
    let folder = folder();
    let app = app(&folder, &host, &[("JOB_TIMEOUT", "3"), ("MAX_CONCURRENCY", "4")]).await;
    let urls: Vec<String> = ["/there.png", "/1", "/2", "/3", "/4", "/5", "/6"].iter().map(|path| host.at(path)).collect();
    let id = app.client.accepted(asking_for(&urls)).await;
    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    let matches = report["result"]["result"][0]["matches"].as_array().cloned().unwrap_or_default();
    assert_eq!(matches.iter().map(|m| m["image_uri"].as_str().unwrap_or("")).collect::<Vec<_>>(), [host.at("/there.png")]);
    assert_eq!(diagnostics(&report), ["fetch deadline 6"]);
    assert_eq!(report["counts"]["processed"], 7);
    until("the host sees closed connections", || async { host.seen.open() <= 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_running_search_closes_its_sockets() {
    let host = Host::saying(vec![Step::Stall]).await;
    let folder = folder();
    let app = app(&folder, &host, &[]).await;
    let id = app.client.accepted(asking_for(&[host.at("/1.png"), host.at("/2.png")])).await;
    until("both are under way", || async { host.seen.count() == 2 }).await;
    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 204);
    until("the host sees closed connections", || async { host.seen.open() == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_the_service_closes_the_sockets_of_its_searches() {
    let host = Host::saying(vec![Step::Stall]).await;
    let folder = folder();
    let app = app(&folder, &host, &[]).await;
    app.client.accepted(asking_for(&[host.at("/1.png")])).await;
    until("it is under way", || async { host.seen.count() == 1 }).await;
    app.stop().await;
    until("the host sees a closed connection", || async { host.seen.open() == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_search_takes_its_downloads_out_of_memory() {
    let host = Host::start(|_| answer(200, &[("cache-control", "max-age=600")], &pictures::red())).await;
    let folder = folder();
    let app = app(&folder, &host, &[]).await;
    let urls = [host.at("/a.png")];
    let (first, second) = (app.client.accepted(asking_for(&urls)).await, app.client.accepted(asking_for(&urls)).await);
    for id in [&first, &second] {
        assert_eq!(app.client.ended(id).await["status"], "completed");
    }
    let cache = app.service.downloads.cache.clone();
    let size = pictures::red().len() as u64;
    until("it is kept", || async { cache.size().await == size }).await;
    assert_eq!(host.seen.count(), 1, "one search asks, the other has it");
    assert_eq!(app.client.delete(&format!("/requests/{first}")).await.status, 204);
    assert_eq!(cache.size().await, size, "the other uses it as well");
    assert_eq!(app.client.delete(&format!("/requests/{second}")).await.status, 204);
    assert_eq!(cache.size().await, 0);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("data/downloads")).expect("the folder").collect();
    assert!(left.is_empty(), "{left:?}");
}
