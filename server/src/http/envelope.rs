//! Around every answer: a request id, security headers, one line in the log, a place in the metrics, and one shape of errors.
//!
//! Whatever made the error (a handler, axum itself, a panic), its body is written here. The log names the route, never
//! the address: an address may hold an id or a signed link.

use crate::metrics::Metrics;
use app::api::{ErrorBody, ErrorDetail};
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, among its extensions.
#[derive(Clone)]
pub struct RequestId(pub String);

/// What holds for every answer: opened by itself it loads nothing and is in nobody's frame. A page adds what it loads.
pub const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'";

/// A proxy in front may have named the request already; a strange name is not taken over.
fn request_id(request: &Request) -> String {
    let fine = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let given = request.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(fine);
    given.map_or_else(|| uuid::Uuid::new_v4().to_string(), ToOwned::to_owned)
}

pub async fn envelope(State(metrics): State<Arc<Metrics>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("http", http_request_id = %id);
    let mut response = next.run(request).instrument(span).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        response = shaped(response, &id);
    }
    let status = response.status().as_u16();
    let duration = started.elapsed();
    metrics.answered(&route, method.as_str(), status, duration);
    let duration_ms = duration.as_millis();
    // A supervisor asks every few seconds, a page for a dozen files: at `info` they would drown the rest.
    if ["/health", "/metrics", "/pkg"].iter().any(|quiet| route.starts_with(quiet)) {
        tracing::debug!(http_request_id = %id, %method, route, status, duration_ms, "answered");
    } else {
        tracing::info!(http_request_id = %id, %method, route, status, duration_ms, "answered");
    }
    let headers = response.headers_mut();
    for (name, value) in [(header::X_CONTENT_TYPE_OPTIONS, "nosniff"), (header::REFERRER_POLICY, "no-referrer")] {
        // A page with forms says more of where they come from.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // A page has said more: where its pictures come from.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// An error as api.md describes it. Pages stay pages.
fn shaped(response: Response, id: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let is_page = parts.headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if is_page {
        return Response::from_parts(parts, body);
    }
    let detail = parts.extensions.remove::<ErrorDetail>().unwrap_or_else(|| by_status(parts.status));
    let error = ErrorBody { error: detail, request_id: id.to_owned() };
    // Strings and JSON values always serialise.
    let body = serde_json::to_vec(&error).unwrap_or_default();
    for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING, header::ETAG, header::LAST_MODIFIED] {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::from(body))
}

/// For errors that axum and tower made: their own words may be internal.
pub fn by_status(status: StatusCode) -> ErrorDetail {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not take this method: see the Allow header."),
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "The upload is larger than allowed: send a smaller file."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "This kind of body is not read here."),
        status if status.is_client_error() => ("malformed_request", "The request does not read: check its address, headers and body."),
        _ => ("internal_error", "Something failed inside the service: try again, and tell the operator the request id if it stays so."),
    };
    ErrorDetail { code: code.into(), message: message.into(), details: serde_json::Value::Null }
}
