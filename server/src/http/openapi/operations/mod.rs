//! Every operation, in the order in which `/docs` shows them: one file a group.

mod pages;
mod pools;
mod requests;
mod search;
mod service;
mod shared;

use super::describe::{Operation, Parameter};
use serde_json::json;

/// Operations that belong together.
pub struct Group {
    pub name: &'static str,
    pub description: &'static str,
    pub operations: Vec<Operation>,
}

pub fn groups() -> Vec<Group> {
    vec![search::group(), requests::group(), shared::group(), pools::group(), service::group(), pages::group()]
}

/// What reading rows may answer.
const READS: &[&str] = &["internal_error", "storage_unavailable"];
/// What writing them may.
const WRITES: &[&str] = &["internal_error", "storage_unavailable", "storage_full"];
/// What an id in the address may answer.
const ID: &[&str] = &["malformed_id", "not_found", "gone"];

fn request_id() -> Parameter {
    let description = "The id that `POST /match` has answered.";
    let schema = json!({ "type": "string", "format": "uuid" });
    Parameter::path("request_id", description, "9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69").of(schema)
}
