//! How good a face is, in words: told once, for the page and the command line.

use crate::{
    api::{QualityGate, QualityReason, QualityReport},
    number::fixed,
    words::{percent, say},
};

/// One reason as a reader says it.
pub fn word(reason: QualityReason) -> String {
    match reason {
        QualityReason::Small => say!(quality_small),
        QualityReason::Blurred => say!(quality_blurred),
        QualityReason::TurnedAway => say!(quality_turned_away),
        QualityReason::Dark => say!(quality_dark),
        QualityReason::Bright => say!(quality_bright),
        QualityReason::LowContrast => say!(quality_low_contrast),
        QualityReason::Occluded => say!(quality_occluded),
        QualityReason::Uncertain => say!(quality_uncertain),
    }
}

/// `small, blurred`.
pub fn words(reasons: &[QualityReason]) -> String {
    reasons.iter().map(|reason| word(*reason)).collect::<Vec<_>>().join(", ")
}

/// `Held back: small, blurred`; None where nothing was.
pub fn held_back(reasons: &[QualityReason]) -> Option<String> {
    (!reasons.is_empty()).then(|| say!(quality_held_back, reasons = words(reasons)))
}

/// `Poor: small, blurred`; None where nothing speaks against the face.
pub fn poor(quality: Option<&QualityReport>) -> Option<String> {
    let reasons = quality.map(|quality| quality.reasons.as_slice()).unwrap_or_default();
    (!reasons.is_empty()).then(|| say!(quality_poor, reasons = words(reasons)))
}

/// `82%`, or `31%: small, blurred`.
pub fn summary(quality: &QualityReport) -> String {
    let overall = percent(quality.overall.clamp(0.0, 1.0));
    if quality.reasons.is_empty() { overall } else { format!("{overall}: {}", words(&quality.reasons)) }
}

/// What a MATCH that is none means for the reader.
pub fn verdict(held_back: &[QualityReason]) -> String {
    say!(verdict_held_back, reasons = words(held_back))
}

/// `Looks 12° to the right and 5° up, leans 3° to the left`; angles under 3° are not told: the estimate is no better.
pub fn pose(quality: &QualityReport) -> String {
    let degrees = |angle: f32| Some(angle.abs().round()).filter(|degrees| *degrees >= 3.0).map(|degrees| fixed(degrees, 0));
    let sideways = |angle: f32| {
        let degrees = degrees(angle)?;
        Some(if angle > 0.0 { say!(quality_right, degrees = degrees) } else { say!(quality_left, degrees = degrees) })
    };
    let upright = |angle: f32| {
        let degrees = degrees(angle)?;
        Some(if angle > 0.0 { say!(quality_up, degrees = degrees) } else { say!(quality_down, degrees = degrees) })
    };
    let looks = match (sideways(quality.yaw), upright(quality.pitch)) {
        (None, None) => say!(quality_straight),
        (Some(one), None) | (None, Some(one)) => say!(quality_looks, where = one),
        (Some(side), Some(height)) => say!(quality_looks, where = say!(list_last, list = side, last = height)),
    };
    match sideways(quality.roll) {
        Some(leans) => say!(quality_leans, looks = looks, where = leans),
        None => looks,
    }
}

/// `Brightness 128, contrast 45 of 255`.
pub fn light(quality: &QualityReport) -> String {
    say!(quality_light, brightness = fixed(quality.brightness, 0), contrast = fixed(quality.contrast, 0))
}

/// What to do about a poor face in the asker's own photo.
pub fn hint(quality: &QualityReport) -> Option<String> {
    let words = words(&quality.reasons);
    (!words.is_empty()).then(|| say!(quality_hint, reasons = words))
}

/// What a gate does, as a choice of the form.
pub fn choice(gate: QualityGate) -> String {
    match gate {
        QualityGate::Standard => say!(options_poor_standard),
        QualityGate::Strict => say!(options_poor_strict),
        QualityGate::Off => say!(options_poor_off),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> QualityReport {
        QualityReport {
            overall: 0.82,
            sharpness: 200.0,
            eye_distance: 40.0,
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            brightness: 128.0,
            contrast: 45.0,
            occlusion: 0.1,
            score: 0.8,
            norm: 20.0,
            reasons: Vec::new(),
        }
    }

    fn poor_face() -> QualityReport {
        QualityReport { overall: 0.314, reasons: vec![QualityReason::Small, QualityReason::TurnedAway], ..good() }
    }

    #[test]
    fn a_face_is_summed_up_in_a_number_and_what_speaks_against_it() {
        assert_eq!(summary(&good()), "82%");
        assert_eq!(summary(&poor_face()), "31%: small, turned away");
        assert_eq!((hint(&good()), held_back(&[])), (None, None));
        assert!(hint(&poor_face()).is_some_and(|hint| hint.contains("(small, turned away)")));
        assert_eq!(poor(Some(&poor_face())).as_deref(), Some("Poor: small, turned away"));
        assert_eq!((poor(Some(&good())), poor(None)), (None, None));
        assert_eq!(held_back(&[QualityReason::Blurred]).as_deref(), Some("Held back: blurred"));
        assert!(verdict(&[QualityReason::Dark]).contains("(too dark)"));
    }

    #[test]
    fn where_a_face_looks_is_said_without_signs() {
        let looks = |yaw, pitch, roll| pose(&QualityReport { yaw, pitch, roll, ..good() });
        assert_eq!(looks(1.0, -2.0, 0.4), "Looks straight ahead");
        assert_eq!(looks(12.4, 5.0, -3.0), "Looks 12° to the right and 5° up, leans 3° to the left");
        assert_eq!(looks(-40.0, 0.0, 0.0), "Looks 40° to the left");
        assert_eq!(looks(0.0, -17.0, 9.0), "Looks 17° down, leans 9° to the right");
        assert_eq!(light(&good()), "Brightness 128, contrast 45 of 255");
    }
}
