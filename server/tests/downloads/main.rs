//! Downloads, seen from the hosts that are asked: real ones on loopback, which do what hosts on the web do.

mod cache;
mod chaos;
mod host;
mod hosts;
mod one_download;
mod stopping;
