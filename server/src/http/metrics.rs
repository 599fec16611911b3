//! `GET /metrics`: what is counted, in Prometheus' text format.

use crate::{metrics::CONTENT_TYPE, service::Service};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

pub async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, service.metrics_text().await).into_response()
}
