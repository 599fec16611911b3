//! `DELETE /requests/{id}`: erasure. 204 once nothing is left; from then on every link of the request answers 410.

use super::{
    ApiError,
    report::{found, parse_id},
};
use crate::service::Service;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use std::sync::Arc;

pub async fn delete(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    found(service.jobs.erase(parse_id(&id)?).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
