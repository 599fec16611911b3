//! The operator's own collections.

use super::{Group, READS, WRITES};
use crate::http::openapi::describe::{Answer, Body, Operation, Parameter};
use serde_json::Value;

pub fn group() -> Group {
    let description = "A pool is a collection of pictures of the operator's: a folder, or what lies below a prefix in a bucket. It is \
                       indexed once, and searched by its name as any other provider.";
    Group { name: "Pools", description, operations: vec![list(), create(), sync(), delete()] }
}

fn name() -> Parameter {
    Parameter::path("name", "The pool's name.", "archive")
}

fn list() -> Operation {
    Operation::new("get", "/pools", "listPools")
        .says("Every pool, and how far it is indexed", "By name.")
        .answers(Answer::json_of(200, "PoolList", "pools", "All of them. Never cached."))
        .errors(&[READS])
        .sample(r#"curl {server}/pools"#)
}

fn create() -> Operation {
    Operation::new("post", "/pools", "createPool")
        .says(
            "Add a pool",
            "It has to lie below one of the places that the operator has set in `POOL_ROOTS`. It is searched from now on, and indexed by \
             its first sync.",
        )
        .body(Body {
            media: "application/json",
            schema: "NewPool",
            required: true,
            description: "Its name, and where its pictures lie.",
            example: "new_pool",
            encoding: Value::Null,
        })
        .answers(Answer::json_of(201, "PoolReport", "pool", "The pool."))
        .errors(&[&["malformed_request", "invalid_field", "pool_not_allowed", "pool_exists", "payload_too_large", "pool_missing"], WRITES])
        .sample(r#"curl -H 'content-type: application/json' -d '{"name": "archive", "uri": "/srv/pictures/archive"}' {server}/pools"#)
}

fn sync() -> Operation {
    Operation::new("post", "/pools/{name}/sync", "syncPool")
        .says("Index a pool", "In the background: what is new or changed is looked at, what is gone is forgotten.")
        .takes(name())
        .answers(Answer::json_of(202, "PoolReport", "pool_queued", "It waits for its turn: `GET /pools` tells how far it is."))
        .errors(&[&["not_found"], WRITES])
        .sample(r#"curl -X POST {server}/pools/archive/sync"#)
}

fn delete() -> Operation {
    Operation::new("delete", "/pools/{name}", "deletePool")
        .says("Delete a pool", "And every vector of it. The pictures stay where they lie.")
        .takes(name())
        .answers(Answer::new(204, "Nothing of it is left."))
        .errors(&[&["not_found"], WRITES])
        .sample(r#"curl -X DELETE {server}/pools/archive"#)
}
