//! Where things lie: the checkout, what is made for it (`data/`), what is kept between checkouts (the cache) and the
//! build folder. The only module that reads the variables about folders.

use std::env;
use std::path::{Path, PathBuf};

/// The folders of one set-up. All absolute.
#[derive(Debug, Clone)]
pub struct Places {
    /// The checkout.
    pub root: PathBuf,
    /// `DATA_DIR`, or `data` in the checkout.
    pub data: PathBuf,
    /// `FACE_ENGINE_CACHE`, or `~/.cache/face-engine`: downloads and tools, shared by all checkouts.
    pub cache: PathBuf,
    /// `CARGO_TARGET_DIR`, or `target` in the checkout.
    pub target: PathBuf,
}

impl Places {
    pub fn of_this_checkout() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_else(|| PathBuf::from("."));
        Self {
            data: from_environment("DATA_DIR", &root).unwrap_or_else(|| root.join("data")),
            cache: from_environment("FACE_ENGINE_CACHE", &root).unwrap_or_else(|| home().join(".cache/face-engine")),
            target: from_environment("CARGO_TARGET_DIR", &root).unwrap_or_else(|| root.join("target")),
            root,
        }
    }

    /// Archives as they were fetched, digests checked.
    pub fn downloads(&self) -> PathBuf {
        self.cache.join("downloads")
    }

    /// Build folder of the page. Its own, because its compiler may be another version than the server's, and the two
    /// would throw away each other's work.
    pub fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }
}

/// A folder named by a variable; relative ones start at `root`. Empty counts as unset.
pub fn from_environment(variable: &str, root: &Path) -> Option<PathBuf> {
    env::var_os(variable).filter(|v| !v.is_empty()).map(|v| root.join(v))
}

pub fn home() -> PathBuf {
    env::var_os("HOME").map(PathBuf::from).unwrap_or_else(env::temp_dir)
}
