//! The table of routes: axum's router, and beside it the method and path of each route as it is put in.
//!
//! The document at `/openapi.json` is held against this table, so a route that is added and not described is found by a test. The
//! names are axum's own, so that `router` reads as any other.

use crate::service::Service;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    response::IntoResponse,
    routing::{self, MethodRouter},
};
use std::{convert::Infallible, sync::Arc};
use tower::Service as TowerService;

/// Method in small letters and path as axum writes it, of each route.
pub type Table = Vec<(&'static str, String)>;

/// A router that writes down what is put into it.
pub struct Routes<'a> {
    router: Router<Arc<Service>>,
    table: &'a mut Table,
}

impl<'a> Routes<'a> {
    pub fn new(table: &'a mut Table) -> Self {
        Self { router: Router::new(), table }
    }

    pub fn route(mut self, path: &str, methods: Methods) -> Self {
        self.table.extend(methods.names.into_iter().map(|name| (name, path.to_owned())));
        self.router = self.router.route(path, methods.router);
        self
    }

    /// Files below a path.
    pub fn nest_service<S>(mut self, path: &str, service: S) -> Self
    where
        S: TowerService<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.table.push(("get", format!("{path}/{{*path}}")));
        self.router = self.router.nest_service(path, service);
        self
    }

    /// What answers where there is no route.
    pub fn fallback<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        self.router = self.router.fallback(handler);
        self
    }

    pub fn with_state(self, service: Arc<Service>) -> Router {
        self.router.with_state(service)
    }
}

/// The handlers of one path, by method.
pub struct Methods {
    names: Vec<&'static str>,
    router: MethodRouter<Arc<Service>>,
}

impl Methods {
    pub fn post<H: Handler<T, Arc<Service>>, T: 'static>(mut self, handler: H) -> Self {
        self.names.push("post");
        Self { router: self.router.post(handler), ..self }
    }

    pub fn delete<H: Handler<T, Arc<Service>>, T: 'static>(mut self, handler: H) -> Self {
        self.names.push("delete");
        Self { router: self.router.delete(handler), ..self }
    }

    /// How long a body may be.
    pub fn layer(self, limit: DefaultBodyLimit) -> Self {
        Self { router: self.router.layer(limit), ..self }
    }
}

pub fn get<H: Handler<T, Arc<Service>>, T: 'static>(handler: H) -> Methods {
    Methods { names: vec!["get"], router: routing::get(handler) }
}

pub fn post<H: Handler<T, Arc<Service>>, T: 'static>(handler: H) -> Methods {
    Methods { names: vec!["post"], router: routing::post(handler) }
}

pub fn delete<H: Handler<T, Arc<Service>>, T: 'static>(handler: H) -> Methods {
    Methods { names: vec!["delete"], router: routing::delete(handler) }
}
