//! Wakes whoever follows a request when something new about it is in the database.
//!
//! Only the wake is in memory: what is new is always read from the database, so that a follower who comes late,
//! reconnects or lags behind misses nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use uuid::Uuid;

#[derive(Debug, Default)]
pub struct Wakes(Mutex<HashMap<Uuid, watch::Sender<()>>>);

impl Wakes {
    fn senders(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `changed()` of the receiver returns after the next [`Wakes::wake`].
    pub fn subscribe(&self, id: Uuid) -> watch::Receiver<()> {
        let mut senders = self.senders();
        senders.retain(|_, sender| sender.receiver_count() > 0);
        senders.entry(id).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// Anything may have happened.
    pub fn wake_all(&self) {
        for sender in self.senders().values() {
            sender.send_replace(());
        }
    }

    pub fn wake(&self, id: Uuid) {
        if let Some(sender) = self.senders().get(&id) {
            sender.send_replace(());
        }
    }
}
