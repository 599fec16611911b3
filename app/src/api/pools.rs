//! Pools: the operator's own collections of pictures, and how far they are indexed.

use serde::{Deserialize, Serialize};

/// `POST /pools`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPool {
    /// Letters, digits, `-` and `_`; 40 at most. The name of its provider.
    pub name: String,
    /// An absolute path, or `s3://bucket/prefix`, below one of the roots that the operator has set.
    pub uri: String,
}

/// `GET /pools`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct PoolList {
    /// By name.
    pub pools: Vec<PoolReport>,
}

/// How a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PoolState {
    /// Never synced: a search looks at each of its pictures.
    New,
    /// A sync was asked for, and waits.
    Queued,
    Syncing,
    /// Searched by the vectors of its faces.
    Synced,
    /// The last sync ended early, or could not see a part of the pool; `error` says why.
    Failed,
    /// Its vectors are of other networks than those that run: it is not searched before it is synced again.
    Outdated,
    /// The operator's settings do not let it be looked at any more.
    NotAllowed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct PoolReport {
    pub name: String,
    /// Of a folder of the settings the last name alone.
    pub uri: String,
    /// `settings` or `route`.
    pub origin: String,
    pub state: PoolState,
    /// Pictures that are indexed, and their faces (a picture without a face counts as one).
    pub pictures: u64,
    pub faces: u64,
    /// Files that are no pictures that can be read; they are tried again when they change.
    pub unreadable: u64,
    /// Of the newest sync: pictures that were new or had changed, those looked at so far, those that could not be looked at and are
    /// tried again by the next sync.
    pub to_do: u64,
    pub done: u64,
    pub failed: u64,
    /// Whose vectors they are, in short.
    pub contract: Option<String>,
    /// The end of the newest sync that went well.
    pub synced_at: Option<String>,
    pub error: Option<String>,
}
