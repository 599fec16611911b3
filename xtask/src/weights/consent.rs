//! Licences of the weights: shown before anything is fetched, a yes asked for where somebody sits at a terminal.
//! `ACCEPT_MODEL_LICENSES=1` is a yes in advance, `0` a no.

use super::roles;
use anyhow::{Result, bail};
use models::pack::Pack;
use std::io::{IsTerminal, Write};

const VARIABLE: &str = "ACCEPT_MODEL_LICENSES";

/// What there is to do about the licences of a pack.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// Ask the person at the terminal.
    Ask,
}

fn answer(variable: Option<&str>, terminal: bool) -> Answer {
    match variable {
        Some("0") => Answer::No,
        Some("1") => Answer::Yes,
        _ if terminal => Answer::Ask,
        _ => Answer::Yes,
    }
}

fn from_environment() -> Answer {
    answer(std::env::var(VARIABLE).ok().as_deref(), std::io::stdin().is_terminal() && std::io::stdout().is_terminal())
}

pub fn refused_by_variable() -> Result<()> {
    if from_environment() == Answer::No {
        bail!("{VARIABLE}=0: the weights' licences are not accepted, so no weights are fetched or prepared; unset it or set it to 1");
    }
    Ok(())
}

/// Shows the licences; an error if the answer is no.
pub fn ask(name: &str, pack: &Pack) -> Result<()> {
    println!("models: pack {name}, {}. Licences of its weights:\n{}", pack.description, table(pack));
    match from_environment() {
        Answer::Yes => Ok(()),
        Answer::No => refused_by_variable(),
        Answer::Ask => {
            print!("Use these weights under these licences? [y/N] ");
            std::io::stdout().flush()?;
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            if is_yes(&line) {
                return Ok(());
            }
            bail!("the licences of pack {name} were not accepted; another pack: `cargo xtask models --pack light|standard`")
        }
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// One line a file: role, file, licence.
pub fn table(pack: &Pack) -> String {
    roles(pack).iter().map(|(role, n)| format!("    {role:<12} {:<24} {}\n", n.file, n.licence)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::pack::Packs;

    #[test]
    fn a_person_at_a_terminal_is_asked_and_a_script_is_told() {
        assert_eq!(answer(None, true), Answer::Ask);
        assert_eq!(answer(None, false), Answer::Yes);
    }

    #[test]
    fn the_variable_decides_alone() {
        for terminal in [true, false] {
            assert_eq!(answer(Some("0"), terminal), Answer::No);
            assert_eq!(answer(Some("1"), terminal), Answer::Yes);
        }
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \n"));
        assert!(!is_yes("\n") && !is_yes("") && !is_yes("no"));
    }

    #[test]
    fn every_file_is_shown_with_its_licence() {
        for pack in Packs::built_in().packs.values() {
            let table = table(pack);
            for (_, network) in roles(pack) {
                assert!(table.contains(&network.file) && table.contains(&network.licence));
            }
        }
    }
}
