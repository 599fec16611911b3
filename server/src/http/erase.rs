//! `DELETE /requests/{id}`: erasure. 204 once nothing is left; from then on every link of the request answers 410.
//!
//! `POST /requests/{id}/erase` is the same for a form of a page without JavaScript: it leads back to the page, which now says so.

use super::{
    ApiError,
    report::{found, parse_id},
    same_origin,
};
use crate::{service::Service, store::Lookup};
use app::api::Links;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Redirect,
};
use std::sync::Arc;

pub async fn delete(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    found(service.jobs.erase(parse_id(&id)?).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn post(State(service): State<Arc<Service>>, Path(id): Path<String>, headers: HeaderMap) -> Result<Redirect, ApiError> {
    same_origin::check(&headers)?;
    let id = parse_id(&id)?;
    // Of one that was erased before, the page says the same.
    if let Lookup::Unknown = service.jobs.erase(id).await? {
        return Err(ApiError::not_found());
    }
    Ok(Redirect::to(&Links::of(&id.to_string()).page))
}
