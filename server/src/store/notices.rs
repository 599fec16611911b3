//! What one process tells the others through Postgres (LISTEN and NOTIFY): that there is something new to read. A notice
//! carries an id and nothing else, and a lost one costs a moment: followers and workers look now and then anyway.

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::{fmt, str::FromStr, time::Duration};
use tokio::time::sleep;
use uuid::Uuid;

pub(super) const CHANNEL: &str = "face_engine";

/// Between tries to listen again where the database is away.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// There is something new about a request.
    Request(Uuid),
    /// A request is erased: whoever works on it stops, and forgets what it holds of it.
    Erased(Uuid),
    /// Something waits in the queue.
    Queued,
    /// The connection was away: anything may have happened.
    Missed,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(id) => write!(f, "request {id}"),
            Self::Erased(id) => write!(f, "erased {id}"),
            Self::Queued => f.write_str("queued"),
            Self::Missed => f.write_str("missed"),
        }
    }
}

impl FromStr for Notice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(' ') {
            Some(("request", id)) => id.parse().map(Self::Request).map_err(|_| ()),
            Some(("erased", id)) => id.parse().map(Self::Erased).map_err(|_| ()),
            None if text == "queued" => Ok(Self::Queued),
            _ => Err(()),
        }
    }
}

/// Listens on a connection of its own.
pub struct Notices {
    options: PgConnectOptions,
    listener: Option<PgListener>,
}

impl Notices {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, listener: None }
    }

    /// The next notice. Where the connection is lost it is made again, and [`Notice::Missed`] says so. Never ends.
    pub async fn next(&mut self) -> Notice {
        loop {
            let Some(listener) = &mut self.listener else {
                match self.listen().await {
                    Ok(listener) => {
                        self.listener = Some(listener);
                        return Notice::Missed;
                    }
                    Err(error) => {
                        tracing::debug!(%error, "the database cannot be listened to; tried again");
                        sleep(PAUSE).await;
                    }
                }
                continue;
            };
            match listener.try_recv().await {
                // What another version of the program says is not for this one.
                Ok(Some(notification)) => {
                    if let Ok(notice) = notification.payload().parse() {
                        return notice;
                    }
                }
                Ok(None) | Err(_) => self.listener = None,
            }
        }
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5)).connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_as_it_was_written_and_foreign_ones_are_refused() {
        let id = Uuid::new_v4();
        for notice in [Notice::Request(id), Notice::Erased(id), Notice::Queued] {
            assert_eq!(notice.to_string().parse(), Ok(notice));
        }
        for foreign in ["", "missed", "request", "request x", "queued now", "gone 1"] {
            assert_eq!(foreign.parse::<Notice>(), Err(()), "{foreign}");
        }
    }
}
