//! What can go wrong, as values: a picture that is refused, a stage that fails, a job that ends.
//!
//! Each has a stable code that a program can match, a sentence that a person can act on, and nothing internal in it.

use app::api::QualityReason;
use models::ModelError;
use serde_json::{Value, json};

/// Why a picture is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidateError {
    #[error("The picture is empty: send the bytes of a JPEG, PNG, WebP or GIF file.")]
    Empty,
    #[error("The picture has {bytes} bytes, more than the {limit} allowed: send a smaller file.")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("The file is no picture that is read here: send a JPEG, PNG, WebP or GIF file (the content decides, not the name).")]
    UnsupportedType,
    #[error("The picture has {width}×{height} pixels, more than the {limit} allowed: send a smaller one.")]
    TooManyPixels { width: u32, height: u32, limit: u64 },
    #[error("The picture needs more memory to decode than is allowed: send a smaller one.")]
    TooMuchMemory,
    /// Damaged, cut short, without size, or of a kind that the decoder cannot read. The text is for the log.
    #[error("The picture cannot be read: it is damaged or cut short; save it again and retry.")]
    Unreadable(String),
}

impl ValidateError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_image",
            Self::TooLarge { .. } | Self::TooMuchMemory => "image_too_large",
            Self::UnsupportedType => "unsupported_media_type",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Unreadable(_) => "unreadable_image",
        }
    }

    /// The HTTP status that says it: 400, 413, 415 or 422.
    pub fn status(&self) -> u16 {
        match self {
            Self::Empty => 400,
            Self::TooLarge { .. } | Self::TooManyPixels { .. } | Self::TooMuchMemory => 413,
            Self::UnsupportedType => 415,
            Self::Unreadable(_) => 422,
        }
    }
}

/// A stage that failed for one picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stage}: {message}")]
pub struct StageError {
    /// `fetch`, `decode`, `person`, `face`, `embed`, ...
    pub stage: &'static str,
    /// The diagnostic kind: `engine_failed`, `panic`, `unreadable_image`, ...
    pub kind: &'static str,
    /// For the log.
    pub message: String,
}

impl StageError {
    pub fn model(stage: &'static str, error: &ModelError) -> Self {
        Self { stage, kind: error.kind(), message: error.to_string() }
    }

    pub fn panic(stage: &'static str) -> Self {
        Self { stage, kind: "panic", message: "the code panicked on this picture".into() }
    }

    /// Whether it speaks against the networks or what they run on, so that others should do the work: not a picture that
    /// cannot be had or read, nor a caller that has left.
    pub fn is_of_the_engine(&self) -> bool {
        match self.kind {
            "model_not_loaded" | "engine_failed" | "unusable_output" | "out_of_memory" | "engine_timeout" | "device_lost" => true,
            "panic" => matches!(self.stage, "person" | "face" | "embed"),
            _ => false,
        }
    }
}

/// Why a whole job ends without a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// The query picture is refused.
    #[error("{0}")]
    Query(#[from] ValidateError),
    /// On the `index`th photo, 0 the first, of `photos`.
    #[error("No face was found in {}", no_face(.index, .photos))]
    NoFace { index: usize, photos: usize },
    #[error("The query picture holds {faces} face(s), so `face` must be below {faces}, not {index} (0 is the largest).")]
    FaceIndexOutOfRange { index: usize, faces: usize },
    /// The gate is `strict`, and the query face is too poor.
    #[error(
        "The face in the query picture is too poor to be sure of: send one that shows it {}, or search with `quality=standard`.",
        advice(reasons)
    )]
    LowQuality { reasons: Vec<QualityReason> },
    /// The faces of several photos cancel each other out.
    #[error("The photos have nothing in common that could be searched for: send photos of one person.")]
    PhotosDisagree,
    /// A pool that the request names has vectors of other networks than those that have seen the query.
    #[error(
        "The pool `{pool}` was indexed by other networks than those that run now, and vectors of the two cannot be compared: it is being \
         indexed anew, and can be searched when `GET /pools` says that it is synced."
    )]
    ContractMismatch { pool: String },
    /// A network failed on the query picture itself.
    #[error("The query picture could not be analysed: the engine failed; try again, and tell the operator if it stays so.")]
    Engine(StageError),
    #[error("The results could not be stored: try again, and tell the operator if it stays so.")]
    Objects(String),
    #[error("The results could not be stored, because the service's storage is full: tell the operator to make room, and try again.")]
    StorageFull,
    /// What must be noted down before the search goes on could not be.
    #[error("The search could not be noted down as it went: try again, and tell the operator if it stays so.")]
    Unkept(String),
    #[error("The request was cancelled.")]
    Cancelled,
}

impl PipelineError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Query(error) => error.code(),
            Self::NoFace { .. } => "no_face",
            Self::LowQuality { .. } => "low_quality",
            Self::FaceIndexOutOfRange { .. } => "face_index_out_of_range",
            Self::PhotosDisagree => "photos_disagree",
            Self::ContractMismatch { .. } => "contract_mismatch",
            Self::Engine(_) => "engine_failed",
            Self::Objects(_) | Self::Unkept(_) => "storage_failed",
            Self::StorageFull => "storage_full",
            Self::Cancelled => "cancelled",
        }
    }

    /// The HTTP status that says it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Query(error) => error.status(),
            Self::NoFace { .. } | Self::LowQuality { .. } | Self::FaceIndexOutOfRange { .. } | Self::PhotosDisagree => 422,
            Self::ContractMismatch { .. } => 409,
            Self::Engine(_) | Self::Objects(_) | Self::StorageFull | Self::Unkept(_) => 503,
            Self::Cancelled => 410,
        }
    }

    /// For programs, where there is more to say than the code says: why a face is too poor, which of several photos it is about.
    pub fn details(&self) -> Value {
        match self {
            Self::LowQuality { reasons } => json!({ "reasons": reasons }),
            Self::NoFace { index, photos } if *photos > 1 => json!({ "index": index }),
            Self::ContractMismatch { pool } => json!({ "field": "providers", "pool": pool }),
            _ => Value::Null,
        }
    }

    /// Whether the same job may succeed when it is tried again.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Engine(_) | Self::Objects(_) | Self::StorageFull | Self::Unkept(_))
    }
}

/// Why nobody can say that a value is kept, or what is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// For the log.
    #[error("what is kept cannot be written or read: {0}")]
    Unreachable(String),
    #[error("the job is another worker's by now, or was erased")]
    TakenAway,
}

impl From<KeepError> for PipelineError {
    /// A job that was taken away ends here as one that was cancelled; one that cannot be noted down may be tried again.
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Unreachable(why) => Self::Unkept(why),
            KeepError::TakenAway => Self::Cancelled,
        }
    }
}

/// `larger, sharper and in more light`: what a better picture has.
fn advice(reasons: &[QualityReason]) -> String {
    let words: Vec<&str> = reasons.iter().map(|reason| better(*reason)).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "better".to_owned(),
    }
}

fn better(reason: QualityReason) -> &'static str {
    match reason {
        QualityReason::Small => "larger",
        QualityReason::Blurred => "sharper",
        QualityReason::TurnedAway => "turned to the camera",
        QualityReason::Dark => "in more light",
        QualityReason::Bright => "in less light",
        QualityReason::LowContrast => "with more contrast",
        QualityReason::Occluded => "uncovered",
        QualityReason::Uncertain => "more clearly",
    }
}

fn no_face(index: &usize, photos: &usize) -> String {
    let better = "one that shows the face larger, sharper or less turned away";
    match photos {
        0 | 1 => format!("the query picture: send {better}."),
        _ => format!("photo {} of {photos}: leave it out, or send {better}.", index + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_face_is_refused_with_what_to_do_about_it() {
        let refused = |reasons: &[QualityReason]| PipelineError::LowQuality { reasons: reasons.to_vec() };
        let error = refused(&[QualityReason::Small, QualityReason::Blurred, QualityReason::Dark]);
        assert!(error.to_string().contains("shows it larger, sharper and in more light, or search"), "{error}");
        assert_eq!((error.code(), error.status(), error.retryable()), ("low_quality", 422, false));
        assert_eq!(error.details(), json!({ "reasons": ["small", "blurred", "dark"] }));
        assert!(refused(&[QualityReason::Occluded]).to_string().contains("shows it uncovered, or search"));
        assert_eq!(PipelineError::PhotosDisagree.details(), Value::Null);
    }

    #[test]
    fn a_search_that_cannot_be_noted_down_is_tried_again_and_one_that_was_taken_away_is_not() {
        let unkept = PipelineError::from(KeepError::Unreachable("played".into()));
        assert_eq!((unkept.code(), unkept.status(), unkept.retryable()), ("storage_failed", 503, true));
        assert_eq!(PipelineError::from(KeepError::TakenAway), PipelineError::Cancelled);
    }

    #[test]
    fn what_speaks_against_the_engine_is_told_from_what_costs_a_picture_alone() {
        let of_the_engine = [
            ModelError::NotBuiltIn,
            ModelError::Load("played".into()),
            ModelError::Engine("played".into()),
            ModelError::Output("NaN".into()),
            ModelError::OutOfMemory("played".into()),
            ModelError::Timeout(30.0),
            ModelError::DeviceLost("played".into()),
        ];
        assert!(of_the_engine.iter().all(|error| StageError::model("face", error).is_of_the_engine()));
        assert!(["person", "face", "embed"].iter().all(|stage| StageError::panic(stage).is_of_the_engine()));
        assert!(!StageError::model("face", &ModelError::CallerGone).is_of_the_engine());
        assert!(!["fetch", "align", "artifacts", "analyse"].iter().any(|stage| StageError::panic(stage).is_of_the_engine()));
        let unreadable = StageError { stage: "decode", kind: "unreadable_image", message: String::new() };
        let foreign = StageError { stage: "compare", kind: "contract_mismatch", message: String::new() };
        assert!(!unreadable.is_of_the_engine() && !foreign.is_of_the_engine());
    }
}
