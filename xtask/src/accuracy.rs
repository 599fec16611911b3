//! `make accuracy`: docs/accuracy.md and its curves, from LFW10 and the test photos, with every pack that is prepared.
//!
//! The product measures and writes (`face-engine calibrate`, `face-engine recall`); this module names the pictures and
//! puts the two reports together. The pictures are not part of the project: `../shared/testdata`, or `LFW_DIR`.

use crate::{places, places::Places, process};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PACKS: [&str; 2] = ["standard", "light"];

/// What LFW10 shows; said in the report.
const LFW10: &str = "LFW10 is a part of Labeled Faces in the Wild (Huang and others, University of Massachusetts, 2007): ten people with ten \
    pictures each, press photographs of the early 2000s of 250×250 pixels. All ten are men, grown up, politicians, and photographed \
    by professionals in good light, mostly from the front: no woman, no child, no siblings, nobody who was chosen because he looks like \
    another. Networks trained on faces from the web have likely seen these very people in training, which flatters them.";

pub fn run(places: &Places) -> Result<()> {
    let given = places::from_environment("LFW_DIR", &places.root);
    let set = given.unwrap_or_else(|| places.root.join("../shared/testdata/lfw10"));
    if !set.is_dir() {
        bail!("there are no pictures to measure with: set LFW_DIR to a folder with one folder of pictures per person");
    }
    let packs: Vec<&str> = PACKS.into_iter().filter(|pack| places.data.join("models").join(pack).join("face.onnx").is_file()).collect();
    if packs.is_empty() {
        bail!("no pack is prepared: run `cargo xtask models --pack all`");
    }
    let missing: Vec<&str> = PACKS.into_iter().filter(|pack| !packs.contains(pack)).collect();
    if !missing.is_empty() {
        println!("accuracy: without the pack {}, which is not prepared", missing.join(", "));
    }
    let docs = places.root.join("docs");
    let (name, about) = described(&set);
    println!("accuracy: {} on {name}", packs.join(" and "));
    let mut measuring = engine(places);
    measuring.arg("calibrate").arg(&set).args(["--degrade", "--made-by", "make accuracy", "--name", &name, "--about", about]);
    measuring.args(packs.iter().flat_map(|pack| ["--pack", pack])).arg("--out").arg(&docs);
    // The report is printed as well, and lies in the file.
    measuring.stdout(Stdio::null());
    process::aloud(&mut measuring, "measuring accuracy")?;

    let report = docs.join("accuracy.md");
    match recall(places)? {
        Some(table) => {
            let measured = fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
            fs::write(&report, joined(&measured, &table)).with_context(|| format!("cannot write {}", report.display()))?;
        }
        None => println!("accuracy: without the table of recall (no reference numbers or photos, or no `face-engine recall`)"),
    }
    println!("accuracy: docs/accuracy.md and docs/accuracy/*.svg are written");
    Ok(())
}

fn engine(places: &Places) -> Command {
    let mut engine = Command::new(places.target.join("debug/face-engine"));
    engine.env("DATA_DIR", &places.data);
    engine
}

/// How the set is called, and what is said of it: only LFW10 is known here.
fn described(set: &Path) -> (String, &'static str) {
    let name = set.file_name().map_or_else(|| "the set".into(), |name| name.to_string_lossy().into_owned());
    if name.eq_ignore_ascii_case("lfw10") { ("LFW10".into(), LFW10) } else { (name, "") }
}

/// What `face-engine recall` says of the faces that are found, where it and its pictures are there.
fn recall(places: &Places) -> Result<Option<String>> {
    let [reference, photos] = ["reference", "testdata/photos"].map(|part| places.root.join("../shared").join(part));
    let known = engine(places).args(["recall", "--help"]).output().is_ok_and(|said| said.status.success());
    if !known || !reference.join("standard.json").is_file() || !photos.is_dir() {
        return Ok(None);
    }
    let table: PathBuf = places.target.join("recall.md");
    let mut counting = engine(places);
    counting.arg("recall").arg("--reference").arg(reference.join("standard.json")).arg("--photos").arg(&photos);
    counting.arg("--out").arg(&table).stdout(Stdio::null());
    process::aloud(&mut counting, "counting the faces that are found")?;
    fs::read_to_string(&table).map(Some).with_context(|| format!("cannot read {}", table.display()))
}

/// Both reports as one: a first heading of the second becomes one of the first's sections.
fn joined(report: &str, table: &str) -> String {
    let table = table.trim();
    let table = match table.strip_prefix("# ") {
        Some(rest) => format!("## {rest}"),
        None if table.starts_with("## ") => table.to_owned(),
        None => format!("## Faces that are found\n\n{table}"),
    };
    format!("{}\n\n{table}\n", report.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_recall_becomes_a_section() {
        assert_eq!(joined("# Accuracy\n\ntext\n\n", "# Recall\n\n| a |\n"), "# Accuracy\n\ntext\n\n## Recall\n\n| a |\n");
        assert_eq!(joined("# Accuracy\n", "## Recall\n| a |"), "# Accuracy\n\n## Recall\n| a |\n");
        assert_eq!(joined("# Accuracy\n", "| a |"), "# Accuracy\n\n## Faces that are found\n\n| a |\n");
    }

    #[test]
    fn only_the_set_that_is_known_is_described() {
        assert_eq!(described(Path::new("/pictures/lfw10")), ("LFW10".into(), LFW10));
        assert_eq!(described(Path::new("/pictures/staff")), ("staff".into(), ""));
    }
}
