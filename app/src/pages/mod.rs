//! One file for each page.

mod home;
mod problem;
mod request;

pub use home::HomePage;
pub use request::RequestPage;
