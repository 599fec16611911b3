//! `face-engine worker`: works on what others have accepted, until SIGTERM or ctrl-c.

use super::{serve::asked_to_stop, start_logging};
use crate::{
    clock::SystemClock,
    config::{Config, Environment, Role},
    service::{Networks, Service},
};
use std::{process::ExitCode, sync::Arc};

pub fn run() -> anyhow::Result<ExitCode> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    config.role = Role::Worker;
    start_logging(&config.log);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work(config))
}

async fn work(config: Config) -> anyhow::Result<ExitCode> {
    let networks = Networks::configured(&config.engine);
    let service = Service::start_on(config, Arc::new(SystemClock), networks).await?;
    eprintln!("face-engine works on what the queue holds");
    let failure = tokio::select! {
        () = asked_to_stop() => None,
        error = service.models_failed() => Some(error),
    };
    tracing::info!("stopping: running work goes back to the queue");
    service.stop().await;
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(ExitCode::SUCCESS),
    }
}
