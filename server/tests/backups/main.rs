//! Backups of the networks: a job whose networks fail is done, whole, by those that stand in, and says so. The networks are
//! played: the two packs see the same pictures differently, so that every number tells whose it is.

// The client, and what waits; the networks of the other tests are not played here.
#[allow(dead_code, unused_imports)]
#[path = "../common/mod.rs"]
mod common;

mod health;
mod job;
mod played;
mod real;
mod service;
