//! The gate: what is said of a compared face that is too poor to be sure of. One pure function, for events and final list alike.
//!
//! With `standard`, no pair is a MATCH where both faces have reasons against them, nor where the picture has no face. Measured
//! on LFW10 and the spoilt copies that the module above lists (`tests/quality_pictures.rs`; standard pack, match threshold 0.40):
//!
//! | Pair | different people at or above the threshold | the highest | one person's pairs that are |
//! |---|---|---|---|
//! | both faces good | 0 of 9,850 | 0.273 | 98.7% |
//! | one of them poor | 0 of 27,851 | 0.298 | 68.7% |
//! | both poor | 5 of 19,649 | 0.459 | 40.5% |
//!
//! So false matches come from two faces that are poor in the same way, dark or pale ones first: what the network sees then is the
//! darkness. One poor face beside a good one has made people miss each other, never match: its match stands, and its reasons
//! are told. Every reason counts: none of them is so mild that the pairs it marks were as good as the others.
//!
//! Ten people are too few to show how rare a false match is: whoever wants no poor face at all has `strict`.

use app::api::{MatchStatus, QualityGate, QualityReason, QualityReport, Thresholds};

/// What becomes of one compared face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Listed {
        status: MatchStatus,
        /// Why a similarity that reaches the match threshold is no MATCH; empty where it is one, or does not reach it.
        held_back: Vec<QualityReason>,
    },
    /// Too poor to be listed.
    LeftOut,
}

impl Default for Verdict {
    /// A match that nothing speaks against: what a query is to itself.
    fn default() -> Self {
        Self::Listed { status: MatchStatus::Match, held_back: Vec::new() }
    }
}

impl Verdict {
    pub fn is_listed(&self) -> bool {
        *self != Self::LeftOut
    }

    /// As it is listed; a face that is not is no match.
    pub fn status(&self) -> MatchStatus {
        match self {
            Self::Listed { status, .. } => *status,
            Self::LeftOut => MatchStatus::NoMatch,
        }
    }

    pub fn held_back(&self) -> &[QualityReason] {
        match self {
            Self::Listed { held_back, .. } => held_back,
            Self::LeftOut => &[],
        }
    }
}

/// Why a face is poor evidence. Where no face was found and the whole picture stands in for one, the detector could hardly be
/// less sure.
pub fn reasons(face: Option<&QualityReport>) -> &[QualityReason] {
    face.map_or(&[QualityReason::Uncertain], |quality| &quality.reasons)
}

/// Why a query face is refused; empty where it is not.
pub fn refusal(gate: QualityGate, query: Option<&QualityReport>) -> Vec<QualityReason> {
    if gate == QualityGate::Strict { reasons(query).to_vec() } else { Vec::new() }
}

/// Says what becomes of each compared face of one search.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    pub thresholds: Thresholds,
    pub gate: QualityGate,
    /// Why the query face is poor evidence; empty: nothing speaks against it, and a poor face beside it stays a match.
    probe: Vec<QualityReason>,
}

impl Judge {
    /// `probe`: the quality of the query face; of several photos, that of the best.
    pub fn new(thresholds: Thresholds, gate: QualityGate, probe: Option<&QualityReport>) -> Self {
        Self { thresholds, gate, probe: reasons(probe).to_vec() }
    }

    /// `face`: the quality of the candidate face; None where the whole picture stands in for one.
    pub fn verdict(&self, similarity: f32, face: Option<&QualityReport>) -> Verdict {
        let status = self.thresholds.status(similarity);
        let reasons = reasons(face);
        match self.gate {
            QualityGate::Strict if !reasons.is_empty() => Verdict::LeftOut,
            QualityGate::Standard if status == MatchStatus::Match => {
                // Where no face was found, what is compared is hardly one, however good the other is.
                let doubtful = face.is_none() || !(reasons.is_empty() || self.probe.is_empty());
                let mut held_back = if doubtful { [reasons, self.probe.as_slice()].concat() } else { Vec::new() };
                held_back.sort_unstable();
                held_back.dedup();
                let status = if held_back.is_empty() { MatchStatus::Match } else { MatchStatus::Possible };
                Verdict::Listed { status, held_back }
            }
            QualityGate::Off | QualityGate::Standard | QualityGate::Strict => Verdict::Listed { status, held_back: Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::tests::{good, with};
    use super::*;
    use QualityReason::{Blurred, Dark, Small, Uncertain};

    const THRESHOLDS: Thresholds = Thresholds { match_: 0.40, possible: 0.30 };

    fn judge(gate: QualityGate, probe: &QualityReport) -> Judge {
        Judge::new(THRESHOLDS, gate, Some(probe))
    }

    fn listed(status: MatchStatus, held_back: &[QualityReason]) -> Verdict {
        Verdict::Listed { status, held_back: held_back.to_vec() }
    }

    #[test]
    fn two_good_faces_are_judged_by_their_similarity_alone_whatever_the_gate() {
        for gate in QualityGate::ALL {
            let judge = judge(gate, &good());
            let status = |similarity| judge.verdict(similarity, Some(&good()));
            assert_eq!(status(0.40), listed(MatchStatus::Match, &[]), "{gate}");
            assert_eq!(status(0.39), listed(MatchStatus::Possible, &[]), "{gate}");
            assert_eq!(status(f32::NAN), listed(MatchStatus::NoMatch, &[]), "{gate}");
        }
    }

    #[test]
    fn two_poor_faces_are_never_a_match_and_say_why_while_one_beside_a_good_face_stands() {
        let judge_by = |probe: &QualityReport| judge(QualityGate::Standard, probe);
        let (blurred, dark_and_blurred) = (with(&[Blurred]), with(&[Blurred, Dark]));
        assert_eq!(judge_by(&good()).verdict(0.9, Some(&blurred)), listed(MatchStatus::Match, &[]));
        assert_eq!(judge_by(&blurred).verdict(0.9, Some(&good())), listed(MatchStatus::Match, &[]));
        assert_eq!(judge_by(&blurred).verdict(0.9, Some(&blurred)), listed(MatchStatus::Possible, &[Blurred]));
        assert_eq!(
            judge_by(&dark_and_blurred).verdict(0.9, Some(&with(&[Small, Blurred]))),
            listed(MatchStatus::Possible, &[Small, Blurred, Dark])
        );
        assert_eq!(judge_by(&blurred).verdict(0.35, Some(&blurred)), listed(MatchStatus::Possible, &[]), "nothing was held back");
        assert_eq!(judge_by(&blurred).verdict(0.1, Some(&blurred)), listed(MatchStatus::NoMatch, &[]));
    }

    #[test]
    fn a_whole_picture_that_stands_in_for_a_face_is_never_a_match() {
        assert_eq!(judge(QualityGate::Standard, &good()).verdict(0.9, None), listed(MatchStatus::Possible, &[Uncertain]));
        assert_eq!(judge(QualityGate::Strict, &good()).verdict(0.9, None), Verdict::LeftOut);
        assert_eq!(judge(QualityGate::Off, &good()).verdict(0.9, None), listed(MatchStatus::Match, &[]));
    }

    #[test]
    fn off_tells_only_and_strict_leaves_out_and_refuses() {
        let small = with(&[Small]);
        assert_eq!(judge(QualityGate::Off, &small).verdict(0.9, Some(&small)), listed(MatchStatus::Match, &[]));
        for similarity in [0.9, 0.1] {
            assert_eq!(judge(QualityGate::Strict, &good()).verdict(similarity, Some(&small)), Verdict::LeftOut);
        }
        assert_eq!(refusal(QualityGate::Strict, Some(&small)), [Small]);
        assert!(refusal(QualityGate::Standard, Some(&small)).is_empty() && refusal(QualityGate::Off, Some(&small)).is_empty());
        assert!(refusal(QualityGate::Strict, Some(&good())).is_empty());
    }
}
