//! Words and numbers as people read them: the same on the server and in the browser, so that both render one page.

mod diagnostics;
mod photos;
mod refusal;
mod stand_in;

pub use diagnostics::{absence, absences, diagnostic, is_absence};
pub use photos::{chosen, sending, weight};
pub use refusal::{refusal, source_note};
pub use stand_in::{degraded, engine, pack, packs, stand_in};

use crate::{
    api::{Counts, DownloadedFrom, ErrorDetail, MatchStatus, ProviderReport, RequestState, Thresholds},
    number::fixed,
    words::{count, decimal, find, plain, say},
};

/// `2026-03-01T09:05:59Z` as `1 March 2026, 09:05 UTC`; anything else as it came.
pub fn moment(rfc3339: &str) -> String {
    let read = || {
        let (date, time) = rfc3339.split_once('T')?;
        Some(say!(time_moment, day = calendar_day(date)?, clock = time.get(..5)?))
    };
    read().unwrap_or_else(|| rfc3339.to_owned())
}

/// The day of [`moment`] alone.
pub fn day(rfc3339: &str) -> String {
    let read = || calendar_day(rfc3339.split_once('T')?.0);
    read().unwrap_or_else(|| rfc3339.to_owned())
}

fn calendar_day(date: &str) -> Option<String> {
    let mut parts = date.splitn(3, '-');
    let year = parts.next()?;
    let month = plain(find(&format!("time_month_{}", parts.next()?.parse::<u8>().ok()?))?);
    let day: u8 = parts.next()?.parse().ok()?;
    Some(say!(time_day, day = day, month = month, year = year))
}

/// Seconds as `240 ms`, `1.3 s` or `2 min 5 s`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        say!(number_unknown)
    } else if seconds < 0.0005 {
        say!(time_under_a_millisecond)
    } else if seconds < 0.9995 {
        say!(time_milliseconds, n = fixed(seconds * 1000.0, 0))
    } else if seconds < 59.95 {
        say!(time_seconds, n = decimal(&fixed(seconds, 1)))
    } else {
        let whole = seconds.round() as u64;
        say!(time_minutes, minutes = whole / 60, seconds = whole % 60)
    }
}

/// A cosine as the page shows it: two digits, the sign where it is negative.
pub fn similarity(cosine: f32) -> String {
    decimal(&fixed(cosine, 2).replace('-', "\u{2212}"))
}

/// `Possible from 0.30, match from 0.40.`
pub fn limits(thresholds: Thresholds) -> String {
    say!(opened_limits, possible = similarity(thresholds.possible), match = similarity(thresholds.match_))
}

/// `match from 0.40, possible from 0.30 (cosine)`
pub fn thresholds(thresholds: Thresholds) -> String {
    say!(how_thresholds_are, match = similarity(thresholds.match_), possible = similarity(thresholds.possible))
}

/// What a lower limit of the similarity means.
pub fn threshold_hint(thresholds: Thresholds) -> String {
    say!(options_threshold_hint, match = similarity(thresholds.match_), possible = similarity(thresholds.possible))
}

/// The words on the badge; the colour only repeats them.
pub fn badge(status: MatchStatus) -> String {
    match status {
        MatchStatus::Match => say!(badge_match),
        MatchStatus::Possible => say!(badge_possible),
        MatchStatus::NoMatch => say!(badge_no_match),
    }
}

/// What the badge means for the reader.
pub fn verdict(status: MatchStatus) -> String {
    match status {
        MatchStatus::Match => say!(verdict_match),
        MatchStatus::Possible => say!(verdict_possible),
        MatchStatus::NoMatch => say!(verdict_no_match),
    }
}

pub fn state(state: RequestState) -> String {
    match state {
        RequestState::Queued => say!(state_queued),
        RequestState::Running => say!(state_running),
        RequestState::Completed => say!(state_completed),
        RequestState::Failed => say!(state_failed),
        RequestState::Expired => say!(state_expired),
    }
}

/// A pipeline stage in plain words.
pub fn stage(name: &str) -> String {
    match name {
        "validate" => say!(stage_validate),
        "discover" => say!(stage_discover),
        "analyse" => say!(stage_analyse),
        "rank" => say!(stage_rank),
        "artifacts" => say!(stage_artifacts),
        other => other.to_owned(),
    }
}

/// `18 pictures looked at, 24 faces compared, 2 could not be used`.
pub fn progress(counts: &Counts) -> String {
    let looked = if counts.candidates > counts.processed {
        say!(progress_looked_of, done = counts.processed, total = counts.candidates)
    } else {
        count!(progress_looked, counts.processed)
    };
    let mut words = vec![looked, count!(progress_compared, counts.faces)];
    if counts.failed > 0 {
        words.push(count!(progress_unusable, counts.failed));
    }
    words.join(", ")
}

/// The headline of a finished search.
pub fn outcome(matches: usize, possible: usize) -> String {
    match (matches, possible) {
        (0, 0) => say!(outcome_none),
        (0, p) => count!(outcome_possible, p),
        (m, 0) => count!(outcome_matches, m),
        (m, p) => count!(outcome_and_possible, p, matches = count!(outcome_matches, m)),
    }
}

/// Which file was compared.
pub fn downloaded_from(from: DownloadedFrom) -> String {
    match from {
        DownloadedFrom::Picture => say!(opened_from_picture),
        DownloadedFrom::Rendition => say!(opened_from_rendition),
        DownloadedFrom::Thumbnail => say!(opened_from_thumbnail),
        DownloadedFrom::PageImage => say!(opened_from_page),
    }
}

/// What a source is sent in a search, by what it needs.
pub fn sent(needs: &[String]) -> String {
    let needs_one = |what: &str| needs.iter().any(|need| need == what);
    if needs_one("picture") {
        say!(sent_picture)
    } else if needs_one("picture_url") {
        say!(sent_picture_url)
    } else if needs_one("words") {
        say!(sent_words)
    } else {
        say!(sent_nothing)
    }
}

/// Where a photo goes in a search that asks these sources.
pub fn where_photos_go(providers: &[ProviderReport]) -> String {
    let names = |need: &str| {
        let of_need = providers.iter().filter(|p| p.configured && p.needs.iter().any(|n| n == need));
        of_need.map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (photo, words) = (names("picture"), names("words"));
    let mut said = if photo.is_empty() { say!(sent_server_only) } else { say!(sent_to_sources, sources = photo) };
    if !words.is_empty() {
        said.push(' ');
        said.push_str(&say!(sent_words_to, sources = words));
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
