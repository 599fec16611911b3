//! The addresses under which the API can be reached just now. Nodes come and go; whoever asks goes on with those that are there.

use crate::common::{Client, Form, Reply};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Bounded only so that a broken test ends.
pub const PATIENCE: Duration = Duration::from_secs(240);
const AGAIN: Duration = Duration::from_millis(20);

#[derive(Clone, Default)]
pub struct Entrances(Arc<Mutex<Vec<Client>>>);

impl Entrances {
    pub fn of(clients: &[Client]) -> Self {
        let entrances = Self::default();
        entrances.are(clients);
        entrances
    }

    pub fn are(&self, clients: &[Client]) {
        *self.0.lock().expect("whole") = clients.to_vec();
    }

    /// One of them; the same one for the same number, as long as it is there.
    pub fn nth(&self, number: usize) -> Option<Client> {
        let clients = self.0.lock().expect("whole");
        (!clients.is_empty()).then(|| clients[number % clients.len()])
    }

    /// Hands a request in as a careful client does: with a key, again and again until it is accepted. Its id.
    pub async fn accepted(&self, number: usize, key: &str, form: &Form) -> String {
        let form = || form.clone();
        let reply = self.answered(number, |client| async move { client.try_post_with(form(), &[("idempotency-key", key)]).await }).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        reply.json()["request_id"].as_str().expect("an id").to_owned()
    }

    /// How the request has ended.
    pub async fn ended(&self, number: usize, id: &str) -> Value {
        let patience = Instant::now() + PATIENCE;
        loop {
            let report = self.status(number, id).await;
            if matches!(report["status"].as_str(), Some("completed" | "failed")) {
                return report;
            }
            assert!(Instant::now() < patience, "it does not end: {report:#}");
            sleep(AGAIN).await;
        }
    }

    pub async fn status(&self, number: usize, id: &str) -> Value {
        let path = format!("/status/{id}");
        let path = path.as_str();
        let reply = self.answered(number, |client| async move { client.try_send("GET", path, &[], &[]).await }).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    pub async fn erased(&self, number: usize, id: &str) {
        let path = format!("/requests/{id}");
        let path = path.as_str();
        let reply = self.answered(number, |client| async move { client.try_send("DELETE", path, &[], &[]).await }).await;
        assert!(matches!(reply.status, 204 | 410), "{} {}", reply.status, reply.text());
    }

    /// Asks until somebody answers for good. "Not now" is an answer only with the time after which to come again.
    async fn answered<F: Future<Output = std::io::Result<Reply>>>(&self, number: usize, ask: impl Fn(Client) -> F) -> Reply {
        let patience = Instant::now() + PATIENCE;
        loop {
            if let Some(client) = self.nth(number)
                && let Ok(reply) = ask(client).await
            {
                if !matches!(reply.status, 429 | 503) {
                    return reply;
                }
                assert!(reply.header("retry-after").parse::<u64>().is_ok(), "{} without Retry-After: {}", reply.status, reply.text());
            }
            assert!(Instant::now() < patience, "nobody answers");
            sleep(AGAIN).await;
        }
    }
}
