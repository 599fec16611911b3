//! `POST /match`: checks everything that can be checked at once, queues the rest, and answers 202, 200 or, to a form
//! sent without JavaScript, a redirect to the page of the request.

use super::{ApiError, form, form::MatchForm, given, pages, photos, pools, report, upload, wants_html};
use crate::{
    jobs::{self, Submission},
    pipeline::QueryPhotos,
    service::Service,
    store::Idempotency,
};
use app::api::{Accepted, Links, MatchOptions, RequestState};
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

pub async fn post(State(service): State<Arc<Service>>, request: Request) -> Response {
    let html = wants_html(request.headers());
    let language = pages::language(request.uri(), request.headers());
    match answer(&service, request, html).await {
        Ok(response) => response,
        Err(error) if html => pages::form_refused(service, error, language).await,
        Err(error) => error.into_response(),
    }
}

async fn answer(service: &Arc<Service>, request: Request, html: bool) -> Result<Response, ApiError> {
    let refused = |error: &ApiError| service.metrics.request_refused(&error.detail.code);
    let (accepted, sync) = accept(service, request).await.inspect_err(refused)?;
    if html {
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, Links::of(&accepted.id.to_string()).page)]).into_response());
    }
    told(service, accepted, sync).await
}

/// What a program is answered: the result, where it waits for it and it comes in time.
pub async fn told(service: &Arc<Service>, accepted: jobs::Accepted, sync: bool) -> Result<Response, ApiError> {
    let id = accepted.id;
    match (sync, accepted.new) {
        (true, _) => synchronous(service, id).await,
        (false, true) => Ok(accepted_answer(id, RequestState::Queued)),
        (false, false) => Ok(accepted_answer(id, report::found(service.store.state(id).await?)?)),
    }
}

/// What was accepted, and whether the asker waits for its end.
async fn accept(service: &Arc<Service>, request: Request) -> Result<(jobs::Accepted, bool), ApiError> {
    let key = hashed_key(request.headers())?;
    let limit = service.config.http.max_upload_bytes;
    let (parts, body) = request.into_parts();
    // What there is no room for is not read.
    if let Err(full) = service.jobs.admit(key.as_deref()).await {
        return Err(upload::turn_away(&parts.headers, body, full.into()).await);
    }
    let (body, held) = upload::read(&service.uploads, &parts.headers, body, service.config.http.largest_upload(), limit).await?;
    let multipart = Multipart::from_request(Request::from_parts(parts, Body::from(body)), &()).await.map_err(|_| {
        ApiError::malformed("Send a multipart form (`Content-Type: multipart/form-data`) with `image`, `purpose` and `consent`.")
    })?;
    let mut form = form::read(multipart, service.config.quality.gate).await?;
    form.images = held.until_dropped(form.images);
    let idempotency = match key {
        Some(key_hash) => Some(Idempotency { key_hash, body_hash: fingerprint(&form.options, &form.images).await? }),
        None => None,
    };
    // Who asks once more is answered as before, whatever has changed since: pools and providers come and go.
    if let Some(accepted) = known(service, idempotency.as_ref()).await? {
        return Ok((accepted, form.sync));
    }
    let earlier = given::as_before(service, &mut form).await?;
    photos::check_sizes(&form.images, limit)?;
    form.check_lawful()?;
    form.check_providers(&service.providers_now().await?)?;
    pools::check_contracts(service, &form.options.providers).await?;
    given::photos(service, &mut form, earlier).await?;
    take(service, form, idempotency).await
}

/// The request that the same key has made before.
pub async fn known(service: &Service, idempotency: Option<&Idempotency>) -> Result<Option<jobs::Accepted>, ApiError> {
    match idempotency {
        Some(idempotency) => Ok(service.jobs.known(idempotency).await?),
        None => Ok(None),
    }
}

/// Decodes the photos of a checked form, and queues the search.
pub async fn take(service: &Arc<Service>, form: MatchForm, idempotency: Option<Idempotency>) -> Result<(jobs::Accepted, bool), ApiError> {
    let MatchForm { images, options, sync } = form;
    let size_bytes: usize = images.iter().map(Bytes::len).sum();
    let photos = photos::validate(service, images).await?;
    let count = photos.len();
    let Some(query) = QueryPhotos::of(photos) else { return Err(form::missing_image()) };
    let submission = Submission { query, options, idempotency };
    let accepted = service.jobs.submit(submission).await?;
    tracing::info!(request_id = %accepted.id, new = accepted.new, photos = count, size_bytes, "request accepted");
    Ok((accepted, sync))
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
        "no_face" | "low_quality" | "face_index_out_of_range" | "photos_disagree" | "unreadable_image" => StatusCode::UNPROCESSABLE_ENTITY,
        "contract_mismatch" => StatusCode::CONFLICT,
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

/// Hex SHA-256 of the `Idempotency-Key`, where there is one: 1 to 255 visible ASCII characters.
pub fn hashed_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=255).contains(&key.len()));
    match key {
        Some(key) => Ok(Some(hex(&Sha256::digest(key.as_bytes())))),
        None => Err(ApiError::invalid_field("Idempotency-Key", "1 to 255 visible ASCII characters")),
    }
}

/// Of what was asked, not of the bytes that carried it: a retry draws a new multipart boundary. The order of the photos
/// counts, as the first says who is meant; a photo that comes twice counts once.
pub async fn fingerprint(options: &MatchOptions, images: &[Bytes]) -> Result<String, ApiError> {
    // Options always serialise; without them two requests would only look more alike.
    let (images, options) = (images.to_vec(), serde_json::to_vec(options).unwrap_or_default());
    let hashing = tokio::task::spawn_blocking(move || {
        let mut digests: Vec<String> = Vec::with_capacity(images.len());
        for image in &images {
            let digest = hex(&Sha256::digest(image));
            if !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        let mut hash = Sha256::new();
        // All digests are of one length: where the options begin is never in doubt.
        digests.iter().for_each(|digest| hash.update(digest.as_bytes()));
        hash.update(options);
        hex(&hash.finalize())
    });
    hashing.await.map_err(|error| ApiError::internal(&error))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
