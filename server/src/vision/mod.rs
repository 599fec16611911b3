//! Which networks do a job: those of the primary pack, or, while they cannot, those of a backup pack.
//!
//! A job takes one pack at its start and keeps to it: vectors of two packs mean nothing beside each other. When the
//! networks fail in its middle it starts again, whole, on the backup ([`Visions::instead`]). A circuit breaker remembers
//! that they failed, so that the next job starts on the backup at once. After a pause a small picture of no one's is
//! looked at by the primary ([`Visions::try_again`]); when that goes well, it is used again. A pack that could not be
//! loaded, or whose device is lost, is loaded again for that.
//!
//! The backup also does a job that starts while memory is short ([`memory`]), where it is loaded.

pub mod memory;
mod self_check;
mod slot;

pub use memory::{MachineMemory, Memory, MemoryGuard};
pub use slot::{SlotState, VisionLoader};

use crate::breaker::{Admission, Breaker, BreakerRule};
use crate::clock::{Clock, Moment};
use app::api::BackupReport;
use models::{ModelError, Vision};
use slot::Slot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One failure opens the breaker: the job that met it is made again from its start, which nobody should have to pay twice.
const RULE: BreakerRule = BreakerRule { failures: 1, pause: Duration::from_secs(30), longest_pause: Duration::from_secs(15 * 60) };
/// How often is looked whether a trial is due.
const TEND_EVERY: Duration = Duration::from_millis(250);
/// Why the backup does a job although nothing failed.
pub const SHORT_OF_MEMORY: &str = "memory";

/// The pack that stands in, and how it is loaded.
pub struct Backup {
    /// The pack's name.
    pub pack: String,
    pub load: VisionLoader,
}

/// The networks of one job.
#[derive(Clone)]
pub struct Chosen {
    pub vision: Arc<dyn Vision>,
    /// Why the backup does it: the diagnostic kind of what failed, or [`SHORT_OF_MEMORY`]. None: the primary does it.
    pub backup: Option<&'static str>,
}

impl Chosen {
    fn primary(vision: Arc<dyn Vision>) -> Self {
        Self { vision, backup: None }
    }
}

/// The primary pack, and the backup pack where there is one.
pub struct Visions {
    primary: Arc<Slot>,
    backup: Option<Arc<Slot>>,
    memory: MemoryGuard,
    clock: Arc<dyn Clock>,
    primary_health: Mutex<PrimaryHealth>,
}

/// What is known of the primary.
struct PrimaryHealth {
    breaker: Breaker<Moment>,
    /// The diagnostic kind of what opened the breaker.
    failed: &'static str,
    /// Its device is lost: what is loaded will never work again.
    device_lost: bool,
}

impl Visions {
    /// Nothing is loaded yet: the first who asks has the primary loaded.
    pub fn new(
        primary_pack: impl Into<String>,
        primary: VisionLoader,
        backup: Option<Backup>,
        memory: MemoryGuard,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            primary: Slot::new(primary_pack.into(), primary),
            backup: backup.map(|Backup { pack, load }| Slot::new(pack, load)),
            memory,
            clock,
            primary_health: Mutex::new(PrimaryHealth { breaker: Breaker::new(RULE), failed: "", device_lost: false }),
        })
    }

    fn health(&self) -> MutexGuard<'_, PrimaryHealth> {
        // Whole after every step: a panic of another holder leaves nothing half done.
        self.primary_health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What failed, while the primary is not to be used.
    fn failed(&self) -> Option<&'static str> {
        let health = self.health();
        (!health.breaker.is_closed()).then_some(health.failed)
    }

    /// The networks for a job that starts now; waits until they are loaded. An error where neither pack can be had.
    pub async fn choose(&self) -> Result<Chosen, ModelError> {
        if let Some(now) = self.now() {
            return Ok(now);
        }
        if let Some(kind) = self.failed()
            && let Some(chosen) = self.backup_because(kind).await
        {
            return Ok(chosen);
        }
        match self.primary.ready().await {
            Ok(vision) => Ok(Chosen::primary(vision)),
            Err(error) => {
                self.note_failure(error.kind());
                self.backup_because(error.kind()).await.ok_or(error)
            }
        }
    }

    /// As [`choose`](Self::choose), without waiting: None while what should do the job is not loaded.
    pub fn now(&self) -> Option<Chosen> {
        let primary = self.primary.loaded();
        let Some(backup) = &self.backup else { return primary.map(Chosen::primary) };
        match (self.failed(), backup.state()) {
            (Some(kind), SlotState::Ready(vision)) => Some(Chosen { vision, backup: Some(kind) }),
            // Better networks that failed than none.
            (Some(_), SlotState::Failed(_)) => primary.map(Chosen::primary),
            (Some(_), SlotState::NotLoaded | SlotState::Loading) => None,
            (None, SlotState::Ready(vision)) if self.memory.is_short() => Some(Chosen { vision, backup: Some(SHORT_OF_MEMORY) }),
            (None, _) => primary.map(Chosen::primary),
        }
    }

    /// Whether a job on these networks could go over to others.
    pub fn may_replace(&self, chosen: &Chosen) -> bool {
        self.backup.is_some() && chosen.backup.is_none()
    }

    /// What a job goes on with, from its start, after its networks failed with this diagnostic kind. None where there is
    /// nothing to go over to.
    pub async fn instead(&self, chosen: &Chosen, kind: &'static str) -> Option<Chosen> {
        if !self.may_replace(chosen) {
            return None;
        }
        // What was loaded again since then has not failed.
        if self.primary.loaded().is_none_or(|now| Arc::ptr_eq(&now, &chosen.vision)) {
            self.note_failure(kind);
        }
        self.backup_because(kind).await
    }

    async fn backup_because(&self, kind: &'static str) -> Option<Chosen> {
        let slot = self.backup.as_ref()?;
        match slot.ready().await {
            Ok(vision) => Some(Chosen { vision, backup: Some(kind) }),
            Err(error) => {
                tracing::error!(pack = slot.pack(), %error, "the backup networks cannot be loaded");
                None
            }
        }
    }

    fn note_failure(&self, kind: &'static str) {
        if self.backup.is_none() {
            return;
        }
        let now = self.clock.now();
        let mut health = self.health();
        if health.breaker.is_closed() {
            health.failed = kind;
            tracing::warn!(pack = self.primary.pack(), kind, "the networks failed; the backup does the work for now");
        }
        health.device_lost |= kind == "device_lost";
        health.breaker.failed(Admission::Pass, now);
    }

    /// Loads the backup, so that it can take over at once.
    pub async fn warm_backup(&self) {
        let Some(slot) = &self.backup else { return };
        match slot.ready().await {
            Ok(vision) => tracing::info!(pack = slot.pack(), engine = vision.info().engine, "the backup networks are warm"),
            Err(error) => {
                tracing::error!(pack = slot.pack(), %error, "the backup networks cannot be loaded; tried again when they are needed")
            }
        }
    }

    /// Lets the primary look at a picture of no one's, where the pause since its failure is over and memory is not short.
    pub async fn try_again(&self) {
        if self.backup.is_none() || self.failed().is_none() || self.memory.is_short() {
            return;
        }
        // Threads that hang in the engine do not come back: such networks are of no use any more.
        let hung = self.primary.loaded().is_some_and(|vision| vision.stuck() > 0);
        let (admission, device_lost) = {
            let mut health = self.health();
            (health.breaker.admit(self.clock.now()), health.device_lost)
        };
        if admission != Admission::Probe {
            return;
        }
        let tried = async {
            let vision = if device_lost || hung { self.primary.load_again().await? } else { self.primary.ready().await? };
            self_check::self_check(vision).await
        };
        let ended = tried.await;
        let now = self.clock.now();
        let mut health = self.health();
        match ended {
            Ok(()) => {
                health.breaker.succeeded(admission);
                health.device_lost = false;
                tracing::info!(pack = self.primary.pack(), "the networks work again and are used again");
            }
            Err(error) => {
                health.failed = error.kind();
                // What was loaded again stands on a new device.
                health.device_lost = matches!(error, ModelError::DeviceLost(_));
                health.breaker.failed(admission, now);
                tracing::warn!(pack = self.primary.pack(), kind = error.kind(), %error, "the networks still fail");
            }
        }
    }

    /// Tries the primary again whenever that is due, until the process stops.
    pub async fn tend(self: Arc<Self>, stop: CancellationToken) {
        let tend = async {
            loop {
                tokio::time::sleep(TEND_EVERY).await;
                self.try_again().await;
            }
        };
        // A trial that is going on holds up nobody who stops the service.
        let _: Option<()> = stop.run_until_cancelled(tend).await;
    }

    /// What there is to say of the backup; None where there is none.
    pub fn report(&self) -> Option<BackupReport> {
        let slot = self.backup.as_ref()?;
        let reason = self.now().and_then(|chosen| chosen.backup);
        let now = self.clock.now();
        let health = self.health();
        let breaker = match (health.breaker.is_closed(), health.breaker.is_probing()) {
            (true, _) => "closed",
            (false, true) => "half_open",
            (false, false) => "open",
        };
        Some(BackupReport {
            pack: slot.pack().to_owned(),
            state: slot.state().to_string(),
            in_use: reason.is_some(),
            reason: reason.map(str::to_owned),
            primary: self.primary.pack().to_owned(),
            primary_state: self.primary.state().to_string(),
            breaker: breaker.to_owned(),
            next_trial: health.breaker.open_until().map(|until| until.since(now).as_secs_f64()),
        })
    }
}

#[cfg(test)]
mod tests;
