//! `GET /artifacts/{key}?expires=&signature=`: crops, thumbnails, annotated pictures.
//!
//! Where the store gives files itself, the answer is a redirect to it, once the link is found good and its request not erased.

use super::ApiError;
use crate::{objects::check_key, pipeline::PictureFormat, service::Service, store::Lookup};
use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// How long an address lives that the store opens to anybody: a page loads its pictures at once. An hour that the browser keeps
/// such an address would outlive it, so it keeps it for less.
const PRESIGNED_LIFETIME: Duration = Duration::from_secs(300);
const PRESIGNED_KEPT: Duration = Duration::from_secs(60);

pub async fn get(
    State(service): State<Arc<Service>>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let parameter = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    service.links.verify(&key, parameter("expires"), parameter("signature"))?;
    let missing = || ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is no such file.");
    check_key(&key).map_err(|_| missing())?;
    // `output/<request_id>/...`: what belongs to an erased request is gone, not just missing.
    let owner = key.split('/').nth(1).and_then(|id| id.parse::<Uuid>().ok()).ok_or_else(missing)?;
    if let Lookup::Gone = service.store.state(owner).await? {
        return Err(ApiError::gone());
    }
    if let Some(address) = service.objects.presigned(&key, PRESIGNED_LIFETIME.min(service.config.http.link_lifetime)).await? {
        let cache = format!("private, max-age={}", PRESIGNED_KEPT.as_secs());
        return Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, address), (header::CACHE_CONTROL, cache)]).into_response());
    }
    let bytes = service.objects.get(&key).await?.ok_or_else(missing)?;
    let media_type = match PictureFormat::of(&bytes) {
        Some(format) => format.media_type(),
        None if key.ends_with(".json") => "application/json",
        None => "application/octet-stream",
    };
    // Kept by the asker's own browser only, and not longer than a link lives.
    let cache = format!("private, max-age={}", service.config.http.link_lifetime.as_secs());
    Ok(([(header::CONTENT_TYPE, media_type.to_owned()), (header::CACHE_CONTROL, cache)], bytes).into_response())
}
