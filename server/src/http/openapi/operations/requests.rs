//! What becomes of a request: how it stands, its events, its files, its end.

use super::{Group, ID, READS, WRITES, request_id};
use crate::http::openapi::describe::{Answer, Content, Operation, Parameter};
use serde_json::json;

pub fn group() -> Group {
    let description = "A request is known by its id, and whoever knows the id may read and erase it: keep it to yourself, and hand out \
                       share links. It is forgotten after the service's `RETENTION_DAYS`, or when you erase it; then everything of it \
                       answers 410.";
    Group { name: "Requests", description, operations: vec![one(), list(), events(), evidence(), artifact(), erase(), erase_by_form()] }
}

fn one() -> Operation {
    let logs = "Add the lines of the request's log, oldest first.";
    Operation::new("get", "/status/{request_id}", "readRequest")
        .says(
            "How a request stands, and its result",
            "`result` is there once `status` is `completed`; `error` once it is `failed`. Addresses of pictures in it are signed and open \
             for an hour, unless the operator has set another `LINK_LIFETIME`: ask again for new ones.",
        )
        .takes(request_id())
        .takes(Parameter::query("logs", logs, json!({ "type": "boolean", "default": false }), true))
        .answers(Answer::json_of(200, "StatusReport", "status", "The request as it is now. Never cached."))
        .errors(&[&["malformed_request", "invalid_field"], ID, READS])
        .sample(r#"curl {server}/status/$ID"#)
}

fn list() -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 });
    let cursor = "`next_cursor` of the page before. Opaque: it is given back as it came.";
    Operation::new("get", "/status", "listRequests")
        .says("Counts by state, and the newest requests", "Newest first, by page. The last page has no `next_cursor`.")
        .takes(Parameter::query("limit", "Requests on a page.", limit, 50))
        .takes(Parameter::query("cursor", cursor, json!({ "type": "string" }), "000649a3b1c2d3e49d4e72617c0b4f0e9a531f2d3c4b5a69"))
        .answers(Answer::json_of(200, "RequestPage", "requests", "One page. Never cached."))
        .errors(&[&["malformed_request", "invalid_field"], READS])
        .sample(r#"curl "{server}/status?limit=10""#)
}

fn events() -> Operation {
    let last = "The `id` of the last event that you have: those after it follow. An `EventSource` sends it by itself when it comes back.";
    Operation::new("get", "/events/{request_id}", "followRequest")
        .says(
            "A request as it happens",
            "Server-Sent Events. First those that were before, then each as it comes; none is lost or sent twice. `event` is `stage`, \
             `candidate`, `match`, `done` or `error`, `id` counts up from 1, and `data` is JSON of the schema `EventKind`. The stream ends \
             after `done` or `error`. A line with a colon alone keeps it open: pass over it.",
        )
        .takes(request_id())
        .takes(Parameter::header("Last-Event-ID", last, json!({ "type": "integer", "format": "uint64", "minimum": 0 }), 12))
        .answers(Answer::new(200, "The stream. Never cached, nor held back by a proxy that heeds `x-accel-buffering`.").with(Content {
            media: "text/event-stream",
            schema: json!({ "type": "string" }),
            example: Some("events"),
            events: Some("EventKind"),
        }))
        .answers(Answer::new(204, "The request has ended, and you have every event: an `EventSource` does not come back."))
        .errors(&[&["invalid_field"], ID, READS])
        .sample(r#"curl -N {server}/events/$ID"#)
}

fn evidence() -> Operation {
    Operation::new("get", "/requests/{request_id}/evidence.zip", "readEvidence")
        .says(
            "The evidence of a search, as one file",
            "The result, crops and marked pictures, where each picture was found and when, the SHA-256 of every file that was downloaded, \
             the networks and their digests, and a manifest with the hash of every file. The manifest's own hash is in the result. \
             Everything is checked against it before the first byte is sent.",
        )
        .takes(request_id())
        .answers(Answer::new(200, "The bundle. Not to be cached by others.").bytes(&["application/zip"]).headers(&["Content-Disposition"]))
        .errors(&[ID, &["no_evidence", "not_completed", "evidence_changed"], WRITES])
        .sample(r#"curl -o evidence.zip {server}/requests/$ID/evidence.zip"#)
}

fn artifact() -> Operation {
    let signed = |name, description, example: &str| Parameter::query(name, description, json!({ "type": "string" }), example).required();
    Operation::new("get", "/artifacts/{*key}", "readArtifact")
        .says(
            "A file of a result: crop, thumbnail, marked picture",
            "The addresses stand in the result, whole: there is no need to put one together. Each opens for a while only.",
        )
        .takes(Parameter::path(
            "key",
            "The file, slashes included.",
            "output/9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69/query/annotated/photo.jpg",
        ))
        .takes(signed("expires", "When the address ends, in seconds since 1970.", "1764209491"))
        .takes(signed("signature", "Over both.", "4c1f9a2b"))
        .answers(
            Answer::new(200, "The file. A browser may keep it for as long as the address opens.")
                .bytes(&["image/jpeg", "image/png", "image/webp", "image/gif", "application/octet-stream"])
                .media("application/json", json!({})),
        )
        .answers(Answer::new(307, "The bucket gives the file itself: there, for five minutes.").headers(&["Location"]))
        .errors(&[&["malformed_request", "bad_signature", "link_expired", "not_found", "gone"], READS])
        .sample(
            r#"CROP=$(curl -s {server}/status/$ID | grep -o '/artifacts/[^"]*' | head -n 1)
curl -L -o crop.jpg "{server}$CROP""#,
        )
}

fn erase() -> Operation {
    Operation::new("delete", "/requests/{request_id}", "eraseRequest")
        .says(
            "Erase a request",
            "Stops it where it runs, and erases photos, pictures, vectors, results, events and links. Afterwards every address of it answers \
             410. Backups of the operator's are out of reach.",
        )
        .takes(request_id())
        .answers(Answer::new(204, "Nothing of it is left."))
        .errors(&[ID, WRITES])
        .sample(r#"curl -X DELETE {server}/requests/$ID"#)
}

fn erase_by_form() -> Operation {
    Operation::new("post", "/requests/{request_id}/erase", "eraseRequestByForm")
        .says(
            "Erase a request, for forms",
            "As `DELETE`, for a page without JavaScript: it leads back to the request's page, which now says so.",
        )
        .takes(request_id())
        .answers(Answer::new(303, "Nothing of it is left: its page says so.").headers(&["Location"]))
        .errors(&[&["malformed_id", "not_found", "cross_site"], WRITES])
}
