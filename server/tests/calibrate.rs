//! Calibration from folders of pictures to the report: with networks that see by a simple rule, so that every error can be
//! known beforehand, and with the real ones on LFW10, whose numbers the packs carry. The latter is skipped, and said so,
//! where pictures or networks are not at hand.

#[allow(dead_code)]
#[path = "common/vision.rs"]
mod vision;

use image::{Rgb, RgbImage};
use models::{EngineChoice, VisionConfig};
use server::calibrate::{Calibration, Damage, Described, Gallery, Listing, Resampling, Subject, calibrate, curves, look_at_all, report};
use server::pipeline::ImageLimits;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use vision::FakeVision;

const RESAMPLING: Resampling = Resampling { seed: 1, replicates: 2000 };

/// Three people of one colour each, four pictures a person in slightly different shades, one grey picture that shows nobody
/// and one file that is no picture.
fn set() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (person, [red, green, blue]) in [("ada", [200, 30, 30]), ("bo", [30, 200, 30]), ("cy", [30, 30, 200])] {
        let place = folder.path().join(person);
        std::fs::create_dir(&place).expect("a folder");
        for shade in 0..4_u8 {
            let colour = Rgb([red + shade * 3, green, blue + shade]);
            RgbImage::from_pixel(200, 200, colour).save(place.join(format!("{shade}.png"))).expect("a picture");
        }
    }
    RgbImage::from_pixel(200, 200, Rgb([90; 3])).save(folder.path().join("bo/9.png")).expect("a picture");
    std::fs::write(folder.path().join("cy/9.png"), b"no picture").expect("a file");
    folder
}

fn look(folder: &Path, degrade: bool) -> Gallery {
    let listing = Listing::of(folder).expect("a set");
    look_at_all(&FakeVision::default(), &listing, &ImageLimits::default(), degrade, &|_, _| ())
}

fn measured(gallery: &Gallery) -> Calibration {
    use models::Vision;
    calibrate(Subject::of(FakeVision::default().info()), gallery, true, RESAMPLING).expect("pairs")
}

#[test]
fn pictures_without_a_face_are_counted_and_named_by_number() {
    let folder = set();
    let found = measured(&look(folder.path(), false));
    assert_eq!((found.set.people, found.set.pictures, found.set.usable), (3, 14, 12));
    let lost: Vec<_> = found.set.unusable.iter().map(|(number, why)| (*number, why.as_str())).collect();
    assert_eq!(lost, [(9, "no_face"), (14, "unsupported_media_type")]);
    assert_eq!((found.same.pairs, found.different.pairs), (18, 48));
    assert_eq!(found.in_force.map(|at| at.missed.events + at.false_matches.events), [0, 0], "colours are far apart");
}

#[test]
fn the_report_has_no_name_of_a_person_or_file_and_is_the_same_each_time() {
    let folder = set();
    let described = || Described { set: "Played".into(), about: String::new(), command: "a test".into(), curves: "accuracy".into() };
    let text = || report(&[measured(&look(folder.path(), true))], &described());
    let first = text();
    assert_eq!(first, text());
    for name in ["ada", "9.png", "/cy", &folder.path().display().to_string()] {
        assert!(!first.contains(name), "{name} stands in\n{first}");
    }
    let drawn = curves(&measured(&look(folder.path(), false)), "Played");
    assert_eq!(drawn.each_ref().map(|(name, _)| *name), ["roc", "scores", "rates"]);
    assert!(drawn.iter().all(|(_, svg)| svg.starts_with("<svg ") && svg.ends_with("</svg>\n")));
}

#[test]
fn damage_shows_in_its_own_table_and_nowhere_else() {
    let folder = set();
    let gallery = look(folder.path(), true);
    // Blur and smallness leave a flat colour as it is; a dark one may be too near to grey to be seen as a face.
    let lost: Vec<_> = gallery.unusable.iter().filter_map(|lost| lost.damage).collect();
    assert_eq!(lost.iter().filter(|damage| **damage == Damage::Dark).count(), lost.len());
    let (with, without) = (measured(&gallery), measured(&look(folder.path(), false)));
    assert_eq!((with.in_force, with.match_, with.same), (without.in_force, without.match_, without.same));
    let bands = with.bands.expect("asked for");
    let seen: Vec<_> = bands.by_damage.iter().map(|group| (group.photos, group.missed_at_match.of, group.missed_at_match.events)).collect();
    // Each of 12 copies against the three other originals of its person.
    assert_eq!(seen[..3], [(12, 18, 0), (12, 36, 0), (12, 36, 0)]);
    let dark = 12 - lost.len();
    assert_eq!(seen[3].0, dark);
    assert_eq!(seen[3].1, dark as u64 * 3);
    assert_eq!(seen[3].2, seen[3].1, "an eighth of the light is another colour");
}

#[test]
fn the_verb_refuses_a_folder_without_people_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = Command::new(env!("CARGO_BIN_EXE_face-engine")).arg("calibrate").arg(folder.path()).output().expect("it runs");
    let error = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!said.status.success() && error.contains("one folder per person"), "{error}");
    assert!(said.stdout.is_empty());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A pack and LFW10 as set-up and the shared folder have them, or None with a printed reason.
fn on_lfw10(pack: &str) -> Option<(Calibration, String)> {
    let base = std::env::var_os("SHARED_DIR").map_or_else(|| root().join("../shared"), PathBuf::from);
    let data = std::env::var_os("DATA_DIR").map_or_else(|| root().join("data"), PathBuf::from);
    let (pictures, models_dir) = (base.join("testdata/lfw10"), data.join("models"));
    if !pictures.is_dir() {
        println!("SKIPPED: no LFW10");
        return None;
    }
    if !models_dir.join(pack).join("face.onnx").is_file() {
        println!("SKIPPED: the pack `{pack}` is not prepared (make models)");
        return None;
    }
    let library = Some(data.join("lib/libonnxruntime.so")).filter(|library| library.is_file());
    let config =
        VisionConfig { models_dir, pack: Some(pack.into()), engine: EngineChoice::Cpu, onnxruntime: library, ..VisionConfig::default() };
    let vision = models::load(&config).expect("what is there loads");
    let listing = Listing::of(&pictures).expect("ten people");
    let gallery = look_at_all(&*vision, &listing, &ImageLimits::default(), false, &|_, _| ());
    let found = calibrate(Subject::of(vision.info()), &gallery, false, RESAMPLING).expect("pairs");
    Some((found, vision.info().calibration.clone()))
}

/// packs.toml carries what `make accuracy` measures: whoever changes a network or the way to it measures again. (The light
/// pack's person detector would take minutes; its counts are checked without it, in models/tests/lfw10.rs.)
#[test]
fn the_standard_packs_thresholds_are_those_of_the_rule_and_its_sentence_is_true() {
    let pack = "standard";
    let Some((found, carried)) = on_lfw10(pack) else { return };
    assert_eq!((found.same.pairs, found.different.pairs), (450, 4500));
    assert_eq!(found.sentence("LFW10", found.subject.thresholds), carried, "{pack}: run `make accuracy`");
    assert!(found.agrees(), "{pack}: the rule gives {:?}, in force are {:?}", found.by_rule(), found.subject.thresholds);
}
