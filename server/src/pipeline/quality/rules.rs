//! From measurements to reasons: where each begins, and what all of them together are worth.
//!
//! Every measurement becomes a part from 0 to 1 by straight lines: 0 where nothing can be told, ½ where its reason begins, 1
//! where it is as good as in a good photograph. `overall` is the least of the parts: a face is as good as its weakest property,
//! and `overall` is below ½ exactly where there is a reason.

use app::api::{QualityReason, QualityReport};

/// A measurement that is better the higher it is.
struct Rising {
    worthless: f32,
    /// The reason begins below this.
    limit: f32,
    good: f32,
}

impl Rising {
    /// 0..1; a NaN is worth nothing.
    fn part(&self, value: f32) -> f32 {
        if value >= self.limit {
            0.5 + 0.5 * ((value - self.limit) / (self.good - self.limit)).min(1.0)
        } else if value > self.worthless {
            0.5 * (value - self.worthless) / (self.limit - self.worthless)
        } else {
            0.0
        }
    }
}

/// Pixels between the eyes. At 14 LFW10 is compared as well as at 42; at 10 every 20th pair of one person is missed.
const SIZE: Rising = Rising { worthless: 4.0, limit: 12.0, good: 35.0 };
/// [`detail`]. LFW10 has 28 and more; blurred with a sigma of 2 pixels it has 13, of 3 pixels 6.
const DETAIL: Rising = Rising { worthless: 0.0, limit: 16.0, good: 100.0 };
/// Degrees of yaw to either side, negative. LFW10 reaches to 47 and shows no error from that: beyond it nothing was measured.
const YAW: Rising = Rising { worthless: -90.0, limit: -50.0, good: -20.0 };
/// Degrees of pitch up or down, negative. LFW10 reaches to 36, likewise.
const PITCH: Rising = Rising { worthless: -90.0, limit: -45.0, good: -20.0 };
/// Mean grey. LFW10 has 82 to 188; darkened to three tenths it is compared nearly as well as before, to 15 hundredths no more.
const DARK: Rising = Rising { worthless: 5.0, limit: 30.0, good: 80.0 };
/// Mean grey, negative.
const BRIGHT: Rising = Rising { worthless: -255.0, limit: -230.0, good: -190.0 };
/// Standard deviation of grey. LFW10 has 19 and more; at three tenths of its contrast it is compared nearly as well as before.
const CONTRAST: Rising = Rising { worthless: 1.5, limit: 8.0, good: 20.0 };
/// The hint, negative.
const OCCLUSION: Rising = Rising { worthless: -1.0, limit: -0.5, good: -0.2 };
/// The detector's score. LFW10 has 0.66 and more.
const SCORE: Rising = Rising { worthless: 0.4, limit: 0.6, good: 0.75 };

/// Below this contrast what is left of a face is noise, and is not made out to be detail.
const LEAST_CONTRAST: f32 = 5.0;

/// Sharpness as it would be in good light: in a dark or pale crop all steps are small, and the variance with their square.
fn detail(report: &QualityReport) -> f32 {
    let gain = (report.contrast.max(LEAST_CONTRAST) / CONTRAST.good).min(1.0);
    report.sharpness / (gain * gain)
}

/// Every reason with the part of it, 0..1, in the order of [`QualityReason`].
fn parts(report: &QualityReport) -> [(QualityReason, f32); 8] {
    use QualityReason as Reason;
    [
        (Reason::Small, SIZE.part(report.eye_distance)),
        (Reason::Blurred, DETAIL.part(detail(report))),
        (Reason::TurnedAway, YAW.part(-report.yaw.abs()).min(PITCH.part(-report.pitch.abs()))),
        (Reason::Dark, DARK.part(report.brightness)),
        (Reason::Bright, BRIGHT.part(-report.brightness)),
        (Reason::LowContrast, CONTRAST.part(report.contrast)),
        (Reason::Occluded, OCCLUSION.part(-report.occlusion)),
        (Reason::Uncertain, SCORE.part(report.score)),
    ]
}

/// Fills in what follows from the measurements.
pub fn judged(mut report: QualityReport) -> QualityReport {
    let parts = parts(&report);
    report.reasons = parts.iter().filter(|(_, part)| *part < 0.5).map(|(reason, _)| *reason).collect();
    report.overall = parts.iter().map(|(_, part)| *part).fold(1.0, f32::min);
    report
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A face that nothing speaks against.
    pub fn good() -> QualityReport {
        judged(QualityReport {
            overall: 0.0,
            sharpness: 400.0,
            eye_distance: 60.0,
            yaw: 4.0,
            pitch: -3.0,
            roll: 20.0,
            brightness: 120.0,
            contrast: 45.0,
            occlusion: 0.05,
            score: 0.85,
            norm: 20.0,
            reasons: Vec::new(),
        })
    }

    /// A face that is poor for these reasons.
    pub fn with(reasons: &[QualityReason]) -> QualityReport {
        QualityReport { overall: 0.2, reasons: reasons.to_vec(), ..good() }
    }

    #[test]
    fn a_good_face_is_worth_one_and_each_fault_has_its_reason() {
        assert_eq!((good().overall, good().reasons), (1.0, vec![]));
        type Spoil = fn(&mut QualityReport);
        let faults: [(QualityReason, Spoil); 10] = [
            (QualityReason::Small, |face| face.eye_distance = 6.0),
            (QualityReason::Blurred, |face| face.sharpness = 2.0),
            (QualityReason::TurnedAway, |face| face.yaw = 75.0),
            (QualityReason::TurnedAway, |face| face.yaw = -75.0),
            (QualityReason::TurnedAway, |face| face.pitch = 70.0),
            (QualityReason::Dark, |face| face.brightness = 10.0),
            (QualityReason::Bright, |face| face.brightness = 250.0),
            (QualityReason::LowContrast, |face| face.contrast = 3.0),
            (QualityReason::Occluded, |face| face.occlusion = 0.95),
            (QualityReason::Uncertain, |face| face.score = 0.45),
        ];
        for (reason, spoil) in faults {
            let mut face = good();
            spoil(&mut face);
            let face = judged(face);
            assert_eq!(face.reasons, [reason]);
            assert!(face.overall < 0.5, "{reason}: {}", face.overall);
        }
    }

    #[test]
    fn overall_falls_as_a_measurement_falls_and_is_half_where_the_reason_begins() {
        let overall = |sharpness: f32| judged(QualityReport { sharpness, ..good() });
        let mut before = 0.0;
        for sharpness in (0..400).map(|step| step as f32 * 0.5) {
            let face = overall(sharpness);
            assert!(face.overall >= before, "{sharpness}");
            assert_eq!(face.overall < 0.5, face.reasons == [QualityReason::Blurred], "{sharpness}: {face:?}");
            before = face.overall;
        }
        assert_eq!(overall(0.0).overall, 0.0);
        assert_eq!(overall(f32::NAN).overall, 0.0, "what is not a number is worth nothing");
    }

    #[test]
    fn a_dark_face_is_not_called_blurred_for_its_small_steps() {
        // A tenth of the light: a tenth of the contrast, a hundredth of the variance.
        let dark = judged(QualityReport { sharpness: 4.0, brightness: 12.0, contrast: 4.5, ..good() });
        assert_eq!(dark.reasons, [QualityReason::Dark, QualityReason::LowContrast]);
    }

    #[test]
    fn the_roll_speaks_against_nothing_because_alignment_undoes_it() {
        assert!(judged(QualityReport { roll: 170.0, ..good() }).reasons.is_empty());
    }
}
