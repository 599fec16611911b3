//! The networks of the face matching engine and the arithmetic around them.
//!
//! Data flows one way: picture → [`Vision::people`] / [`Vision::faces`] → [`align`] → [`Vision::embed`] → cosine.
//!
//! * [`pack`]: which networks work together, whence, under which licence, how their input is prepared (`packs.toml`);
//! * `engine`: who computes a network: Burn on wgpu, ONNX Runtime, Burn on the CPU;
//! * [`batch`]: calls that wait for one network are computed together, in fair turns;
//! * `preprocess`: letterbox, channel order, normalisation; `decode`: boxes, landmarks, NMS;
//! * [`vision`]: the three networks as one thing that a pipeline can ask.
//!
//! This crate knows nothing of HTTP, jobs, files of a request or the web.

pub mod pack;

#[cfg(feature = "networks")]
pub mod align;
#[cfg(feature = "networks")]
pub mod batch;
#[cfg(feature = "networks")]
mod courtesy;
#[cfg(feature = "networks")]
pub mod decode;
#[cfg(feature = "networks")]
pub mod engine;
#[cfg(feature = "networks")]
mod geometry;
#[cfg(feature = "networks")]
mod networks;
#[cfg(feature = "networks")]
pub mod preprocess;
#[cfg(feature = "networks")]
pub mod vision;

#[cfg(feature = "networks")]
pub use courtesy::give_way;
#[cfg(feature = "networks")]
pub use engine::EngineChoice;
#[cfg(feature = "networks")]
pub use geometry::{BBox, Landmarks};
#[cfg(feature = "networks")]
pub use vision::{
    Analyser, Caller, Contract, ContractMismatch, Detected, Embedding, Face, ModelError, NetworkInfo, Person, Vision, VisionConfig,
    VisionInfo, load,
};
