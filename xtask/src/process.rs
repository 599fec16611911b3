//! Running other programs (pip, npm, cargo, tar ...): quietly, with the end of their output in the error when they fail.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::{Command, Output};

/// Lines of a failed program's output that are shown.
const TAIL: usize = 12;

/// The program's full path, if `PATH` has it.
pub fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs to the end and returns standard output as it is. A failure is an error that begins with `what` and ends with
/// the last lines the program wrote.
pub fn output(command: &mut Command, what: &str) -> Result<Vec<u8>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let Output { status, stdout, stderr } = command.output().with_context(|| format!("{what}: cannot start `{program}`"))?;
    if !status.success() {
        let said = if stderr.iter().all(u8::is_ascii_whitespace) { &stdout } else { &stderr };
        bail!("{what}: `{program}` failed ({status})\n{}", tail(&String::from_utf8_lossy(said)));
    }
    Ok(stdout)
}

/// [`output`] as text without white space at its ends.
pub fn text(command: &mut Command, what: &str) -> Result<String> {
    Ok(String::from_utf8_lossy(&output(command, what)?).trim().to_string())
}

/// Runs with this terminal as its output: for programs that take minutes and tell how far they are.
pub fn aloud(command: &mut Command, what: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{what}: cannot start `{program}`"))?;
    if !status.success() {
        bail!("{what}: `{program}` failed ({status}); its own message is above");
    }
    Ok(())
}

/// Cargo as the active toolchain has it, without what an enclosing cargo run has set for itself.
pub fn cargo(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    for variable in [
        "RUSTC",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTDOCFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTUP_TOOLCHAIN",
        "CARGO",
        "LEPTOS_OUTPUT_NAME",
    ] {
        command.env_remove(variable);
    }
    command
}

fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL)..].iter().map(|l| format!("    {l}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_was_being_done_and_what_the_program_said() {
        let error =
            output(Command::new("sh").args(["-c", "echo no such package >&2; exit 3"]), "fetching weights").unwrap_err().to_string();
        assert!(error.starts_with("fetching weights: `sh` failed"), "{error}");
        assert!(error.contains("no such package"), "{error}");
    }

    #[test]
    fn only_the_end_of_a_long_output_is_shown() {
        let long: String = (0..100).map(|i| format!("line {i}\n")).collect();
        assert!(tail(&long).ends_with("line 99") && !tail(&long).contains("line 50"));
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = format!("{:#}", output(&mut Command::new("no-such-program-here"), "measuring").unwrap_err());
        assert!(error.contains("no-such-program-here"), "{error}");
    }
}
