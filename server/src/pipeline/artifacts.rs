//! Artifacts: the pictures and files that a request leaves behind, and where each of them lies.
//!
//! ```text
//! output/<request_id>/query/{annotated,cropped_face,cropped_person}/  query/embeddings.json
//! output/<request_id>/pool/{annotated,cropped_face,cropped_person,picture,thumbnail}/  pool/embeddings.json
//! output/<request_id>/matching_results.json
//! output/<request_id>/evidence/{manifest,results}.json
//! ```
//! Beside each `cropped_face/<name>.jpg` lies `<name>-aligned.jpg`, the crop that the embedding network was given.
//!
//! Names come from the hash of the picture, so a job that runs again, here or on another machine, overwrites its own files. Links are plain
//! `/artifacts/<key>` paths; who hands them out signs them.

use super::analyse::{AnalysedFace, Analysis};
use super::validate::hex;
use super::{StageError, draw, report};
use crate::objects::Objects;
use app::api::{FaceReport, PersonReport};
use bytes::Bytes;
use image::RgbImage;
use models::{VisionInfo, align};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long a store that is away is waited for with one file, and how often it is asked: stores are restarted, and come back.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(500);

/// Whose picture an artifact shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Query,
    Pool,
}

impl Side {
    fn folder(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Pool => "pool",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Annotated,
    CroppedFace,
    Aligned,
    CroppedPerson,
    Picture,
    Thumbnail,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::Annotated => "annotated",
            Self::CroppedFace | Self::Aligned => "cropped_face",
            Self::CroppedPerson => "cropped_person",
            Self::Picture => "picture",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// What follows the picture's name.
    fn ending(self) -> &'static str {
        match self {
            Self::Aligned => "-aligned.jpg",
            _ => ".jpg",
        }
    }
}

/// Encoded pictures, not yet stored.
pub struct Rendered(Vec<(Kind, Bytes)>);

/// Unsigned links to what was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    pub annotated: Option<String>,
    pub crop: Option<String>,
    pub thumbnail: Option<String>,
    #[serde(default)]
    pub aligned: Option<String>,
    #[serde(default)]
    pub picture: Option<String>,
    /// What may be handed on: all of them but the picture itself, and what is stored without a link.
    #[serde(default)]
    pub files: Vec<StoredFile>,
}

/// A picture as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    pub key: String,
    /// Hex.
    pub sha256: String,
    pub size_bytes: usize,
}

/// Draws and encodes what people want to see of one picture. Blocks.
pub fn render(picture: &RgbImage, analysis: &Analysis, chosen: &AnalysedFace, side: Side) -> Result<Rendered, StageError> {
    let unencodable = |e: image::ImageError| StageError { stage: "artifacts", kind: "unencodable", message: e.to_string() };
    let work = || {
        let found: Vec<_> = analysis.faces.iter().filter_map(|face| face.face).collect();
        let mut pictures = vec![
            (Kind::Annotated, draw::annotated(picture, &analysis.people, &found, Some(&chosen.bbox))),
            (Kind::CroppedFace, draw::cropped_face(picture, &chosen.bbox)),
        ];
        if let Some(face) = chosen.face {
            pictures.push((Kind::Aligned, align::align(picture, &face.landmarks)));
        }
        if let Some(person) = chosen.person.and_then(|index| analysis.people.get(index)) {
            pictures.push((Kind::CroppedPerson, draw::cropped_person(picture, &person.bbox)));
        }
        if side == Side::Pool {
            pictures.push((Kind::Picture, draw::plain(picture)));
            pictures.push((Kind::Thumbnail, draw::thumbnail(picture)));
        }
        pictures.into_iter().map(|(kind, picture)| Ok((kind, draw::encode(&picture).map_err(unencodable)?.into()))).collect()
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(StageError::panic("artifacts"))).map(Rendered)
}

/// Puts the pictures in their places; `name` is the picture's name within the request.
pub async fn store(objects: &dyn Objects, request_id: Uuid, side: Side, name: &str, rendered: Rendered) -> Result<Links, StageError> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut links = Links::default();
    for (kind, bytes) in rendered.0 {
        let key = format!("output/{request_id}/{}/{}/{stem}{}", side.folder(), kind.folder(), kind.ending());
        let (sha256, size_bytes) = (hex(&Sha256::digest(&bytes)), bytes.len());
        put(objects, &key, bytes).await?;
        let link = Some(format!("/artifacts/{key}"));
        match kind {
            Kind::Annotated => links.annotated = link,
            Kind::CroppedFace => links.crop = link,
            Kind::Thumbnail => links.thumbnail = link,
            Kind::Aligned => links.aligned = link,
            Kind::Picture => links.picture = link,
            Kind::CroppedPerson => {}
        }
        if kind != Kind::Picture {
            links.files.push(StoredFile { key, sha256, size_bytes });
        }
    }
    Ok(links)
}

/// One picture in `embeddings.json`.
#[derive(Debug, Serialize)]
pub struct PictureEmbeddings {
    /// The picture's name within the request.
    pub image: String,
    /// Of the file, hex.
    pub sha256: String,
    /// Of the upright picture, in pixels.
    pub width: u32,
    pub height: u32,
    /// No person was found: the full frame stood in.
    pub full_frame: bool,
    /// No face was found: the whole picture stood in.
    pub fallback: bool,
    pub faces: Vec<FaceEmbedding>,
}

#[derive(Debug, Serialize)]
pub struct FaceEmbedding {
    #[serde(flatten)]
    face: FaceReport,
    person: Option<PersonReport>,
    /// A unit vector.
    embedding: Vec<f32>,
}

impl PictureEmbeddings {
    pub fn of(image: &str, sha256: &str, analysis: &Analysis) -> Self {
        let face = |face: &AnalysedFace| FaceEmbedding {
            face: report::face(face),
            person: report::person(analysis, face),
            embedding: face.embedding.as_slice().to_vec(),
        };
        Self {
            image: image.to_owned(),
            sha256: sha256.to_owned(),
            width: analysis.width,
            height: analysis.height,
            full_frame: analysis.people.is_empty(),
            fallback: analysis.is_fallback(),
            faces: analysis.faces.iter().map(face).collect(),
        }
    }
}

/// What several photos of one person make together.
#[derive(Debug, Serialize)]
pub struct TemplateEmbedding {
    pub of: Vec<TemplatePart>,
    /// A unit vector: what was compared.
    pub embedding: Vec<f32>,
}

/// One photo of a template.
#[derive(Debug, Serialize)]
pub struct TemplatePart {
    /// The picture's name within the request.
    pub image: String,
    /// Index into its faces.
    pub face: usize,
    /// Its share, 0..1.
    pub weight: f32,
}

#[derive(Serialize)]
struct EmbeddingsFile<'a> {
    /// File name and digest of the network: vectors of different networks cannot be compared.
    model: &'a str,
    /// Network, preprocessing and dimension: vectors of different contracts cannot be compared.
    contract: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a TemplateEmbedding>,
    images: &'a [PictureEmbeddings],
}

/// Writes `query/embeddings.json` or `pool/embeddings.json`.
pub async fn store_embeddings(
    objects: &dyn Objects,
    request_id: Uuid,
    side: Side,
    info: &VisionInfo,
    template: Option<&TemplateEmbedding>,
    images: &[PictureEmbeddings],
) -> Result<(), StageError> {
    let key = format!("output/{request_id}/{}/embeddings.json", side.folder());
    store_json(objects, &key, &EmbeddingsFile { model: &info.embedding_model, contract: info.contract.to_string(), template, images }).await
}

/// Writes any value as JSON under a key.
pub async fn store_json(objects: &dyn Objects, key: &str, value: &impl Serialize) -> Result<(), StageError> {
    let bytes = serde_json::to_vec(value).map_err(|e| StageError { stage: "artifacts", kind: "unencodable", message: e.to_string() })?;
    put(objects, key, bytes.into()).await
}

/// The same with indents, for people; what was written is described.
pub async fn store_readable(objects: &dyn Objects, key: String, value: &impl Serialize) -> Result<StoredFile, StageError> {
    let unencodable = |e: serde_json::Error| StageError { stage: "artifacts", kind: "unencodable", message: e.to_string() };
    let bytes: Bytes = serde_json::to_vec_pretty(value).map_err(unencodable)?.into();
    let (sha256, size_bytes) = (hex(&Sha256::digest(&bytes)), bytes.len());
    put(objects, &key, bytes).await?;
    Ok(StoredFile { key, sha256, size_bytes })
}

/// A store that is away is waited for: what a job has computed is worth more than the wait.
async fn put(objects: &dyn Objects, key: &str, bytes: Bytes) -> Result<(), StageError> {
    let patience = Instant::now() + PATIENCE;
    loop {
        match objects.put(key, bytes.clone()).await {
            Err(error) if error.is_away() && Instant::now() < patience => sleep(PAUSE).await,
            stored => return stored.map_err(|e| StageError { stage: "artifacts", kind: e.kind(), message: e.to_string() }),
        }
    }
}
