//! The HTTP surface, asked over real sockets, on a real database and real files. Each module reads like a chapter of the
//! manual; the networks are stood in for by `common::vision`, so that every answer is known beforehand.

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/postgres.rs"]
mod postgres;

#[path = "../real/mod.rs"]
mod real;

mod alone;
mod analyses;
mod artifacts;
mod bad_input;
mod erasure;
mod events;
mod evidence;
mod full_disk;
mod given;
mod matching;
mod metrics;
mod near_duplicates;
mod openapi;
mod pages;
mod pools;
mod providers;
mod quality;
mod queue;
mod restart;
mod several_photos;
mod share;
mod status;
mod uploads;
mod urls;
mod web_search;
