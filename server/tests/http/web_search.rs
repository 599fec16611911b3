//! A search on the web, from the form to the list: providers and hosts of pictures are real servers on loopback, which
//! answer as the documented ones do. What is found is told with its places and licences; what is not, with its reason.

use crate::common::{FakeVision, Form, TestApp, folder, pictures};
use app::api::{MatchReport, MatchResult};
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const ADA: [u8; 3] = [200, 30, 30];
const SOMEBODY: [u8; 3] = [160, 20, 20];

/// Everything on the web: a SearXNG, a Wikimedia Commons, a Brave that has had enough, and the hosts of their pictures.
struct Web {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    /// `found`, `files`: what SearXNG and Wikimedia answer; `HOST` in them is this server.
    async fn start(found: Value, files: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let at_home = |value: &Value| value.to_string().replace("HOST", &address);
        let (found, files) = (at_home(&found), at_home(&files));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        let router = Router::new().fallback(move |request: Request| {
            let path = request.uri().path().to_owned();
            kept.lock().expect("what was asked").push(path.clone());
            let answer = answer(&path, &found, &files);
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    /// A service that may reach this web, and nothing else of loopback.
    async fn app(&self, folder: &TempDir) -> TestApp {
        let base = format!("http://{}", self.address);
        let variables = [
            ("PROVIDERS", "pools,searxng,wikimedia,brave"),
            ("SEARXNG_URL", &base),
            ("WIKIMEDIA_URL", &base),
            ("BRAVE_URL", &base),
            ("BRAVE_KEY", "key"),
            ("DOWNLOAD_ALLOW", &self.address),
            ("DOWNLOAD_RETRY_SHORTEST", "0.001"),
            ("DOWNLOAD_RETRY_LONGEST", "0.01"),
        ];
        TestApp::start_with(folder.path(), &variables, FakeVision::default()).await
    }

    async fn search(&self, folder: &TempDir, form: Form) -> MatchResult {
        let app = self.app(folder).await;
        let reply = app.client.post(form.field("sync", "true").field("hint", "Ada")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let result = serde_json::from_slice(&reply.body).expect("a result");
        app.stop().await;
        result
    }

    fn asked(&self, path: &str) -> bool {
        self.asked.lock().expect("what was asked").iter().any(|asked| asked == path)
    }

    /// The list as a person reads it, and what could not be had.
    fn told(&self, result: &MatchResult) -> String {
        let mut text = String::new();
        for found in &result.result[0].matches {
            let small = if found.thumbnail_only { ", thumbnail only" } else { "" };
            let _ = writeln!(text, "{} {} ({:?}{small})", found.rank, found.image_uri, found.downloaded_from);
            for place in &found.provenances {
                let said = [&place.title, &place.source_domain, &place.license, &place.license_url, &place.attribution];
                let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
                let page = place.page_url.as_deref().unwrap_or("no page");
                let _ = writeln!(text, "    {}: {} on {page}: {}", place.provider, place.image_uri, said.join(", "));
            }
        }
        for diagnostic in &result.diagnostics {
            let provider = diagnostic.provider.as_deref().unwrap_or("-");
            let _ = writeln!(text, "{} {} {provider} {}", diagnostic.stage, diagnostic.kind, diagnostic.count);
        }
        text.replace(&self.address, "HOST")
    }
}

fn answer(path: &str, found: &str, files: &str) -> Response {
    let as_json = |text: &str| ([(header::CONTENT_TYPE, "application/json")], text.to_owned()).into_response();
    let ada = |side: u32| pictures::portrait(1, side, ADA);
    match path {
        "/search" => as_json(found),
        "/w/api.php" => as_json(files),
        "/res/v1/images/search" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")]).into_response(),
        "/large.jpg" | "/large-again.jpg" => pictures::as_jpeg(&ada(400), 90).into_response(),
        "/copy.jpg" => pictures::as_jpeg(&ada(200), 60).into_response(),
        "/small.jpg" => pictures::as_jpeg(&pictures::portrait(2, 160, SOMEBODY), 80).into_response(),
        "/own.jpg" => pictures::as_jpeg(&pictures::portrait(3, 320, SOMEBODY), 80).into_response(),
        "/words.jpg" => Html("<h1>Please log in</h1>").into_response(),
        "/story" => Html(r#"<head><meta property="og:image" content="/own.jpg?a=1&amp;b=2"></head>"#).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn picture(image: &str, page: &str) -> Value {
    json!({ "img_src": image, "url": page, "title": "A picture" })
}

fn results(results: Value) -> Value {
    json!({ "query": "Ada", "results": results, "unresponsive_engines": [] })
}

fn no_files() -> Value {
    json!({ "query": { "pages": [] } })
}

fn web_only() -> Form {
    Form::good().field("providers", "searxng,wikimedia,brave")
}

fn only(result: &MatchResult) -> &MatchReport {
    let [found] = &result.result[0].matches[..] else { panic!("{:?}", result.result[0].matches) };
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_on_the_web_tells_where_each_picture_stands_and_why_others_were_not_had() {
    let found = results(json!([
        { "img_src": "http://HOST/large.jpg", "url": "http://HOST/news", "title": "<b>Ada</b> &amp; friends", "source": "a paper" },
        { "img_src": "http://HOST/dead.jpg", "url": "http://HOST/dead", "title": "Gone", "thumbnail_src": "http://HOST/small.jpg" },
        picture("http://10.0.0.1/inside.jpg", "http://HOST/inside"),
        picture("http://HOST/words.jpg", "http://HOST/members"),
    ]));
    let file = |place: usize, title: &str, path: &str, licence: &str| {
        json!({ "index": place, "title": title, "imageinfo": [{
            "url": format!("http://HOST/{path}"), "descriptionurl": format!("http://HOST/wiki/{path}"), "mime": "image/jpeg",
            "extmetadata": {
                "LicenseShortName": { "value": licence },
                "LicenseUrl": { "value": "https://creativecommons.org/licenses/by-sa/4.0" },
                "Artist": { "value": "<a href=\"//example.org\">Byron</a>" },
            },
        }] })
    };
    let pages = [file(1, "File:Copy.jpg", "copy.jpg", "CC BY-SA 4.0"), file(2, "File:Again.jpg", "large-again.jpg", "CC BY-SA 4.0")];
    let web = Web::start(found, json!({ "query": { "pages": pages } })).await;
    let result = web.search(&folder(), web_only()).await;
    assert_snapshot!(web.told(&result), @r"
    1 http://HOST/large.jpg (Picture)
        searxng: http://HOST/large.jpg on http://HOST/news: Ada & friends, 127.0.0.1
        wikimedia: http://HOST/large-again.jpg on http://HOST/wiki/large-again.jpg: Again, 127.0.0.1, CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0, Byron
        wikimedia: http://HOST/copy.jpg on http://HOST/wiki/copy.jpg: Copy, 127.0.0.1, CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0, Byron
    2 http://HOST/dead.jpg (Thumbnail, thumbnail only)
        searxng: http://HOST/dead.jpg on http://HOST/dead: Gone, 127.0.0.1
    discover provider_rate_limited brave 1
    fetch not_a_picture - 1
    fetch refused_host - 1
    ");
    let lead = &result.result[0].matches[0];
    let duplicates: Vec<_> = lead.duplicates.iter().map(|address| address.replace(&web.address, "HOST")).collect();
    assert_eq!(duplicates, ["http://HOST/large-again.jpg", "http://HOST/copy.jpg"], "the same file, then the near-duplicate");
    assert!(lead.crop.is_some() && lead.annotated.is_some());
    assert!(!web.asked("/inside.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_add_up_to_the_candidates() {
    let found = results(json!([
        picture("http://HOST/large.jpg", "http://HOST/1"),
        picture("http://HOST/large-again.jpg", "http://HOST/2"),
        picture("http://HOST/copy.jpg", "http://HOST/3"),
        picture("http://HOST/gone.jpg", "http://HOST/4"),
        picture("http://HOST/words.jpg", "http://HOST/5"),
        picture("http://[::1]/inside.jpg", "http://HOST/6"),
    ]));
    let (web, folder) = (Web::start(found, no_files()).await, folder());
    let app = web.app(&folder).await;
    let id = app.client.accepted(web_only().field("hint", "Ada")).await;
    let report = app.client.ended(&id).await;
    let counts = &report["counts"];
    assert_eq!((&counts["candidates"], &counts["processed"], &counts["failed"]), (&json!(6), &json!(6), &json!(3)));
    let failures = report["result"]["diagnostics"].as_array().expect("diagnostics").iter().filter(|d| d["stage"] == "fetch");
    assert_eq!(failures.map(|d| d["count"].as_u64().unwrap_or(0)).sum::<u64>(), 3);
    let matches = report["result"]["result"][0]["matches"].as_array().expect("matches");
    let places: usize = matches.iter().map(|found| found["provenances"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!((matches.len(), places), (1, 3), "three candidates, one picture");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_copy_is_left_the_pages_own_picture_stands_in() {
    let mut gone = picture("http://HOST/gone.jpg", "http://HOST/story");
    gone["thumbnail_src"] = json!("http://HOST/gone-too.jpg");
    let web = Web::start(results(json!([gone])), no_files()).await;
    let result = web.search(&folder(), web_only()).await;
    assert_snapshot!(web.told(&result), @r"
    1 http://HOST/gone.jpg (PageImage)
        searxng: http://HOST/gone.jpg on http://HOST/story: A picture, 127.0.0.1
    discover provider_rate_limited brave 1
    ");
    assert!(!only(&result).thumbnail_only);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_names_nothing_but_a_small_copy_is_told_apart() {
    let small = json!({ "thumbnail_src": "http://HOST/small.jpg", "url": "http://HOST/story", "title": "Small" });
    let web = Web::start(results(json!([small])), no_files()).await;
    let result = web.search(&folder(), web_only()).await;
    assert!(only(&result).thumbnail_only, "the picture itself was never named");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_own_copy_leads_however_small_it_is() {
    let folder = folder();
    let own = pictures::as_jpeg(&pictures::portrait(1, 120, ADA), 85);
    std::fs::write(folder.path().join("pool/own.jpg"), own).expect("a picture of the pool");
    let found = results(json!([picture("http://HOST/large.jpg", "http://HOST/news")]));
    let web = Web::start(found, no_files()).await;
    let result = web.search(&folder, Form::good()).await;
    let collapsed = result.result[0].matches.iter().find(|found| !found.duplicates.is_empty()).expect("one in two places");
    assert_eq!(collapsed.image_uri, "file:own.jpg");
    assert_eq!(collapsed.duplicates, [format!("http://{}/large.jpg", web.address)]);
    let providers: Vec<_> = collapsed.provenances.iter().map(|place| place.provider.as_str()).collect();
    assert_eq!(providers, ["samples", "searxng"]);
    assert!(result.result[0].matches.iter().all(|found| found.image_uri != collapsed.duplicates[0]), "listed once");
}
