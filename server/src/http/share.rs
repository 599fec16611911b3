//! `POST` and `DELETE /requests/{id}/share`, `GET /r/{token}` (the page), `/r/{token}.json` and the pictures below `/r/{token}/`: a result for readers
//! who have nothing but the link.
//!
//! The token is the whole of their right: 244 random bits, told once, stored as a hash. Nothing that a reader gets holds the
//! request's id, since whoever knows that may erase the request. What has ended (revoked, replaced, expired, erased) answers 410.

use super::{
    ApiError,
    alone::{Asked, respond},
    report::{found, parse_id},
    wants_html,
};
use crate::{
    objects::{check_key, output_prefix},
    pipeline::PictureFormat,
    service::Service,
    store::{Lookup, RequestRow, Share},
};
use app::api::{MatchResult, ShareOptions, ShareReport, SharedResult};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, sync::Arc, time::Duration};
use uuid::Uuid;

const WEEK: f64 = 7.0 * 86_400.0;
const YEAR: f64 = 366.0 * 86_400.0;

pub async fn post(State(service): State<Arc<Service>>, Path(id): Path<String>, body: Bytes) -> Result<Response, ApiError> {
    let id = parse_id(&id)?;
    let options: ShareOptions = match body.is_empty() {
        true => ShareOptions::default(),
        false => serde_json::from_slice(&body)
            .map_err(|_| ApiError::malformed("The body is not of the form {\"expires_in\": seconds}: send that, or none."))?,
    };
    let seconds = options.expires_in.unwrap_or(WEEK);
    if !(60.0..=YEAR).contains(&seconds) {
        return Err(ApiError::invalid_field("expires_in", "seconds, from 60 to a year"));
    }
    let row = found(service.store.request(id).await?)?;
    if row.result.is_none() {
        let message = "Only a search that has completed can be shared: wait until it has.";
        return Err(ApiError::new(StatusCode::CONFLICT, "not_completed", message));
    }
    let now = service.clock.now();
    let share = Share { created_at: now, expires_at: now.plus(Duration::from_secs_f64(seconds)).min(row.expires_at) };
    let token: String = (0..2).map(|_| Uuid::new_v4().simple().to_string()).collect();
    found(service.store.share(id, &hash(&token), share, now).await?)?;
    let report = ShareReport {
        url: format!("/r/{token}"),
        data: format!("/r/{token}.json"),
        created_at: share.created_at.rfc3339(),
        expires_at: share.expires_at.rfc3339(),
        token,
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response())
}

/// 204 where a link was open and is no more; 404 where there was none.
pub async fn delete(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    match found(service.store.end_share(parse_id(&id)?, service.clock.now()).await?)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::new(StatusCode::NOT_FOUND, "not_shared", "The request has no open link.")),
    }
}

/// `/r/{token}`, the page, and `/r/{token}.json`, its data. Only a program that asks for JSON is sent on to the data: who makes previews
/// of links says nothing of what they take.
pub async fn get(State(service): State<Arc<Service>>, Path(name): Path<String>, request: Request) -> Result<Response, ApiError> {
    let (token, is_page) = name.strip_suffix(".json").map_or((name.as_str(), true), |token| (token, false));
    let (id, share) = open(&service, token).await?;
    if is_page && wants_json(request.headers()) {
        return Ok(Redirect::to(&format!("/r/{name}.json")).into_response());
    }
    let RequestRow { created_at, result, .. } = *found(service.store.request(id).await?)?;
    let result = result.ok_or_else(unknown)?;
    let shared = shared(result, id, token, (created_at.rfc3339(), share.expires_at.rfc3339()));
    if is_page {
        let asked = Asked::of(request.uri(), request.headers());
        return Ok(respond(&service, &asked, StatusCode::OK, || app::alone::shared(shared)).await);
    }
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow")];
    Ok((headers, Json(shared)).into_response())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !wants_html(headers)
}

/// A picture of a shared result: `/r/{token}/pool/cropped_face/...`. Pictures only: vectors are not shared.
pub async fn picture(State(service): State<Arc<Service>>, Path((token, path)): Path<(String, String)>) -> Result<Response, ApiError> {
    let (id, _) = open(&service, &token).await?;
    let key = format!("{}/{path}", output_prefix(id));
    check_key(&key).map_err(|_| unknown())?;
    let bytes = service.objects.get(&key).await?.ok_or_else(unknown)?;
    let format = PictureFormat::of(&bytes).ok_or_else(unknown)?;
    // Not kept by the reader's browser: a link that is revoked shows nothing any more.
    let headers = [(header::CONTENT_TYPE, format.media_type()), (header::CACHE_CONTROL, "private, no-store")];
    Ok((headers, bytes).into_response())
}

fn hash(token: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(token.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

async fn open(service: &Service, token: &str) -> Result<(Uuid, Share), ApiError> {
    match service.store.shared(&hash(token), service.clock.now()).await? {
        Lookup::Found(found) => Ok(found),
        Lookup::Gone => {
            let message = "This link has ended: it was revoked, is past its time, or what it showed was erased.";
            Err(ApiError::new(StatusCode::GONE, "gone", message))
        }
        Lookup::Unknown => Err(unknown()),
    }
}

fn unknown() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is nothing behind this link: check that it was copied whole.")
}

/// What a reader may see of a result, its pictures below the link.
fn shared(result: MatchResult, id: Uuid, token: &str, (created_at, expires_at): (String, String)) -> SharedResult {
    let MatchResult { engine, models, thresholds, calibration, fallback, fallbacks, mut result, .. } = result;
    let (own, readers) = (format!("/artifacts/{}/", output_prefix(id)), format!("/r/{token}/"));
    let show = |address: &mut Option<String>| {
        // An address of another form is none that a reader could open.
        *address = address.as_deref().and_then(|address| address.strip_prefix(&own)).map(|path| format!("{readers}{}", encoded(path)));
    };
    for probe in &mut result {
        // Where the query lies is the operator's.
        probe.query_uri = None;
        show(&mut probe.crop);
        show(&mut probe.aligned);
        show(&mut probe.annotated);
        for photo in &mut probe.photos {
            show(&mut photo.crop);
            show(&mut photo.annotated);
        }
        for report in &mut probe.matches {
            report.image_uri = for_readers(&report.image_uri, &report.provider);
            for provenance in &mut report.provenances {
                provenance.image_uri = for_readers(&provenance.image_uri, &provenance.provider);
            }
            report.duplicates.retain(|address| is_of_the_web(address));
            show(&mut report.thumbnail);
            show(&mut report.crop);
            show(&mut report.aligned);
            show(&mut report.annotated);
            show(&mut report.picture);
        }
    }
    SharedResult { created_at, expires_at, engine, models, thresholds, calibration, fallback, fallbacks, result }
}

fn is_of_the_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

/// Where a picture stands. Which buckets and folders the operator has is no reader's business, so of a picture of a pool the pool's
/// name is told and no more.
fn for_readers(address: &str, provider: &str) -> String {
    if is_of_the_web(address) { address.to_owned() } else { format!("pool:{provider}") }
}

fn encoded(path: &str) -> String {
    crate::objects::encode_path(path)
}
