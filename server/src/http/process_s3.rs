//! `POST /process-s3-image`, in whatever case it is spelled: the query and the pool lie in buckets that the operator allows.
//!
//! A body in JSON with `query_uri`, `pool_uri` and the options of `POST /match`. What is wrong with the buckets is found out
//! before anything is queued, and each has a code of its own. From there on it is a search like any other.

use super::{
    ApiError,
    form::{self, MatchForm},
    match_, pages, photos, pools, upload,
};
use crate::{
    discovery::UriRefused,
    fetch::{ReadError, read_object},
    jobs,
    pipeline::ValidateError,
    s3::S3Error,
    service::Service,
    store::Idempotency,
};
use app::api::MatchOptions;
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

pub const PATH: &str = "/process-s3-image";

/// The longest body: a hundred long addresses and some words.
const BODY_BYTES: u64 = 320 << 10;
/// How long the bucket may take to say that the pool is there, and to give the query picture.
const POOL_TIME: Duration = Duration::from_secs(8);
const QUERY_TIME: Duration = Duration::from_secs(30);

pub async fn post(State(service): State<Arc<Service>>, request: Request) -> Response {
    answer(&service, request).await.unwrap_or_else(IntoResponse::into_response)
}

/// For every address that no route has: another spelling of this one, or nothing.
pub async fn or_not_found(state: State<Arc<Service>>, request: Request) -> Response {
    match (request.uri().path().eq_ignore_ascii_case(PATH), request.method()) {
        (false, _) => pages::not_found().await,
        (true, &Method::POST) => post(state, request).await,
        (true, _) => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response(),
    }
}

async fn answer(service: &Arc<Service>, request: Request) -> Result<Response, ApiError> {
    let refused = |error: &ApiError| service.metrics.request_refused(&error.detail.code);
    let (accepted, sync) = accept(service, request).await.inspect_err(refused)?;
    match_::told(service, accepted, sync).await
}

/// What was accepted, and whether the asker waits for its end.
async fn accept(service: &Arc<Service>, request: Request) -> Result<(jobs::Accepted, bool), ApiError> {
    let key = match_::hashed_key(request.headers())?;
    let (parts, body) = request.into_parts();
    if let Err(full) = service.jobs.admit(key.as_deref()).await {
        return Err(upload::turn_away(&parts.headers, body, full.into()).await);
    }
    let too_large = |error: ApiError| match error.status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::payload_too_large(BODY_BYTES),
        _ => error,
    };
    let (body, held) = upload::read(&service.uploads, &parts.headers, body, BODY_BYTES, BODY_BYTES).await.map_err(too_large)?;
    let defaults = MatchOptions { quality: service.config.quality.gate, ..MatchOptions::default() };
    let Asked { mut options, sync, query_uri, pool_uri } = read(&body, defaults)?;
    drop((body, held));
    (options.query_uri, options.pool_uri) = (Some(query_uri.clone()), Some(pool_uri.clone()));
    // What was asked are the addresses: what lies there may have changed since, or be gone.
    let idempotency = match key {
        Some(key_hash) => Some(Idempotency { key_hash, body_hash: match_::fingerprint(&options, &[]).await? }),
        None => None,
    };
    if let Some(accepted) = match_::known(service, idempotency.as_ref()).await? {
        return Ok((accepted, sync));
    }
    let mut form = MatchForm { images: Vec::new(), options, sync };
    form.check_lawful()?;
    form.check_providers(&service.providers_now().await?)?;
    pools::check_contracts(service, &form.options.providers).await?;

    let limit = service.config.http.max_upload_bytes;
    let (pool_bucket, prefix) = service.buckets.pool(&pool_uri).map_err(|why| refused("pool_uri", &pool_uri, why))?;
    let (bucket, object) = service.buckets.object(&query_uri).map_err(|why| refused("query_uri", &query_uri, why))?;
    look_at_pool(service, pool_bucket, &prefix).await.map_err(|error| failed("pool_uri", error))?;
    let mut held = service.uploads.hold(limit)?;
    let picture = fetch(service, bucket, object, limit).await?;
    held.shrink_to(picture.len() as u64);
    form.images = held.until_dropped(vec![picture]);
    photos::check_sizes(&form.images, limit).map_err(of_the_query)?;
    match_::take(service, form, idempotency).await.map_err(of_the_query)
}

/// What the body says.
#[derive(Debug)]
struct Asked {
    options: MatchOptions,
    sync: bool,
    query_uri: String,
    pool_uri: String,
}

fn read(body: &[u8], mut options: MatchOptions) -> Result<Asked, ApiError> {
    let malformed = |_| ApiError::malformed("The body is no JSON object: send `query_uri`, `pool_uri`, `purpose` and `consent` in one.");
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(malformed)?;
    let (mut sync, mut query_uri, mut pool_uri) = (false, None, None);
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("query_uri" | "pool_uri", Value::Null) => {}
            ("query_uri", Value::String(uri)) => query_uri = Some(uri),
            ("pool_uri", Value::String(uri)) => pool_uri = Some(uri),
            ("query_uri" | "pool_uri", _) => return Err(ApiError::invalid_field(&name, "an address of the form s3://bucket/...")),
            (_, value) => form::set(&name, &text(&name, value)?, &mut options, &mut sync)?,
        }
    }
    let missing = |field: &str, what: &str| {
        let message = format!("There is no `{field}`: send {what}.");
        ApiError::new(StatusCode::BAD_REQUEST, "missing_field", message).with(json!({ "field": field }))
    };
    let query_uri = query_uri.ok_or_else(|| missing("query_uri", "the address of the query picture, s3://bucket/key"))?;
    let pool_uri = pool_uri.ok_or_else(|| missing("pool_uri", "where the pictures to compare with lie, s3://bucket/prefix"))?;
    Ok(Asked { options, sync, query_uri, pool_uri })
}

/// An option as a form would have it.
fn text(name: &str, value: Value) -> Result<String, ApiError> {
    let unfit = || ApiError::invalid_field(&form::shown(name), "a text, a number, `true` or `false`, or a list of texts");
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Ok(texts.ok_or_else(unfit)?.join(if name == "providers" { "," } else { "\n" }))
        }
        Value::Object(_) => Err(unfit()),
    }
}

/// Is the pool there, and may it be listed? That it holds no picture is a result, and no error.
async fn look_at_pool(service: &Service, bucket: &str, prefix: &str) -> Result<(), S3Error> {
    let list = service.buckets.access.client().await.list_objects_v2().bucket(bucket).max_keys(1);
    let list = list.set_prefix((!prefix.is_empty()).then(|| prefix.to_owned()));
    match timeout(POOL_TIME, list.send()).await {
        Ok(page) => page.map(drop).map_err(|error| S3Error::from(&error)),
        Err(_) => Err(S3Error::Timeout),
    }
}

async fn fetch(service: &Service, bucket: &str, key: &str, limit: u64) -> Result<Bytes, ApiError> {
    let read = timeout(QUERY_TIME, read_object(&service.buckets.access, bucket, key, limit)).await;
    let error = match read.unwrap_or(Err(ReadError::Store(S3Error::Timeout))) {
        Ok(bytes) => return Ok(bytes),
        Err(ReadError::TooLarge { limit }) => {
            let bytes = limit.saturating_add(1);
            return Err(of_the_query(ValidateError::TooLarge { bytes, limit }.into()));
        }
        Err(ReadError::Interrupted) => S3Error::Unavailable("its answer ended early".into()),
        // Not every store tells a missing bucket from a missing object when an object is asked for.
        Err(ReadError::Store(S3Error::NoSuchKey)) => match look_at_pool(service, bucket, key).await {
            Err(S3Error::NoSuchBucket) => S3Error::NoSuchBucket,
            _ => S3Error::NoSuchKey,
        },
        Err(ReadError::Store(error)) => error,
    };
    Err(failed("query_uri", error))
}

/// What is said of an uploaded photo is meant of the query.
fn of_the_query(mut error: ApiError) -> ApiError {
    if error.detail.details["field"] == "image" {
        error.detail.details["field"] = "query_uri".into();
    }
    error
}

pub fn refused(field: &str, uri: &str, why: UriRefused) -> ApiError {
    match &why {
        UriRefused::Malformed(_) => {
            let uri: String = uri.chars().filter(|c| !c.is_control()).take(100).collect();
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_s3_uri", format!("`{uri}` in `{field}` {why}.")).with(json!({ "field": field }))
        }
        UriRefused::NotAllowed(bucket) => {
            let message = format!("What `{field}` names {why}: its operator has to list it in S3_BUCKETS, or as a pool in POOLS.");
            let details = json!({ "field": field, "bucket": bucket, "variables": ["S3_BUCKETS", "POOLS"] });
            ApiError::new(StatusCode::FORBIDDEN, "bucket_not_allowed", message).with(details)
        }
    }
}

/// Each failure of a bucket with a code of its own.
fn failed(field: &str, error: S3Error) -> ApiError {
    let (status, code, message) = match &error {
        S3Error::NoSuchBucket => (StatusCode::NOT_FOUND, "no_such_bucket", "There is no bucket of the name in"),
        S3Error::NoSuchKey => (StatusCode::NOT_FOUND, "no_such_key", "There is no object at the address in"),
        S3Error::Archived => (StatusCode::CONFLICT, "object_archived", "Its store has to restore from the archive what is named in"),
        S3Error::NoKeys | S3Error::Unauthorized | S3Error::Forbidden => {
            (StatusCode::FORBIDDEN, "no_permission", "The service has no permission for what is named in")
        }
        S3Error::WrongRegion | S3Error::Full | S3Error::NotImplemented | S3Error::Busy | S3Error::Timeout | S3Error::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "s3_unavailable", "The store cannot be reached just now for what is named in")
        }
    };
    // Which key and which region is the operator's to know.
    if status == StatusCode::FORBIDDEN || status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::warn!(field, %error, "a bucket that a request names cannot be used");
    }
    let advice = match code {
        "no_such_bucket" | "no_such_key" => "check its spelling",
        "no_permission" => "its operator has to allow s3:GetObject and s3:ListBucket there",
        "s3_unavailable" => "try again",
        _ => "try again when that is done",
    };
    let error = ApiError::new(status, code, format!("{message} `{field}`: {advice}.")).with(json!({ "field": field }));
    if status == StatusCode::SERVICE_UNAVAILABLE { error.retry_after(5) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Result<Asked, (String, String)> {
        read(body.as_bytes(), MatchOptions::default()).map_err(|error| (error.detail.code, error.detail.message))
    }

    #[test]
    fn the_options_are_those_of_a_form_in_the_types_of_json() {
        let asked = asked(
            r#"{"query_uri": "s3://a/b", "pool_uri": "s3://a", "purpose": "why", "consent": true, "sync": true, "top_k": 7, "threshold": -0.5,
                "providers": ["wikimedia", "openverse"], "urls": ["https://x.example/1,2.jpg", "https://x.example/3.jpg"], "hint": null}"#,
        )
        .expect("it reads");
        let options = &asked.options;
        assert_eq!((asked.query_uri.as_str(), asked.pool_uri.as_str(), asked.sync), ("s3://a/b", "s3://a", true));
        assert_eq!((options.purpose.as_str(), options.consent, options.top_k, options.threshold), ("why", true, 7, Some(-0.5)));
        assert_eq!(options.providers, ["wikimedia", "openverse"]);
        assert_eq!(options.urls, ["https://x.example/1,2.jpg", "https://x.example/3.jpg"]);
        assert_eq!(options.hint, None);
    }

    #[test]
    fn a_field_that_is_missing_unknown_or_of_another_type_is_named() {
        for (body, code, names) in [
            ("[]", "malformed_request", "JSON object"),
            ("{", "malformed_request", "JSON object"),
            (r#"{"pool_uri": "s3://a"}"#, "missing_field", "`query_uri`"),
            (r#"{"query_uri": "s3://a/b"}"#, "missing_field", "`pool_uri`"),
            (r#"{"query_uri": 7}"#, "invalid_field", "`query_uri`"),
            (r#"{"poolUri": "s3://a"}"#, "unknown_field", "`poolUri`"),
            (r#"{"image": "x"}"#, "unknown_field", "`image`"),
            (r#"{"poolUri": null}"#, "unknown_field", "`poolUri`"),
            (r#"{"poolUri": ""}"#, "unknown_field", "`poolUri`"),
            (r#"{"top_k": 1.5}"#, "invalid_field", "`top_k`"),
            (r#"{"top_k": {"x": 1}}"#, "invalid_field", "`top_k`"),
            (r#"{"urls": [7]}"#, "invalid_field", "`urls`"),
        ] {
            let (got, message) = asked(body).expect_err(body);
            assert!(got == code && message.contains(names), "{body}: {got} {message}");
        }
    }
}
