//! `face-engine calibrate`: how sure the thresholds are, measured on pictures of known people.

use super::start_logging;
use crate::calibrate::{
    Calibration, Described, Gallery, Listed, Listing, Resampling, Subject, Unusable, calibrate, curves, look_at_all, report,
};
use crate::config::{Config, Environment};
use crate::pipeline::ImageLimits;
use anyhow::Context;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Measures how well the embedding network tells people apart, and chooses MATCH and POSSIBLE by a rule.
///
/// DIR holds one folder of pictures per person. Error rates with intervals, curves and thresholds come out as Markdown; nothing is changed
/// and nothing leaves the machine. Face vectors are biometric data: they are kept nowhere.
#[derive(Debug, clap::Args)]
pub struct CalibrateArgs {
    /// One folder per person, each with pictures of that person alone in its middle.
    dir: PathBuf,
    /// The pack to measure; may be given several times. Without it: the configured one.
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    /// Also compare copies that are blurred, small and dark, so that a set of good pictures shows what poor ones cost.
    #[arg(long)]
    degrade: bool,
    /// Write the report (accuracy.md) and the curves (accuracy/*.svg) into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print all numbers as JSON, instead of the report.
    #[arg(long)]
    json: bool,
    /// Of the random draws of people behind the intervals: the same seed gives the same intervals.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How often people are drawn anew.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(100..=100_000))]
    replicates: u64,
    /// How the set is called in the report.
    #[arg(long, value_name = "NAME", default_value = "This set")]
    name: String,
    /// What the set shows, for the report.
    #[arg(long, value_name = "TEXT", default_value = "")]
    about: String,
    /// The command that the report names as its maker.
    #[arg(long, hide = true, default_value = "face-engine calibrate")]
    made_by: String,
}

pub fn run(arguments: CalibrateArgs) -> anyhow::Result<ExitCode> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    if std::env::var_os("LOG").is_none() {
        config.log.filter = "warn".into();
    }
    start_logging(&config.log);
    let listing = Listing::of(&arguments.dir)?;
    let limits = ImageLimits { max_bytes: config.http.max_upload_bytes, max_pixels: config.http.max_pixels, ..ImageLimits::default() };
    let resampling = Resampling { seed: arguments.seed, replicates: usize::try_from(arguments.replicates)? };
    let packs: Vec<Option<String>> =
        if arguments.pack.is_empty() { vec![config.engine.pack.clone()] } else { arguments.pack.iter().cloned().map(Some).collect() };
    let mut measured: Vec<Calibration> = Vec::new();
    for pack in packs {
        let mut vision_config = config.engine.vision();
        vision_config.pack = pack;
        let vision = models::load(&vision_config).context("the networks cannot be loaded (`make models` prepares them)")?;
        let counter = Counter::new(&listing);
        let gallery = look_at_all(&*vision, &listing, &limits, arguments.degrade, &|picture, lost| counter.count(picture, lost));
        counter.clear();
        let calibration = calibrate(Subject::of(vision.info()), &gallery, true, resampling)?;
        tell_pairs(&calibration, &gallery, &listing);
        measured.push(calibration);
    }
    let described = Described { set: arguments.name, about: arguments.about, command: arguments.made_by, curves: "accuracy".into() };
    let text = report(&measured, &described);
    if let Some(folder) = &arguments.out {
        keep(folder, &text, &measured, &described).with_context(|| format!("cannot write to {}", folder.display()))?;
        eprintln!("kept in: {}", folder.display());
    }
    let text = if arguments.json { serde_json::to_string_pretty(&measured)? + "\n" } else { text };
    // A reader that has seen enough (`| head`) is no error.
    let _ = stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

/// The report, and the curves beside it.
fn keep(folder: &Path, report: &str, measured: &[Calibration], described: &Described) -> std::io::Result<()> {
    let pictures = folder.join(&described.curves);
    std::fs::create_dir_all(&pictures)?;
    std::fs::write(folder.join("accuracy.md"), report)?;
    for calibration in measured {
        for (name, svg) in curves(calibration, &described.set) {
            std::fs::write(pictures.join(format!("{}-{name}.svg", calibration.subject.models.pack)), svg)?;
        }
    }
    Ok(())
}

/// Names of files, for the operator's own terminal: the report has numbers in their place.
fn tell_pairs(calibration: &Calibration, gallery: &Gallery, listing: &Listing) {
    let path = |number: usize| {
        let listed = number.checked_sub(1).and_then(|at| listing.pictures.get(at));
        shown(listed.map_or_else(String::new, |listed| listed.path.display().to_string()))
    };
    let info = &calibration.subject;
    eprintln!("pack {} on {}: {} of {} pictures usable", info.models.pack, info.engine, calibration.set.usable, gallery.pictures);
    let [a, b] = calibration.most_alike.map(path);
    eprintln!("different people, most alike ({:.3}): {a} and {b}", calibration.different.most);
    let [a, b] = calibration.least_alike.map(path);
    eprintln!("one person, least alike ({:.3}): {a} and {b}", calibration.same.least);
}

/// Control characters of a file name must not reach the terminal.
fn shown(name: String) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// One line on stderr that counts, where a person looks on; pictures without a face are named there.
struct Counter {
    all: usize,
    done: AtomicUsize,
    shows: bool,
}

impl Counter {
    fn new(listing: &Listing) -> Self {
        Self { all: listing.pictures.len(), done: AtomicUsize::new(0), shows: stderr().is_terminal() }
    }

    fn count(&self, picture: &Listed, lost: &[Unusable]) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        for lost in lost.iter().filter(|lost| lost.damage.is_none()) {
            self.clear();
            eprintln!("picture {}, {}: {}", lost.number, lost.why, shown(picture.path.display().to_string()));
        }
        if self.shows {
            eprint!("\r\x1b[K{done} of {} pictures", self.all);
        }
    }

    fn clear(&self) {
        if self.shows {
            eprint!("\r\x1b[K");
        }
    }
}
