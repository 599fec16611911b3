//! `GET /openapi.json`: the whole HTTP surface as an OpenAPI 3.1 document.
//!
//! Schemas are made of the shared types (`schemas`), so they cannot differ from what is sent; routes, parameters, answers and errors
//! are told in `operations` and `errors`. Tests hold the document against the router's own table and against real answers.

mod describe;
mod errors;
mod examples;
mod operations;
mod schemas;

pub use describe::{Answer, Body, Content, Operation, Parameter};
pub use errors::{ErrorCase, find as error};
pub use operations::Group;

use crate::{config::HttpConfig, service::Service};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock};

/// Stands for this server's own address until somebody asks.
pub const SERVER: &str = "{server}";

/// Every operation by group, once.
pub static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(operations::groups);
/// Every schema by name, once.
pub static SCHEMAS: LazyLock<Map<String, Value>> = LazyLock::new(schemas::all);
/// Every example by name, once.
pub static EXAMPLES: LazyLock<Map<String, Value>> = LazyLock::new(examples::all);

static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}", document()));

pub async fn json(State(service): State<Arc<Service>>, request: Request) -> Response {
    let text = TEXT.replace(SERVER, &address(request.headers(), request.uri(), &service.config.http));
    tagged(request.headers(), "application/json", text)
}

/// Method and route of every operation, as the router has them.
pub fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
    GROUPS.iter().flat_map(|group| &group.operations).map(|operation| (operation.method, operation.route))
}

/// The document; [`SERVER`] stands where the server's address belongs.
pub fn document() -> Value {
    let mut paths = Map::new();
    for group in GROUPS.iter() {
        for operation in &group.operations {
            let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
            path[operation.method] = operation.json(group.name);
        }
    }
    let tags: Vec<Value> = GROUPS.iter().map(|group| json!({ "name": group.name, "description": group.description })).collect();
    let examples: Map<String, Value> = EXAMPLES.clone().into_iter().chain(errors::examples()).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Face Engine",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Compares a face with the faces in pictures that you may search.",
            "description": CONVENTIONS,
            "license": { "name": "GNU Affero General Public License v3.0 or later", "identifier": "AGPL-3.0-or-later" },
        },
        "servers": [{ "url": SERVER, "description": "This server" }],
        "security": [],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": *SCHEMAS, "examples": examples, "headers": headers() },
    })
}

/// What holds for every route.
pub const CONVENTIONS: &str = "Times are RFC 3339 in UTC, durations are seconds, boxes are `[x1, y1, x2, y2]` in pixels of the upright \
    (EXIF-applied) picture, and a similarity is the raw cosine, -1 to 1.\n\n\
    A similarity is a measurement, not an identification: `MATCH` means that the networks see two faces as alike as two pictures of one \
    person usually are. A person has to look.\n\n\
    Every answer has an `x-request-id`; one that you send (1 to 64 letters, digits, `-`, `_`) is taken over. Every error has the form of \
    `ErrorBody`, with a `code` for programs and a sentence for people. A 429 or 503 says in `Retry-After` when to try again. Any address \
    answers 405 `method_not_allowed` to a method that it does not take, and 404 `not_found` where there is nothing. What is answered to \
    GET is answered to HEAD as well, without its body.\n\n\
    Fields are only ever added: pass over those that you do not know.";

fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "x-request-id": text("The id of this exchange, for the operator's log.", "0b54c2a1-6f3e-4f7d-8a9b-2c1d0e3f4a5b"),
        "Retry-After": {
            "description": "Seconds after which trying again makes sense. Not with every code of this status.",
            "schema": { "type": "integer", "minimum": 0 }, "example": 5,
        },
        "Location": text("Where to go on.", "/status/9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69"),
        "Content-Disposition": text("The name to save the file by.", "attachment; filename=\"evidence-5f0c2a7be91d.zip\""),
        "ETag": text("Of this very text: send it back as `If-None-Match`.", "\"5f0c2a7be91d34c8\""),
        "x-robots-tag": text("Not for search engines.", "noindex, nofollow"),
    })
}

/// The address by which the client has reached the server; that of the settings where what it sent is no address.
pub fn address(headers: &HeaderMap, uri: &Uri, config: &HttpConfig) -> String {
    // HTTP/2 has it in the address.
    let sent = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(|host| host.as_str()));
    let fine = |host: &&str| (1..=255).contains(&host.len()) && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
    let host = sent.filter(fine).map_or_else(|| config.address().to_string(), ToOwned::to_owned);
    // It is shown, and decides nothing: a proxy is believed.
    let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    format!("{}://{host}", if secure { "https" } else { "http" })
}

/// A text with its digest: sent only where the client does not have it.
pub fn tagged(headers: &HeaderMap, media: &'static str, text: String) -> Response {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // Weak: on its way out the text may be compressed.
    let tag = format!("W/\"{hex}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let fresh = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let mut response =
        if fresh { StatusCode::NOT_MODIFIED.into_response() } else { ([(header::CONTENT_TYPE, media)], text).into_response() };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_one_that_the_client_asked() {
        let environment = crate::config::Environment::of(&[]);
        let config = HttpConfig::from_environment(&environment, std::path::Path::new("data")).expect("the defaults");
        let of = |pairs: &[(&'static str, &'static str)]| {
            let headers: HeaderMap =
                pairs.iter().map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value))).collect();
            address(&headers, &Uri::from_static("/docs"), &config)
        };
        assert_eq!(of(&[("host", "faces.example.org:8443")]), "http://faces.example.org:8443");
        assert_eq!(of(&[("host", "[::1]:3000")]), "http://[::1]:3000");
        assert_eq!(of(&[("host", "faces.example.org"), ("x-forwarded-proto", "https")]), "https://faces.example.org");
        assert_eq!(of(&[("host", "x\"><script>")]), "http://127.0.0.1:3000", "no address is shown as one");
        assert_eq!(of(&[]), "http://127.0.0.1:3000");
    }

    #[test]
    fn every_code_that_a_route_names_is_known_and_every_known_code_is_of_some_route() {
        let named: std::collections::BTreeSet<&str> =
            GROUPS.iter().flat_map(|group| &group.operations).flat_map(|operation| operation.errors.iter().copied()).collect();
        for code in &named {
            assert_eq!(error(code).code, *code, "not listed in errors.rs");
        }
        // That one is told for all routes at once.
        let known: std::collections::BTreeSet<&str> =
            errors::ALL.iter().map(|case| case.code).filter(|code| *code != "method_not_allowed").collect();
        assert_eq!(named, known);
    }

    /// Reads the sources: `StatusCode::NOT_FOUND, "not_found"` and `StatusCode::NOT_FOUND => ("not_found"`.
    #[test]
    fn every_code_in_the_handlers_is_told_with_its_status() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).expect("the sources").map(|entry| entry.expect("an entry").path()) {
            if file.extension().is_none_or(|kind| kind != "rs") {
                continue;
            }
            let source = std::fs::read_to_string(&file).expect("a source");
            for rest in source.split("StatusCode::").skip(1) {
                let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
                let after = rest[name.len()..].trim_start_matches([',', ' ', '\n', '=', '>', '(']);
                let Some((code, rest)) = after.strip_prefix('"').and_then(|text| text.split_once('"')) else { continue };
                // The next arm of a `match`.
                if rest.starts_with(" =>") || rest.starts_with(" |") || code.is_empty() {
                    continue;
                }
                if !code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                    continue;
                }
                let told = StatusCode::from_u16(error(code).status).expect("a status");
                let reason = told.canonical_reason().unwrap_or_default().to_uppercase().replace([' ', '-'], "_");
                assert_eq!((error(code).code, reason), (code, name), "{}", file.display());
                seen += 1;
            }
        }
        assert!(seen > 30, "the sources are written in another way: {seen} codes found");
    }
}
