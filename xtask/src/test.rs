//! `make test`: the Rust tests, then the browser's against the real server, then the weight of the page; all to the end,
//! whatever fails, and one line of counts to close with.

use crate::{browser, places::Places, process, site};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Counts of tests. A runner that broke off before its tests counts as one failure.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

pub fn run(places: &Places, cargo_options: &[&str]) -> Result<()> {
    let mut cargo = Command::new(process::found("cargo").context("there is no cargo in PATH")?);
    cargo.args(["test", "--locked", "--no-fail-fast"]).args(cargo_options).current_dir(&places.root);
    // The target folder as this program knows it: a relative one would start elsewhere.
    cargo.env("CARGO_TARGET_DIR", &places.target);
    let mut all = watched(&mut cargo, "the Rust tests", of_cargo)?;

    let mut playwright = Command::new("npx");
    playwright.args(["--no-install", "playwright", "test", "--reporter=list"]).current_dir(places.root.join("end2end"));
    playwright.env("FACE_ENGINE_BIN", places.target.join("debug/face-engine")).env("DATA_DIR", &places.data).env("CI", "1");
    if let Some(chromium) = browser::chromium() {
        playwright.env("CHROMIUM", chromium);
    }
    all.add(watched(&mut playwright, "the browser tests", of_playwright)?);

    println!("\nthe weight of the page");
    match site::weigh(places) {
        Ok(()) => all.passed += 1,
        Err(error) => {
            println!("{error:#}");
            all.failed += 1;
        }
    }

    if !postgres_is_here() {
        println!("\nPostgres is not on this machine: what needs it was skipped. `sudo apt-get install postgresql` (Debian) brings it.");
    }
    println!("\n{} passed, {} failed, {} skipped", all.passed, all.failed, all.skipped);
    if all.failed > 0 {
        bail!("{} tests failed; each is told above", all.failed);
    }
    if all.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// The tests start a cluster of their own: only the programs are needed, where Debian puts them or in `PATH`.
fn postgres_is_here() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin/initdb")).any(|initdb| initdb.is_file()) || process::found("initdb").is_some()
}

/// Runs a test runner, its output passed on line by line and counted.
fn watched(command: &mut Command, what: &str, count: fn(&str) -> Counts) -> Result<Counts> {
    println!("\n{what}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {what}"))?;
    let mut counts = Counts::default();
    let output = child.stdout.take().context("a runner without output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        counts.add(count(&line));
        writeln!(std::io::stdout(), "{line}")?;
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        println!("{what} broke off ({status}): counted as one failure");
        counts.failed = 1;
    }
    Ok(counts)
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn of_cargo(line: &str) -> Counts {
    let Some(counts) = line.strip_prefix("test result: ") else { return Counts::default() };
    let counts = counts.split_once(". ").map_or(counts, |(_, rest)| rest);
    let number = |word: &str| {
        let part = counts.split(';').find(|part| part.trim().ends_with(word))?;
        part.split_whitespace().next()?.parse().ok()
    };
    Counts { passed: number("passed").unwrap_or(0), failed: number("failed").unwrap_or(0), skipped: number("ignored").unwrap_or(0) }
}

/// The closing lines of Playwright's list: `  12 passed (8.1s)`, `  1 failed`, `  2 skipped`, `  1 did not run`.
fn of_playwright(line: &str) -> Counts {
    let mut counts = Counts::default();
    let Some(rest) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) else { return counts };
    let Some((number, word)) = rest.split_once(' ') else { return counts };
    let Ok(number) = number.parse() else { return counts };
    match word.split(" (").next().unwrap_or(word) {
        "passed" => counts.passed = number,
        "failed" | "flaky" | "interrupted" => counts.failed = number,
        "skipped" | "did not run" => counts.skipped = number,
        _ => {}
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_result_lines_are_counted() {
        let line = "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s";
        assert_eq!(of_cargo(line), Counts { passed: 5, failed: 2, skipped: 1 });
        assert_eq!(of_cargo("test a_test ... ok"), Counts::default());
    }

    #[test]
    fn playwrights_closing_lines_are_counted() {
        assert_eq!(of_playwright("  12 passed (8.1s)"), Counts { passed: 12, ..Counts::default() });
        assert_eq!(of_playwright("  1 failed"), Counts { failed: 1, ..Counts::default() });
        assert_eq!(of_playwright("  2 did not run"), Counts { skipped: 2, ..Counts::default() });
        assert_eq!(of_playwright("    12 passed candidates are shown"), Counts::default());
        assert_eq!(of_playwright("  ok 3 page.spec.ts:1:2 › 4 passed (1s)"), Counts::default());
    }

    #[test]
    fn a_runner_that_breaks_off_before_its_tests_is_a_failure() {
        let counts = watched(Command::new("sh").args(["-c", "echo error: no such file; exit 101"]), "a runner", of_cargo).unwrap();
        assert_eq!(counts, Counts { failed: 1, ..Counts::default() });
    }
}
