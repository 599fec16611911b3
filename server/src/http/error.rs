//! The one user-visible error of the HTTP surface.
//!
//! Policy: a handler returns an [`ApiError`] with a stable code and a sentence that a person can act on. What is behind
//! an internal failure is logged here, once, and never shown. The body is written by `envelope`, which knows the
//! request id.

use crate::{
    jobs::{JobError, SubmitError},
    objects::{LinkError, ObjectError},
    pipeline::ValidateError,
    store::StoreError,
};
use app::api::{ErrorDetail, MAX_QUERY_PHOTOS};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::any::Any;

/// A status, a code, a sentence, and details for a program.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    pub status: StatusCode,
    pub detail: ErrorDetail,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let detail = ErrorDetail { code: code.into(), message: message.into(), details: Value::Null };
        Self { status, detail, retry_after: None }
    }

    pub fn with(mut self, details: Value) -> Self {
        self.detail.details = details;
        self
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A field or parameter that does not read; `expected` ends the sentence "`top_k` must be ...".
    pub fn invalid_field(field: &str, expected: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_field", format!("`{field}` must be {expected}.")).with(json!({ "field": field }))
    }

    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", message)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no request with this id.")
    }

    pub fn gone() -> Self {
        Self::new(StatusCode::GONE, "gone", "The request was erased or is past its retention: nothing of it is kept.")
    }

    pub fn payload_too_large(limit: u64) -> Self {
        let message = format!("The upload is larger than the {} MiB allowed: send a smaller file.", mebibytes(limit));
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message).with(json!({ "limit_bytes": limit }))
    }

    /// More than the most photos of the greatest size, `each` bytes.
    pub fn upload_too_large(each: u64) -> Self {
        let (each_mib, total) = (mebibytes(each), mebibytes(each.saturating_mul(MAX_QUERY_PHOTOS as u64)));
        let message = format!(
            "The upload is larger than the {total} MiB allowed: send at most {MAX_QUERY_PHOTOS} photos of at most {each_mib} MiB each."
        );
        let details = json!({ "limit_bytes": each, "limit_photos": MAX_QUERY_PHOTOS });
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message).with(details)
    }

    /// Logs what happened and shows nothing of it.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::internal_unlogged()
    }

    fn internal_unlogged() -> Self {
        let message = "Something failed inside the service: try again, and tell the operator the request id if it stays so.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// No room on a disk or in a bucket. Logs where.
    pub fn storage_full(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "storage is full");
        let message = "The service's storage is full, and nothing of this request was kept: tell its operator to make room, and try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_full", message).retry_after(60)
    }

    pub fn unavailable(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "storage failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable", "The service cannot reach its storage just now: try again.")
            .retry_after(5)
    }
}

/// `12`, `0.5`: without a fraction where there is none.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self.detail);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Row(_) => Self::internal(&error),
            StoreError::Full => Self::storage_full(&error),
            _ => Self::unavailable(&error),
        }
    }
}

impl From<ObjectError> for ApiError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Full => Self::storage_full(&error),
            _ => Self::unavailable(&error),
        }
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(error) => error.into(),
            JobError::Objects(error) => error.into(),
        }
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Full => {
                let message = "The queue is full: try again in a few seconds.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "queue_full", message).retry_after(5)
            }
            SubmitError::Conflict => {
                let message = "This Idempotency-Key came with another request before: use a new key for a new request.";
                Self::new(StatusCode::CONFLICT, "idempotency_conflict", message)
            }
            SubmitError::Job(error) => error.into(),
        }
    }
}

impl From<ValidateError> for ApiError {
    fn from(error: ValidateError) -> Self {
        let message = error.to_string();
        match error {
            ValidateError::Empty => Self::new(StatusCode::BAD_REQUEST, "empty_image", message).with(json!({ "field": "image" })),
            ValidateError::TooLarge { limit, .. } => Self::payload_too_large(limit),
            ValidateError::TooManyPixels { width, height, limit } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "image_too_large", message)
                .with(json!({ "width": width, "height": height, "limit_pixels": limit })),
            ValidateError::TooMuchMemory => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "image_too_large", message),
            ValidateError::UnsupportedType => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message),
            ValidateError::Unreadable(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable_image", message),
        }
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        let (code, message) = match error {
            LinkError::BadSignature => ("bad_signature", "This link is not one of ours: open the request's page or status for a new one."),
            LinkError::Expired => ("link_expired", "This link is too old: open the request's page or status for a new one."),
        };
        Self::new(StatusCode::FORBIDDEN, code, message)
    }
}

/// A handler panicked: the panic hook has logged it, the client gets the usual answer.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::internal_unlogged().into_response()
}
