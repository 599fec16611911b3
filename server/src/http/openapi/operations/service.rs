//! The service itself: health, numbers, and this document.

use super::Group;
use crate::http::openapi::describe::{Answer, Content, Operation};
use serde_json::json;

pub fn group() -> Group {
    let description = "How the service is, for people, supervisors and programs.";
    Group { name: "Service", description, operations: vec![health(), ready(), live(), metrics(), document()] }
}

fn health() -> Operation {
    Operation::new("get", "/health", "readHealth")
        .says("What runs, on what, and who may be asked", "Always 200: the words say the rest.")
        .answers(Answer::json_of(200, "Health", "health", "Never cached."))
        .errors(&[&["internal_error"]])
        .sample(r#"curl {server}/health"#)
}

fn ready() -> Operation {
    Operation::new("get", "/health/ready", "readReady")
        .says("Can it work now?", "The networks are warm, and database and store can be reached. For a supervisor or a load balancer.")
        .answers(Answer::json_of(200, "Health", "health", "It can."))
        .errors(&[&["internal_error", "not_ready"]])
        .sample(r#"curl {server}/health/ready"#)
}

fn live() -> Operation {
    Operation::new("get", "/health/live", "readLive")
        .says("Does the process answer?", "Asks nothing of database, store or networks.")
        .answers(Answer::json_of(200, "Live", "live", "It does."))
        .errors(&[&["internal_error"]])
        .sample(r#"curl {server}/health/live"#)
}

fn metrics() -> Operation {
    Operation::new("get", "/metrics", "readMetrics")
        .says("What is counted, for Prometheus", "Nothing of a person is in it: no ids, addresses, names.")
        .answers(Answer::new(200, "Prometheus' text format, version 0.0.4. Never cached.").with(Content {
            media: "text/plain",
            schema: json!({ "type": "string" }),
            example: Some("metrics"),
            events: None,
        }))
        .errors(&[&["internal_error"]])
        .sample(r#"curl {server}/metrics"#)
}

fn document() -> Operation {
    Operation::new("get", "/openapi.json", "readDocument")
        .says("This interface as an OpenAPI document", "With `If-None-Match` it is sent only where it has changed.")
        .answers(Answer::new(200, "OpenAPI 3.1.").media("application/json", json!({ "type": "object" })).headers(&["ETag"]))
        .answers(Answer::new(304, "It is what you have.").headers(&["ETag"]))
        .errors(&[&["internal_error"]])
        .sample(r#"curl -o openapi.json {server}/openapi.json"#)
}
