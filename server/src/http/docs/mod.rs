//! `GET /docs`: the document of `/openapi.json` as a page. It has no script at all, so it may load nothing but its style.
//!
//! The page is the same for everybody but for this server's own address in its examples.

mod body;
mod html;
mod schema;

use super::openapi::{SERVER, address, tagged};
use crate::service::Service;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    response::Response,
};
use std::sync::{Arc, LazyLock};

/// Its style, and the picture in the browser's tab.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

static BODY: LazyLock<String> = LazyLock::new(body::body);

pub async fn page(State(service): State<Arc<Service>>, request: Request) -> Response {
    let body = BODY.replace(SERVER, &address(request.headers(), request.uri(), &service.config.http));
    let page = app::plain::document("/pkg/face-engine.css", "HTTP interface", body);
    let mut response = tagged(request.headers(), "text/html; charset=utf-8", page);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
