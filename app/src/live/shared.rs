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
