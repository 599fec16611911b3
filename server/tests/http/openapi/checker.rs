//! Does a value fit a schema? The part of JSON Schema 2020-12 that the document uses, and a complaint about any word beyond it.

use serde_json::Value;

/// What is wrong with the value; nothing where it fits. `$ref`s lead into the document.
pub fn problems(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let keywords = match schema {
        Value::Bool(true) => return,
        Value::Object(keywords) => keywords,
        other => return found.push(format!("{at}: {other} is no schema")),
    };
    let fits = |schema: &Value| problems(document, schema, value).is_empty();
    for (keyword, wanted) in keywords {
        let mut complain = |why: &str| found.push(format!("{at}: {value} {why} ({keyword}: {wanted})"));
        match keyword.as_str() {
            "$ref" => {
                let target = wanted.as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?));
                match target {
                    Some(target) => check(document, target, value, at, found),
                    None => complain("cannot be held against what is not there"),
                }
            }
            "type" => {
                let kinds = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                if !kinds.iter().any(|kind| is_a(value, kind.as_str().unwrap_or_default())) {
                    complain("is of another type");
                }
            }
            "const" if value != wanted => complain("is another value"),
            "enum" if !wanted.as_array().is_some_and(|values| values.contains(value)) => complain("is none of them"),
            "anyOf" if !choices(wanted).any(fits) => complain("fits none of them"),
            "oneOf" if choices(wanted).filter(|choice| fits(choice)).count() != 1 => complain("does not fit exactly one of them"),
            "allOf" => choices(wanted).for_each(|schema| check(document, schema, value, at, found)),
            "required" => {
                let missing = |name: &&Value| value.is_object() && value.get(name.as_str().unwrap_or_default()).is_none();
                if let Some(name) = wanted.as_array().into_iter().flatten().find(missing) {
                    complain(&format!("has no {name}"));
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().into_iter().flatten() {
                    if let Some(field) = value.get(name) {
                        check(document, schema, field, &format!("{at}/{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                let known = |name: &str| keywords.get("properties").is_some_and(|fields| fields.get(name).is_some());
                for (name, field) in value.as_object().into_iter().flatten().filter(|(name, _)| !known(name)) {
                    match wanted {
                        Value::Bool(false) => found.push(format!("{at}: there is no field {name}")),
                        schema => check(document, schema, field, &format!("{at}/{name}"), found),
                    }
                }
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, wanted, item, &format!("{at}/{n}"), found);
                }
            }
            "minItems" if length(value.as_array().map(Vec::len)) < number(wanted) => complain("is too short"),
            "maxItems" if value.is_array() && length(value.as_array().map(Vec::len)) > number(wanted) => complain("is too long"),
            "minLength" if length(value.as_str().map(|text| text.chars().count())) < number(wanted) => complain("is too short"),
            "maxLength" if value.is_string() && length(value.as_str().map(|text| text.chars().count())) > number(wanted) => {
                complain("is too long");
            }
            "minimum" if value.as_f64().is_some_and(|number_| number_ < number(wanted)) => complain("is too small"),
            "maximum" if value.as_f64().is_some_and(|number_| number_ > number(wanted)) => complain("is too large"),
            "format" if wanted == "uuid" && value.as_str().is_some_and(|text| text.parse::<uuid::Uuid>().is_err()) => complain("is none"),
            "format" if wanted == "date-time" && value.as_str().is_some_and(|text| !is_time(text)) => complain("is none"),
            "const" | "enum" | "anyOf" | "oneOf" | "minItems" | "maxItems" | "minLength" | "maxLength" | "minimum" | "maximum"
            | "format" => {}
            "description" | "default" | "contentMediaType" => {}
            other => found.push(format!("{at}: what `{other}` asks for is not looked at here")),
        }
    }
}

fn choices(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a limit is a number")
}

fn length(of: Option<usize>) -> f64 {
    of.map_or(f64::INFINITY, |length| length as f64)
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

/// `2026-11-27T02:11:30.123Z`: as much of RFC 3339 as the service writes.
fn is_time(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00T00:00:00.000Z"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_checker_finds_what_does_not_fit() {
        let document = json!({ "components": { "schemas": { "Word": { "enum": ["a", "b"] } } } });
        let word = json!({ "$ref": "#/components/schemas/Word" });
        for (schema, good, bad) in [
            (json!({ "type": ["string", "null"] }), json!(null), json!(1)),
            (json!({ "type": "integer", "minimum": 1, "maximum": 2 }), json!(2), json!(3)),
            (json!({ "type": "integer" }), json!(1), json!(1.5)),
            (word.clone(), json!("a"), json!("c")),
            (json!({ "anyOf": [word, { "type": "null" }] }), json!(null), json!("c")),
            (json!({ "oneOf": [{ "const": 1 }, { "const": 2 }] }), json!(2), json!(3)),
            (json!({ "oneOf": [{ "type": "integer" }, { "const": 2 }] }), json!(1), json!(2)),
            (json!({ "properties": { "x": { "type": "string" } }, "required": ["x"] }), json!({ "x": "" }), json!({})),
            (json!({ "properties": { "x": { "type": "string" } } }), json!({}), json!({ "x": 1 })),
            (json!({ "properties": { "x": true }, "additionalProperties": false }), json!({ "x": 1 }), json!({ "y": 1 })),
            (json!({ "additionalProperties": { "type": "string" } }), json!({ "x": "" }), json!({ "x": 1 })),
            (json!({ "items": { "type": "string" }, "minItems": 1, "maxItems": 2 }), json!(["a"]), json!([])),
            (json!({ "items": { "type": "string" } }), json!([]), json!([1])),
            (json!({ "maxItems": 2 }), json!([1, 2]), json!([1, 2, 3])),
            (json!({ "minLength": 1, "maxLength": 2 }), json!("é"), json!("")),
            (json!({ "format": "uuid" }), json!("8d1f0d8e-0000-4000-8000-000000000000"), json!("x")),
            (json!({ "format": "date-time" }), json!("2026-11-27T02:11:30.123Z"), json!("yesterday")),
        ] {
            assert_eq!(problems(&document, &schema, &good), Vec::<String>::new(), "{schema} {good}");
            assert!(!problems(&document, &schema, &bad).is_empty(), "{schema} {bad}");
        }
        assert!(!problems(&document, &json!({ "pattern": "x" }), &json!("x")).is_empty(), "what it does not know it does not let pass");
        assert!(!problems(&document, &json!({ "$ref": "#/nowhere" }), &json!("x")).is_empty());
    }
}
