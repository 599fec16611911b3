//! Quality: how good a face is to compare, and why not better. One file a measurement.

mod gate;
mod light;
mod occlusion;
mod pose;
mod region;
mod rules;
mod size;

pub use gate::{Judge, Verdict, reasons, refusal};

use app::api::QualityReport;
use image::RgbImage;
use light::Light;
use models::Face;
use pose::Pose;

/// Measures a face: `crop` is the aligned crop, `sharpness` that of the crop, `norm` the length of its embedding before it was
/// normalised. Every number is finite where landmarks, score and norm are.
pub fn measure(face: &Face, crop: &RgbImage, sharpness: f32, norm: f32) -> QualityReport {
    let Pose { yaw, pitch, roll } = pose::pose(&face.landmarks);
    let Light { brightness, contrast } = light::light(crop);
    rules::judged(QualityReport {
        overall: 0.0,
        sharpness,
        eye_distance: size::eye_distance(&face.landmarks),
        yaw,
        pitch,
        roll,
        brightness,
        contrast,
        occlusion: occlusion::occlusion(crop),
        score: face.score,
        norm,
        reasons: Vec::new(),
    })
}
