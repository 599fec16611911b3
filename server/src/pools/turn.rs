//! Whose turn it is: somebody waits for a search, and nobody for a sync. So a sync takes the networks only while no search runs on
//! this machine, or has run for so long that the sync would never end.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

/// How often is looked whether searches have ended.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether a search runs here.
pub type Busy = Arc<dyn Fn() -> bool + Send + Sync>;

/// A permit to compute, for one picture of a sync. Who waits for one is in the queue of the searches, and may be ahead of one that
/// has come since: it gives the permit back then, and waits again. After `patience` it goes ahead all the same. None: nothing is
/// computed any more.
pub async fn take(compute: &Arc<Semaphore>, busy: &Busy, patience: Duration) -> Option<OwnedSemaphorePermit> {
    let patience = Instant::now() + patience;
    loop {
        while busy() && Instant::now() < patience {
            sleep(PAUSE).await;
        }
        let permit = Arc::clone(compute).acquire_owned().await.ok()?;
        if !busy() || Instant::now() >= patience {
            return Some(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::task::yield_now;

    /// Longer than any test takes.
    const PATIENCE: Duration = Duration::from_secs(3600);

    fn search() -> (Arc<AtomicBool>, Busy) {
        let runs = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&runs);
        (runs, Arc::new(move || asked.load(Ordering::SeqCst)))
    }

    #[tokio::test]
    async fn a_search_that_comes_while_a_sync_waits_for_the_networks_goes_first() {
        let (compute, (runs, busy)) = (Arc::new(Semaphore::new(1)), search());
        let in_hand = Arc::clone(&compute).acquire_owned().await.expect("open");
        let of_sync = Arc::clone(&compute);
        let sync = tokio::spawn(async move { take(&of_sync, &busy, PATIENCE).await });
        yield_now().await;
        // The sync is in the queue already; the search comes behind it.
        runs.store(true, Ordering::SeqCst);
        let of_search = Arc::clone(&compute);
        let search = tokio::spawn(async move { of_search.acquire_owned().await });
        yield_now().await;
        drop(in_hand);
        let permit = search.await.expect("no panic").expect("open");
        assert!(!sync.is_finished(), "the sync has given its turn back");
        runs.store(false, Ordering::SeqCst);
        drop(permit);
        assert!(sync.await.expect("no panic").is_some(), "and goes on afterwards");
    }

    #[tokio::test]
    async fn a_sync_waits_while_searches_run_but_not_for_ever() {
        let (compute, (runs, busy)) = (Arc::new(Semaphore::new(4)), search());
        runs.store(true, Ordering::SeqCst);
        assert!(take(&compute, &busy, PATIENCE).now_or_never().is_none(), "although there is room");
        assert!(take(&compute, &busy, Duration::ZERO).now_or_never().flatten().is_some(), "its patience is over");
        runs.store(false, Ordering::SeqCst);
        assert!(take(&compute, &busy, PATIENCE).now_or_never().flatten().is_some());
    }
}
