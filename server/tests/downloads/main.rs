//! Downloads, seen from the hosts that are asked: real ones on loopback, which do what hosts on the web do.

mod cache;
mod chaos;
mod host;
mod hosts;
mod one_download;
mod stopping;
// Networks by a simple rule, as in the tests of the HTTP surface.
#[allow(dead_code)]
#[path = "../common/vision.rs"]
mod vision;
