//! `face-engine serve`: the page and the API, until SIGTERM or ctrl-c.

use super::start_logging;
use crate::{
    clock::SystemClock,
    config::{Config, Environment, Role},
    http,
    service::{Networks, Service},
};
use anyhow::Context;
use clap::Args;
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::timeout};

/// How long open connections may take to end at shutdown.
const CONNECTIONS_TIMEOUT: Duration = Duration::from_secs(10);
/// A thread that answers looks for news of its connections after so many turns of what it has to do. In a crowd of uploads a turn
/// copies up to some megabytes; tokio's own 61 turns would let whoever knocks wait for a good part of a second.
const LOOK_AFTER: u32 = 5;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Only accepts and answers: `face-engine worker` does the work, here or elsewhere. Needs DATABASE_URL=postgres://...
    #[arg(long)]
    no_worker: bool,
}

pub fn run(arguments: &ServeArgs) -> anyhow::Result<ExitCode> {
    let mut config = Config::from_environment(&Environment::of_process())?;
    config.role = if arguments.no_worker { Role::ServeOnly } else { Role::Serve };
    start_logging(&config.log);
    tokio::runtime::Builder::new_multi_thread().enable_all().event_interval(LOOK_AFTER).build()?.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let address = config.http.address();
    // The address first: a taken port is told before anything else is touched.
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("Cannot listen on {address} (HOST, PORT): is another service there?"))?;
    let networks = Networks::configured(&config.engine);
    let service = Service::start_on(config, Arc::new(SystemClock), networks).await?;
    // For people and for scripts: the line says where, also where PORT=0 took any free one.
    eprintln!("face-engine listens on http://{}", listener.local_addr()?);

    let shutdown = service.shutdown.clone();
    let server = axum::serve(listener, http::router(service.clone())).with_graceful_shutdown(async move { shutdown.cancelled().await });
    let mut server = tokio::spawn(server.into_future());
    let failure = tokio::select! {
        () = asked_to_stop() => None,
        error = service.models_failed() => Some(anyhow::Error::from(error)),
        ended = &mut server => Some(match ended {
            Ok(Ok(())) => anyhow::anyhow!("The HTTP server ended by itself."),
            Ok(Err(error)) => error.into(),
            Err(error) => error.into(),
        }),
    };
    tracing::info!("stopping: running work goes back to the queue");
    service.stop().await;
    if timeout(CONNECTIONS_TIMEOUT, server).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// SIGTERM or ctrl-c.
pub async fn asked_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
