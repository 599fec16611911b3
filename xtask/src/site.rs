//! The page's bundle: `frontend` compiled for the browser, what nobody calls cut out of it, bound to JavaScript by
//! wasm-bindgen's own library (the version of Cargo.lock: no tool to install), shrunk by wasm-opt, the style sheets joined; all
//! of it packed and named for the server. Into `data/site`.

mod css;
mod pack;
mod snip;
mod wasm_opt;

use crate::{digest, fetch::Scratch, places::Places, process, wasm};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::time::Instant;
use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

/// What the names of the three files begin with.
const NAME: &str = "face-engine";
/// Bump when a bundle built by older code of this module no longer fits.
const RECIPE: &str = "site 4";
/// What a bundle is made of.
const SOURCES: [&str; 6] = ["app", "frontend", "style", ".cargo", "Cargo.toml", "Cargo.lock"];

pub fn run(places: &Places) -> Result<()> {
    let toolchain = wasm::toolchain(places)?;
    let site = places.data.join("site");
    let stamp_file = site.join("READY");
    let optimiser = wasm_opt::find(places);
    let optimised = if optimiser.is_some() { wasm_opt::TITLE } else { "not optimised" };
    let stamp = digest::of_tree(&places.root, &SOURCES, &[RECIPE, &toolchain.version, optimised])? + "\n";
    if pack::weigh(&site).is_ok() && std::fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) {
        println!("site: already there");
        return Ok(());
    }
    check_wasm_bindgen(&std::fs::read_to_string(places.root.join("Cargo.lock")).context("cannot read Cargo.lock")?)?;
    println!("site: compiling the page with {} (the first time some 3 minutes)", toolchain.version);
    let begun = Instant::now();
    let compiled = compile(places, &toolchain)?;
    std::fs::create_dir_all(&places.data)?;
    let scratch = Scratch::new(&places.data)?;
    let (bound, made) = (scratch.0.join("bound"), scratch.0.join("site"));
    bind(&compiled, &bound)?;
    let module = bound.join(format!("{NAME}.wasm"));
    match optimiser {
        // Beside the compiler's own: the module with its names, to see what is in it.
        Some(optimiser) => wasm_opt::shrink(&optimiser, &module, &compiled.with_file_name("named.wasm"))?,
        None => println!("site: the module stays larger than it need be, because Node.js with npm is not here to run wasm-opt"),
    }
    std::fs::write(bound.join(format!("{NAME}.css")), css::joined(&places.root.join("style"))?)?;

    let package = made.join("pkg");
    std::fs::create_dir_all(&package)?;
    let put = |kind: &str| pack::put(&package, NAME, kind, &std::fs::read(bound.join(format!("{NAME}.{kind}")))?);
    let sizes = pack::KINDS.into_iter().map(put).collect::<Result<Vec<_>>>()?;
    pack::list(&made, &sizes)?;
    std::fs::write(made.join("READY"), stamp)?;
    if site.exists() {
        std::fs::remove_dir_all(&site).with_context(|| format!("cannot replace {}", site.display()))?;
    }
    std::fs::rename(&made, &site).with_context(|| format!("cannot make {}", site.display()))?;
    print!("site: in {:.0?}\n{}", begun.elapsed(), pack::table(&sizes));
    Ok(())
}

/// Tells what the bundle weighs, file by file.
///
/// # Errors
/// Where it is heavier than it may be, or not there.
pub fn weigh(places: &Places) -> Result<()> {
    let sizes = pack::weigh(&places.data.join("site"))?;
    print!("{}", pack::table(&sizes));
    pack::within_budget(&sizes)
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

/// `NAME.js` and `NAME.wasm` in `folder`, the module with its names.
fn bind(compiled: &Path, folder: &Path) -> Result<()> {
    let mut module = Module::from_file(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
    if snip::snip(&mut module) == 0 {
        println!("site: the module has no function to cut out: Leptos or rustc's names have changed (xtask/src/site/snip.rs)");
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_module(NAME, module).out_name(NAME).typescript(false).demangle(false).remove_producers_section(true);
    // The page names the module itself, so the script needs no path of its own.
    bindgen.web(true)?.omit_default_module_path(true);
    let mut bound = bindgen.generate_output().context("wasm-bindgen cannot bind the page's module")?;
    snip::unexport(bound.wasm_mut());
    bound.emit(folder).with_context(|| format!("cannot write the page's module into {}", folder.display()))?;
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
