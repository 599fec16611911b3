//! The page and the types that browser and server share.
//!
//! * [`api`]: requests, results, events and errors as they travel over HTTP. One definition, two users.
//! * everything else: Leptos pages and components (features `ssr` on the server, `hydrate` in the browser).

pub mod api;
#[cfg(feature = "ssr")]
pub mod server;
