//! What the server says in English, in the reader's language: refusals by their code, and what a source is. What has no words of its
//! own in that language stays the server's sentence, which in English is the more exact one anyway.

use crate::{
    api::{ErrorDetail, ProviderReport, QualityReason},
    quality,
    words::{Language, fill, find, here, place, plain, say},
};
use serde_json::Value;

/// A sentence that the reader can act on.
pub fn refusal(error: &ErrorDetail) -> String {
    let (photo, limit) = (error.details["index"].as_u64(), error.details["limit_bytes"].as_u64());
    // Where more is known the sentence is another one.
    let key = match error.code.as_str() {
        "no_face" if photo.is_some() => "refusal_no_face_in".to_owned(),
        "payload_too_large" if limit.is_some() => "refusal_payload_too_large_of".to_owned(),
        code => format!("refusal_{code}"),
    };
    let Some(message) = find(&key) else { return error.message.clone() };
    let text = |name: &str| match &error.details[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    let reasons: Vec<QualityReason> = serde_json::from_value(error.details["reasons"].clone()).unwrap_or_default();
    let values = [
        (const { place("field") }, text("field")),
        (const { place("provider") }, text("provider")),
        (const { place("variables") }, text("variables")),
        (const { place("limit") }, text("limit")),
        (const { place("mb") }, limit.map(|bytes| (bytes >> 20).to_string()).unwrap_or_default()),
        (const { place("reasons") }, quality::words(&reasons)),
        (const { place("photo") }, photo.map(|index| (index + 1).to_string()).unwrap_or_default()),
    ];
    fill(message.0, &values)
}

/// What a source searches or what it lacks, and the language of these words where it is not the page's.
pub fn source_note(provider: &ProviderReport) -> (String, Option<&'static str>) {
    let own = || match (provider.note.as_str(), provider.configured) {
        ("a folder of the operator's pictures", _) => find("source_note_folder").map(plain),
        ("the pool's folder is missing", _) => find("source_note_folder_missing").map(plain),
        ("a bucket of the operator's pictures", _) => find("source_note_bucket").map(plain),
        (_, true) => find(&format!("source_note_{}", provider.name)).map(plain),
        (_, false) if provider.variables.is_empty() || here() == Language::English => None,
        (_, false) => Some(say!(source_note_unset, variables = provider.variables.join(", "))),
    };
    match own() {
        Some(words) => (words, None),
        None => (provider.note.clone(), (here() != Language::English).then_some("en")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::reading;
    use serde_json::json;

    fn refused(code: &str, details: Value) -> ErrorDetail {
        ErrorDetail { code: code.into(), message: "The server's own sentence.".into(), details }
    }

    #[test]
    fn a_refusal_is_told_in_the_readers_language_by_its_code() {
        let full = refused("queue_full", Value::Null);
        assert_eq!(refusal(&full), "The server's own sentence.");
        reading(Language::Spanish, || {
            assert!(refusal(&full).starts_with("La cola está llena"));
            assert!(refusal(&refused("payload_too_large", json!({ "limit_bytes": 12 << 20 }))).contains("12 MB por foto"));
            assert!(!refusal(&refused("payload_too_large", Value::Null)).contains("MB"));
            assert!(refusal(&refused("low_quality", json!({ "reasons": ["small", "dark"] }))).contains("(pequeño, demasiado oscuro)"));
            assert!(refusal(&refused("no_face", Value::Null)).contains("en la foto:"));
            assert!(refusal(&refused("no_face", json!({ "index": 1 }))).contains("en la foto 2:"));
            assert_eq!(refusal(&refused("quite_new", Value::Null)), "The server's own sentence.");
        });
    }

    #[test]
    fn a_note_that_has_no_translation_is_marked_as_english() {
        let odd = ProviderReport::new("a-new-one", true, "something new");
        assert_eq!(source_note(&odd), ("something new".into(), None));
        let known = ProviderReport::new("brave", true, "pictures on the web");
        let unset = ProviderReport { variables: vec!["BRAVE_API_KEY".into()], ..ProviderReport::new("brave", false, "set BRAVE_API_KEY") };
        reading(Language::Spanish, || {
            assert_eq!(source_note(&odd), ("something new".into(), Some("en")));
            assert!(source_note(&known).0.starts_with("imágenes de la web"));
            assert_eq!(source_note(&unset), ("Falta configurar: BRAVE_API_KEY".into(), None));
        });
    }
}
