//! `face-engine migrate`: brings the database up to date and ends. Safe beside running processes of the same version.

use super::start_logging;
use crate::{
    config::{Config, Environment},
    service::open_store,
};
use std::process::ExitCode;

pub fn run() -> anyhow::Result<ExitCode> {
    let config = Config::from_environment(&Environment::of_process())?;
    start_logging(&config.log);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        open_store(&config).await?.close().await;
        eprintln!("The database is up to date.");
        Ok(ExitCode::SUCCESS)
    })
}
