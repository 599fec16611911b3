//! What a search says of its diagnostics: what was out of the ordinary, and what could not be had.

use super::count;
use super::stand_in::{ENGINE, engine_failure};
use crate::api::Diagnostic;

/// `2 pictures: no face found, the whole picture was compared`; kinds without words of their own as they are named.
pub fn diagnostic(d: &Diagnostic) -> String {
    let pictures = count(d.count, "picture", "pictures");
    match d.kind.as_str() {
        "no_face" => format!("{pictures}: no face found, so the whole picture was compared"),
        "no_person" => format!("{pictures}: no person found, so the full frame was searched for faces"),
        "low_quality" => format!("{pictures}: left out, as every face in them is too poor to be sure of"),
        "no_person_in_query" => "Your photo: no person found, so the full frame was searched for faces".to_owned(),
        "photos_disagree" => {
            format!("{} of yours: the face is unlike those in the others, so it may be somebody else's", count(d.count, "photo", "photos"))
        }
        _ if d.stage == "face_again" => {
            format!("{}: failed; what the others showed was compared", count(d.count, "further look for faces", "further looks for faces"))
        }
        "backup_detector" => format!("{pictures}: the face detector failed, so its backup looked for faces"),
        kind if d.stage == ENGINE => {
            format!(
                "In the middle of the search the usual networks {}, so everything was compared again with the backup",
                engine_failure(kind)
            )
        }
        kind => format!("{pictures}: {} ({})", kind.replace('_', " "), d.stage),
    }
}

/// Whether a diagnostic is about something that could not be had, rather than about something that stood in for the usual.
pub fn is_absence(d: &Diagnostic) -> bool {
    !matches!(d.stage.as_str(), "artifacts" | "query" | "quality" | "face_again" | ENGINE)
        && !matches!(d.kind.as_str(), "no_face" | "no_person" | "no_person_in_query" | "backup_detector")
}

/// `3 pictures: not there any more`, `wikimedia: asked us to slow down`. Kinds without words of their own as they are named.
pub fn absence(d: &Diagnostic) -> String {
    let why = match absence_of(&d.stage, &d.kind) {
        Some(why) => why.to_owned(),
        None => format!("{} ({})", d.kind.trim_start_matches("provider_").replace('_', " "), d.stage),
    };
    match (&d.provider, d.stage.as_str()) {
        (Some(provider), _) if d.count > 1 => format!("{provider}: {why} ({} times)", d.count),
        (Some(provider), _) => format!("{provider}: {why}"),
        (None, "discover") => format!("{}: {why}", count(d.count, "source", "sources")),
        (None, _) => format!("{}: {why}", count(d.count, "picture", "pictures")),
    }
}

fn absence_of(stage: &str, kind: &str) -> Option<&'static str> {
    Some(match (stage, kind) {
        ("discover", "provider_not_configured") => "no key is set for it on this server",
        ("discover", "unknown_provider") => "not known to this server",
        ("discover", "provider_unavailable") => "could not be reached",
        ("discover", "provider_refused") => "refused the search",
        ("discover", "provider_unauthorized") => "did not accept this server's key",
        ("discover", "provider_quota_spent") => "has no searches left for this server",
        ("discover", "provider_rate_limited") => "asked for fewer searches",
        ("discover", "provider_timeout") => "took too long to answer",
        ("discover", "provider_answer") => "answered something that could not be understood",
        ("discover", "provider_needs_more") => "not asked, because it needs words or an address that this search did not give",
        ("discover", "provider_interrupted") => "asked when the search was cut off, and not asked again, which could cost twice",
        (_, "deadline") => "the search ran out of time before they arrived",
        (_, "not_found") => "not there any more",
        (_, "timeout") => "took too long to arrive",
        (_, "interrupted") => "the connection broke off",
        (_, "unreachable") => "their site could not be reached",
        (_, "host_down") => "their site failed again and again and was left alone",
        (_, "rate_limited") => "their site asked for fewer requests",
        (_, "forbidden") => "their site does not give them to us",
        (_, "server_error" | "http_error") => "their site answered with an error",
        (_, "too_many_redirects") => "their address leads from one place to another without end",
        (_, "refused_host") => "their address leads into a private network and was refused",
        (_, "refused_address" | "unsupported_address") => "their address is of a kind that is not opened here",
        (_, "outside_pool") => "they lie outside their folder",
        (_, "too_large" | "image_too_large") => "too large",
        (_, "too_many_pixels") => "too many pixels",
        (_, "not_a_picture" | "unsupported_media_type") => "what came was not a picture we can read",
        (_, "unreadable_image" | "empty_image" | "unreadable") => "damaged or cut short",
        (_, "engine_failed" | "model_not_loaded" | "unusable_output" | "panic" | "device_lost") => "the networks failed on them",
        (_, "out_of_memory") => "the networks ran out of memory on them",
        (_, "engine_timeout") => "the networks took too long over them",
        _ => return None,
    })
}

/// `What could not be had: 12 pictures, 2 sources; 1 source not asked`; None where everything was.
pub fn absences(diagnostics: &[Diagnostic]) -> Option<String> {
    let not_asked = |d: &&Diagnostic| d.kind == "provider_needs_more";
    let (unasked, absent): (Vec<_>, Vec<_>) = diagnostics.iter().filter(|d| is_absence(d)).partition(not_asked);
    let pictures: usize = absent.iter().filter(|d| d.stage != "discover").map(|d| d.count).sum();
    let failed = sources(absent.iter().filter(|d| d.stage == "discover"));
    let counts = [(pictures, "picture", "pictures"), (failed, "source", "sources")];
    let had_not: Vec<String> = counts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many)).collect();
    let unasked = sources(unasked.iter());
    let unasked = (unasked > 0).then(|| count(unasked, "source", "sources"));
    match (had_not.is_empty(), unasked) {
        (true, None) => None,
        (true, Some(unasked)) => Some(format!("Not asked: {unasked}")),
        (false, None) => Some(format!("What could not be had: {}", had_not.join(", "))),
        (false, Some(unasked)) => Some(format!("What could not be had: {}; {unasked} not asked", had_not.join(", "))),
    }
}

/// How many sources these are about: one that failed in both rounds is one source.
fn sources<'a, 'b: 'a>(of: impl Iterator<Item = &'a &'b Diagnostic> + Clone) -> usize {
    let named: std::collections::BTreeSet<_> = of.clone().filter_map(|d| d.provider.as_deref()).collect();
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
