//! The place of one pack: whether it is loaded, and how that is done, once at a time.

use models::{ModelError, Vision};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Loads the networks of a pack, and warms them up. Blocks; called once, and again where a device was lost or loading failed.
pub type VisionLoader = Box<dyn Fn() -> Result<Arc<dyn Vision>, ModelError> + Send + Sync>;

/// How far a pack has come.
#[derive(Clone)]
pub enum SlotState {
    NotLoaded,
    Loading,
    Ready(Arc<dyn Vision>),
    Failed(ModelError),
}

impl fmt::Display for SlotState {
    /// `ready`, `failed: cannot load ...`: for `/health`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoaded => f.write_str("not loaded"),
            Self::Loading => f.write_str("loading"),
            Self::Ready(_) => f.write_str("ready"),
            Self::Failed(error) => write!(f, "failed: {error}"),
        }
    }
}

pub struct Slot {
    pack: String,
    load: VisionLoader,
    state: Mutex<SlotState>,
    /// Held by who has it loaded; the others wait for the outcome.
    turn: tokio::sync::Mutex<()>,
}

impl Slot {
    pub fn new(pack: String, load: VisionLoader) -> Arc<Self> {
        Arc::new(Self { pack, load, state: Mutex::new(SlotState::NotLoaded), turn: tokio::sync::Mutex::default() })
    }

    pub fn pack(&self) -> &str {
        &self.pack
    }

    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> SlotState {
        self.lock().clone()
    }

    /// The networks, where they are loaded.
    pub fn loaded(&self) -> Option<Arc<dyn Vision>> {
        match &*self.lock() {
            SlotState::Ready(vision) => Some(Arc::clone(vision)),
            _ => None,
        }
    }

    /// The networks, loaded where they are not.
    pub async fn ready(self: &Arc<Self>) -> Result<Arc<dyn Vision>, ModelError> {
        match self.loaded() {
            Some(vision) => Ok(vision),
            None => self.have_loaded(false).await,
        }
    }

    /// The networks, loaded anew even where they are there: what they stood on is gone.
    pub async fn load_again(self: &Arc<Self>) -> Result<Arc<dyn Vision>, ModelError> {
        self.have_loaded(true).await
    }

    /// Goes on to its end even where nobody waits any more, so that no one finds it half done.
    async fn have_loaded(self: &Arc<Self>, anew: bool) -> Result<Arc<dyn Vision>, ModelError> {
        let slot = Arc::clone(self);
        let loading = tokio::spawn(async move {
            let _turn = slot.turn.lock().await;
            if let (Some(vision), false) = (slot.loaded(), anew) {
                return Ok(vision);
            }
            let before = std::mem::replace(&mut *slot.lock(), SlotState::Loading);
            let loader = Arc::clone(&slot);
            let loading = move || {
                // Lets go of what was loaded before anything new takes its memory. That may take as long as loading does: a device is
                // given back.
                drop(before);
                (loader.load)()
            };
            let loaded = tokio::task::spawn_blocking(loading).await.unwrap_or_else(|_| Err(stopped("it panicked")));
            *slot.lock() = match &loaded {
                Ok(vision) => SlotState::Ready(Arc::clone(vision)),
                Err(error) => SlotState::Failed(error.clone()),
            };
            loaded
        });
        loading.await.unwrap_or_else(|_| Err(stopped("it was interrupted")))
    }
}

fn stopped(why: &str) -> ModelError {
    ModelError::Load(format!("the networks: {why}"))
}
