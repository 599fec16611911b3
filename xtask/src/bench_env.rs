//! A Python environment with the reference engine (ONNX Runtime, OpenCV, NumPy) and FAISS, in the cache: what `make bench`
//! measures the product against.

use crate::{places::Places, process};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

const PACKAGES: [&str; 4] = ["onnxruntime==1.32.0", "opencv-python-headless==4.13.0.92", "numpy==2.4.6", "faiss-cpu==1.15.1"];

/// The environment's interpreter.
pub fn python(places: &Places) -> PathBuf {
    places.cache.join("bench-venv/bin/python")
}

pub fn run(places: &Places) -> Result<()> {
    let folder = places.cache.join("bench-venv");
    let (python, stamp_file, stamp) = (python(places), folder.join("face-engine.txt"), PACKAGES.join("\n"));
    if python.is_file() && std::fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) {
        println!("bench-env: already there, {}", python.display());
        return Ok(());
    }
    if process::found("python3").is_none() {
        bail!("the measurement compares with Python: install it (Debian: `apt-get install python3-venv`), then run the same command again");
    }
    println!("bench-env: {} (about 140 MB) into {}", PACKAGES.join(", "), folder.display());
    let begun = Instant::now();
    std::fs::create_dir_all(&places.cache)?;
    process::output(Command::new("python3").args(["-m", "venv"]).arg(&folder), "making a Python environment (Debian: python3-venv)")?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:"]).args(PACKAGES);
    process::output(&mut pip, "installing the reference engine")?;
    std::fs::write(&stamp_file, stamp)?;
    println!("bench-env: {} in {:.0?}", python.display(), begun.elapsed());
    Ok(())
}
