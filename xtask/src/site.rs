//! The page's bundle: `frontend` compiled for the browser, bound to JavaScript by wasm-bindgen's own library (the
//! version of Cargo.lock: no tool to install), shrunk by wasm-opt, and the style sheets joined. Into `data/site/pkg`.

mod css;
mod wasm_opt;

use crate::{digest, fetch::Scratch, fetch::megabytes, places::Places, process, wasm};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use wasm_bindgen_cli_support::Bindgen;

/// Name of the three files; the page's shell asks for them by it.
const NAME: &str = "face-engine";
/// Bump when a bundle built by older code of this module no longer fits.
const RECIPE: &str = "site 1";
/// What a bundle is made of.
const SOURCES: [&str; 5] = ["app", "frontend", "style", "Cargo.toml", "Cargo.lock"];

pub fn run(places: &Places) -> Result<()> {
    let toolchain = wasm::toolchain(places)?;
    let package = places.data.join("site/pkg");
    let stamp_file = places.data.join("site/READY");
    let optimiser = wasm_opt::find(places);
    let optimised = if optimiser.is_some() { wasm_opt::TITLE } else { "not optimised" };
    let stamp = digest::of_tree(&places.root, &SOURCES, &[RECIPE, &toolchain.version, optimised])? + "\n";
    let there = ["js", "wasm", "css"].iter().all(|kind| package.join(format!("{NAME}.{kind}")).is_file());
    if there && std::fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) {
        println!("site: already there");
        return Ok(());
    }
    check_wasm_bindgen(&std::fs::read_to_string(places.root.join("Cargo.lock")).context("cannot read Cargo.lock")?)?;
    println!("site: compiling the page with {} (the first time some 3 minutes)", toolchain.version);
    let begun = Instant::now();
    let compiled = compile(places, &toolchain)?;
    std::fs::create_dir_all(&places.data)?;
    let scratch = Scratch::new(&places.data)?;
    bind(&compiled, &scratch.0)?;
    let module = scratch.0.join(format!("{NAME}.wasm"));
    match optimiser {
        Some(optimiser) => wasm_opt::shrink(&optimiser, &module)?,
        None => println!("site: the module stays larger than it need be, because Node.js with npm is not here to run wasm-opt"),
    }
    std::fs::write(scratch.0.join(format!("{NAME}.css")), css::joined(&places.root.join("style"))?)?;
    let sizes: Vec<String> = ["wasm", "js", "css"].iter().map(|kind| size(&scratch.0.join(format!("{NAME}.{kind}")), kind)).collect();

    let site = places.data.join("site");
    if site.exists() {
        std::fs::remove_dir_all(&site).with_context(|| format!("cannot replace {}", site.display()))?;
    }
    std::fs::create_dir_all(&site)?;
    std::fs::rename(&scratch.0, &package).with_context(|| format!("cannot make {}", package.display()))?;
    std::fs::write(&stamp_file, stamp)?;
    println!("site: {} in {:.0?}", sizes.join(", "), begun.elapsed());
    Ok(())
}

/// The wasm file as rustc leaves it.
fn compile(places: &Places, toolchain: &wasm::Toolchain) -> Result<PathBuf> {
    const PROFILE: &str = "wasm-release";
    let mut cargo = process::cargo(process::found("cargo").context("there is no cargo in PATH")?);
    cargo.args(["build", "--quiet", "--package", "frontend", "--lib", "--target", wasm::TARGET, "--profile", PROFILE]);
    cargo.env("CARGO_TARGET_DIR", places.wasm_target()).current_dir(&places.root);
    if let Some(rustc) = &toolchain.rustc {
        cargo.env("RUSTC", rustc);
    }
    process::aloud(&mut cargo, "compiling the page")?;
    let compiled = places.wasm_target().join(wasm::TARGET).join(PROFILE).join("frontend.wasm");
    if !compiled.is_file() {
        bail!("cargo left no {}: is CARGO_BUILD_TARGET_DIR or a build-dir setting in the way?", compiled.display());
    }
    Ok(compiled)
}

/// `NAME.js` and `NAME.wasm` in `folder`.
fn bind(compiled: &Path, folder: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name(NAME).typescript(false).remove_name_section(true).remove_producers_section(true);
    // The page names the module itself, so the script needs no path of its own.
    bindgen.web(true)?.omit_default_module_path(true);
    bindgen.generate(folder).context("wasm-bindgen cannot bind the page's module")?;
    let (made, wanted) = (folder.join(format!("{NAME}_bg.wasm")), folder.join(format!("{NAME}.wasm")));
    std::fs::rename(&made, &wanted).with_context(|| format!("wasm-bindgen left no {}", made.display()))
}

/// The library that binds and the crate that is bound must be one version: their format changes with each.
fn check_wasm_bindgen(lock: &str) -> Result<()> {
    let (library, crate_) = (locked(lock, "wasm-bindgen-cli-support"), locked(lock, "wasm-bindgen"));
    if library.is_none() || library != crate_ {
        let told = |version: Option<String>| version.unwrap_or_else(|| "missing".into());
        bail!(
            "Cargo.lock has wasm-bindgen {} and wasm-bindgen-cli-support {}: set both to one version in frontend/Cargo.toml and xtask/Cargo.toml",
            told(crate_),
            told(library)
        );
    }
    Ok(())
}

fn locked(lock: &str, package: &str) -> Option<String> {
    let lock: toml::Table = lock.parse().ok()?;
    let entry = lock.get("package")?.as_array()?.iter().find(|p| p.get("name").and_then(|n| n.as_str()) == Some(package))?;
    entry.get("version")?.as_str().map(str::to_string)
}

/// `wasm 0.71 MB (0.24 MB gzip)`; without gzip the plain size.
fn size(file: &Path, kind: &str) -> String {
    let plain = std::fs::metadata(file).map(|m| m.len()).unwrap_or_default();
    match process::output(Command::new("gzip").args(["-9", "-c"]).arg(file), "measuring") {
        Ok(packed) => format!("{kind} {} ({} gzip)", kilobytes(plain), kilobytes(packed.len() as u64)),
        Err(_) => format!("{kind} {}", kilobytes(plain)),
    }
}

fn kilobytes(bytes: u64) -> String {
    if bytes < 1_000_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { megabytes(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(bound: &str, binder: &str) -> String {
        let package = |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        package("wasm-bindgen", bound) + &package("wasm-bindgen-cli-support", binder)
    }

    #[test]
    fn two_versions_of_wasm_bindgen_are_told_before_anything_is_compiled() {
        assert!(check_wasm_bindgen(&lock("0.2.130", "0.2.130")).is_ok());
        let error = check_wasm_bindgen(&lock("0.2.131", "0.2.130")).unwrap_err().to_string();
        assert!(error.contains("0.2.131") && error.contains("0.2.130"), "{error}");
        assert!(check_wasm_bindgen("").unwrap_err().to_string().contains("missing"));
    }

    #[test]
    fn the_lock_file_of_this_checkout_has_one_version() {
        check_wasm_bindgen(include_str!("../../Cargo.lock")).unwrap();
    }
}
