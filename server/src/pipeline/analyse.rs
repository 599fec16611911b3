//! Analysis of one decoded picture: people → faces, searched for at as many scales as the picture is worth → align → embed.
//!
//! Blocks; run it on a blocking thread. A network that fails or panics is a [`StageError`] for this picture alone.

use super::assign::person_of;
use super::quality::measure;
use super::search::{self, Effort, FoundFace, Look};
use super::sharpness::sharpness;
use super::{Stage, StageError, StageTimes};
use app::api::QualityReport;
use image::{RgbImage, imageops};
use models::{BBox, Caller, Embedding, Face, ModelError, Person, Vision, align};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an analysis of before may be taken for one of now by: raise it with every change of what is made of a picture, from its
/// decoding to its faces' quality.
pub const ANALYSIS_VERSION: u32 = 1;

/// Faces given to the embedding network at a time: bounds memory where a picture shows a crowd.
const EMBED_BATCH: usize = 32;

/// A face ready to be compared.
#[derive(Debug, Clone)]
pub struct AnalysedFace {
    pub bbox: BBox,
    /// None where the whole picture stands in for a face.
    pub face: Option<Face>,
    /// Which look found it.
    pub look: Look,
    /// Index into [`Analysis::people`]; None outside every person.
    pub person: Option<usize>,
    /// Variance of the Laplacian over the aligned crop.
    pub sharpness: f32,
    /// None where the whole picture stands in for a face.
    pub quality: Option<QualityReport>,
    pub embedding: Embedding,
}

/// What one picture holds.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// Of the upright picture, in pixels.
    pub width: u32,
    pub height: u32,
    /// Best first; empty where the full frame stood in for a person.
    pub people: Vec<Person>,
    /// The largest first. Where the picture shows none, the whole picture, if that was allowed.
    pub faces: Vec<AnalysedFace>,
    /// Every look that was taken for faces, in order.
    pub looks: Vec<Look>,
    /// Diagnostic kinds of looks after the first that failed: the others stand.
    pub failed_looks: Vec<String>,
    /// The pack's backup detector looked for faces, at least once, because the first one failed.
    pub by_backup: bool,
}

impl Analysis {
    /// No face was found and the whole picture stands in for one.
    pub fn is_fallback(&self) -> bool {
        self.faces.iter().any(|face| face.face.is_none())
    }

    /// Nothing failed, and nothing stood in for what failed: the next time it will be the same.
    pub fn went_well(&self) -> bool {
        self.failed_looks.is_empty() && !self.by_backup
    }

    /// Faces that the detector found.
    pub fn faces_found(&self) -> usize {
        self.faces.iter().filter(|face| face.face.is_some()).count()
    }
}

/// How a picture is analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A query needs a face. Nothing else runs yet, so its two detectors run side by side.
    Query,
    /// One of many: a candidate without a face is compared as a whole.
    Candidate,
}

/// Finds, aligns and embeds every face of the picture.
pub fn analyse(vision: &dyn Vision, caller: &Caller, picture: &RgbImage, role: Role, times: &StageTimes) -> Result<Analysis, StageError> {
    let (width, height) = picture.dimensions();
    let find_people = || times.time(Stage::Person, || guard("person", || vision.people(caller, picture)));
    let find_faces = || times.time(Stage::Face, || guard("face", || search::first_look(vision, caller, picture)));
    let (people, faces) = match role {
        Role::Query => std::thread::scope(|scope| {
            let people = scope.spawn(find_people);
            let faces = find_faces();
            (people.join().unwrap_or_else(|_| Err(StageError::panic("person"))), faces)
        }),
        Role::Candidate => (find_people(), find_faces()),
    };
    let people: Vec<Person> = people?.into_iter().filter(|person| is_usable(&person.bbox, width, height)).collect();
    let effort = match role {
        Role::Query => Effort::Thorough,
        Role::Candidate => Effort::Usual,
    };
    let first = faces?;
    let again = || guard("face", || search::search(vision, caller, picture, &people, first, effort));
    let searched = times.time(Stage::FurtherLooks, again)?;
    let mut found: Vec<FoundFace> = searched.faces;
    found.retain(|found| is_usable(&found.face.bbox, width, height));
    // A full order (area, then place) so that an index into the faces always means the same face.
    found.sort_by(|FoundFace { face: a, .. }, FoundFace { face: b, .. }| {
        let by_area = b.bbox.area().total_cmp(&a.bbox.area());
        by_area.then(a.bbox.x1.total_cmp(&b.bbox.x1)).then(a.bbox.y1.total_cmp(&b.bbox.y1))
    });
    let faces: Vec<Face> = found.iter().map(|found| found.face).collect();

    let mut crops: Vec<RgbImage> = times.time(Stage::Align, || guard("align", || Ok(aligned(picture, &faces))))?;
    let whole = (faces.is_empty() && role == Role::Candidate).then(|| centre_square(width, height));
    if let Some(square) = whole {
        crops.push(times.time(Stage::Align, || guard("align", || Ok(shrunk(picture, &square))))?);
    }
    let embeddings = times.time(Stage::Embed, || embed(vision, caller, &crops))?;
    let boxes = found.iter().map(|found| (found.face.bbox, Some(found.face), found.look));
    let boxes = boxes.chain(whole.map(|square| (square, None, Look::Full)));
    let describe = |(bbox, face, look): (BBox, Option<Face>, Look), crop: &RgbImage, embedding: Embedding| {
        let sharpness = sharpness(crop);
        AnalysedFace {
            bbox,
            face,
            look,
            person: face.and_then(|face| person_of(&face.bbox, &people)),
            sharpness,
            quality: face.map(|face| measure(&face, crop, sharpness, embedding.norm())),
            embedding,
        }
    };
    let described = boxes.zip(&crops).zip(embeddings).map(|((found, crop), embedding)| describe(found, crop, embedding));
    let faces = times.time(Stage::Quality, || guard("quality", || Ok(described.collect())))?;
    let failed_looks = searched.failed.into_iter().map(str::to_owned).collect();
    Ok(Analysis { width, height, people, faces, looks: searched.looks, failed_looks, by_backup: searched.by_backup })
}

/// Runs a step; a panic in it is an error of this picture.
fn guard<T>(stage: &'static str, step: impl FnOnce() -> Result<T, ModelError>) -> Result<T, StageError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result.map_err(|error| StageError::model(stage, &error)),
        Err(_) => Err(StageError::panic(stage)),
    }
}

fn embed(vision: &dyn Vision, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, StageError> {
    let mut embeddings = Vec::with_capacity(crops.len());
    for batch in crops.chunks(EMBED_BATCH) {
        let made = guard("embed", || vision.embed(caller, batch))?;
        if made.len() != batch.len() {
            let error = ModelError::Output(format!("{} embeddings for {} faces", made.len(), batch.len()));
            return Err(StageError::model("embed", &error));
        }
        embeddings.extend(made);
    }
    Ok(embeddings)
}

/// A box with numbers in it, an area, and some of that inside the picture.
fn is_usable(bbox: &BBox, width: u32, height: u32) -> bool {
    bbox.is_finite() && bbox.area() > 0.0 && bbox.clamp(width, height).area() > 0.0
}

fn aligned(picture: &RgbImage, faces: &[Face]) -> Vec<RgbImage> {
    faces.iter().map(|face| align::align(picture, &face.landmarks)).collect()
}

/// The largest square in the middle.
fn centre_square(width: u32, height: u32) -> BBox {
    let side = width.min(height);
    let (x, y) = (((width - side) / 2) as f32, ((height - side) / 2) as f32);
    BBox::new(x, y, x + side as f32, y + side as f32)
}

/// The square at the size of an aligned crop.
fn shrunk(picture: &RgbImage, square: &BBox) -> RgbImage {
    let side = square.width() as u32;
    let part = imageops::crop_imm(picture, square.x1 as u32, square.y1 as u32, side, side);
    imageops::resize(&*part, align::SIZE, align::SIZE, imageops::FilterType::Triangle)
}
