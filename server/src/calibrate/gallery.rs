//! From pictures to embeddings: each through the product's own pipeline, so that alignment, quality and vectors are those
//! that a search would see.

use super::damage::Damage;
use super::listing::{Listed, Listing, digest_of_set, sha256};
use crate::pipeline::{AnalysedFace, Analysis, ImageLimits, Role, StageError, StageTimes, ValidateError, analyse, decode};
use image::RgbImage;
use models::{Caller, Embedding, Vision};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// One face of one picture, or of a damaged copy of it.
#[derive(Debug, Clone)]
pub struct Photo {
    pub person: usize,
    /// [`Listed::number`] of the picture: a picture and its copies are never compared with each other.
    pub number: usize,
    /// None for the picture itself.
    pub damage: Option<Damage>,
    pub embedding: Embedding,
    /// Variance of the Laplacian over the aligned crop.
    pub sharpness: f32,
    /// 0..1, where the pipeline tells it.
    pub overall: Option<f32>,
}

/// A picture, or a damaged copy, that gave no face to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    pub number: usize,
    pub damage: Option<Damage>,
    /// `no_face`, or the code of the error.
    pub why: &'static str,
}

/// What a set gave.
#[derive(Debug, Clone)]
pub struct Gallery {
    pub people: usize,
    /// Pictures listed.
    pub pictures: usize,
    /// In the order of the pictures, each followed by its copies.
    pub photos: Vec<Photo>,
    pub unusable: Vec<Unusable>,
    /// [`digest_of_set`] of the files that could be read.
    pub digest: String,
}

impl Gallery {
    /// Without the damaged copies.
    pub fn originals(&self) -> Vec<&Photo> {
        self.photos.iter().filter(|photo| photo.damage.is_none()).collect()
    }
}

/// The face that the picture is about: the largest of those around its middle; where none is there, the largest of all.
/// `faces` come largest first.
pub fn main_face(analysis: &Analysis) -> Option<&AnalysedFace> {
    let middle = [analysis.width as f32 / 2.0, analysis.height as f32 / 2.0];
    let found = || analysis.faces.iter().filter(|face| face.face.is_some());
    found().find(|face| face.bbox.contains(middle)).or_else(|| found().next())
}

/// Analyses every picture, as many at a time as the engine computes at once, and with `degrade` three damaged copies of each.
/// `done` hears of each picture as it is finished: for a line that counts. Blocks.
pub fn look_at_all(
    vision: &dyn Vision,
    listing: &Listing,
    limits: &ImageLimits,
    degrade: bool,
    done: &(dyn Fn(&Listed, &[Unusable]) + Sync),
) -> Gallery {
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Vec::with_capacity(listing.pictures.len()));
    let work = || {
        while let Some(listed) = listing.pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
            let looked = look_at(vision, listed, limits, degrade);
            done(listed, &looked.unusable);
            seen.lock().unwrap_or_else(PoisonError::into_inner).push((listed.number, looked));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..vision.info().lanes.clamp(1, listing.pictures.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.sort_by_key(|(number, _)| *number);
    let digests = seen.iter().filter_map(|(_, looked)| looked.sha256.clone()).collect();
    let mut gallery = Gallery {
        people: listing.people,
        pictures: listing.pictures.len(),
        photos: Vec::new(),
        unusable: Vec::new(),
        digest: digest_of_set(digests),
    };
    for (_, looked) in seen {
        gallery.photos.extend(looked.photos);
        gallery.unusable.extend(looked.unusable);
    }
    gallery
}

#[derive(Default)]
struct Looked {
    sha256: Option<String>,
    photos: Vec<Photo>,
    unusable: Vec<Unusable>,
}

fn look_at(vision: &dyn Vision, listed: &Listed, limits: &ImageLimits, degrade: bool) -> Looked {
    let mut looked = Looked::default();
    let mut keep = |damage, seen: Result<Seen, &'static str>| match seen {
        Ok(Seen { face, eyes }) => {
            let quality = face.quality.as_ref();
            looked.photos.push(Photo {
                person: listed.person,
                number: listed.number,
                damage,
                sharpness: face.sharpness,
                overall: quality.map(|quality| quality.overall),
                embedding: face.embedding,
            });
            Some(eyes)
        }
        Err(why) => {
            looked.unusable.push(Unusable { number: listed.number, damage, why });
            None
        }
    };
    // Asked before reading: a file that is no picture may be of any size.
    let too_large = std::fs::metadata(&listed.path).is_ok_and(|file| file.len() > limits.max_bytes);
    let bytes = if too_large { Err("image_too_large") } else { std::fs::read(&listed.path).map_err(|_| "unreadable_file") };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(why) => {
            keep(None, Err(why));
            return looked;
        }
    };
    let picture = match decode(&bytes, limits) {
        Ok(picture) => picture,
        Err(error) => {
            keep(None, Err(ValidateError::code(&error)));
            looked.sha256 = Some(sha256(&bytes));
            return looked;
        }
    };
    let eyes = keep(None, see(vision, &picture));
    if let Some(eyes) = eyes.filter(|_| degrade) {
        for damage in Damage::ALL {
            if let Some(copy) = damage.apply(&picture, eyes) {
                keep(Some(damage), see(vision, &copy));
            }
        }
    }
    looked.sha256 = Some(sha256(&bytes));
    looked
}

struct Seen {
    face: AnalysedFace,
    /// Pixels between the eyes.
    eyes: f32,
}

/// As a candidate of a search is looked at; where the whole picture stood in for a face, there is none.
fn see(vision: &dyn Vision, picture: &RgbImage) -> Result<Seen, &'static str> {
    let analysis = analyse(vision, &Caller::new(), picture, Role::Candidate, &StageTimes::default()).map_err(|e: StageError| e.kind)?;
    let face = main_face(&analysis).ok_or("no_face")?.clone();
    let [left, right] = face.face.map_or([[f32::NAN; 2]; 2], |found| [found.landmarks[0], found.landmarks[1]]);
    Ok(Seen { face, eyes: (left[0] - right[0]).hypot(left[1] - right[1]) })
}
