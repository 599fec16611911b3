//! Schemas for people: what a field is in a few words, and the fields of each.

use super::html::{escape, line, prose};
use serde_json::Value;

/// The anchor of a schema.
pub fn link(name: &str) -> String {
    let name = escape(name);
    format!("<a href=\"#schema-{name}\">{name}</a>")
}

/// `list of <a>MatchReport</a>`, `text or null`, `number (float), -1 to 1`.
pub fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return link(name);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("<code>{}</code>", escape(&plain(value)))).collect::<Vec<_>>().join(", ");
    }
    if let Some(value) = schema.get("const") {
        return format!("<code>{}</code>", escape(&plain(value)));
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(|name| one(name, schema)).collect::<Vec<_>>().join(" or "),
        Value::String(name) => one(name, schema),
        _ => "anything".to_owned(),
    };
    kinds + &limits(schema)
}

/// One of JSON's types in a word.
fn one(name: &str, schema: &Value) -> String {
    let word = match (name, schema["format"].as_str()) {
        ("string", Some("date-time")) => "time",
        ("string", Some("binary")) => "file",
        ("string", Some("uuid")) => "UUID",
        ("string", Some("uri")) => "address",
        ("string", _) => "text",
        ("integer", _) => "whole number",
        ("number", _) => "number",
        ("boolean", _) => "<code>true</code> or <code>false</code>",
        ("object", _) if schema["additionalProperties"].is_object() => return format!("{} by name", kind(&schema["additionalProperties"])),
        ("object", _) => "object",
        ("array", _) => {
            let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
            let of = kind(&schema["items"]);
            return match (least, most) {
                (Some(least), Some(most)) if least == most => format!("{most} of {of}"),
                (_, Some(most)) => format!("list of {of}, {most} at most"),
                _ => format!("list of {of}"),
            };
        }
        (other, _) => other,
    };
    word.to_owned()
}

fn limits(schema: &Value) -> String {
    let number = |name: &str| schema.get(name).and_then(Value::as_f64);
    let range = match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        _ => String::new(),
    };
    let length = number("maxLength").map(|most| format!(", {most} characters at most")).unwrap_or_default();
    let default = schema.get("default").filter(|default| !default.is_null() && **default != Value::Array(Vec::new()));
    let default = default.map(|default| format!(", otherwise <code>{}</code>", escape(&plain(default)))).unwrap_or_default();
    range + &length + &default
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The fields of an object, those that have to be there first.
pub fn fields(schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else { return String::new() };
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    let mut html = String::from("<dl class=\"fields\">");
    for wanted in [true, false] {
        for (name, field) in properties.iter().filter(|(name, _)| required(name) == wanted) {
            let note = if wanted { "" } else { ", may be absent" };
            html += &entry(name, &format!("{}{note}", kind(field)), &prose(field["description"].as_str().unwrap_or_default()));
        }
    }
    html + "</dl>"
}

/// One row of a list: a name, what kind of thing it is, and what it means. The last two are HTML.
pub fn entry(name: &str, kind: &str, meaning: &str) -> String {
    format!("<div><dt><code>{}</code> <span class=\"hint\">{kind}</span></dt><dd>{meaning}</dd></div>", escape(name))
}

/// A schema with its heading.
pub fn section(name: &str, schema: &Value) -> String {
    let anchor = escape(name);
    let mut html = format!("<section class=\"schema\" id=\"schema-{anchor}\"><h3>{anchor}</h3>");
    html += &prose(schema["description"].as_str().unwrap_or_default());
    html += &fields(schema);
    if let Some(variants) = schema["oneOf"].as_array() {
        html += &variants.iter().map(variant).collect::<String>();
    } else if schema["enum"].is_array() {
        html += &format!("<p>One of {}.</p>", kind(schema));
    }
    html + "</section>"
}

/// One of several: a word, or an object that a field `type` tells from the others.
fn variant(schema: &Value) -> String {
    let meaning = line(schema["description"].as_str().unwrap_or_default());
    let name = schema["properties"]["type"]["const"].as_str();
    match name {
        Some(name) => format!("<h4><code>{}</code></h4><p>{meaning}</p>{}", escape(name), fields(schema)),
        None => format!("<p>{}{}{meaning}</p>", kind(schema), if meaning.is_empty() { "" } else { ": " }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_type_is_told_in_words() {
        for (schema, words) in [
            (json!({ "type": ["string", "null"] }), "text or null"),
            (json!({ "type": "string", "format": "date-time" }), "time"),
            (json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 }), "4 of number"),
            (json!({ "$ref": "#/components/schemas/Counts" }), "<a href=\"#schema-Counts\">Counts</a>"),
            (json!({ "type": "integer", "minimum": 1, "maximum": 9, "default": 5 }), "whole number, 1 to 9, otherwise <code>5</code>"),
            (json!({ "enum": ["a<b", "c"] }), "<code>a&lt;b</code>, <code>c</code>"),
            (json!({}), "anything"),
            (json!(true), "anything"),
        ] {
            assert_eq!(kind(&schema), words);
        }
    }
}
