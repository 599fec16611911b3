//! `face-engine providers`: who can be asked for candidate pictures, what each of them is sent and costs, and what is missing.

use crate::config::{Config, Environment};
use crate::discovery;
use crate::s3::S3Access;
use app::api::ProviderReport;
use std::fmt::Write as _;
use std::io::{Write, stdout};
use std::process::ExitCode;

/// Lists who can be asked for candidate pictures: what they are sent, what they cost, what is missing.
///
/// Nobody is asked anything.
#[derive(Debug, clap::Args)]
pub struct ProvidersArgs {
    /// As JSON, in the form of `providers` in `/health`.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &ProvidersArgs) -> anyhow::Result<ExitCode> {
    let config = Config::from_environment(&Environment::of_process())?;
    let reports = discovery::configured(&config, &S3Access::new(config.s3.clone()))?.reports();
    let text = if arguments.json { serde_json::to_string_pretty(&reports)? + "\n" } else { table(&reports) };
    // A reader that has seen enough (`| head`) is no error.
    let _ = stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn table(reports: &[ProviderReport]) -> String {
    let ready = |report: &ProviderReport| if report.configured { "yes" } else { "no" }.to_owned();
    let rows = reports.iter().map(|r| [r.name.clone(), ready(r), sent(r), r.cost.clone(), r.note.clone()]);
    let head = ["provider", "ready", "is sent", "cost", ""].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [w0, w1, w2, w3] = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [name, ready, sent, cost, note] in &rows {
        let line = format!("{name:w0$}  {ready:w1$}  {sent:w2$}  {cost:w3$}  {note}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// What it is sent, in words.
fn sent(report: &ProviderReport) -> String {
    let word = |need: &String| match need.as_str() {
        "picture" => "the photo",
        "picture_url" => "the photo's address",
        _ => "words",
    };
    if report.needs.is_empty() { "nothing".into() } else { report.needs.iter().map(word).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn the_table_says_who_is_ready_what_is_sent_and_what_is_missing() {
        let config = Config::from_environment(&Environment::of(&[("POOLS", "bucket=s3://photos"), ("BRAVE_KEY", "k")])).expect("usable");
        let reports = discovery::configured(&config, &S3Access::new(config.s3.clone())).expect("clients").reports();
        assert_snapshot!(table(&reports), @r"
        provider        ready  is sent              cost
        bucket          yes    nothing              free     a bucket of the operator's pictures
        urls            yes    nothing              free     addresses of pictures that a request brings along
        s3              yes    nothing              free     a bucket that a request names
        wikimedia       yes    words                free     files of Wikimedia Commons; your words are sent to it; it asks for a contact: set CONTACT
        openverse       yes    words                free     freely licensed pictures of many collections; your words are sent to Openverse
        brave           yes    words                metered  pictures on the web, by Brave Search; your words are sent to it
        google_vision   no     the photo            metered  set GOOGLE_VISION_KEY to search pictures on the web by Google Cloud Vision
        serpapi_lens    no     the photo            metered  set SERPAPI_KEY to search pictures on the web by Google Lens
        serpapi_yandex  no     the photo's address  metered  set SERPAPI_KEY to search pictures on the web by Yandex
        yandex_cloud    no     the photo            metered  set YANDEX_CLOUD_KEY and YANDEX_CLOUD_FOLDER to search pictures on the web by Yandex Cloud
        tineye          no     the photo            metered  set TINEYE_KEY to search copies of this very photo on the web by TinEye
        searxng         no     words                free     set SEARXNG_URL to search the engines of a SearXNG of your own
        ");
    }
}
