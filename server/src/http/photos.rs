//! The photos of `POST /match`: one or several of one person, and all of them good before anything is queued.
//!
//! The first bad one is refused; where several were sent, the answer says which by its number, and for programs by `index` (0 the first).

use super::ApiError;
use crate::{
    pipeline::{ValidateError, ValidatedQuery, distinct, validate_query},
    service::Service,
};
use app::api::MAX_QUERY_PHOTOS;
use axum::http::StatusCode;
use bytes::Bytes;
use futures::future::join_all;
use serde_json::json;
use std::sync::Arc;

/// What can be seen without decoding: none is empty or larger than `limit` bytes.
pub fn check_sizes(images: &[Bytes], limit: u64) -> Result<(), ApiError> {
    for (index, image) in images.iter().enumerate() {
        let error = match image.len() as u64 {
            0 => ValidateError::Empty,
            bytes if bytes > limit => ValidateError::TooLarge { bytes, limit },
            _ => continue,
        };
        return Err(of_photo(error.into(), index, images.len()));
    }
    Ok(())
}

/// Decodes every photo; those that are good, each file once, in the order in which they were sent.
pub async fn validate(service: &Arc<Service>, images: Vec<Bytes>) -> Result<Vec<(ValidatedQuery, Bytes)>, ApiError> {
    let count = images.len();
    let validated = join_all(images.iter().map(|image| validate_one(service, image.clone()))).await;
    let mut photos = Vec::with_capacity(count);
    for (index, (validated, image)) in validated.into_iter().zip(images).enumerate() {
        photos.push((validated?.map_err(|error| of_photo(error.into(), index, count))?, image));
    }
    Ok(distinct(photos))
}

/// Decoding keeps a core busy: only so many at once, off the threads that answer.
async fn validate_one(service: &Arc<Service>, image: Bytes) -> Result<Result<ValidatedQuery, ValidateError>, ApiError> {
    let permit = service.decoders.clone().acquire_owned().await.map_err(|e| ApiError::internal(&e))?;
    let limits = service.limits;
    let validated = tokio::task::spawn_blocking(move || {
        models::give_way();
        let _permit = permit;
        validate_query(&image, &limits)
    });
    validated.await.map_err(|e| ApiError::internal(&e))
}

/// Too many to look at.
pub fn too_many() -> ApiError {
    let message = format!("A search takes at most {MAX_QUERY_PHOTOS} photos of one person: send the best of them.");
    ApiError::new(StatusCode::BAD_REQUEST, "too_many_images", message).with(json!({ "field": "image", "limit": MAX_QUERY_PHOTOS }))
}

fn of_photo(mut error: ApiError, index: usize, photos: usize) -> ApiError {
    if photos > 1 {
        let detail = &mut error.detail;
        detail.message = format!("Photo {} of {photos}: {}", index + 1, detail.message);
        if !detail.details.is_object() {
            detail.details = json!({});
        }
        detail.details["index"] = index.into();
    }
    error
}
