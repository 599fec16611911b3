//! Errors for people: whoever asks for a page and cannot have it gets a page that says why, and what helps. Programs get the one shape
//! of errors, which `envelope` writes.

use super::{
    alone::{Asked, respond},
    envelope::{RequestId, by_status},
    wants_html,
};
use crate::service::Service;
use app::{
    alone::{Trouble, problem},
    api::ErrorDetail,
};
use axum::{
    extract::{Request, State},
    http::{Method, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

pub async fn friendly(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if !wants_html(request.headers()) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let asked = Asked::of(request.uri(), request.headers());
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let response = next.run(request).await;
    let (status, headers) = (response.status(), response.headers());
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let error = parts.extensions.remove::<ErrorDetail>().unwrap_or_else(|| by_status(status));
    let retry_after = parts.headers.get(header::RETRY_AFTER).cloned();
    let seconds = retry_after.as_ref().and_then(|value| value.to_str().ok()?.parse().ok());
    let trouble = Trouble { status: status.as_u16(), error, path: asked.path.clone(), retry_after: seconds, request_id };
    let mut page = respond(&service, &asked, status, || problem(&trouble)).await;
    if let Some(seconds) = retry_after {
        page.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    if let Some(allowed) = parts.headers.remove(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allowed);
    }
    page
}
