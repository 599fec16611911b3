//! Words and numbers as people read them: the same on the server and in the browser, so that both render one page.

mod photos;
mod stand_in;

pub use photos::{chosen, one_face_of, sending, weight};
pub use stand_in::{degraded, engine, pack, packs, stand_in};

use crate::api::{Counts, Diagnostic, DownloadedFrom, ErrorDetail, MatchStatus, ProviderReport, RequestState};
use stand_in::{ENGINE, engine_failure};

/// `2026-03-01T09:05:59Z` as `1 March 2026, 09:05 UTC`; anything else as it came.
pub fn moment(rfc3339: &str) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let read = || {
        let (date, time) = rfc3339.split_once('T')?;
        let mut parts = date.splitn(3, '-');
        let year = parts.next()?;
        let month = MONTHS.get(parts.next()?.parse::<usize>().ok()?.checked_sub(1)?)?;
        let day: u8 = parts.next()?.parse().ok()?;
        Some(format!("{day} {month} {year}, {} UTC", time.get(..5)?))
    };
    read().unwrap_or_else(|| rfc3339.to_owned())
}

/// The day of [`moment`] alone.
pub fn day(rfc3339: &str) -> String {
    let moment = moment(rfc3339);
    moment.split_once(',').map_or_else(|| moment.clone(), |(day, _)| day.to_owned())
}

/// Seconds as `240 ms`, `1.3 s` or `2 min 5 s`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        "unknown".to_owned()
    } else if seconds < 0.0005 {
        "under 1 ms".to_owned()
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round() as u64;
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

/// `1 face`, `3 faces`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A cosine as the page shows it: two digits, the sign where it is negative.
pub fn similarity(cosine: f32) -> String {
    let shown = format!("{cosine:.2}");
    if shown == "-0.00" { "0.00".to_owned() } else { shown.replace('-', "\u{2212}") }
}

/// The words on the badge; the colour only repeats them.
pub fn badge(status: MatchStatus) -> &'static str {
    match status {
        MatchStatus::Match => "Match",
        MatchStatus::Possible => "Possible",
        MatchStatus::NoMatch => "No match",
    }
}

/// What the badge means for the reader.
pub fn verdict(status: MatchStatus) -> &'static str {
    match status {
        MatchStatus::Match => "At or above the match threshold. Very likely the same person; look yourself before you act on it.",
        MatchStatus::Possible => "Between the two thresholds. A person should compare the two faces.",
        MatchStatus::NoMatch => "Below both thresholds. Most likely another person.",
    }
}

pub fn state(state: RequestState) -> &'static str {
    match state {
        RequestState::Queued => "Waiting",
        RequestState::Running => "Searching",
        RequestState::Completed => "Completed",
        RequestState::Failed => "Failed",
        RequestState::Expired => "Erased",
    }
}

/// A pipeline stage in plain words.
pub fn stage(name: &str) -> &str {
    match name {
        "validate" => "Read your photo",
        "discover" => "Find pictures",
        "analyse" => "Compare faces",
        "rank" => "Rank",
        "artifacts" => "Save crops",
        other => other,
    }
}

/// `18 pictures looked at, 24 faces compared, 2 could not be used`.
pub fn progress(counts: &Counts) -> String {
    let mut words = if counts.candidates > counts.processed {
        format!("{} of {} pictures looked at", counts.processed, counts.candidates)
    } else {
        format!("{} looked at", count(counts.processed, "picture", "pictures"))
    };
    words.push_str(&format!(", {} compared", count(counts.faces, "face", "faces")));
    if counts.failed > 0 {
        words.push_str(&format!(", {} could not be used", counts.failed));
    }
    words
}

/// The headline of a finished search.
pub fn outcome(matches: usize, possible: usize) -> String {
    match (matches, possible) {
        (0, 0) => "No match found".to_owned(),
        (0, p) => count(p, "possible match", "possible matches"),
        (m, 0) => count(m, "match", "matches"),
        (m, p) => format!("{} and {p} possible", count(m, "match", "matches")),
    }
}

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

/// Which file was compared.
pub fn downloaded_from(from: DownloadedFrom) -> &'static str {
    match from {
        DownloadedFrom::Picture => "the picture itself",
        DownloadedFrom::Rendition => "another size of the picture",
        DownloadedFrom::Thumbnail => "a small copy: the picture could not be had",
        DownloadedFrom::PageImage => "the picture that its page shows of itself",
    }
}

/// What a source is sent in a search, by what it needs.
pub fn sent(needs: &[String]) -> &'static str {
    let needs_one = |what: &str| needs.iter().any(|need| need == what);
    if needs_one("picture") {
        "gets your photo"
    } else if needs_one("picture_url") {
        "gets your photo's public address"
    } else if needs_one("words") {
        "gets your words"
    } else {
        "stays on this server"
    }
}

/// Where a photo goes in a search that asks these sources.
pub fn where_photos_go(providers: &[ProviderReport]) -> String {
    let names = |need: &str| {
        let of_need = providers.iter().filter(|p| p.configured && p.needs.iter().any(|n| n == need));
        of_need.map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (photo, words) = (names("picture"), names("words"));
    let mut said = if photo.is_empty() {
        "Your photo is sent to this server only, and examined there.".to_owned()
    } else {
        format!("Your photo is sent to this server, and a smaller copy of it to {photo}, unless you untick them under Options.")
    };
    if !words.is_empty() {
        said.push_str(&format!(" Words that you give are sent to {words}."));
    }
    said
}

/// The address if it is one a browser may open: http and https, nothing that could run.
pub fn web_address(address: &str) -> Option<String> {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")).then(|| address.to_owned())
}

/// The HTTP status of the page that shows this error.
pub fn page_status(error: &ErrorDetail) -> u16 {
    match error.code.as_str() {
        "gone" | "expired" | "erased" => 410,
        "not_found" | "malformed_id" => 404,
        _ => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_without_a_calendar_library_and_oddities_pass_through() {
        assert_eq!(moment("2026-03-01T09:05:59.123Z"), "1 March 2026, 09:05 UTC");
        assert_eq!(day("2026-12-31T00:00:00Z"), "31 December 2026");
        assert_eq!(moment("soon"), "soon");
        assert_eq!(moment("2026-13-01T09:05:59Z"), "2026-13-01T09:05:59Z");
    }

    #[test]
    fn durations_keep_to_two_or_three_digits() {
        assert_eq!(duration(0.000035), "under 1 ms");
        assert_eq!(duration(0.0421), "42 ms");
        assert_eq!(duration(1.27), "1.3 s");
        assert_eq!(duration(125.2), "2 min 5 s");
        assert_eq!(duration(f64::NAN), "unknown");
    }

    #[test]
    fn similarity_never_shows_a_negative_zero() {
        assert_eq!(similarity(0.5416), "0.54");
        assert_eq!(similarity(-0.001), "0.00");
        assert_eq!(similarity(-0.07), "\u{2212}0.07");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(web_address("https://example.org/a.jpg").is_some());
        assert!(web_address("HTTP://example.org").is_some());
        assert!(web_address("javascript:alert(1)").is_none());
        assert!(web_address("file:pool-4.jpg").is_none());
        assert!(web_address("ä").is_none());
    }

    #[test]
    fn erased_requests_answer_410_and_unknown_ones_404() {
        let status = |code: &str| page_status(&ErrorDetail { code: code.into(), message: String::new(), details: serde_json::Value::Null });
        assert_eq!(status("gone"), 410);
        assert_eq!(status("not_found"), 404);
        assert_eq!(status("malformed_id"), 404);
        assert_eq!(status("internal"), 503);
    }

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

    #[test]
    fn who_gets_the_photo_is_said_by_name() {
        let source =
            |name: &str, configured, need: &str| ProviderReport { needs: vec![need.into()], ..ProviderReport::new(name, configured, "") };
        let own = [ProviderReport::new("archive", true, ""), source("tineye", false, "picture")];
        assert_eq!(where_photos_go(&own), "Your photo is sent to this server only, and examined there.");
        let all = [source("tineye", true, "picture"), source("wikimedia", true, "words"), source("openverse", true, "words")];
        assert_eq!(
            where_photos_go(&all),
            "Your photo is sent to this server, and a smaller copy of it to tineye, unless you untick them under Options. \
             Words that you give are sent to wikimedia, openverse."
        );
        let sent_to = |provider: &ProviderReport| sent(&provider.needs);
        assert_eq!([sent_to(&all[0]), sent_to(&all[1]), sent_to(&own[0])], ["gets your photo", "gets your words", "stays on this server"]);
    }

    #[test]
    fn the_outcome_names_what_matters_first() {
        assert_eq!(outcome(0, 0), "No match found");
        assert_eq!(outcome(1, 0), "1 match");
        assert_eq!(outcome(0, 2), "2 possible matches");
        assert_eq!(outcome(3, 1), "3 matches and 1 possible");
    }
}
