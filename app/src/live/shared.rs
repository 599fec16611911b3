//! A shared result as the page knows it: it is complete, and nothing can be done with it.

use super::Live;
use crate::api::{Counts, Links, MatchResult, RequestState, SharedResult, StatusReport};

impl Live {
    /// For readers of a shared link. What they are not told (times, tries, purpose) is empty or unknown.
    pub fn shared(shared: SharedResult) -> Self {
        let SharedResult { created_at, expires_at, engine, models, thresholds, calibration, fallback, fallbacks, result } = shared;
        let result = MatchResult {
            request_id: String::new(),
            status: RequestState::Completed,
            input_working_dir: String::new(),
            output_working_dir: String::new(),
            error: None,
            retry_count: 0,
            max_retries: 0,
            time_taken: f64::NAN,
            engine,
            models,
            thresholds,
            calibration,
            contract: String::new(),
            fallback,
            fallbacks,
            diagnostics: Vec::new(),
            evidence: None,
            result,
        };
        let report = StatusReport {
            request_id: String::new(),
            status: RequestState::Completed,
            updated_at: created_at.clone(),
            created_at,
            expires_at,
            purpose: String::new(),
            stages: Vec::new(),
            counts: Counts::default(),
            error: None,
            result: Some(result),
            logs: None,
            links: Links::of(""),
        };
        Self { own: false, ..Self::new(report, thresholds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{ModelNames, ProbeReport, Thresholds},
        live::tests::face,
    };
    use leptos::prelude::*;

    #[test]
    fn a_reader_sees_the_faces_as_they_are_ranked_and_may_do_nothing_with_the_request() {
        let probe = face("probe", 0.0, 1.0, 1).face;
        let shared = SharedResult {
            created_at: "2026-03-01T09:05:59Z".into(),
            expires_at: "2026-03-08T09:05:59Z".into(),
            engine: "burn-flex (cpu)".into(),
            models: ModelNames { pack: String::new(), person: String::new(), face: String::new(), embedding: String::new() },
            thresholds: Thresholds { match_: 0.5, possible: 0.2 },
            calibration: String::new(),
            fallback: false,
            fallbacks: Vec::new(),
            result: vec![ProbeReport {
                query_image: "query.jpg".into(),
                query_uri: None,
                face: probe.clone(),
                person: None,
                faces: vec![probe],
                face_index: 0,
                picture_size: None,
                crop: None,
                aligned: None,
                annotated: None,
                fallback: false,
                photos: Vec::new(),
                matches: vec![face("b", 0.0, 0.3, 2), face("a", 0.0, 0.6, 1)],
            }],
        };
        Owner::new().with(|| {
            let live = Live::shared(shared);
            assert!(!live.own && live.state.get_untracked() == RequestState::Completed);
            let names: Vec<_> = live.cards.get_untracked().iter().map(|card| card.report.get_untracked().pool_image).collect();
            assert_eq!(names, ["a", "b"]);
            assert_eq!(live.thresholds.get_untracked().match_, 0.5);
            assert!(live.report.with_value(|report| report.request_id.is_empty()));
        });
    }
}
