//! What the server says in English, in the reader's language: refusals by their code, and what a source is. What has no words of its
//! own in that language stays the server's sentence, which in English is the more exact one anyway.

use crate::{
    api::{ErrorDetail, MAX_QUERY_PHOTOS, ProviderReport},
    words::{Language, fill, find, here, place, plain, say},
};

/// A sentence that the reader can act on. The page has a refusal's code and sentence; its details are for programs.
pub fn refusal(error: &ErrorDetail) -> String {
    match find(&format!("refusal_{}", error.code)) {
        Some(message) => fill(message.0, &[(const { place("most") }, MAX_QUERY_PHOTOS.to_string())]),
        None => error.message.clone(),
    }
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

    fn refused(code: &str) -> ErrorDetail {
        ErrorDetail { code: code.into(), message: "The server's own sentence.".into(), details: serde_json::Value::Null }
    }

    #[test]
    fn a_refusal_is_told_in_the_readers_language_by_its_code() {
        assert_eq!(refusal(&refused("queue_full")), "The server's own sentence.");
        reading(Language::Spanish, || {
            assert!(refusal(&refused("queue_full")).starts_with("La cola está llena"));
            assert!(refusal(&refused("too_many_images")).contains("como máximo 8 fotos"));
            assert_eq!(refusal(&refused("quite_new")), "The server's own sentence.");
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
