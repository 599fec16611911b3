//! The schemas of what travels, made of the shared types of `app::api`: what they are called, what they hold, and their comments.
//!
//! Two bodies are no types of their own: the form of `POST /match` and the JSON of `POST /process-s3-image`. Their fields are those of
//! [`MatchOptions`], with the limits that `http/form.rs` sets.

use super::describe::binary;
use app::api::{
    Accepted, ErrorBody, EventKind, Health, MAX_QUERY_PHOTOS, MatchOptions, MatchResult, NewPool, PoolList, RequestPage, ShareOptions,
    ShareReport, SharedResult, StatusReport,
};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Fields that hold a time.
const TIMES: [&str; 6] = ["at", "created_at", "updated_at", "expires_at", "started_at", "synced_at"];

/// How a form writes what is a list in JSON.
const LISTS: [(&str, &str); 2] = [("providers", "In a form: names parted by commas."), ("urls", "In a form: one address a line.")];

/// Limits that a type does not say: the keyword of each, and its number.
const LIMITS: [(&str, &[(&str, f64)]); 6] = [
    ("purpose", &[("minLength", 1.0), ("maxLength", 2000.0)]),
    ("hint", &[("maxLength", 500.0)]),
    ("top_k", &[("minimum", 1.0), ("maximum", 1000.0)]),
    ("max_candidates", &[("minimum", 1.0), ("maximum", 10_000.0)]),
    ("threshold", &[("minimum", -1.0), ("maximum", 1.0)]),
    ("face", &[("minimum", 0.0), ("maximum", 9999.0)]),
];

/// Every schema, by name.
pub fn all() -> Map<String, Value> {
    // What is answered has every field; of what is sent, those with a default may be left out.
    let settings = |settings: SchemaSettings| settings.with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    let mut answers = settings(SchemaSettings::draft2020_12().for_serialize());
    answers.subschema_for::<Accepted>();
    answers.subschema_for::<StatusReport>();
    answers.subschema_for::<MatchResult>();
    answers.subschema_for::<RequestPage>();
    answers.subschema_for::<EventKind>();
    answers.subschema_for::<ShareReport>();
    answers.subschema_for::<SharedResult>();
    answers.subschema_for::<PoolList>();
    answers.subschema_for::<Health>();
    answers.subschema_for::<ErrorBody>();
    let mut schemas = answers.take_definitions(true);
    let mut bodies = settings(SchemaSettings::draft2020_12().for_deserialize());
    bodies.subschema_for::<MatchOptions>();
    bodies.subschema_for::<NewPool>();
    bodies.subschema_for::<ShareOptions>();
    for (name, schema) in bodies.take_definitions(true) {
        schemas.entry(name).or_insert(schema);
    }
    if let Some(options) = schemas.remove("MatchOptions") {
        schemas.insert("MatchForm".into(), form(&options));
        schemas.insert("BucketSearch".into(), bucket_search(&options));
    }
    schemas.insert(
        "Live".into(),
        json!({
            "type": "object",
            "description": "The process answers.",
            "properties": { "status": { "type": "string", "const": "ok" } },
            "required": ["status"],
        }),
    );
    schemas.values_mut().for_each(|schema| tidy("", schema));
    schemas
}

/// The fields of the options that both bodies take, with their limits.
fn options(options: &Value) -> Map<String, Value> {
    let mut fields = options["properties"].as_object().cloned().unwrap_or_default();
    fields.remove("query_uri");
    fields.remove("pool_uri");
    fields.remove("photo_of");
    for (name, limits) in LIMITS {
        if let Some(field) = fields.get_mut(name) {
            for (keyword, number) in limits {
                // Whole where it is whole: a length of 500.0 reads badly.
                field[keyword] = if number.fract() == 0.0 { json!(*number as i64) } else { json!(number) };
            }
        }
    }
    // It has to be said, so there is no default; and that of the gate is the operator's to set.
    for name in ["purpose", "consent", "quality"] {
        fields.get_mut(name).and_then(Value::as_object_mut).map(|field| field.remove("default"));
    }
    if let Some(quality) = fields.get_mut("quality") {
        quality["description"] =
            format!("{} Where it is not said, `QUALITY_GATE` of the service holds.", text(quality, "description")).into();
    }
    let sync = "Wait for the result, for as long as the service's `SYNC_TIMEOUT`.";
    fields.insert("sync".into(), json!({ "type": "boolean", "default": false, "description": sync }));
    fields
}

/// `POST /match`: everything is a text, and what is not sent is not there.
fn form(of: &Value) -> Value {
    let mut fields = options(of);
    for (name, how) in LISTS {
        let description = fields.get(name).map(|field| text(field, "description")).unwrap_or_default();
        fields.insert(name.into(), json!({ "type": "string", "description": format!("{description} {how}") }));
    }
    fields.insert("photo_of".into(), of["properties"]["photo_of"].clone());
    fields.values_mut().for_each(never_null);
    let image = format!(
        "The photo: JPEG, PNG, WebP or GIF. Once for each photo of the person, {MAX_QUERY_PHOTOS} at most: `face` belongs to the first. \
         May be left out where `image_url` says where the photo is, or `photo_of` whose it is."
    );
    fields.insert("image".into(), json!({ "type": "array", "items": binary(), "maxItems": MAX_QUERY_PHOTOS, "description": image }));
    if let Some(field) = fields.get_mut("image_url") {
        field["format"] = "uri".into();
        field["description"] = format!("{} Where no `image` is sent, the photo is fetched from there.", text(field, "description")).into();
    }
    json!({
        "type": "object",
        "description": "A search: the photo, why it is made, and what else is to be known of it. Other fields are refused.",
        "properties": fields,
        "required": ["purpose", "consent"],
        "additionalProperties": false,
    })
}

/// `POST /process-s3-image`.
fn bucket_search(of: &Value) -> Value {
    let mut fields = options(of);
    for name in ["query_uri", "pool_uri"] {
        let mut field = of["properties"][name].clone();
        never_null(&mut field);
        fields.insert(name.into(), field);
    }
    json!({
        "type": "object",
        "description": "A search with the query picture and the pool in buckets. Other fields are refused.",
        "properties": fields,
        "required": ["query_uri", "pool_uri", "purpose", "consent"],
        "additionalProperties": false,
    })
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn never_null(field: &mut Value) {
    if let Some(kinds) = field.get_mut("type").filter(|kind| kind.is_array()) {
        *kinds = kinds.as_array().and_then(|kinds| kinds.iter().find(|kind| *kind != "null")).cloned().unwrap_or_default();
    }
    if field.get("default").is_some_and(Value::is_null) {
        field.as_object_mut().map(|field| field.remove("default"));
    }
}

/// Comments and formats as readers of a document about HTTP expect them; `name` is that of the field.
fn tidy(name: &str, schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    if let Some(Value::String(description)) = keywords.get_mut("description") {
        *description = plain(description);
    }
    // Formats that OpenAPI's registry has.
    if keywords.get("format").is_some_and(|format| format == "uint") {
        keywords.insert("format".into(), "uint64".into());
    }
    let is_text = |kind: &Value| kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")));
    if TIMES.contains(&name) && keywords.get("type").is_some_and(is_text) {
        keywords.insert("format".into(), "date-time".into());
    }
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(fields)) => fields.iter_mut().for_each(|(name, field)| tidy(name, field)),
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => schemas.iter_mut().for_each(|one| tidy("", one)),
            ("items" | "additionalProperties", value) => tidy("", value),
            _ => {}
        }
    }
}

/// A comment without the links of rustdoc, its lines joined.
fn plain(comment: &str) -> String {
    let paragraphs = comment.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n").replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::form::set;

    #[test]
    fn the_limits_that_are_told_are_those_that_hold() {
        let takes = |name: &str, text: &str| set(name, text, &mut MatchOptions::default(), &mut false).is_ok();
        for (name, limits) in LIMITS {
            for (keyword, limit) in limits {
                let (within, beyond) = match *keyword {
                    "maxLength" => ("x".repeat(*limit as usize), "x".repeat(*limit as usize + 1)),
                    // An empty text counts as absent: that a purpose has to be there is checked where all fields have been read.
                    "minLength" => continue,
                    "minimum" => (limit.to_string(), (limit - 1.0).to_string()),
                    _ => (limit.to_string(), (limit + 1.0).to_string()),
                };
                assert!(takes(name, &within), "{name} may be {limit} ({keyword})");
                assert!(!takes(name, &beyond), "{name} may not be beyond {limit} ({keyword})");
            }
        }
    }

    #[test]
    fn the_form_has_every_field_that_is_read_and_no_other() {
        let schemas = all();
        for (schema, own) in [("MatchForm", &["image", "photo_of"][..]), ("BucketSearch", &["query_uri", "pool_uri"])] {
            let fields = schemas[schema]["properties"].as_object().expect("fields");
            for name in fields.keys().filter(|name| !own.contains(&name.as_str())) {
                assert!(set(name, "", &mut MatchOptions::default(), &mut false).is_ok(), "{name} of {schema} is read");
            }
            for name in crate::http::form::OPTIONS {
                assert!(fields.contains_key(name), "{name} is told of in {schema}");
            }
        }
    }

    #[test]
    fn links_of_comments_become_words() {
        assert_eq!(plain("One of\n[`Health`].\n\nAnd `[x1, y1, x2, y2]`."), "One of `Health`.\n\nAnd `[x1, y1, x2, y2]`.");
    }
}
