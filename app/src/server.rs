//! What the page needs from the server that renders it (feature `ssr`): two small seams, provided as Leptos context.
//!
//! The page knows neither the store nor axum: it reads through [`RequestReader`] and reports the HTTP status of what
//! it rendered through [`StatusSetter`]. Provide them where the page is rendered:
//!
//! ```ignore
//! provide_context::<Arc<dyn RequestReader>>(reader);
//! provide_context(StatusSetter(Arc::new(move |code| response.set_status(code))));
//! ```

use crate::api::{ErrorDetail, Health, StatusReport};
use std::{future::Future, pin::Pin, sync::Arc};

/// A future that the page awaits while it is rendered.
pub type Reading<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the page may read.
pub trait RequestReader: Send + Sync {
    /// The same answer as `GET /status/{id}`, links signed. The error's `code` decides the page and its HTTP status:
    /// `gone` is 410, `not_found` and `malformed_id` 404, others 503.
    fn status(&self, id: String) -> Pin<Box<dyn Future<Output = Result<StatusReport, ErrorDetail>> + Send>>;

    /// The same answer as `GET /health`.
    fn health(&self) -> Pin<Box<dyn Future<Output = Health> + Send>>;
}

/// Sets the HTTP status of the page being rendered; without it in the context every page is a 200.
#[derive(Clone)]
pub struct StatusSetter(pub Arc<dyn Fn(u16) + Send + Sync>);

/// Why a form sent without JavaScript was refused: where it is in the context, the home page shows its sentence above
/// the form. The server renders `/` with it, and its own status, when `POST /match` was refused and the client
/// asked for `text/html`.
#[derive(Clone)]
pub struct FormProblem(pub ErrorDetail);

/// The whole document with its type erased: whoever serves it need not compile every page again.
pub fn document(options: leptos::config::LeptosOptions) -> leptos::prelude::AnyView {
    leptos::prelude::IntoAny::into_any(crate::shell(options))
}
