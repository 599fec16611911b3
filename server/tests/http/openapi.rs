//! The document of this very surface: whole, true to what is answered, and readable as a page.

mod answers;
mod checker;

use crate::common::{FakeVision, TestApp, folder, pictures};
use checker::problems;
use serde_json::{Value, json};
use server::http::{openapi, router_and_table};
use std::collections::BTreeSet;

/// Every object in the document, with where it stands.
fn walk<'a>(at: &str, value: &'a Value, visit: &mut impl FnMut(&str, &'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            visit(at, fields);
            fields.iter().for_each(|(name, value)| walk(&format!("{at}/{name}"), value, visit));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| walk(&format!("{at}/{n}"), item, visit)),
        _ => {}
    }
}

/// What a `#/...` leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &'_ Value)| -> Vec<(String, String)> {
        item.as_object().expect("methods").keys().map(|method| (method.clone(), path.clone())).collect()
    };
    let named: Vec<(String, String)> = paths.iter().flat_map(of).collect();
    named.into_iter().map(|(method, path)| (method.clone(), path.clone(), &document["paths"][&path][&method])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_router_is_in_the_document_and_no_other() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (_, table) = router_and_table(app.service.clone());
    let routed: BTreeSet<(&str, &str)> = table.iter().map(|(method, path)| (*method, path.as_str())).collect();
    let told: BTreeSet<(&str, &str)> = openapi::table().collect();
    let untold: Vec<_> = routed.difference(&told).collect();
    assert!(untold.is_empty(), "describe in server/src/http/openapi/operations what answers at {untold:?}");
    let unrouted: Vec<_> = told.difference(&routed).collect();
    assert!(unrouted.is_empty(), "described, and not there: {unrouted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_takes_the_methods_that_the_document_says_and_no_others() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let document = app.client.get("/openapi.json").await.json();
    for (path, item) in document["paths"].as_object().expect("paths") {
        if path.starts_with("/pkg/") {
            continue;
        }
        let refused = app.client.send("PATCH", path, &[], &[]).await;
        assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (405, Some("method_not_allowed")), "{path}");
        let allowed: BTreeSet<String> = refused.header("allow").split(',').map(|method| method.trim().to_lowercase()).collect();
        let mut told: BTreeSet<String> = item.as_object().expect("methods").keys().cloned().collect();
        if told.contains("get") {
            told.insert("head".into());
        }
        assert_eq!(allowed, told, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_of_the_form_that_openapi_asks_for() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.get("/openapi.json").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    for field in ["title", "version", "summary", "description"] {
        assert!(document["info"][field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    assert_eq!(document["servers"][0]["url"], format!("http://{}", app.client.0));
    let tags: BTreeSet<&str> = document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let id = operation["operationId"].as_str().expect("an id");
        assert!(ids.insert(id), "{id} is twice there");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at}");
        assert!(operation["tags"].as_array().expect("a tag").iter().all(|tag| tags.contains(tag.as_str().expect("a name"))), "{at}");
        // A parameter of the path for each part in braces, and no other.
        let in_path: BTreeSet<&str> = path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let told: Vec<&Value> = parameters.iter().filter(|parameter| parameter["in"] == "path").collect();
        assert!(told.iter().all(|parameter| parameter["required"] == true), "{at}");
        assert_eq!(told.iter().filter_map(|parameter| parameter["name"].as_str()).collect::<BTreeSet<_>>(), in_path, "{at}");
        for parameter in &parameters {
            assert!(["path", "query", "header"].contains(&parameter["in"].as_str().unwrap_or_default()), "{at}: {parameter}");
            assert!(parameter["schema"].is_object() && !parameter["description"].as_str().unwrap_or_default().is_empty(), "{at}");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{at} may go well");
        for (status, response) in responses {
            assert!(status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)), "{at}: {status}");
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{at} {status}");
            assert!(response["headers"].get("x-request-id").is_some(), "{at} {status}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_led_to() {
    let document = openapi::document();
    let mut led_to = BTreeSet::new();
    walk("#", &document, &mut |at, object| {
        if let Some(reference) = object.get("$ref") {
            let reference = reference.as_str().expect("a reference is a text");
            assert!(document.pointer(&reference[1..]).is_some(), "{reference} at {at} leads nowhere");
            led_to.insert(reference.to_owned());
        }
    });
    for kind in ["schemas", "examples", "headers"] {
        for name in document["components"][kind].as_object().expect("components").keys() {
            // That code is told for all routes at once.
            let told = name == "error_method_not_allowed" || led_to.contains(&format!("#/components/{kind}/{name}"));
            assert!(told, "nothing leads to {kind}/{name}");
        }
    }
}

#[test]
fn every_example_is_of_its_schema() {
    let document = openapi::document();
    let mut checked = 0;
    let mut check = |at: &str, schema: &Value, example: &Value| {
        assert_eq!(problems(&document, schema, example), Vec::<String>::new(), "{at}: {example:#}");
        checked += 1;
    };
    walk("#", &document, &mut |at, object| {
        let Some(schema) = object.get("schema") else { return };
        if let Some(example) = object.get("example") {
            check(at, schema, example);
        }
        for (name, example) in object.get("examples").and_then(Value::as_object).into_iter().flatten() {
            check(&format!("{at} {name}"), schema, &resolved(&document, example)["value"]);
        }
    });
    let events = document["components"]["examples"]["events"]["value"].as_str().expect("a stream");
    for (name, data) in events_of(events) {
        assert_eq!(data["type"], name);
        check("events", &json!({ "$ref": "#/components/schemas/EventKind" }), &data);
    }
    assert!(checked > 100, "{checked}");
}

/// Name and data of each event of a stream.
fn events_of(stream: &str) -> Vec<(String, Value)> {
    let field = |event: &str, name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned());
    let of = |event: &str| {
        let data = field(event, "data:")?;
        Some((field(event, "event:")?, serde_json::from_str(&data).expect("JSON")))
    };
    stream.split("\n\n").filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_or_page_that_has_not_changed_is_not_sent_again() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    for path in ["/openapi.json", "/docs"] {
        let first = app.client.get(path).await;
        assert_eq!((first.status, first.header("cache-control")), (200, "no-cache"), "{path}");
        let again = app.client.send("GET", path, &[("if-none-match", first.header("etag"))], &[]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, first.header("etag")), "{path}");
        let other = app.client.send("GET", path, &[("if-none-match", "W/\"0000\"")], &[]).await;
        assert_eq!(other.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_every_route_schema_and_code_and_needs_no_script() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let page = app.client.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self' data:;"), "{policy}");
    let html = page.text();
    for part in [
        "<!DOCTYPE html>",
        "<html lang=\"en\" class=\"alone\">",
        "<title lang=\"en\">HTTP interface · Face Engine</title>",
        "<header",
        "<main",
        "<footer",
    ] {
        assert_eq!(html.matches(part).count(), 1, "{part}");
    }
    for absent in ["<script", " style=", " onclick=", "{server}", "src=\"http"] {
        assert!(!html.contains(absent), "{absent}");
    }
    let document = app.client.get("/openapi.json").await.json();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        let (verb, name) = (method.to_uppercase(), path.as_str());
        assert!(html.contains(&format!("<span class=\"verb {method}\">{verb}</span> <code>{name}</code>")), "{method} {path}");
        assert!(html.contains(&format!("id=\"{id}\"")) && html.contains(&format!("<li><a href=\"#{id}\">")), "{id}");
        for code in operation["responses"].as_object().expect("responses").values().filter_map(|one| one["x-codes"].as_array()).flatten() {
            assert!(html.contains(&format!("<code>{}</code>: ", code.as_str().expect("a code"))), "{code}");
        }
    }
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(html.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
    // Every way within the page leads somewhere, and every place is there once.
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id is there twice");
    for anchor in html.split("href=\"#").skip(1).filter_map(|part| part.split('"').next()) {
        assert!(ids.contains(&anchor), "#{anchor}");
    }
    assert!(html.contains(&format!("curl http://{}/health", app.client.0)), "the examples are of this server");
    let spanish = app.client.get("/docs?lang=es").await;
    assert!(
        spanish.text().contains("<html lang=\"es\" class=\"alone\">")
            && spanish.text().contains("<main id=\"main\" tabindex=\"-1\" lang=\"en\">")
    );
    assert!(spanish.header("set-cookie").starts_with("lang=es"), "it is read on in that language");
}

/// The lines of each example, run by a shell one after the other as they stand on the page.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_work_as_they_stand() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        println!("SKIPPED: there is no curl here");
        return;
    }
    let folder = folder();
    let pictures = folder.path().join("srv/pictures/archive");
    std::fs::create_dir_all(&pictures).expect("a folder");
    std::fs::write(pictures.join("1.png"), pictures::red()).expect("a picture");
    std::fs::write(folder.path().join("photo.jpg"), pictures::jpeg()).expect("a photo");
    let roots = folder.path().join("srv/pictures").to_string_lossy().into_owned();
    let app = TestApp::start_with(folder.path(), &[("POOL_ROOTS", &roots)], FakeVision::default()).await;
    let document = app.client.get("/openapi.json").await.json();
    // A refusal ends the script; how it goes on waiting for a search is not what is shown.
    let mut script = format!("set -eu\ncd '{}'\ncurl() {{ command curl --fail-with-body -sS \"$@\"; }}\n", folder.path().display());
    let mut shown = 0;
    // What is erased can be shared no more.
    let (last, first): (Vec<_>, Vec<_>) =
        openapi::GROUPS.iter().flat_map(|group| &group.operations).partition(|operation| operation.id == "eraseRequest");
    for operation in first.into_iter().chain(last) {
        // It needs a bucket.
        if operation.sample.is_none() || operation.id == "searchBuckets" {
            continue;
        }
        let told = &document["paths"][&operation.path][operation.method]["x-codeSamples"][0]["source"];
        let sample = told.as_str().expect("a sample").replace("/srv/pictures", &roots);
        script += &format!("echo '== {}'\n{sample}\necho\n", operation.id);
        if operation.id == "search" {
            script += &format!("until curl http://{}/status/$ID | grep -q '\"status\":\"completed\"'; do sleep 0.05; done\n", app.client.0);
        }
        shown += 1;
    }
    assert!(shown > 15, "{shown}");
    let run = tokio::process::Command::new("bash").arg("-c").arg(&script).output().await.expect("bash");
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{script}\n{said}");
    for file in ["crop.jpg", "picture.jpg", "evidence.zip", "openapi.json"] {
        assert!(std::fs::metadata(folder.path().join(file)).is_ok_and(|file| file.len() > 500), "{file} was saved");
    }
}
