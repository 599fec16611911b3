//! What a search says of its diagnostics: what was out of the ordinary, and what could not be had.

use super::stand_in::{ENGINE, why_the_backup};
use crate::{
    api::Diagnostic,
    words::{count, find, plain, say},
};

/// `2 pictures: no face found, the whole picture was compared`; kinds without words of their own as they are named.
pub fn diagnostic(d: &Diagnostic) -> String {
    let pictures = || count!(unit_picture, d.count);
    match d.kind.as_str() {
        "no_face" => format!("{}: {}", pictures(), say!(diagnostic_no_face)),
        "no_person" => format!("{}: {}", pictures(), say!(diagnostic_no_person)),
        "low_quality" => format!("{}: {}", pictures(), say!(diagnostic_low_quality)),
        "no_person_in_query" => say!(diagnostic_no_person_in_query),
        "photos_disagree" => count!(diagnostic_photos_disagree, d.count),
        _ if d.stage == "face_again" => count!(diagnostic_face_again, d.count),
        "backup_detector" => format!("{}: {}", pictures(), say!(diagnostic_backup_detector)),
        kind if d.stage == ENGINE => say!(backup_switched, why = why_the_backup(kind)),
        kind => format!("{}: {} ({})", pictures(), kind.replace('_', " "), d.stage),
    }
}

/// Whether a diagnostic is about something that could not be had, rather than about something that stood in for the usual.
pub fn is_absence(d: &Diagnostic) -> bool {
    !matches!(d.stage.as_str(), "artifacts" | "query" | "quality" | "face_again" | ENGINE)
        && !matches!(d.kind.as_str(), "no_face" | "no_person" | "no_person_in_query" | "backup_detector")
}

/// `3 pictures: not there any more`, `wikimedia: asked us to slow down`. Kinds without words of their own as they are named.
pub fn absence(d: &Diagnostic) -> String {
    let why = absence_of(&d.stage, &d.kind)
        .unwrap_or_else(|| format!("{} ({})", d.kind.trim_start_matches("provider_").replace('_', " "), d.stage));
    match (&d.provider, d.stage.as_str()) {
        (Some(provider), _) if d.count > 1 => say!(diagnostic_times, what = format!("{provider}: {why}"), n = d.count),
        (Some(provider), _) => format!("{provider}: {why}"),
        (None, "discover") => format!("{}: {why}", count!(unit_source, d.count)),
        (None, _) => format!("{}: {why}", count!(unit_picture, d.count)),
    }
}

/// The words of a kind, or of the kind that it is another name of.
fn absence_of(stage: &str, kind: &str) -> Option<String> {
    if stage == "discover" {
        return find(&format!("absence_source_{kind}")).map(plain).or_else(|| absence_of("", kind));
    }
    let kind = match kind {
        "http_error" => "server_error",
        "unsupported_address" => "refused_address",
        "image_too_large" => "too_large",
        "unsupported_media_type" => "not_a_picture",
        "empty_image" | "unreadable" => "unreadable_image",
        "model_not_loaded" | "unusable_output" | "panic" | "device_lost" => "engine_failed",
        kind => kind,
    };
    find(&format!("absence_picture_{kind}")).map(plain)
}

/// `What could not be had: 12 pictures, 2 sources; 1 source not asked`; None where everything was.
pub fn absences(diagnostics: &[Diagnostic]) -> Option<String> {
    let not_asked = |d: &&Diagnostic| d.kind == "provider_needs_more";
    let (unasked, absent): (Vec<_>, Vec<_>) = diagnostics.iter().filter(|d| is_absence(d)).partition(not_asked);
    let pictures: usize = absent.iter().filter(|d| d.stage != "discover").map(|d| d.count).sum();
    let failed = sources(absent.iter().filter(|d| d.stage == "discover"));
    let had_not = [(pictures > 0).then(|| count!(unit_picture, pictures)), (failed > 0).then(|| count!(unit_source, failed))];
    let had_not: Vec<String> = had_not.into_iter().flatten().collect();
    let unasked = sources(unasked.iter());
    let unasked = (unasked > 0).then(|| count!(unit_source, unasked));
    match (had_not.is_empty(), unasked) {
        (true, None) => None,
        (true, Some(unasked)) => Some(say!(absence_unasked, sources = unasked)),
        (false, None) => Some(say!(absence_had_not, what = had_not.join(", "))),
        (false, Some(unasked)) => Some(say!(absence_had_not_and_unasked, what = had_not.join(", "), sources = unasked)),
    }
}

/// How many sources these are about: one that failed in both rounds is one source.
fn sources<'a, 'b: 'a>(of: impl Iterator<Item = &'a &'b Diagnostic> + Clone) -> usize {
    let mut named: Vec<&str> = Vec::new();
    for provider in of.clone().filter_map(|d| d.provider.as_deref()) {
        if !named.contains(&provider) {
            named.push(provider);
        }
    }
    named.len() + of.filter(|d| d.provider.is_none()).map(|d| d.count).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_said_in_words_even_where_the_kind_is_new() {
        let said = |kind: &str, count| diagnostic(&Diagnostic { stage: "download".into(), kind: kind.into(), count, provider: None });
        assert_eq!(said("no_face", 2), "2 pictures: no face found, so the whole picture was compared");
        assert_eq!(said("low_quality", 3), "3 pictures: left out, as every face in them is too poor to be sure of");
        assert_eq!(said("too_slow", 1), "1 picture: too slow (download)");
    }

    #[test]
    fn photos_of_different_people_are_told_as_something_odd_and_not_as_something_missing() {
        let odd = Diagnostic { stage: "query".into(), kind: "photos_disagree".into(), count: 1, provider: None };
        assert_eq!(diagnostic(&odd), "1 photo of yours: the face is unlike those in the others, so it may be somebody else's");
        assert!(!is_absence(&odd) && absences(&[odd]).is_none());
    }

    #[test]
    fn what_could_not_be_had_is_explained_by_kind() {
        let said = |stage: &str, kind: &str, count, provider: Option<&str>| {
            absence(&Diagnostic { stage: stage.into(), kind: kind.into(), count, provider: provider.map(Into::into) })
        };
        assert_eq!(said("fetch", "timeout", 3, None), "3 pictures: took too long to arrive");
        assert_eq!(said("fetch", "refused_host", 1, None), "1 picture: their address leads into a private network and was refused");
        assert_eq!(said("decode", "unsupported_media_type", 2, None), "2 pictures: what came was not a picture we can read");
        assert_eq!(said("discover", "provider_timeout", 1, Some("brave")), "brave: took too long to answer");
        assert_eq!(said("discover", "provider_rate_limited", 2, Some("brave")), "brave: asked for fewer searches (2 times)");
        assert_eq!(
            said("discover", "provider_interrupted", 1, Some("brave")),
            "brave: asked when the search was cut off, and not asked again, which could cost twice"
        );
        assert_eq!(said("discover", "unknown_provider", 2, None), "2 sources: not known to this server");
        assert_eq!(said("fetch", "some_new_kind", 1, None), "1 picture: some new kind (fetch)");
        assert_eq!(said("discover", "provider_some_new", 1, Some("brave")), "brave: some new (discover)");
    }

    #[test]
    fn pictures_and_sources_that_could_not_be_had_are_counted_apart() {
        let d = |stage: &str, kind: &str, count, provider: Option<&str>| Diagnostic {
            stage: stage.into(),
            kind: kind.into(),
            count,
            provider: provider.map(Into::into),
        };
        let all = [
            d("fetch", "timeout", 3, None),
            d("decode", "unreadable_image", 1, None),
            d("face", "no_face", 7, None),
            d("artifacts", "storage_failed", 1, None),
            d("quality", "low_quality", 1, None),
            d("discover", "provider_timeout", 1, Some("brave")),
            d("discover", "provider_answer", 1, Some("brave")),
            d("face_again", "engine_failed", 2, None),
            d("face", "backup_detector", 1, None),
        ];
        assert_eq!(absences(&all).as_deref(), Some("What could not be had: 4 pictures, 1 source"));
        assert_eq!(absences(&all[..1]).as_deref(), Some("What could not be had: 3 pictures"));
        assert_eq!(absences(&all[2..5]), None);
        let unasked = d("discover", "provider_needs_more", 1, Some("wikimedia"));
        assert_eq!(absences(std::slice::from_ref(&unasked)).as_deref(), Some("Not asked: 1 source"));
        let both = [all[5].clone(), unasked];
        assert_eq!(absences(&both).as_deref(), Some("What could not be had: 1 source; 1 source not asked"));
    }
}
