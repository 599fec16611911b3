//! Buckets, on a real S3 server that checks signatures: pools that lie there, the files of requests, and requests that name what
//! is there.

#[allow(dead_code, unused_imports)]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/postgres.rs"]
mod postgres;
#[path = "../common/s3_server.rs"]
mod s3_server;

mod objects;
mod outages;
mod pools;
mod process;
mod requests;
mod synced;
