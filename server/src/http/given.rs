//! The photo of `POST /match` where it is not sent: it stands at an address on the web (`image_url` without `image`), or it is that
//! of an earlier request (`photo_of`).
//!
//! What is fetched goes through the very guards of candidates' downloads, and is from then on a photo like any other that was sent:
//! one set of rules judges its size, its type and its pixels. The address is not logged, and the download is kept nowhere but
//! with the request.

use super::{
    ApiError,
    form::MatchForm,
    process_s3,
    report::{found, parse_id},
};
use crate::{
    discovery::{Candidate, Location},
    fetch::{FetchError, FetchRequest, Fetcher, RetryBudget},
    jobs::query_key,
    service::Service,
    store::RequestRow,
};
use app::api::{MatchOptions, QualityGate};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

/// Tries included: in how many times the time of one download a photo has to be here.
const DOWNLOADS: u32 = 2;

/// Where the photos of an earlier request are meant: what the form leaves at its default is as it was there. Consent is not: it is
/// asked anew, as another face is another person.
///
/// # Errors
/// 404 where there is no such request, 410 where it was erased, 403 where its pool may not be named any more.
pub async fn as_before(service: &Service, form: &mut MatchForm) -> Result<Option<Earlier>, ApiError> {
    // Not kept with the request: the earlier one may be erased, and then nothing is to tell of it.
    let Some(id) = form.options.photo_of.take() else { return Ok(None) };
    let RequestRow { id, query_names, options, .. } = *found(service.store.request(parse_id(&id)?).await?)?;
    inherit(&mut form.options, options, service.config.quality.gate);
    if let Some(pool_uri) = &form.options.pool_uri {
        service.buckets.pool(pool_uri).map_err(|why| process_s3::refused("pool_uri", pool_uri, why))?;
    }
    Ok(Some(Earlier { id, query_names }))
}

/// A request whose photos are searched with again.
#[derive(Debug)]
pub struct Earlier {
    id: Uuid,
    query_names: Vec<String>,
}

/// `gate` is in force where the form does not say another one.
fn inherit(options: &mut MatchOptions, before: MatchOptions, gate: QualityGate) {
    fn kept<T: PartialEq>(now: &mut T, usual: &T, before: T) {
        if now == usual {
            *now = before;
        }
    }
    let usual = MatchOptions::default();
    kept(&mut options.purpose, &usual.purpose, before.purpose);
    kept(&mut options.hint, &usual.hint, before.hint);
    kept(&mut options.providers, &usual.providers, before.providers);
    kept(&mut options.urls, &usual.urls, before.urls);
    kept(&mut options.image_url, &usual.image_url, before.image_url);
    kept(&mut options.top_k, &usual.top_k, before.top_k);
    kept(&mut options.threshold, &usual.threshold, before.threshold);
    kept(&mut options.max_candidates, &usual.max_candidates, before.max_candidates);
    kept(&mut options.quality, &gate, before.quality);
    (options.query_uri, options.pool_uri) = (before.query_uri, before.pool_uri);
}

/// Fetches what was not sent. `earlier` as [`as_before`] has found it.
///
/// # Errors
/// What is wrong with the address is a 4xx with a code of its own: see [`unfetched`].
pub async fn photos(service: &Service, form: &mut MatchForm, earlier: Option<Earlier>) -> Result<(), ApiError> {
    let limit = service.config.http.max_upload_bytes;
    if let Some(Earlier { id, query_names }) = earlier {
        let mut held = service.uploads.hold(limit.saturating_mul(query_names.len() as u64))?;
        let mut images = Vec::with_capacity(query_names.len());
        for name in &query_names {
            // Erased in between.
            images.push(service.objects.get(&query_key(id, name)).await?.ok_or_else(ApiError::gone)?);
        }
        held.shrink_to(images.iter().map(|image| image.len() as u64).sum());
        form.images = held.until_dropped(images);
    } else if form.images.is_empty()
        && let Some(url) = &form.options.image_url
    {
        let mut held = service.uploads.hold(limit)?;
        let image = fetched(service, url, limit).await.map_err(|error| unfetched(&error))?;
        held.shrink_to(image.len() as u64);
        form.images = held.until_dropped(vec![image]);
    }
    Ok(())
}

async fn fetched(service: &Service, url: &str, max_bytes: u64) -> Result<Bytes, FetchError> {
    let download = &service.config.download;
    let request = FetchRequest::new(Uuid::new_v4(), max_bytes, RetryBudget::new(download.retries), download.timeout * DOWNLOADS);
    // What comes for a request that is forgotten already is not kept for others.
    service.downloads.cache.forget(request.request_id).await;
    let candidate = Candidate::new("image_url", Location::Url(url.to_owned()), url);
    let body = service.downloads.fetchers().fetch(&candidate, &request).await?.bytes;
    let reading = tokio::task::spawn_blocking(move || body.read());
    let read = reading.await.map_err(|error| FetchError::Io(error.to_string()))?;
    read.map_err(|error| FetchError::Io(error.kind().to_string()))
}

/// Why a photo could not be had from its address, as its asker is told; `details.kind` is the diagnostic kind. Nothing of what the
/// host said is passed on.
fn unfetched(error: &FetchError) -> ApiError {
    let (status, code, message) = match error {
        FetchError::Refused(why) => {
            let message = format!("The address in `image_url` is not opened here ({why}): give the address of a picture on a public site.");
            (StatusCode::BAD_REQUEST, "image_url_refused", message)
        }
        FetchError::RefusedHost(_) => {
            let message = "The address in `image_url` does not lead to a public site: save the picture and send the file.";
            (StatusCode::BAD_REQUEST, "image_url_not_public", message.to_owned())
        }
        FetchError::NotAPicture => {
            let message = "What stands at `image_url` is no picture that is read here: give the address of the JPEG, PNG, WebP or GIF itself, \
                           not of the page that shows it.";
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "image_url_no_picture", message.to_owned())
        }
        FetchError::TooLarge { limit } => {
            return ApiError::payload_too_large(*limit).with(json!({ "field": "image_url", "limit_bytes": limit }));
        }
        FetchError::TooManyPixels { width, height, limit } => {
            let details = json!({ "field": "image_url", "width": width, "height": height, "limit_pixels": limit });
            let message =
                format!("The picture at `image_url` has {width}×{height} pixels, more than the {limit} allowed: give a smaller one.");
            return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "image_too_large", message).with(details);
        }
        FetchError::Timeout | FetchError::Deadline | FetchError::Cancelled => {
            let message = "The picture at `image_url` took too long to arrive: try again, or save it and send the file.";
            (StatusCode::UNPROCESSABLE_ENTITY, "image_url_timeout", message.to_owned())
        }
        FetchError::Io(cause) => return ApiError::unavailable(cause),
        _ => {
            let message =
                "The picture at `image_url` could not be had from its site: check the address, or save the picture and send the file.";
            (StatusCode::UNPROCESSABLE_ENTITY, "image_url_unreachable", message.to_owned())
        }
    };
    ApiError::new(status, code, message).with(json!({ "field": "image_url", "kind": error.kind() }))
}
