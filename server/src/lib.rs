//! The face matching engine as a service and a command line.
//!
//! Data flows one way: request → job → stages → artifacts and events → views.
//!
//! * [`cli`]: the verbs of `face-engine`; [`config`]: what the environment decides; [`service`]: all parts put together;
//! * [`http`]: routes, errors, pages; knows nothing of pictures or networks;
//! * [`jobs`]: the bounded queue, workers, retries, events, retention and erasure;
//! * [`pipeline`]: one file a stage; [`discovery`]: who names candidate pictures; [`fetch`]: how a picture is had;
//! * [`vision`]: which networks do a job, and what stands in for them;
//! * [`analyses`]: what the networks made of files before;
//! * [`pools`]: the operator's collections, looked at once; [`index`]: exact search over stored vectors;
//! * [`metrics`]: what is counted, for `GET /metrics`;
//! * [`recall`]: how many faces the pipeline finds, measured;
//! * [`calibrate`]: how sure the thresholds are, measured on pictures of known people;
//! * [`store`]: rows (SQLite or Postgres) and the queue; [`objects`]: files of a request; [`s3`]: the way to buckets; [`clock`]: what time it is.
//!
//! Every outside thing stands behind a small trait, so that a test swaps one without touching the rest.

// The types of the pages nest deeply.
#![recursion_limit = "256"]

pub use ::index;

pub mod analyses;
mod breaker;
pub mod calibrate;
pub mod cli;
pub mod clock;
pub mod config;
pub mod discovery;
pub mod fetch;
pub mod http;
pub mod jobs;
pub mod metrics;
pub mod net;
pub mod objects;
pub mod pipeline;
pub mod pools;
pub mod recall;
pub mod s3;
pub mod service;
pub mod store;
pub mod vision;

#[cfg(test)]
#[path = "../tests/common/spoil.rs"]
mod spoil;
#[cfg(test)]
mod testing;
