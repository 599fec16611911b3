//! How good a face is to compare, and why not better.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is done about faces too poor to be sure of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QualityGate {
    /// Quality is told, and has no say beyond ties and the weights of several photos.
    Off,
    /// Two poor faces are never a MATCH, nor is a picture without a face: they are held back to POSSIBLE, with the reasons. A poor
    /// face beside a good one stays a MATCH; its own reasons are told. Of several photos the best speaks for the query.
    #[default]
    Standard,
    /// A poor face is not listed at all, nor is a picture without a face, and a poor query face is refused.
    Strict,
}

impl QualityGate {
    pub const ALL: [Self; 3] = [Self::Off, Self::Standard, Self::Strict];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for QualityGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for QualityGate {
    /// What it must be.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|gate| gate.as_str() == text).ok_or_else(|| "`off`, `standard` or `strict`".to_owned())
    }
}

/// Why a face is poor evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QualityReason {
    /// Too few pixels between the eyes.
    Small,
    Blurred,
    /// Yaw or pitch: part of the face cannot be seen.
    TurnedAway,
    Dark,
    /// Overexposed.
    Bright,
    LowContrast,
    /// Something may cover part of the face.
    Occluded,
    /// The detector itself is not sure that this is a face.
    Uncertain,
}

impl QualityReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Blurred => "blurred",
            Self::TurnedAway => "turned_away",
            Self::Dark => "dark",
            Self::Bright => "bright",
            Self::LowContrast => "low_contrast",
            Self::Occluded => "occluded",
            Self::Uncertain => "uncertain",
        }
    }
}

impl fmt::Display for QualityReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was measured of one face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct QualityReport {
    /// 0..1, that of the weakest property: below 0.5 exactly where there are reasons, which are the first tie-breaker. The weight
    /// of a photo in a template, there no less than 0.05.
    pub overall: f32,
    /// Variance of the Laplacian over the aligned crop: higher is sharper.
    pub sharpness: f32,
    /// Pixels between the eyes, in the picture.
    pub eye_distance: f32,
    /// Degrees, from the landmarks: positive where the face looks to the picture's right, up, or leans clockwise. Estimates.
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
    /// Mean grey of the face's inner region in the aligned crop, 0..255.
    pub brightness: f32,
    /// Standard deviation of its grey, 0..127.5.
    pub contrast: f32,
    /// 0..1: a hint that something covers part of the face (a mask, a hand, glasses against the light).
    pub occlusion: f32,
    /// The detector's score, 0..1.
    pub score: f32,
    /// Length of the embedding before it was normalised, as the network gave it.
    pub norm: f32,
    /// What keeps the face from being good evidence; empty: nothing does.
    pub reasons: Vec<QualityReason>,
}
