//! Which networks compare, on whatever machine: each process that works publishes the contract of its networks, so that also one
//! that works not knows which pools can be searched.
//!
//! A pool is outdated where nobody who works has the networks of its vectors. Where nobody works nobody can say.

use super::{Pools, contract_text, short};
use crate::store::{PoolRow, PublishedContract, StoreError};
use crate::vision::Visions;
use models::VisionInfo;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a process tells, and for how long it is believed.
const TELL_EVERY: Duration = Duration::from_secs(4);
const BELIEVED: Duration = Duration::from_secs(20);
/// How often is looked whether the networks are warm.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Networks that compare.
pub type Running = PublishedContract;

/// Why a pool cannot be compared with: its vectors are of other networks than those that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    pub pool: String,
    /// The contracts, in short.
    pub pinned: String,
    pub running: String,
    /// The embedding network that runs.
    pub model: String,
}

impl PublishedContract {
    pub fn of(info: &VisionInfo) -> Self {
        Self { name: info.embedding_model.clone(), contract: contract_text(&info.contract) }
    }
}

/// `running`: of everybody who works.
pub(super) fn is_outdated(row: &PoolRow, running: &[Running]) -> bool {
    !row.contract.is_empty() && !running.is_empty() && !running.iter().any(|networks| networks.contract == row.contract)
}

impl Pools {
    /// Until the process stops: tells the others which networks compare here. Where there are no others nothing is told.
    pub async fn publish(self: Arc<Self>, visions: Arc<Visions>, shutdown: CancellationToken) {
        if self.store.is_exclusive() {
            return;
        }
        let worker = Uuid::new_v4();
        while !shutdown.is_cancelled() {
            // Also the backup's, while that stands in.
            let now = visions.now().map(|chosen| PublishedContract::of(chosen.vision.info()));
            if let Some(published) = &now
                && let Err(error) = self.store.publish_contract(worker, published).await
            {
                tracing::debug!(%error, "which networks run here could not be told; tried again");
            }
            tokio::select! {
                () = sleep(if now.is_some() { TELL_EVERY } else { LOOK_EVERY }) => {}
                () = shutdown.cancelled() => {}
            }
        }
        if let Err(error) = self.store.withdraw_contract(worker).await {
            tracing::debug!(%error, "the networks of this process count for a little longer");
        }
    }

    /// Of this process first, then of the others.
    pub(super) async fn running(&self, own: Option<Running>) -> Result<Vec<Running>, StoreError> {
        let mut running: Vec<Running> = own.into_iter().collect();
        if !self.store.is_exclusive() {
            running.extend(self.store.contracts(BELIEVED).await?);
        }
        Ok(running)
    }

    /// A pool of those named whose vectors are of other networks than any that run; it is synced, where nobody has asked for that
    /// yet. `own`: of the networks that run here, where they are known.
    pub async fn outdated(&self, names: &[String], own: Option<Running>) -> Result<Option<Outdated>, StoreError> {
        if names.is_empty() {
            return Ok(None);
        }
        let running = self.running(own).await?;
        for name in names {
            let Some(row) = self.store.pool(name).await?.filter(|row| is_outdated(row, &running)) else { continue };
            self.want_sync_once(&row).await?;
            let Some(Running { name: model, contract }) = running.into_iter().next() else { return Ok(None) };
            return Ok(Some(Outdated { pool: row.name, pinned: short(&row.contract), running: short(&contract), model }));
        }
        Ok(None)
    }
}
