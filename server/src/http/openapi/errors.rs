//! Every code of an error: its status, its sentence, and whether it says when to try again.

use super::describe;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// One code; its sentence and details are those of one occasion.
pub struct ErrorCase {
    pub code: &'static str,
    pub status: u16,
    /// It comes with `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    pub message: &'static str,
    /// What `details` holds there, as JSON; empty where there are none.
    details: &'static str,
}

const fn case(status: u16, code: &'static str, message: &'static str, details: &'static str) -> ErrorCase {
    ErrorCase { code, status, retry_after: None, message, details }
}

const fn later(status: u16, code: &'static str, retry_after: u32, message: &'static str) -> ErrorCase {
    ErrorCase { code, status, retry_after: Some(retry_after), message, details: "" }
}

/// Every one of them, by status.
pub const ALL: &[ErrorCase] = &[
    case(400, "malformed_request", "The request does not read: check its address, headers and body.", ""),
    case(400, "malformed_id", "The request id is malformed: it is a UUID as `POST /match` has answered it.", ""),
    case(400, "invalid_field", "`top_k` must be a whole number from 1 to 1000.", r#"{"field": "top_k"}"#),
    case(400, "unknown_field", "There is no field `treshold`: check its spelling.", r#"{"field": "treshold"}"#),
    case(
        400,
        "missing_field",
        "There is no `pool_uri`: send where the pictures to compare with lie, s3://bucket/prefix.",
        r#"{"field": "pool_uri"}"#,
    ),
    case(
        400,
        "missing_image",
        "There is no picture: send it as the form field `image`, or its address as `image_url`.",
        r#"{"field": "image"}"#,
    ),
    case(400, "empty_image", "The picture is empty: send the bytes of a JPEG, PNG, WebP or GIF file.", r#"{"field": "image"}"#),
    case(
        400,
        "too_many_images",
        "A search takes at most 8 photos of one person: send the best of them.",
        r#"{"field": "image", "limit": 8}"#,
    ),
    case(
        400,
        "unknown_provider",
        "There is no provider `wikipedia` here; there is: samples, wikimedia, openverse.",
        r#"{"field": "providers", "known": ["samples", "wikimedia", "openverse"]}"#,
    ),
    case(
        400,
        "provider_not_configured",
        "The provider `brave` is not configured here: its operator has to set BRAVE_API_KEY.",
        r#"{"field": "providers", "provider": "brave", "variables": ["BRAVE_API_KEY"]}"#,
    ),
    case(
        400,
        "invalid_s3_uri",
        "`https://example.org/a.jpg` in `query_uri` is no address of the form s3://bucket/key.",
        r#"{"field": "query_uri"}"#,
    ),
    case(
        400,
        "image_url_refused",
        "The address in `image_url` is not opened here (its port is not open): give the address of a picture on a public site.",
        r#"{"field": "image_url", "kind": "refused_address"}"#,
    ),
    case(
        400,
        "image_url_not_public",
        "The address in `image_url` does not lead to a public site: save the picture and send the file.",
        r#"{"field": "image_url", "kind": "refused_host"}"#,
    ),
    case(403, "cross_site", "A page of another site has sent this: open the page of this service and do it there.", ""),
    case(403, "bad_signature", "This link is not one of ours: open the request's page or status for a new one.", ""),
    case(403, "link_expired", "This link is too old: open the request's page or status for a new one.", ""),
    case(
        403,
        "bucket_not_allowed",
        "What `pool_uri` names lies in the bucket `pictures`, which requests may not name here: its operator has to list it in S3_BUCKETS, or as a pool in POOLS.",
        r#"{"field": "pool_uri", "bucket": "pictures", "variables": ["S3_BUCKETS", "POOLS"]}"#,
    ),
    case(
        403,
        "no_permission",
        "The service has no permission for what is named in `query_uri`: its operator has to allow s3:GetObject and s3:ListBucket there.",
        r#"{"field": "query_uri"}"#,
    ),
    case(403, "cross_site", "A page of another site has sent this: open the page of this service and do it there.", ""),
    case(
        403,
        "pool_not_allowed",
        "Pools may not be put there: the operator names the folders and buckets for them in POOL_ROOTS.",
        r#"{"field": "uri"}"#,
    ),
    case(404, "not_found", "There is nothing of this name or id.", ""),
    case(404, "not_shared", "The request has no open link.", ""),
    case(404, "no_evidence", "This search was made without a bundle of evidence.", ""),
    case(404, "no_such_bucket", "There is no bucket of the name in `pool_uri`: check its spelling.", r#"{"field": "pool_uri"}"#),
    case(404, "no_such_key", "There is no object at the address in `query_uri`: check its spelling.", r#"{"field": "query_uri"}"#),
    case(405, "method_not_allowed", "This address does not take this method: see the Allow header.", ""),
    case(408, "upload_timeout", "The upload took longer than 120 seconds: try again on a faster connection.", ""),
    case(409, "idempotency_conflict", "This Idempotency-Key came with another request before: use a new key for a new request.", ""),
    ErrorCase {
        code: "contract_mismatch",
        status: 409,
        retry_after: Some(30),
        message: "The pool `archive` was indexed by other networks than those that run now, and vectors of the two cannot be compared: it is being indexed anew, and can be searched when `GET /pools` says that it is synced.",
        details: r#"{"field": "providers", "pool": "archive", "pool_contract": "5f1d0c2a", "contract": "9e7df9bc", "model": "w600k_mbf@9e7df9bc"}"#,
    },
    case(409, "not_completed", "Only a search that has completed can be shared: wait until it has.", ""),
    case(
        409,
        "evidence_changed",
        "Files of this bundle are not what they were when the search completed, so it is not handed out: search again.",
        "",
    ),
    case(
        409,
        "object_archived",
        "Its store has to restore from the archive what is named in `query_uri`: try again when that is done.",
        r#"{"field": "query_uri"}"#,
    ),
    case(409, "pool_exists", "There is a pool of this name already: choose another.", r#"{"pool": "archive"}"#),
    ErrorCase {
        code: "pool_going",
        status: 409,
        retry_after: Some(5),
        message: "A pool of this name is being deleted: try again when that is done.",
        details: r#"{"pool": "archive"}"#,
    },
    case(410, "gone", "The request was erased or is past its retention: nothing of it is kept.", ""),
    case(
        413,
        "payload_too_large",
        "The upload is larger than the 96 MiB allowed: send at most 8 photos of at most 12 MiB each.",
        r#"{"limit_bytes": 12582912, "limit_photos": 8}"#,
    ),
    case(
        413,
        "image_too_large",
        "The picture has 12000×9000 pixels, more than the 40000000 allowed: send a smaller one.",
        r#"{"width": 12000, "height": 9000, "limit_pixels": 40000000}"#,
    ),
    case(
        415,
        "unsupported_media_type",
        "The file is no picture that is read here: send a JPEG, PNG, WebP or GIF file (the content decides, not the name).",
        "",
    ),
    case(
        415,
        "image_url_no_picture",
        "What stands at `image_url` is no picture that is read here: give the address of the JPEG, PNG, WebP or GIF itself, not of the page that shows it.",
        r#"{"field": "image_url", "kind": "not_a_picture"}"#,
    ),
    case(
        422,
        "image_url_timeout",
        "The picture at `image_url` took too long to arrive: try again, or save it and send the file.",
        r#"{"field": "image_url", "kind": "timeout"}"#,
    ),
    case(
        422,
        "image_url_unreachable",
        "The picture at `image_url` could not be had from its site: check the address, or save the picture and send the file.",
        r#"{"field": "image_url", "kind": "not_found"}"#,
    ),
    case(
        422,
        "purpose_required",
        "Say why you search, in the field `purpose`: no search is made without a lawful purpose.",
        r#"{"field": "purpose"}"#,
    ),
    case(422, "consent_required", "Confirm with `consent=true` that the search is lawful and consented to.", r#"{"field": "consent"}"#),
    case(422, "unreadable_image", "The picture cannot be read: it is damaged or cut short; save it again and retry.", ""),
    case(
        422,
        "no_face",
        "No face was found in the query picture: send one that shows the face larger, sharper or less turned away.",
        r#"{"match_request_id": "9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69"}"#,
    ),
    case(
        422,
        "low_quality",
        "The face in the query picture is too poor to be sure of: send one that shows it sharper and larger, or search with `quality=standard`.",
        r#"{"reasons": ["blurred", "small"], "match_request_id": "9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69"}"#,
    ),
    case(
        422,
        "face_index_out_of_range",
        "The query picture holds 2 face(s), so `face` must be below 2, not 5 (0 is the largest).",
        r#"{"match_request_id": "9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69"}"#,
    ),
    case(
        422,
        "photos_disagree",
        "The photos have nothing in common that could be searched for: send photos of one person.",
        r#"{"match_request_id": "9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69"}"#,
    ),
    case(422, "pool_missing", "There is no such folder below the roots for pools.", r#"{"field": "uri"}"#),
    case(500, "internal_error", "Something failed inside the service: try again, and tell the operator the request id if it stays so.", ""),
    later(503, "queue_full", 5, "The queue is full: try again in a few seconds."),
    later(503, "uploads_full", 2, "The service is taking in as many photos as it has room for: try again in a few seconds."),
    later(503, "storage_unavailable", 5, "The service cannot reach its storage just now: try again."),
    later(
        503,
        "storage_full",
        60,
        "The service's storage is full, and nothing of this request was kept: tell its operator to make room, and try again.",
    ),
    later(503, "storage_failed", 5, "The results could not be stored: try again, and tell the operator if it stays so."),
    later(
        503,
        "engine_failed",
        5,
        "The query picture could not be analysed: the engine failed; try again, and tell the operator if it stays so.",
    ),
    later(503, "s3_unavailable", 5, "The store cannot be reached just now for what is named in `pool_uri`: try again."),
    later(503, "not_ready", 2, "The networks are still being loaded: requests are accepted and wait."),
];

/// What a code means. A code that is not listed is a mistake of this module's, which its tests find.
pub fn find(code: &str) -> &'static ErrorCase {
    const UNKNOWN: &ErrorCase = &case(500, "unknown", "", "");
    ALL.iter().find(|case| case.code == code).unwrap_or(UNKNOWN)
}

/// The answer with these codes, all of one status.
pub fn response(codes: &[&'static str]) -> Value {
    let mut description = String::new();
    for case in codes.iter().map(|code| find(code)) {
        // A string can always be written to.
        let _ = writeln!(description, "* `{}`: {}", case.code, case.message);
    }
    let again = codes.iter().any(|code| find(code).retry_after.is_some());
    let headers = describe::headers(if again { &["Retry-After"] } else { &[] });
    let examples: Map<String, Value> =
        codes.iter().map(|code| ((*code).to_owned(), json!({ "$ref": format!("#/components/examples/error_{code}") }))).collect();
    json!({
        "description": description.trim_end(),
        "headers": headers,
        "content": { "application/json": { "schema": describe::named("ErrorBody"), "examples": examples } },
        "x-codes": codes,
    })
}

/// An example of each, by name.
pub fn examples() -> impl Iterator<Item = (String, Value)> {
    ALL.iter().map(|case| {
        let mut error = json!({ "code": case.code, "message": case.message });
        if let Ok(details) = serde_json::from_str::<Value>(case.details) {
            error["details"] = details;
        }
        let body = json!({ "error": error, "request_id": "0b54c2a1-6f3e-4f7d-8a9b-2c1d0e3f4a5b" });
        (format!("error_{}", case.code), json!({ "summary": case.code, "value": body }))
    })
}
