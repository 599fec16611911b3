//! A result for people at a terminal: the table of matches and what is to be said about them.

use app::api::{Counts, MatchReport, MatchResult};
use app::{places::places, quality};
use std::fmt::Write;

/// The matches, one a line, best first.
pub fn table(result: &MatchResult) -> String {
    let mut text = String::new();
    for probe in &result.result {
        if probe.matches.is_empty() {
            text.push_str("no picture to list\n");
            continue;
        }
        let several_pools = probe.matches.iter().any(|found| found.provider != probe.matches[0].provider);
        let pictures: Vec<String> = probe.matches.iter().map(|found| picture(found, several_pools)).collect();
        let width = pictures.iter().map(|p| p.chars().count()).max().unwrap_or(0).max("picture".len());
        let _ = writeln!(text, "rank  similarity  status    face   {:width$}  notes", "picture");
        for (found, picture) in probe.matches.iter().zip(&pictures) {
            let face = if found.fallback { "    -".to_owned() } else { format!("{:5.2}", found.face.score) };
            let padding = " ".repeat(width - picture.chars().count());
            let line = format!(
                "{:>4}  {:>10.4}  {:<8}  {face}  {picture}{padding}  {}",
                found.rank,
                found.similarity,
                found.match_status.to_string(),
                flags(found)
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

/// Engine, models, thresholds, the probe, and what went wrong on the way.
pub fn notes(result: &MatchResult, counts: &Counts) -> String {
    let (models, thresholds) = (&result.models, &result.thresholds);
    let mut text = String::new();
    let _ = writeln!(text, "engine: {}", result.engine);
    let _ = writeln!(text, "models: pack {}: {}, {}, {}", models.pack, models.person, models.face, models.embedding);
    let _ = writeln!(text, "thresholds: MATCH from {:.2}, POSSIBLE from {:.2}", thresholds.match_, thresholds.possible);
    if !result.calibration.is_empty() {
        let _ = writeln!(text, "calibration: {}", result.calibration);
    }
    for probe in &result.result {
        let _ = writeln!(
            text,
            "probe: face {} of {} in {} (score {:.2}, sharpness {:.0})",
            probe.face_index,
            probe.faces.len(),
            probe.query_image,
            probe.face.score,
            probe.face.sharpness
        );
        if let Some(report) = &probe.face.quality {
            let _ = writeln!(text, "quality: {}", quality::summary(report));
        }
        if !probe.photos.is_empty() {
            let _ = writeln!(text, "probe: one vector of {} photos", probe.photos.len());
        }
        for (place, photo) in probe.photos.iter().enumerate() {
            let (number, name) = (place + 1, &photo.query_image);
            let _ = writeln!(text, "photo {number}: {name}, weight {:.2}, similarity {:.4}", photo.weight, photo.similarity);
        }
    }
    let _ = writeln!(
        text,
        "pictures: {} looked at, {} failed, {} faces, in {:.2} s",
        counts.processed, counts.failed, counts.faces, result.time_taken
    );
    for fallback in &result.fallbacks {
        let _ = writeln!(text, "stood in: {} ({})", fallback.what, fallback.reason);
    }
    for diagnostic in &result.diagnostics {
        let of_whom = diagnostic.provider.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let _ = writeln!(text, "note: {}: {} × {}{of_whom}", diagnostic.stage, diagnostic.kind, diagnostic.count);
    }
    text
}

/// The path below its pool, with the pool's name where there are several. Control characters of a file name must
/// not reach the terminal.
fn picture(found: &MatchReport, several_pools: bool) -> String {
    let path = found.image_uri.strip_prefix("file:").unwrap_or(&found.image_uri);
    let named = if several_pools { format!("{}: {path}", found.provider) } else { path.to_owned() };
    named.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn flags(found: &MatchReport) -> String {
    let mut flags = Vec::new();
    if found.fallback {
        flags.push("no face: whole picture compared".to_owned());
    } else if found.person.is_none() {
        flags.push("outside every person".to_owned());
    }
    if !found.held_back.is_empty() {
        flags.push(format!("held back: {}", quality::words(&found.held_back)));
    } else if let Some(poor) = quality::poor(found.face.quality.as_ref()) {
        flags.push(poor);
    }
    if found.thumbnail_only {
        flags.push("thumbnail only".to_owned());
    }
    let places = places(found).len();
    if places > 1 {
        flags.push(format!("in {places} places"));
    }
    flags.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::api::{
        Diagnostic, DownloadedFrom, FaceReport, MatchStatus, ModelNames, PersonReport, ProbePhoto, ProbeReport, QualityReason,
        RequestState, Thresholds,
    };

    fn found(rank: usize, similarity: f32, match_status: MatchStatus, uri: &str) -> MatchReport {
        MatchReport {
            rank,
            pool_image: format!("pool-{rank}.jpg"),
            image_uri: uri.into(),
            page_url: None,
            title: None,
            provider: "photos".into(),
            source_domain: None,
            license: None,
            license_url: None,
            attribution: None,
            similarity,
            match_status,
            held_back: Vec::new(),
            face: FaceReport {
                bbox: [0.0, 0.0, 9.0, 9.0],
                landmarks: Vec::new(),
                score: 0.876,
                sharpness: 120.0,
                quality: None,
                found_by: "full".into(),
            },
            person: Some(PersonReport { bbox: [0.0, 0.0, 9.0, 30.0], score: 0.9 }),
            thumbnail: None,
            crop: None,
            aligned: None,
            annotated: None,
            picture: None,
            picture_size: None,
            discovered: 0,
            sha256: String::new(),
            retrieved_at: String::new(),
            downloaded_from: DownloadedFrom::Picture,
            thumbnail_only: false,
            duplicates: Vec::new(),
            provenances: Vec::new(),
            fallback: false,
        }
    }

    fn result(matches: Vec<MatchReport>) -> MatchResult {
        let face =
            FaceReport { bbox: [0.0; 4], landmarks: Vec::new(), score: 0.9, sharpness: 200.0, quality: None, found_by: "full".into() };
        MatchResult {
            request_id: "r".into(),
            status: RequestState::Completed,
            input_working_dir: "input/r".into(),
            output_working_dir: "output/r".into(),
            error: None,
            retry_count: 0,
            max_retries: 0,
            time_taken: 1.234,
            engine: "burn-flex (cpu)".into(),
            models: ModelNames { pack: "standard".into(), person: "p@1".into(), face: "f@2".into(), embedding: "e@3".into() },
            thresholds: Thresholds { match_: 0.4, possible: 0.3 },
            calibration: "ten people".into(),
            contract: "e/3".into(),
            fallback: false,
            fallbacks: Vec::new(),
            evidence: None,
            diagnostics: vec![
                Diagnostic { stage: "decode".into(), kind: "unreadable_image".into(), count: 2, provider: None },
                Diagnostic { stage: "discover".into(), kind: "provider_timeout".into(), count: 1, provider: Some("wikimedia".into()) },
            ],
            result: vec![ProbeReport {
                query_image: "query-1.jpg".into(),
                query_uri: None,
                face: face.clone(),
                person: None,
                faces: vec![face],
                face_index: 0,
                picture_size: None,
                crop: None,
                aligned: None,
                annotated: None,
                fallback: false,
                photos: Vec::new(),
                matches,
            }],
        }
    }

    #[test]
    fn the_table_names_rank_similarity_status_picture_and_what_stood_in() {
        let mut poor = found(3, 0.04, MatchStatus::NoMatch, "file:z.jpg");
        poor.held_back = vec![QualityReason::Small, QualityReason::TurnedAway];
        let mut whole = found(2, 0.05, MatchStatus::NoMatch, "file:landscape.png");
        whole.fallback = true;
        let mut twice = found(1, 0.54321, MatchStatus::Match, "file:a/long name.jpg");
        twice.duplicates = vec!["file:copy.jpg".into()];
        twice.thumbnail_only = true;
        let lines = [
            "rank  similarity  status    face   picture          notes",
            "   1      0.5432  MATCH      0.88  a/long name.jpg  thumbnail only, in 2 places",
            "   2      0.0500  NO_MATCH      -  landscape.png    no face: whole picture compared",
            "   3      0.0400  NO_MATCH   0.88  z.jpg            held back: small, turned away",
        ];
        assert_eq!(table(&result(vec![twice, whole, poor])), lines.join("\n") + "\n");
        assert_eq!(table(&result(Vec::new())), "no picture to list\n");
    }

    #[test]
    fn a_file_name_cannot_speak_to_the_terminal() {
        let text = table(&result(vec![found(1, 0.5, MatchStatus::Match, "file:\u{1b}[31mred.jpg")]));
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn the_notes_tell_what_each_of_several_photos_adds() {
        let mut result = result(Vec::new());
        assert!(!notes(&result, &Counts::default()).contains("photos"), "one photo needs no words");
        let face = result.result[0].face.clone();
        let photo = |name: &str, weight, similarity| ProbePhoto {
            query_image: name.into(),
            face: face.clone(),
            weight,
            similarity,
            crop: None,
            annotated: None,
        };
        result.result[0].photos = vec![photo("query-1.jpg", 0.6, 0.91234), photo("query-2.jpg", 0.4, 0.25)];
        let notes = notes(&result, &Counts::default());
        for line in [
            "probe: one vector of 2 photos",
            "photo 1: query-1.jpg, weight 0.60, similarity 0.9123",
            "photo 2: query-2.jpg, weight 0.40, similarity 0.2500",
        ] {
            assert!(notes.lines().any(|said| said == line), "{line} is missing in {notes}");
        }
    }

    #[test]
    fn the_notes_name_engine_models_thresholds_and_diagnostics() {
        let counts = Counts { candidates: 9, processed: 9, failed: 2, faces: 7, matches: 1 };
        let pack = app::api::FallbackReport { what: "pack".into(), reason: "out_of_memory".into() };
        let notes = notes(&MatchResult { fallback: true, fallbacks: vec![pack], ..result(Vec::new()) }, &counts);
        for words in [
            "burn-flex (cpu)",
            "p@1, f@2, e@3",
            "MATCH from 0.40",
            "POSSIBLE from 0.30",
            "calibration: ten people",
            "9 looked at, 2 failed",
            "decode: unreadable_image × 2\n",
            "discover: provider_timeout × 1 (wikimedia)\n",
            "stood in: pack (out_of_memory)",
        ] {
            assert!(notes.contains(words), "{words} is missing in {notes}");
        }
    }
}
