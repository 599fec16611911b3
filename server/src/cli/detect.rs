//! `face-engine detect`: which faces a picture shows, and which look found them. For whoever wonders why one is missed.

use super::match_::read_photo;
use super::start_logging;
use crate::config::{Config, Environment};
use crate::pipeline::search::Look;
use crate::pipeline::{Analysis, ImageLimits, Role, Stage, StageTimes, analyse, decode, draw, report};
use anyhow::Context;
use image::RgbImage;
use models::{Caller, Face, Vision};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Lists the faces of pictures: box, score, and which look found each.
///
/// Every picture is looked at once as a whole (640 input pixels). More looks are taken where something speaks for them:
/// from nearer (`tile`) in a crowd, from farther (`close_up`) and turned (`turned_90`, ...: clockwise) where no face or none
/// that is sure was found, around people without a face (`person`). A picture that a request finds among others is searched
/// like this; `--thorough` searches it like a query picture, which gets a few looks more.
///
/// Exit status: 0 every picture shows a face; 1 one of them shows none; 2 an error, told on stderr.
#[derive(Debug, clap::Args)]
pub struct DetectArgs {
    /// Pictures (JPEG, PNG, WebP or GIF).
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// One JSON object for each picture, one a line.
    #[arg(long)]
    json: bool,
    /// Write each picture, marked, into this folder: people blue, faces yellow, landmarks red.
    #[arg(long, value_name = "DIR")]
    annotated: Option<PathBuf>,
    /// Search as long as for the face of a query.
    #[arg(long)]
    thorough: bool,
}

pub fn run(arguments: &DetectArgs) -> ExitCode {
    match detect(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("face-engine: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// True where every picture shows a face.
fn detect(arguments: &DetectArgs) -> anyhow::Result<bool> {
    let (config, vision) = networks()?;
    let limits = ImageLimits { max_bytes: config.http.max_upload_bytes, max_pixels: config.http.max_pixels, ..ImageLimits::default() };
    if let Some(folder) = &arguments.annotated {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    }
    let role = if arguments.thorough { Role::Query } else { Role::Candidate };
    let mut all = true;
    for (index, path) in arguments.photos.iter().enumerate() {
        let name = printable(path);
        let picture = decode(&read_photo(path, limits.max_bytes)?, &limits).with_context(|| name.clone())?;
        let times = StageTimes::default();
        let analysis = analyse(&*vision, &Caller::new(), &picture, role, &times).with_context(|| name.clone())?;
        all &= analysis.faces_found() > 0;
        let ms = (times.seconds(Stage::Face) + times.seconds(Stage::FurtherLooks)) * 1000.0;
        let text = if arguments.json { format!("{}\n", as_json(&name, &analysis, ms)) } else { as_text(&name, &analysis, ms) };
        // A reader that has seen enough (`| head`) is no error.
        let _ = stdout().write_all(text.as_bytes());
        if let Some(folder) = &arguments.annotated {
            let faces: Vec<Face> = analysis.faces.iter().filter_map(|face| face.face).collect();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            write_marked(&folder.join(format!("{:03}-{stem}.jpg", index + 1)), &draw::annotated(&picture, &analysis.people, &faces, None))?;
        }
    }
    Ok(all)
}

/// The configuration and its networks, warm.
pub(super) fn networks() -> anyhow::Result<(Config, Arc<dyn Vision>)> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    if std::env::var_os("LOG").is_none() {
        config.log.filter = "warn".into();
    }
    start_logging(&config.log);
    let vision = models::load(&config.engine.vision()).context("the networks cannot be loaded (`make models` prepares them)")?;
    Ok((config, vision))
}

pub(super) fn write_marked(path: &Path, marked: &RgbImage) -> anyhow::Result<()> {
    std::fs::write(path, draw::encode(marked)?).with_context(|| format!("cannot write {}", path.display()))
}

/// Control characters of a file name must not reach the terminal.
fn printable(path: &Path) -> String {
    path.display().to_string().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn look_names(looks: &[Look]) -> Vec<&'static str> {
    looks.iter().map(|look| look.name()).collect()
}

fn as_text(name: &str, analysis: &Analysis, ms: f64) -> String {
    let (faces, people, looks) = (analysis.faces_found(), analysis.people.len(), analysis.looks.len());
    let mut text = format!(
        "{name}: {}×{} pixels, {people} person(s), {faces} face(s), {looks} look(s) in {ms:.0} ms: {}\n",
        analysis.width,
        analysis.height,
        look_names(&analysis.looks).join(" ")
    );
    for kind in &analysis.failed_looks {
        let _ = writeln!(text, "      a look failed: {kind}");
    }
    for (index, face) in analysis.faces.iter().filter(|face| face.face.is_some()).enumerate() {
        let found = report::face(face);
        let [x1, y1, x2, y2] = found.bbox;
        let quality = found.quality.map_or_else(String::new, |quality| format!("  quality {:.2}", quality.overall));
        let _ = writeln!(
            text,
            "{index:>4}  score {:.2}{quality}  {:<10}  {x1:.0},{y1:.0} to {x2:.0},{y2:.0} ({:.0}×{:.0})",
            found.score,
            found.found_by,
            x2 - x1,
            y2 - y1
        );
    }
    text
}

fn as_json(name: &str, analysis: &Analysis, ms: f64) -> Value {
    let people: Vec<Value> = analysis.people.iter().map(|person| json!({"box": person.bbox.array(), "score": person.score})).collect();
    let faces: Vec<_> = analysis.faces.iter().filter(|face| face.face.is_some()).map(report::face).collect();
    json!({
        "picture": name,
        "width": analysis.width,
        "height": analysis.height,
        "people": people,
        "faces": faces,
        "looks": look_names(&analysis.looks),
        "failed_looks": analysis.failed_looks,
        "face_ms": ms.round(),
    })
}
