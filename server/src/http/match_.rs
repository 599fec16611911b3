//! `POST /match`: checks everything that can be checked at once, queues the rest, and answers 202, 200 or, to a form
//! sent without JavaScript, a redirect to the page of the request.

use super::{ApiError, form, form::MatchForm, pages, report, upload, wants_html};
use crate::{
    jobs::Submission,
    pipeline::{ValidatedQuery, validate_query},
    service::Service,
    store::Idempotency,
};
use app::api::{Accepted, Links, RequestState};
use axum::{
    Json,
    body::Body,
    extract::{FromRequest, Multipart, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// What the fields beside the picture may take, with the multipart's own lines: a hundred long addresses are the most.
const FIELDS_BYTES: u64 = 320 << 10;

pub async fn post(State(service): State<Arc<Service>>, request: Request) -> Response {
    let html = wants_html(request.headers());
    match answer(&service, request, html).await {
        Ok(response) => response,
        Err(error) if html => pages::form_refused(service, error).await,
        Err(error) => error.into_response(),
    }
}

async fn answer(service: &Arc<Service>, request: Request, html: bool) -> Result<Response, ApiError> {
    let key = idempotency_key(request.headers())?;
    let limit = service.config.http.max_upload_bytes;
    let (parts, body) = request.into_parts();
    let body = upload::read(&parts.headers, body, limit.saturating_add(FIELDS_BYTES), limit).await?;
    let multipart = Multipart::from_request(Request::from_parts(parts, Body::from(body)), &()).await.map_err(|_| {
        ApiError::malformed("Send a multipart form (`Content-Type: multipart/form-data`) with `image`, `purpose` and `consent`.")
    })?;
    let form = form::read(multipart, service.config.quality.gate).await?;
    if form.image.len() as u64 > limit {
        return Err(ApiError::payload_too_large(limit));
    }
    if form.image.is_empty() {
        return Err(crate::pipeline::ValidateError::Empty.into());
    }
    form.check_lawful()?;
    form.check_providers(&service.providers)?;
    let query = validate(service, form.image.clone()).await?;

    let sync = form.sync;
    let idempotency = key.map(|key| Idempotency { key_hash: hex(&Sha256::digest(key.as_bytes())), body_hash: fingerprint(&form, &query) });
    let MatchForm { image, options, .. } = form;
    let size_bytes = image.len();
    let submission = Submission { query: image, query_name: query.name, options, idempotency };
    let accepted = service.jobs.submit(submission).await?;
    let id = accepted.id;
    tracing::info!(request_id = %id, new = accepted.new, size_bytes, "request accepted");
    if html {
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, Links::of(&id.to_string()).page)]).into_response());
    }
    match (sync, accepted.new) {
        (true, _) => synchronous(service, id).await,
        (false, true) => Ok(accepted_answer(id, RequestState::Queued)),
        (false, false) => Ok(accepted_answer(id, report::found(service.store.state(id).await?)?)),
    }
}

/// Waits for the result; answers as the asynchronous way does where that takes too long.
async fn synchronous(service: &Arc<Service>, id: Uuid) -> Result<Response, ApiError> {
    let state = report::found(service.jobs.wait_until_final(id, service.config.http.sync_timeout).await?)?;
    if !state.is_final() {
        return Ok(accepted_answer(id, state));
    }
    let report = report::status(service, id, false).await?;
    match (report.result, report.error) {
        (Some(result), _) => Ok(Json(result).into_response()),
        (None, Some(error)) => Err(failed(id, error)),
        (None, None) => Err(ApiError::internal(&"a request ended without result and without error")),
    }
}

/// The answer for a request that failed while somebody waited for it.
fn failed(id: Uuid, mut detail: app::api::ErrorDetail) -> ApiError {
    let status = match detail.code.as_str() {
        "no_face" | "low_quality" | "face_index_out_of_range" | "unreadable_image" => StatusCode::UNPROCESSABLE_ENTITY,
        "internal_error" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    if !detail.details.is_object() {
        detail.details = serde_json::json!({});
    }
    detail.details["match_request_id"] = id.to_string().into();
    ApiError { status, detail, retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(5) }
}

fn accepted_answer(id: Uuid, status: RequestState) -> Response {
    let links = Links::of(&id.to_string());
    let location = [(header::LOCATION, links.status.clone())];
    (StatusCode::ACCEPTED, location, Json(Accepted { request_id: id.to_string(), status, links })).into_response()
}

/// Decoding keeps a core busy: only so many at once, off the threads that answer.
async fn validate(service: &Arc<Service>, image: Bytes) -> Result<ValidatedQuery, ApiError> {
    let permit = service.decoders.clone().acquire_owned().await.map_err(|e| ApiError::internal(&e))?;
    let limits = service.limits;
    let validated = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        validate_query(&image, &limits)
    });
    Ok(validated.await.map_err(|e| ApiError::internal(&e))??)
}

/// The header, where it is there: 1 to 255 visible ASCII characters.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=255).contains(&key.len()));
    match key {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(ApiError::invalid_field("Idempotency-Key", "1 to 255 visible ASCII characters")),
    }
}

/// Of what was asked, not of the bytes that carried it: a retry draws a new multipart boundary.
fn fingerprint(form: &MatchForm, query: &ValidatedQuery) -> String {
    let mut hash = Sha256::new();
    hash.update(query.sha256.as_bytes());
    // Options always serialise; without them two requests would only look more alike.
    hash.update(serde_json::to_vec(&form.options).unwrap_or_default());
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
