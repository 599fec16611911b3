//! Asking for a search.

use super::{Group, WRITES};
use crate::http::openapi::describe::{Answer, Body, Operation, Parameter};
use serde_json::{Value, json};

/// What is wrong with the options, whichever way they come.
const OPTIONS: &[&str] = &[
    "malformed_request",
    "invalid_field",
    "unknown_field",
    "unknown_provider",
    "provider_not_configured",
    "purpose_required",
    "consent_required",
];
/// What is wrong with a photo.
const PHOTO: &[&str] = &["empty_image", "payload_too_large", "image_too_large", "unsupported_media_type", "unreadable_image"];
/// What is wrong with a photo that is not sent but named.
const NAMED: &[&str] = &[
    "image_url_refused",
    "image_url_not_public",
    "image_url_no_picture",
    "image_url_timeout",
    "image_url_unreachable",
    "malformed_id",
    "not_found",
    "bucket_not_allowed",
];
/// What stands in the way of a search that reads well.
const QUEUE: &[&str] = &["upload_timeout", "idempotency_conflict", "contract_mismatch", "gone", "queue_full", "uploads_full"];
/// What a search may end with while somebody waits for it.
const WAITING: &[&str] = &["no_face", "low_quality", "face_index_out_of_range", "photos_disagree", "engine_failed", "storage_failed"];
const BUCKETS: &[&str] = &[
    "missing_field",
    "invalid_s3_uri",
    "bucket_not_allowed",
    "no_permission",
    "no_such_bucket",
    "no_such_key",
    "object_archived",
    "s3_unavailable",
];

pub fn group() -> Group {
    let description = "A search compares a face with the faces in pictures that you may search. It is asked for with a purpose and with \
                       consent, answered at once with an id, and worked on in the background.";
    Group { name: "Search", description, operations: vec![by_upload(), by_addresses()] }
}

fn idempotency_key() -> Parameter {
    let description = "1 to 255 visible ASCII characters of your choice. The same key with the same search answers the same request \
                       again and starts nothing; with another search it is refused.";
    Parameter::header("Idempotency-Key", description, json!({ "type": "string", "minLength": 1, "maxLength": 255 }), "a-key-of-mine-1")
}

fn queued() -> Answer {
    let description = "The search is accepted. `Location` is where it stands.";
    Answer::json_of(202, "Accepted", "accepted", description).headers(&["Location"])
}

fn done() -> Answer {
    Answer::json_of(200, "MatchResult", "result", "With `sync=true`, and done in time: the whole result.")
}

fn by_upload() -> Operation {
    Operation::new("post", "/match", "search")
        .says(
            "Search with a photo",
            "With `sync=true` the answer is the result, where it comes within the service's `SYNC_TIMEOUT` (20 s unless its operator has \
             set another), and an id otherwise. Of a search that ends without a result while you wait, `details.match_request_id` is the \
             id. Where `Accept` asks for `text/html`, as a form in a browser does, the answer is a redirect to the page of the request, \
             and an error is the page with the form.",
        )
        .takes(idempotency_key())
        .body(Body {
            media: "multipart/form-data",
            schema: "MatchForm",
            required: true,
            description: "The photo or photos, and the options. A field that is empty counts as absent; one that is misspelt is refused.",
            example: "match_form",
            encoding: json!({ "image": { "contentType": "image/jpeg, image/png, image/webp, image/gif" } }),
        })
        .answers(done())
        .answers(queued())
        .answers(Answer::new(303, "To a browser's form: the page of the request.").headers(&["Location"]))
        .errors(&[OPTIONS, &["missing_image", "too_many_images"], PHOTO, NAMED, QUEUE, WAITING, WRITES])
        .sample(
            r#"curl -F image=@photo.jpg -F purpose="trying it out" -F consent=true -F sync=true {server}/match

# or: the id at once, for what follows
ID=$(curl -s -F image=@photo.jpg -F purpose="trying it out" -F consent=true {server}/match \
  | sed 's/.*"request_id":"\([^"]*\)".*/\1/')"#,
        )
}

fn by_addresses() -> Operation {
    Operation::new("post", "/process-s3-image", "searchBuckets")
        .says(
            "Search with a photo and a pool in buckets",
            "The service reads `query_uri` and every picture below `pool_uri` by its own keys. Its operator says in `S3_BUCKETS` and \
             `POOLS` which buckets may be named. The address is matched without regard to case. Providers are asked only where \
             `providers` names them.",
        )
        .takes(idempotency_key())
        .body(Body {
            media: "application/json",
            schema: "BucketSearch",
            required: true,
            description: "The two addresses, and the options of `POST /match`.",
            example: "bucket_search",
            encoding: Value::Null,
        })
        .answers(done())
        .answers(queued())
        .errors(&[OPTIONS, BUCKETS, PHOTO, QUEUE, WAITING, WRITES])
        .sample(
            r#"curl -H 'content-type: application/json' {server}/process-s3-image -d '{
  "query_uri": "s3://pictures/queries/photo.jpg", "pool_uri": "s3://pictures/archive",
  "purpose": "trying it out", "consent": true, "sync": true
}'"#,
        )
}
