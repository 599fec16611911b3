//! A Rust toolchain that compiles for the browser (`wasm32-unknown-unknown`).
//!
//! In this order: the active one, if it has the target; one built here before; `rustup target add`, unless the owner
//! of the machine has switched rustup's downloads off (`RUSTUP_AUTO_INSTALL=0`); else Debian's `rustc-web` with the
//! standard library built once from `rust-web-src`. The compiler may be another version than the server's: what they
//! share is source, not object code.

use crate::{apt, digest, fetch::Scratch, places, places::Places, process};
use anyhow::{Context, Result, bail};
use std::fmt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

pub const TARGET: &str = "wasm32-unknown-unknown";
/// Bump when a prefix built by an older recipe no longer fits.
const RECIPE: &str = "recipe1";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Which compiler builds the page.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// None: the one that cargo takes by itself.
    pub rustc: Option<PathBuf>,
    /// As `rustc --version` prints it.
    pub version: String,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rustc {
            None => write!(f, "{} compiles for {TARGET}", self.version),
            Some(path) => write!(f, "{} compiles for {TARGET} ({})", self.version, path.display()),
        }
    }
}

/// Finds a toolchain, or makes one.
pub fn toolchain(places: &Places) -> Result<Toolchain> {
    let force = std::env::var_os("WASM_RUST_FORCE_DEBIAN").is_some_and(|v| v == "1");
    if !force && has_target(Path::new("rustc")) {
        return Ok(Toolchain { rustc: None, version: version(Path::new("rustc"))? });
    }
    let prefix = prefix(places);
    let rustc = prefix.join("bin/rustc");
    if prefix_is_ready(&prefix) {
        return Ok(Toolchain { version: version(&rustc)?, rustc: Some(rustc) });
    }
    if !force && rustup_may_download() && process::found("rustup").is_some() {
        println!("wasm: rustup target add {TARGET} (about 25 MB)");
        match process::output(Command::new("rustup").args(["target", "add", TARGET]), "adding the browser target") {
            Ok(_) if has_target(Path::new("rustc")) => return Ok(Toolchain { rustc: None, version: version(Path::new("rustc"))? }),
            Ok(_) => println!("wasm: rustup added the target to another toolchain than the active one"),
            Err(error) => println!("wasm: {error:#}"),
        }
    }
    build_from_debian(&prefix).context("no Rust toolchain for the browser could be had (rustup has none, Debian's did not work out)")?;
    Ok(Toolchain { version: version(&rustc)?, rustc: Some(rustc) })
}

fn rustup_may_download() -> bool {
    std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|v| v != "0")
}

fn prefix(places: &Places) -> PathBuf {
    places::from_environment("WASM_RUST_PREFIX", &places.root).unwrap_or_else(|| places::home().join(".local/share/rust-wasm"))
}

/// Whether this compiler has a standard library for the browser.
fn has_target(rustc: &Path) -> bool {
    let asked = Command::new(rustc).args(["--target", TARGET, "--print", "target-libdir"]).output();
    let Ok(folder) = asked.map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim())) else { return false };
    rlibs(&folder).iter().any(|file| file.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libcore-")))
}

fn rlibs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "rlib")).collect()
}

fn version(rustc: &Path) -> Result<String> {
    process::text(Command::new(rustc).arg("--version"), "asking for rustc's version")
}

/// Built by this recipe with the compiler that is installed now.
fn prefix_is_ready(prefix: &Path) -> bool {
    let Ok(kept) = std::fs::read_to_string(prefix.join("stamp")) else { return false };
    stamp().is_ok_and(|now| now == kept.trim()) && has_target(&prefix.join("bin/rustc"))
}

fn stamp() -> Result<String> {
    let said = process::output(Command::new(DEBIAN_RUSTC).arg("-vV"), "asking for Debian's rustc version")?;
    Ok(format!("{RECIPE} {}", &digest::hex(&said)[..16]))
}

/// The line `key: value` of `rustc -vV`.
fn field<'a>(verbose: &'a str, key: &str) -> Option<&'a str> {
    verbose.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
}

fn debian_source(release: &str) -> PathBuf {
    PathBuf::from(format!("/usr/src/rustc-{release}/library"))
}

fn debian_release() -> Option<String> {
    let said = Command::new(DEBIAN_RUSTC).arg("-vV").output().ok()?;
    field(&String::from_utf8_lossy(&said.stdout), "release").map(str::to_string)
}

fn build_from_debian(prefix: &Path) -> Result<()> {
    if !debian_release().is_some_and(|release| debian_source(&release).is_dir()) {
        apt::install(&["rustc-web", "rust-web-src", "gcc", "libc6-dev"], "the compiler of the page, about 700 MB unpacked")?;
    }
    let verbose = process::text(Command::new(DEBIAN_RUSTC).arg("-vV"), "asking for Debian's rustc version")?;
    let (Some(release), Some(host)) = (field(&verbose, "release"), field(&verbose, "host")) else {
        bail!("{DEBIAN_RUSTC} does not tell its release and host")
    };
    let source = debian_source(release);
    if !source.is_dir() {
        bail!("{} is missing: rust-web-src must have the version of rustc-web, {release}", source.display());
    }
    println!("wasm: building the standard library of Rust {release} for {TARGET}, once, about a minute");
    let begun = Instant::now();
    let parent = prefix.parent().context("WASM_RUST_PREFIX must not be the root folder")?;
    std::fs::create_dir_all(parent)?;
    let scratch = Scratch::new(parent)?;
    let cargo = real_cargo()?;
    process::output(Command::new("cp").arg("-r").arg(&source).arg(scratch.0.join("library")), "copying the standard library's source")?;
    let mut build = process::cargo(cargo.clone());
    build.args(["build", "--locked", "--profile", "dist", "--target", TARGET, "--manifest-path", "sysroot/Cargo.toml"]);
    build.args(["--features", "panic-unwind backtrace"]).current_dir(scratch.0.join("library"));
    build.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIAN_RUSTC).env("RUSTFLAGS", "-Zforce-unstable-if-unmarked");
    build.env("CARGO_TARGET_DIR", scratch.0.join("target"));
    process::output(&mut build, "building the standard library")?;

    let made = scratch.0.join("prefix");
    lay_out(&made, prefix, host, &scratch.0.join("target").join(TARGET).join("dist/deps"), &cargo, &verbose)?;
    std::fs::write(made.join("stamp"), stamp()? + "\n")?;
    if prefix.exists() {
        std::fs::remove_dir_all(prefix).with_context(|| format!("cannot replace {}", prefix.display()))?;
    }
    std::fs::rename(&made, prefix).with_context(|| format!("cannot make {}", prefix.display()))?;
    smoke_test(prefix, &scratch.0)?;
    println!("wasm: built in {:.0?}: {}", begun.elapsed(), prefix.display());
    Ok(())
}

/// A sysroot beside Debian's: the new library, and links to what Debian has.
fn lay_out(made: &Path, prefix: &Path, host: &str, built: &Path, cargo: &Path, verbose: &str) -> Result<()> {
    let rustlib = made.join("lib/rustlib");
    let (bin, library, tools) = (made.join("bin"), rustlib.join(TARGET).join("lib"), rustlib.join(host).join("bin"));
    for folder in [&bin, &library, &tools] {
        std::fs::create_dir_all(folder)?;
    }
    for rlib in rlibs(built) {
        let Some(name) = rlib.file_name() else { continue };
        // The crate that only holds the others together is no part of a sysroot.
        if !name.to_string_lossy().starts_with("libsysroot-") {
            std::fs::copy(&rlib, library.join(name))?;
        }
    }
    symlink(format!("/usr/lib/rustlib/{host}/lib"), rustlib.join(host).join("lib"))?;
    symlink("/usr/lib/rustlib/src", rustlib.join("src"))?;
    for program in ["rustc", "rustdoc"] {
        let wrapper = bin.join(program);
        std::fs::write(&wrapper, format!("#!/bin/sh\nexec /usr/bin/{program} --sysroot \"{}\" \"$@\"\n", prefix.display()))?;
        std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755))?;
    }
    symlink(linker(host, verbose)?, tools.join("rust-lld"))?;
    symlink(cargo, bin.join("cargo"))?;
    Ok(())
}

/// `rust-lld` of the active toolchain, or Debian's lld of the LLVM that rustc-web is built on.
fn linker(host: &str, verbose: &str) -> Result<PathBuf> {
    let sysroot = process::text(Command::new("rustc").args(["--print", "sysroot"]), "asking for rustc's folder")?;
    let own = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
    if own.is_file() {
        return Ok(own);
    }
    let major =
        field(verbose, "LLVM version").and_then(|v| v.split('.').next()).context("Debian's rustc does not tell its LLVM version")?;
    let debian = PathBuf::from(format!("/usr/bin/lld-{major}"));
    if !debian.is_file() {
        apt::install(&[&format!("lld-{major}")], "the linker of the page")?;
    }
    Ok(debian)
}

/// Cargo itself, not rustup's stand-in for it (which would choose a compiler of its own).
fn real_cargo() -> Result<PathBuf> {
    if process::found("rustup").is_some()
        && let Ok(path) = process::text(Command::new("rustup").args(["which", "cargo"]), "asking rustup for cargo")
    {
        return Ok(PathBuf::from(path));
    }
    process::found("cargo").context("there is no cargo in PATH")
}

/// Code of the standard library compiles and links.
fn smoke_test(prefix: &Path, scratch: &Path) -> Result<()> {
    let source = scratch.join("smoke.rs");
    let code = "#[unsafe(no_mangle)] pub extern \"C\" fn f(n: i32) -> i32 { (0..n).map(|i| format!(\"{i}\").len() as i32).sum() }";
    std::fs::write(&source, code)?;
    let mut rustc = Command::new(prefix.join("bin/rustc"));
    rustc.args(["--edition", "2024", "--target", TARGET, "-O", "--crate-type", "cdylib", "-o"]).arg(scratch.join("smoke.wasm")).arg(source);
    process::output(&mut rustc, "trying the new toolchain").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rustc_tells_of_itself_is_read_line_by_line() {
        let verbose = "rustc 1.96.0 (abc)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.2\n";
        assert_eq!(field(verbose, "release"), Some("1.96.0"));
        assert_eq!(field(verbose, "host"), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(field(verbose, "LLVM version"), Some("22.1.2"));
        assert_eq!(field(verbose, "commit-date"), None);
    }

    #[test]
    fn a_folder_that_nobody_built_is_not_ready() {
        assert!(!prefix_is_ready(Path::new("/no/such/prefix")));
        assert!(!has_target(Path::new("/no/such/rustc")));
    }
}
