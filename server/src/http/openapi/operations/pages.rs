//! What is for people.

use super::{Group, ID, READS, request_id};
use crate::http::openapi::describe::{Answer, Operation, Parameter};

pub fn group() -> Group {
    let description = "For people: nothing that a program needs is here alone.";
    Group { name: "Pages", description, operations: vec![home(), request(), shared(), docs(), files()] }
}

fn home() -> Operation {
    Operation::new("get", "/", "homePage")
        .says("The form for a search", "")
        .answers(Answer::page("The page."))
        .errors(&[&["internal_error"]])
}

fn request() -> Operation {
    Operation::new("get", "/requests/{request_id}", "requestPage")
        .says("The page of a request", "An error is a page too, where `Accept` asks for `text/html`.")
        .takes(request_id())
        .answers(Answer::page("The page. Never cached, and not for search engines.").headers(&["x-robots-tag"]))
        .errors(&[ID, READS])
}

fn shared() -> Operation {
    let token = "The token of the link.";
    Operation::new("get", "/r/{token}", "sharedPage")
        .says("The page behind a share link", "For readers: no controls, and no way to the request. Its data are at `/r/{token}.json`.")
        .takes(Parameter::path("token", token, "3f1c9a5be07d4c62b8a1d94e6f70253c8be41d0fa2974d35960c7e8b12fa5d43"))
        .answers(Answer::page("The page. Never cached, and not for search engines.").headers(&["x-robots-tag"]))
        .errors(&[&["not_found", "gone"], READS])
}

fn docs() -> Operation {
    Operation::new("get", "/docs", "docsPage")
        .says("This interface as a page", "")
        .answers(Answer::page("The page.").headers(&["ETag"]))
        .answers(Answer::new(304, "It is what you have.").headers(&["ETag"]))
        .errors(&[&["internal_error"]])
}

fn files() -> Operation {
    Operation::new("get", "/pkg/{*path}", "pageFile")
        .says("What a page is made of", "Style, script and module, compressed where the client can unpack them.")
        .takes(Parameter::path("path", "The file's name.", "face-engine.css"))
        .answers(Answer::new(200, "The file.").bytes(&["text/css", "text/javascript", "application/wasm", "application/octet-stream"]))
        .answers(Answer::new(304, "It is what you have."))
        .errors(&[&["not_found", "internal_error"]])
}
