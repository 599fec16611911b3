//! The result of one request, in the shape of the original design; fields are only ever added.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a similarity compares with the two thresholds of the embedding model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchStatus {
    /// At or above the `match` threshold.
    Match,
    /// Between the two thresholds: a person should look.
    Possible,
    /// Below both.
    NoMatch,
}

impl fmt::Display for MatchStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MatchStatus::Match => "MATCH",
            MatchStatus::Possible => "POSSIBLE",
            MatchStatus::NoMatch => "NO_MATCH",
        })
    }
}

/// The two thresholds on the cosine that were in force; they belong to the embedding model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Thresholds {
    #[serde(rename = "match")]
    pub match_: f32,
    pub possible: f32,
}

impl Thresholds {
    /// The status of a cosine; a NaN is never a match.
    pub fn status(&self, similarity: f32) -> MatchStatus {
        if similarity >= self.match_ {
            MatchStatus::Match
        } else if similarity >= self.possible {
            MatchStatus::Possible
        } else {
            MatchStatus::NoMatch
        }
    }
}

/// A face as found: where, how sure, how sharp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct FaceReport {
    /// `[x1, y1, x2, y2]`, pixels of the upright picture.
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    /// Left eye, right eye, nose, left and right corner of the mouth (as seen in the picture). Empty when the
    /// whole picture stood in for a face.
    pub landmarks: Vec<[f32; 2]>,
    /// The detector's score, 0..1 (0 when the whole picture stood in for a face).
    pub score: f32,
    /// Variance of the Laplacian over the aligned crop: higher is sharper.
    pub sharpness: f32,
    /// Absent when the whole picture stood in for a face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<super::QualityReport>,
    /// Which look found it: `full`, `tile`, `close_up`, `turned_90`, `turned_180`, `turned_270` or `person`.
    #[serde(default)]
    pub found_by: String,
}

/// A person as found by the person detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct PersonReport {
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    pub score: f32,
}

/// Which of a picture's addresses gave the bytes that were compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DownloadedFrom {
    /// The picture itself.
    #[default]
    Picture,
    /// Another rendition of it, larger or smaller.
    Rendition,
    /// The provider's small copy: nothing larger could be had.
    Thumbnail,
    /// The picture that the page names as its own.
    PageImage,
}

/// One place that a picture stands in, and who named it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ProvenanceReport {
    pub provider: String,
    /// A URL, or `file:` plus the path below the pool.
    pub image_uri: String,
    pub page_url: Option<String>,
    pub title: Option<String>,
    /// Host name of the page or picture.
    pub source_domain: Option<String>,
    pub license: Option<String>,
    pub license_url: Option<String>,
    /// Who is to be named.
    pub attribution: Option<String>,
    /// Place in the provider's own list, 0 the first.
    pub provider_rank: usize,
    /// The provider's own score, not comparable between providers.
    pub provider_score: Option<f32>,
}

/// One candidate face, compared with the probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct MatchReport {
    /// 1 is the most similar.
    pub rank: usize,
    /// The name of the candidate picture within the request.
    pub pool_image: String,
    /// Where the full picture stands: a URL, or `file:` plus the path below the pool.
    pub image_uri: String,
    pub page_url: Option<String>,
    pub title: Option<String>,
    /// The provider that named the candidate (`folder`, `wikimedia`, ...).
    pub provider: String,
    /// Host name of the page or picture.
    #[serde(default)]
    pub source_domain: Option<String>,
    pub license: Option<String>,
    #[serde(default)]
    pub license_url: Option<String>,
    /// Who is to be named.
    #[serde(default)]
    pub attribution: Option<String>,
    /// Raw cosine, -1..1.
    pub similarity: f32,
    pub match_status: MatchStatus,
    /// Why a similarity that reaches the match threshold is no `MATCH`: the query's face and this one are both poor, or the picture
    /// shows no face. The reasons against either, each once; empty where nothing was held back.
    #[serde(default)]
    pub held_back: Vec<super::QualityReason>,
    pub face: FaceReport,
    /// The person that the face belongs to; absent when it stands outside every person found.
    pub person: Option<PersonReport>,
    /// Signed, short-lived addresses; absent when the artifact is gone.
    pub thumbnail: Option<String>,
    pub crop: Option<String>,
    /// The 112×112 crop that the embedding network was given; absent where no face was found.
    #[serde(default)]
    pub aligned: Option<String>,
    pub annotated: Option<String>,
    /// The picture itself, at most 1280 pixels long, with nothing drawn into it.
    #[serde(default)]
    pub picture: Option<String>,
    /// Width and height of the upright picture in pixels: what boxes and landmarks refer to.
    #[serde(default)]
    pub picture_size: Option<[u32; 2]>,
    /// Place in the order in which the pictures of this search were discovered, 0 the first.
    #[serde(default)]
    pub discovered: usize,
    /// SHA-256 of the candidate file, hex.
    pub sha256: String,
    /// When that file was had for this request; empty in results of earlier versions.
    #[serde(default)]
    pub retrieved_at: String,
    /// Which address of the picture gave the bytes.
    #[serde(default)]
    pub downloaded_from: DownloadedFrom,
    /// Only the provider's small copy could be had: read the similarity with care.
    #[serde(default)]
    pub thumbnail_only: bool,
    /// Every other address of the picture: the very same file, or a near-duplicate of it.
    pub duplicates: Vec<String>,
    /// Every place that the picture was named at, that of `image_uri` first.
    #[serde(default)]
    pub provenances: Vec<ProvenanceReport>,
    /// True when no face was found and the whole picture stood in for one: read the similarity with care.
    pub fallback: bool,
}

/// The query picture's face and what it matched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ProbeReport {
    pub query_image: String,
    pub query_uri: Option<String>,
    pub face: FaceReport,
    pub person: Option<PersonReport>,
    /// Every face of the query picture, so that another may be chosen by index (`face`).
    pub faces: Vec<FaceReport>,
    /// Which of `faces` was compared.
    pub face_index: usize,
    /// Width and height of the upright query picture in pixels: what the boxes of `faces` refer to.
    #[serde(default)]
    pub picture_size: Option<[u32; 2]>,
    pub crop: Option<String>,
    /// The 112×112 crop that the embedding network was given.
    #[serde(default)]
    pub aligned: Option<String>,
    pub annotated: Option<String>,
    pub fallback: bool,
    /// Every photo of the person that was given, this one first, where there are several: what is compared is one vector made
    /// of all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<ProbePhoto>,
    pub matches: Vec<MatchReport>,
}

/// One of several photos of the person that is searched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ProbePhoto {
    pub query_image: String,
    pub face: FaceReport,
    /// Its share in the vector that is compared, 0..1; all shares add up to 1.
    pub weight: f32,
    /// Cosine with the vector that is compared: a photo of somebody else stands out.
    pub similarity: f32,
    pub crop: Option<String>,
    pub annotated: Option<String>,
}

/// Something that stood in for the usual: what, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct FallbackReport {
    /// `pack` (the backup pack did all the work), `face_detector` (the pack's backup detector looked), `no_person` (the full
    /// frame stood in) or `no_face` (the whole picture stood in).
    pub what: String,
    /// Of `pack`: `memory` (too little was left), or the diagnostic kind of what failed: `model_not_loaded`, `engine_failed`,
    /// `out_of_memory`, `engine_timeout`, `device_lost`, `unusable_output` or `panic`. Of `face_detector`: `engine_failed`. Of
    /// `no_person`: `no_person_in_query` or `no_person` (in a listed picture). Of `no_face`: `no_face`.
    pub reason: String,
}

/// The three networks that ran, by file name and digest: `yolov8n_coco@9e7df9bc`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ModelNames {
    pub pack: String,
    pub person: String,
    pub face: String,
    pub embedding: String,
}

/// What went wrong without ending the request, counted by stage and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    pub stage: String,
    pub kind: String,
    pub count: usize,
    /// Which provider, where one failed or was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// What makes a result checkable by whoever it is handed on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct EvidenceReport {
    /// Of the bundle's `manifest.json`, hex. The manifest holds the hash of every file in the bundle.
    pub manifest_sha256: String,
    /// Address of the bundle, `/requests/<id>/evidence.zip`.
    pub bundle: String,
}

/// The whole answer to a request: `matching_results.json`, `GET /status/{id}` and `sync=true` carry it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct MatchResult {
    pub request_id: String,
    pub status: super::RequestState,
    pub input_working_dir: String,
    pub output_working_dir: String,
    pub error: Option<super::ErrorDetail>,
    pub retry_count: u32,
    pub max_retries: u32,
    /// Seconds from the start of the work to its end.
    pub time_taken: f64,
    /// Which engine ran: `onnxruntime 1.32.0 (cpu)`, `burn-flex (cpu)`, `wgpu: NVIDIA H200`.
    pub engine: String,
    pub models: ModelNames,
    pub thresholds: Thresholds,
    /// On which pictures the thresholds were chosen, and what they showed.
    #[serde(default)]
    pub calibration: String,
    /// What the embeddings of this result have in common: network, preprocessing, dimension.
    #[serde(default)]
    pub contract: String,
    /// True when anything stood in for the usual: a backup pack or detector, the full frame, the whole picture.
    pub fallback: bool,
    /// What stood in, and why.
    #[serde(default)]
    pub fallbacks: Vec<FallbackReport>,
    pub diagnostics: Vec<Diagnostic>,
    /// The bundle for a newsroom; absent where artifacts are not kept, and in results of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceReport>,
    pub result: Vec<ProbeReport>,
}
