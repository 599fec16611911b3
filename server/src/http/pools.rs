//! `GET /pools`, `POST /pools`, `POST /pools/{name}/sync`, `DELETE /pools/{name}`.

use super::ApiError;
use crate::config::check_pool_name;
use crate::pools::{Outdated, PlaceError, Running};
use crate::service::Service;
use crate::store::PoolAdded;
use app::api::{NewPool, PoolList, PoolReport};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

/// Of the networks that run here, once they are warm.
pub fn running(service: &Service) -> Option<Running> {
    service.vision().map(|vision| Running::of(vision.info()))
}

pub async fn list(State(service): State<Arc<Service>>) -> Result<Response, ApiError> {
    let pools = service.pools.reports(running(&service)).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(PoolList { pools })).into_response())
}

async fn one(service: &Service, name: &str) -> Result<Json<PoolReport>, ApiError> {
    service.pools.one(name, running(service)).await?.map(Json).ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is no pool of this name: `GET /pools` lists them.")
}

pub async fn create(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, ApiError> {
    let new: NewPool = serde_json::from_slice(&body)
        .map_err(|_| ApiError::malformed("The body must be a JSON object with the fields `name` and `uri`, and no others."))?;
    check_pool_name(&new.name)
        .map_err(|_| ApiError::invalid_field("name", "1 to 40 letters, digits, `-` or `_`, and not the name of a provider"))?;
    let (pools, uri) = (service.pools.clone(), new.uri);
    // It looks at folders.
    let place = tokio::task::spawn_blocking(move || pools.allowed(&uri)).await.map_err(|error| ApiError::internal(&error))?;
    let place = place.map_err(refused)?;
    match service.pools.add(&new.name, &place).await? {
        PoolAdded::Exists => {
            Err(ApiError::new(StatusCode::CONFLICT, "pool_exists", "There is a pool of this name already: choose another.")
                .with(json!({ "pool": new.name })))
        }
        PoolAdded::Going => {
            let message = "A pool of this name is being deleted: try again when that is done.";
            Err(ApiError::new(StatusCode::CONFLICT, "pool_going", message).with(json!({ "pool": new.name })).retry_after(5))
        }
        PoolAdded::New => {
            tracing::info!(pool = new.name, "pool added");
            Ok((StatusCode::CREATED, one(&service, &new.name).await?).into_response())
        }
    }
}

fn refused(error: PlaceError) -> ApiError {
    let message = error.to_string();
    let (status, code) = match error {
        PlaceError::Malformed => (StatusCode::BAD_REQUEST, "invalid_field"),
        PlaceError::NotAllowed => (StatusCode::FORBIDDEN, "pool_not_allowed"),
        PlaceError::NoFolder => (StatusCode::UNPROCESSABLE_ENTITY, "pool_missing"),
    };
    ApiError::new(status, code, message).with(json!({ "field": "uri" }))
}

/// Accepted: `GET /pools` tells how far it is.
pub async fn sync(State(service): State<Arc<Service>>, Path(name): Path<String>) -> Result<Response, ApiError> {
    if !service.pools.want_sync(&name).await? {
        return Err(unknown());
    }
    Ok((StatusCode::ACCEPTED, one(&service, &name).await?).into_response())
}

/// Goes on to its end even where the caller goes away in between.
pub async fn delete(State(service): State<Arc<Service>>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    let deleting = tokio::spawn(async move { service.pools.delete(&name).await });
    match deleting.await.map_err(|error| ApiError::internal(&error))?? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown()),
    }
}

/// A pool that a request names must be of networks that run, here or on another machine: vectors of two are never compared. Where it
/// is not, it is synced. Where nobody works the request waits, and says so in the end.
pub async fn check_contracts(service: &Service, names: &[String]) -> Result<(), ApiError> {
    let Some(outdated) = service.pools.outdated(names, running(service)).await? else { return Ok(()) };
    let Outdated { pool, pinned, running, model } = outdated;
    let message = format!(
        "The pool `{pool}` was indexed by other networks than those that run now, and vectors of the two cannot be compared: it is being \
         indexed anew, and can be searched when `GET /pools` says that it is synced."
    );
    let details = json!({ "field": "providers", "pool": pool, "pool_contract": pinned, "contract": running, "model": model });
    Err(ApiError::new(StatusCode::CONFLICT, "contract_mismatch", message).with(details).retry_after(30))
}
