//! What stands between the page's header and footer: a list of all routes, each route, each schema.

use super::{
    html::{escape, line, prose},
    schema,
};
use crate::http::openapi::{Answer, Body, CONVENTIONS, Content, EXAMPLES, GROUPS, Operation, Parameter, SCHEMAS, error};
use serde_json::Value;

const LEAD: &str = "Everything that the page does, a program can do. The examples are lines of a shell and work as they stand, with a \
                    picture named `photo.jpg`; `$ID` is that of a request, `$TOKEN` that of a share link, and both are set where they are \
                    first answered.";

pub fn body() -> String {
    let mut html = format!(
        "<h1>HTTP interface</h1><div class=\"lead\">{}<p>The same for programs: <a href=\"/openapi.json\">openapi.json</a>, OpenAPI \
         3.1.</p></div><div class=\"docs\">{}<div class=\"docs-text\"><section aria-labelledby=\"everywhere\"><h2 \
         id=\"everywhere\">Everywhere</h2>{}</section>",
        prose(LEAD),
        contents(),
        prose(CONVENTIONS)
    );
    for group in GROUPS.iter() {
        let name = escape(group.name);
        html += &format!("<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{name}</h2>", anchor(group.name));
        html += &prose(group.description);
        html += &group.operations.iter().map(operation).collect::<String>();
        html += "</section>";
    }
    html += "<section aria-labelledby=\"schemas\"><h2 id=\"schemas\">Schemas</h2>";
    html += &SCHEMAS.iter().map(|(name, of)| schema::section(name, of)).collect::<String>();
    html + "</section></div></div>"
}

fn anchor(group: &str) -> String {
    format!("group-{}", group.to_lowercase().replace(' ', "-"))
}

/// The way to each route and schema.
fn contents() -> String {
    let mut html =
        String::from("<nav class=\"docs-contents\" aria-label=\"Routes and schemas\"><ul><li><a href=\"#everywhere\">Everywhere</a></li>");
    for group in GROUPS.iter() {
        html += &format!("<li><a href=\"#{}\">{}</a><ul>", anchor(group.name), escape(group.name));
        for operation in &group.operations {
            html += &format!("<li><a href=\"#{}\">{}</a></li>", operation.id, escape(operation.summary));
        }
        html += "</ul></li>";
    }
    html += "<li><a href=\"#schemas\">Schemas</a><ul>";
    for name in SCHEMAS.keys() {
        html += &format!("<li>{}</li>", schema::link(name));
    }
    html + "</ul></li></ul></nav>"
}

fn operation(operation: &Operation) -> String {
    let Operation { method, path, id, summary, description, .. } = operation;
    let mut html = format!(
        "<article class=\"route\" id=\"{id}\" aria-labelledby=\"{id}-title\"><h3 id=\"{id}-title\">{}</h3>\
         <p class=\"address\"><a href=\"#{id}\"><span class=\"verb {method}\">{}</span> <code>{}</code></a></p>{}",
        escape(summary),
        method.to_uppercase(),
        escape(path),
        prose(description)
    );
    if let Some(sample) = operation.sample {
        html += &format!("<pre><code>{}</code></pre>", escape(sample));
    }
    if !operation.parameters.is_empty() {
        html += "<h4>Parameters</h4><dl class=\"fields\">";
        html += &operation.parameters.iter().map(parameter).collect::<String>();
        html += "</dl>";
    }
    if let Some(sent) = &operation.body {
        html += &body_of(sent);
    }
    html += "<h4>Answers</h4><dl class=\"fields\">";
    html += &operation.answers.iter().map(answer).collect::<String>();
    for (status, codes) in operation.errors_by_status() {
        html += &errors(status, &codes);
    }
    html + "</dl></article>"
}

fn parameter(parameter: &Parameter) -> String {
    let Parameter { name, place, required, description, schema, example } = parameter;
    let may = if *required { "" } else { ", may be absent" };
    let kind = format!("in the {}, {}{may}", if *place == "path" { "address" } else { *place }, schema::kind(schema));
    let example = example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned);
    schema::entry(name, &kind, &format!("<p>{} For example <code>{}</code>.</p>", line(description), escape(&example)))
}

fn body_of(body: &Body) -> String {
    let Body { media, schema, required, description, example, .. } = body;
    let may = if *required { "" } else { ", may be absent" };
    let fields = SCHEMAS.get(*schema).map(schema::fields).unwrap_or_default();
    format!(
        "<h4>Body <span class=\"hint\">{media}, {}{may}</span></h4><p>{}</p>{fields}{}",
        schema::link(schema),
        line(description),
        shown(example)
    )
}

fn answer(answer: &Answer) -> String {
    let mut kinds: Vec<String> = answer.content.iter().map(content).collect();
    kinds.extend(answer.headers.iter().map(|name| format!("with <code>{}</code>", escape(name))));
    let examples: String = answer.content.iter().filter_map(|content| content.example).map(shown).collect();
    schema::entry(&answer.status.to_string(), &kinds.join(", "), &format!("<p>{}</p>{examples}", line(answer.description)))
}

/// `application/json` and the schema, where it has one.
fn content(content: &Content) -> String {
    let events = content.events.map(|name| format!(" of {}", schema::link(name))).unwrap_or_default();
    match content.schema.get("$ref") {
        Some(_) => format!("{} {}", content.media, schema::kind(&content.schema)),
        None => format!("{}{events}", content.media),
    }
}

fn errors(status: u16, codes: &[&str]) -> String {
    let again = codes.iter().any(|code| error(code).retry_after.is_some());
    let kind = format!("{}{}", schema::link("ErrorBody"), if again { ", with <code>Retry-After</code>" } else { "" });
    let one = |code: &&str| format!("<li><code>{code}</code>: {}</li>", line(error(code).message));
    schema::entry(&status.to_string(), &kind, &format!("<ul>{}</ul>", codes.iter().map(one).collect::<String>()))
}

/// An example to be opened.
fn shown(name: &str) -> String {
    let Some(example) = EXAMPLES.get(name) else { return String::new() };
    let text = match &example["value"] {
        Value::String(text) => text.clone(),
        value => format!("{value:#}"),
    };
    let summary = example["summary"].as_str().unwrap_or_default();
    format!("<details><summary>Example: {}</summary><pre><code>{}</code></pre></details>", escape(summary), escape(&text))
}
