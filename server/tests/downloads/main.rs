//! Downloads, seen from the hosts that are asked: real ones on loopback, which do what hosts on the web do.

mod cache;
mod chaos;
// Service, client and networks, as in the tests of the HTTP surface; not all of it is used here.
#[allow(dead_code, unused_imports)]
#[path = "../common/mod.rs"]
mod common;
mod host;
mod hosts;
mod logs;
mod one_download;
mod searches;
mod stopping;
