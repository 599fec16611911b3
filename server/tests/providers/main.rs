//! The providers that search the web, each against a service on loopback that answers in the shape its documentation
//! gives. The words and addresses of the answers are made up.

mod api;
mod brave;
mod google_vision;
mod openverse;
mod searxng;
mod serpapi;
mod service;
#[path = "../common/spoil.rs"]
mod spoil;
mod tineye;
mod wikimedia;
mod yandex_cloud;
