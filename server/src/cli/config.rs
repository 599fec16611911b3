//! `face-engine config`: every variable that is read, with what is in force.

use crate::config::{Config, Environment};
use std::{io::Write, process::ExitCode};

pub fn run() -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process();
    let read = Config::from_environment(&environment);
    let mut out = std::io::stdout().lock();
    for variable in environment.listing() {
        let value = if variable.value.is_empty() { "(not set)" } else { &variable.value };
        let default = if variable.default.is_empty() { "(none)" } else { &variable.default };
        writeln!(out, "{}={value}\n    {}\n    default: {default}", variable.name, variable.meaning)?;
    }
    // A bad value is listed with the others, then told.
    read?;
    Ok(ExitCode::SUCCESS)
}
