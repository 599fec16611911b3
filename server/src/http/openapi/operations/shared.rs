//! Links for readers.

use super::{Group, ID, READS, WRITES, request_id};
use crate::http::openapi::describe::{Answer, Body, Operation, Parameter};
use serde_json::Value;

const LINK: &[&str] = &["not_found", "gone"];

pub fn group() -> Group {
    let description = "A share link shows a result to whoever has it, and nothing that leads to the request. It ends by itself, can be \
                       revoked, and ends with its request.";
    Group { name: "Share links", description, operations: vec![share(), data(), picture(), revoke()] }
}

fn share() -> Operation {
    Operation::new("post", "/requests/{request_id}/share", "shareRequest")
        .says(
            "Make a link for readers",
            "Its address is told this once and stored nowhere. A new link ends the one before. It never outlives the request.",
        )
        .takes(request_id())
        .body(Body {
            media: "application/json",
            schema: "ShareOptions",
            required: false,
            description: "How long the link opens, 60 seconds to a year; a week where nothing is sent.",
            example: "share_options",
            encoding: Value::Null,
        })
        .answers(Answer::json_of(201, "ShareReport", "share", "The link. Never cached."))
        .errors(&[&["malformed_request", "invalid_field", "payload_too_large", "not_completed"], ID, WRITES])
        .sample(
            r#"TOKEN=$(curl -s -X POST -H 'content-type: application/json' -d '{"expires_in": 86400}' {server}/requests/$ID/share \
  | sed 's/.*"token":"\([^"]*\)".*/\1/')"#,
        )
}

fn token() -> Parameter {
    Parameter::path("token", "The token of the link.", "3f1c9a5be07d4c62b8a1d94e6f70253c8be41d0fa2974d35960c7e8b12fa5d43")
}

fn data() -> Operation {
    Operation::new("get", "/r/{token}", "readShared")
        .at("/r/{token}.json")
        .says("What a reader of the link gets", "The result, its pictures below the link. Without `.json` it is a page for people.")
        .takes(token())
        .answers(Answer::json_of(200, "SharedResult", "shared", "Never cached, and not for search engines.").headers(&["x-robots-tag"]))
        .errors(&[LINK, READS])
        .sample(r#"curl {server}/r/$TOKEN.json"#)
}

fn picture() -> Operation {
    let path = "Of a picture below the link, slashes included: the addresses stand in the result, whole.";
    Operation::new("get", "/r/{token}/{*path}", "readSharedPicture")
        .says("A picture of a shared result", "Crops, thumbnails and marked pictures. Vectors are not shared.")
        .takes(token())
        .takes(Parameter::path("path", path, "query/annotated/photo.jpg"))
        .answers(Answer::new(200, "The picture. Not kept by a browser: a link that is revoked shows nothing any more.").bytes(&[
            "image/jpeg",
            "image/png",
            "image/webp",
            "image/gif",
        ]))
        .errors(&[LINK, READS])
        .sample(
            r#"PICTURE=$(curl -s {server}/r/$TOKEN.json | grep -o '/r/[^"]*' | head -n 1)
curl -o picture.jpg "{server}$PICTURE""#,
        )
}

fn revoke() -> Operation {
    Operation::new("delete", "/requests/{request_id}/share", "revokeShare")
        .says("Revoke the link", "From then on it answers 410.")
        .takes(request_id())
        .answers(Answer::new(204, "The link has ended."))
        .errors(&[ID, &["not_shared"], WRITES])
        .sample(r#"curl -X DELETE {server}/requests/$ID/share"#)
}
