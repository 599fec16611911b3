//! `GET /health`, `/health/live`, `/health/ready`.

use super::ApiError;
use crate::service::Service;
use app::api::Health;
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

/// What runs, on what: always 200, the words say the rest.
pub async fn health(State(service): State<Arc<Service>>) -> Response {
    let health: Health = service.health().await;
    ([(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// The process answers.
pub async fn live() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// The networks are warm, the database and the artifact store work.
pub async fn ready(State(service): State<Arc<Service>>) -> Result<Json<Health>, ApiError> {
    let health = service.health().await;
    if service.config.role.works() && service.vision().is_none() {
        let message = "The networks are still being loaded: requests are accepted and wait.";
        return Err(not_ready(message, json!({ "models": "loading" })));
    }
    if health.database != "ok" || health.objects != "ok" {
        let details = json!({ "database": health.database, "objects": health.objects });
        return Err(not_ready("The service cannot reach its storage.", details));
    }
    Ok(Json(health))
}

fn not_ready(message: &str, details: serde_json::Value) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message).with(details).retry_after(2)
}
