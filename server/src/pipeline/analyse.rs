//! Analysis of one decoded picture: people → faces inside people → second look → align → embed.
//!
//! Blocks; run it on a blocking thread. A network that fails or panics is a [`StageError`] for this picture alone.

use super::assign::person_of;
use super::quality::measure;
use super::second_look::{crops_worth_a_look, second_look};
use super::sharpness::sharpness;
use super::{Stage, StageError, StageTimes};
use app::api::QualityReport;
use image::{RgbImage, imageops};
use models::{BBox, Caller, Embedding, Face, ModelError, Person, Vision, align};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Faces given to the embedding network at a time: bounds memory where a picture shows a crowd.
const EMBED_BATCH: usize = 32;

/// A face ready to be compared.
#[derive(Debug, Clone)]
pub struct AnalysedFace {
    pub bbox: BBox,
    /// None where the whole picture stands in for a face.
    pub face: Option<Face>,
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
    /// The pack's backup detector looked for faces, at least once, because the first one failed.
    pub by_backup: bool,
}

impl Analysis {
    /// No face was found and the whole picture stands in for one.
    pub fn is_fallback(&self) -> bool {
        self.faces.iter().any(|face| face.face.is_none())
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
    let side = vision.info().face_side;
    let by_backup = Cell::new(false);
    let look = |part: &RgbImage| -> Result<Vec<Face>, ModelError> {
        let detected = vision.faces(caller, part, side)?;
        by_backup.set(by_backup.get() || detected.by_backup);
        Ok(detected.faces)
    };
    let (width, height) = picture.dimensions();
    let find_people = || times.time(Stage::Person, || guard("person", || vision.people(caller, picture)));
    let find_faces = || times.time(Stage::Face, || guard("face", || look(picture)));
    let (people, faces) = match role {
        Role::Query => std::thread::scope(|scope| {
            let people = scope.spawn(find_people);
            let faces = find_faces();
            (people.join().unwrap_or_else(|_| Err(StageError::panic("person"))), faces)
        }),
        Role::Candidate => (find_people(), find_faces()),
    };
    let people: Vec<Person> = people?.into_iter().filter(|person| is_usable(&person.bbox, width, height)).collect();
    let mut faces = faces?;
    let crops = crops_worth_a_look(width, height, &people, &faces);
    if !crops.is_empty() {
        faces = times.time(Stage::SecondLook, || guard("face", || second_look(picture, &crops, faces, look)))?;
    }
    faces.retain(|face| is_usable(&face.bbox, width, height) && face.landmarks.iter().flatten().all(|v| v.is_finite()));
    // A full order (area, then place) so that an index into the faces always means the same face.
    let place = |face: &Face| [face.bbox.x1, face.bbox.y1];
    faces.sort_by(|a, b| {
        let by_area = b.bbox.area().total_cmp(&a.bbox.area());
        by_area.then(place(a)[0].total_cmp(&place(b)[0])).then(place(a)[1].total_cmp(&place(b)[1]))
    });

    let mut crops: Vec<RgbImage> = times.time(Stage::Align, || guard("align", || Ok(aligned(picture, &faces))))?;
    let whole = (faces.is_empty() && role == Role::Candidate).then(|| centre_square(width, height));
    if let Some(square) = whole {
        crops.push(times.time(Stage::Align, || guard("align", || Ok(shrunk(picture, &square))))?);
    }
    let embeddings = times.time(Stage::Embed, || embed(vision, caller, &crops))?;
    let boxes = faces.iter().map(|face| (face.bbox, Some(*face))).chain(whole.map(|square| (square, None)));
    let described = |(((bbox, face), crop), embedding): (((BBox, Option<Face>), &RgbImage), Embedding)| {
        let sharpness = sharpness(crop);
        AnalysedFace {
            bbox,
            face,
            person: face.and_then(|face| person_of(&face.bbox, &people)),
            sharpness,
            quality: face.map(|face| measure(&face, crop, sharpness, embedding.norm())),
            embedding,
        }
    };
    let faces = times.time(Stage::Quality, || guard("quality", || Ok(boxes.zip(&crops).zip(embeddings).map(described).collect())))?;
    Ok(Analysis { width, height, faces, people, by_backup: by_backup.get() })
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
