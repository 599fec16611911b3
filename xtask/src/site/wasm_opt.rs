//! wasm-opt, from npm's `binaryen`, run by Node.js: makes the page's module smaller. Optional: without npm the module
//! stays as it is.

use crate::{fetch::Archive, fetch::Registry, fetch::Scratch, fetch::megabytes, places::Places, process};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Part of the bundle's stamp.
pub const TITLE: &str = "binaryen 132.0.0 -Oz twice";

/// `-g` keeps the names. What the first round has made smaller, a second makes smaller still.
const PASSES: [&str; 3] = ["-g", "-Oz", "-Oz"];

const BINARYEN: Archive = Archive {
    registry: Registry::Npm,
    package: "binaryen",
    version: "132.0.0",
    file: "binaryen-132.0.0.tgz",
    sha256: "6543555fb29bb92548f325c7dc18e9ab7dbb1215edda25993d1e3f71d85b8618",
};

/// What rustc takes for granted in a browser; nothing newer, so that nothing newer is written.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// wasm-opt in the cache, fetched now if it must be; None where it cannot be had (which is said).
pub fn find(places: &Places) -> Option<PathBuf> {
    process::found("node")?;
    let program = places.cache.join("binaryen-132.0.0/wasm-opt");
    if program.is_file() {
        return Some(program);
    }
    match fetch(places, &program) {
        Ok(()) => Some(program),
        Err(error) => {
            println!("site: wasm-opt cannot be had. {error:#}");
            None
        }
    }
}

fn fetch(places: &Places, program: &Path) -> Result<()> {
    let bytes = BINARYEN.member(places, "bin/wasm-opt")?;
    let scratch = Scratch::new(&places.cache)?;
    std::fs::write(scratch.0.join("wasm-opt"), bytes)?;
    // Node takes a file without a suffix for an ES module only if the package beside it says so.
    std::fs::write(scratch.0.join("package.json"), BINARYEN.member(places, "bin/package.json")?)?;
    let folder = program.parent().context("the cache is no folder")?;
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::rename(&scratch.0, folder).with_context(|| format!("cannot keep {}", folder.display()))
}

/// Rewrites `module` in place, without names; `named` gets the same with them.
pub fn shrink(program: &Path, module: &Path, named: &Path) -> Result<()> {
    let before = std::fs::metadata(module)?.len();
    let begun = Instant::now();
    let optimise = |passes: &[&str], from: &Path, to: &Path| {
        let mut node = Command::new("node");
        node.arg(program).args(FEATURES).args(passes).arg(from).arg("-o").arg(to);
        process::output(&mut node, "shrinking the page's module").map(drop)
    };
    optimise(&PASSES, module, named)?;
    optimise(&["--strip-debug", "--strip-producers", "--strip-target-features"], named, module)?;
    let after = std::fs::metadata(module)?.len();
    println!("site: wasm-opt, {} to {}, {:.0?}", megabytes(before), megabytes(after), begun.elapsed());
    Ok(())
}
