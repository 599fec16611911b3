//! What a log tells of a search: that something failed and how, never what was searched for, where, or with which key.

use crate::common::{FakeVision, Form, TestApp, folder};
use crate::host::{Host, Step, answer};
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::EnvFilter;

/// Keeps what this whole program logs: other tests log as well, but none of the words that are looked for here.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("whole")).into_owned()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_log_of_a_search_holds_no_address_words_key_or_file_name() {
    let kept = Kept::default();
    let writer = kept.clone();
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("info")).with_ansi(false).with_writer(move || writer.clone());
    lines.try_init().expect("nobody else logs in this program");

    let host = Host::start(|asked| match asked.target.split('?').next().unwrap_or_default() {
        "/search" => answer(200, &[], br#"{"error": "Zenobia is nowhere, see http://private-page.example/"}"#),
        "/res/v1/images/search" => answer(500, &[], b"Zenobia"),
        "/private-gone.jpg" => answer(404, &[], b""),
        "/private-broken.jpg" => vec![Step::Reset],
        _ => answer(200, &[], b"<html>private-words</html>"),
    })
    .await;
    let folder = folder();
    let (base, allow) = (format!("http://127.0.0.1:{}", host.port), format!("127.0.0.1:{}", host.port));
    let variables = [
        ("PROVIDERS", "pools,searxng,brave"),
        ("SEARXNG_URL", base.as_str()),
        ("BRAVE_URL", &base),
        ("BRAVE_KEY", "private-key"),
        ("DOWNLOAD_ALLOW", &allow),
        ("DOWNLOAD_RETRIES", "0"),
    ];
    let app = TestApp::start_with(folder.path(), &variables, FakeVision::default()).await;
    let urls = ["/private-gone.jpg", "/private-broken.jpg", "/private-page"].map(|path| host.at(path)).join("\n");
    let urls = format!("{urls}\nhttp://10.0.0.1/private-inside.jpg");
    let form = Form::lawful().file("image", "private-name.png", &crate::common::pictures::red());
    let form = form.field("hint", "Zenobia").field("urls", &urls).field("sync", "true");
    let reply = app.client.post(form).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let kinds: Vec<_> = reply.json()["diagnostics"].as_array().expect("diagnostics").iter().map(|d| d["kind"].to_string()).collect();
    for kind in ["provider_refused", "provider_unavailable", "not_found", "interrupted", "not_a_picture", "refused_host"] {
        assert!(kinds.contains(&format!("\"{kind}\"")), "{kind} happened: {kinds:?}");
    }
    // The photo itself may stand at an address.
    for path in ["/private-gone.jpg", "/private-broken.jpg", "/private-page"] {
        let reply = app.client.post(Form::lawful().field("image_url", &host.at(path))).await;
        assert!(matches!(reply.status, 415 | 422), "{}", reply.text());
    }
    app.stop().await;

    let log = kept.text();
    assert!(log.contains("a provider failed") && log.contains("brave"), "the failure is told: {log}");
    let port = format!(":{}", host.port);
    for hidden in ["Zenobia", "private", "10.0.0.1", "127.0.0.1", "a test of the search", &port] {
        let line = log.lines().find(|line| line.contains(hidden));
        assert_eq!(line, None, "{hidden}");
    }
}
