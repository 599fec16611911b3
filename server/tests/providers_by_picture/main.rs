//! The providers that search by picture, each against a service on loopback that answers in the shape its
//! documentation gives. The words and addresses of the answers are made up.

mod google_vision;
mod serpapi;
mod service;
mod tineye;
mod yandex_cloud;
