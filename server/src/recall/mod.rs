//! How many faces are found, measured: photos and pictures derived from them (close-ups, shrunk, turned, masked), with the
//! faces that are known to be on them.
//!
//! The known faces are those that the reference pipeline found in the untouched photos; for a derived picture their boxes
//! are moved as its pixels were. `face-engine recall` prints the table, `tests/recall.rs` holds the essentials fast.

mod cases;
mod golden;
mod table;

pub use cases::{Case, Group, cases};
pub use golden::{Golden, GoldenFace};
pub use table::table;

use crate::pipeline::search::Look;
use crate::pipeline::{Role, Stage, StageError, StageTimes, analyse};
use models::{BBox, Caller, Face, Person, Vision};
use std::collections::BTreeMap;
use std::fmt;

/// A found box counts for a known one from this overlap (IoU) on, both clipped to the picture.
const FOUND: f32 = 0.4;

/// Known faces found, and what was found besides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Count {
    pub found: usize,
    /// On no known face: a face that nobody knew of, or none at all.
    pub extra: Vec<Face>,
}

/// What one case gave.
#[derive(Debug, Clone)]
pub struct Row {
    pub group: Group,
    pub name: String,
    /// Known faces in the picture.
    pub faces: usize,
    /// What one look at the whole picture finds, as the reference pipeline does it.
    pub one_look: Count,
    pub ours: Count,
    /// How many of ours each kind of look found.
    pub found_by: BTreeMap<Look, usize>,
    pub looks: Vec<Look>,
    /// Milliseconds for all looks for faces.
    pub ms: f64,
    /// Middle one of the cosines between the faces found and the same faces in the untouched photo; None where none was
    /// found, or the reference has another embedding network.
    pub similarity: Option<f32>,
    /// For a marked picture.
    pub people: Vec<Person>,
    pub found: Vec<Face>,
}

/// Why a case gave nothing.
#[derive(Debug, thiserror::Error)]
#[error("{case}: {error}")]
pub struct CaseError {
    case: String,
    error: StageError,
}

/// Searches one picture for faces, once with one look and once with all that it is worth.
pub fn measure(vision: &dyn Vision, case: &Case, role: Role) -> Result<Row, CaseError> {
    let failed = |error: StageError| CaseError { case: case.name.clone(), error };
    let (caller, times) = (Caller::new(), StageTimes::default());
    let one_look = vision.faces(&caller, &case.picture, vision.info().face_side);
    let one_look = one_look.map_err(|error| failed(StageError::model("face", &error)))?.faces;
    let role = if case.group == Group::Sheet { Role::Query } else { role };
    let analysis = analyse(vision, &caller, &case.picture, role, &times).map_err(failed)?;
    let (width, height) = case.picture.dimensions();
    let known: Vec<BBox> = case.faces.iter().map(|face| face.bbox.clamp(width, height)).collect();
    let found: Vec<Face> = analysis.faces.iter().filter_map(|face| face.face).collect();
    let places = pairs(&known, &found, width, height);
    let mut found_by = BTreeMap::new();
    let mut similarities = Vec::new();
    for (face, place) in analysis.faces.iter().filter(|face| face.face.is_some()).zip(&places) {
        *found_by.entry(face.look).or_default() += 1;
        let reference = place.map(|index| &case.faces[index].embedding);
        let values = face.embedding.as_slice();
        if let Some(reference) = reference.filter(|reference| reference.len() == values.len() && vision.info().pack == "standard") {
            similarities.push(values.iter().zip(reference).map(|(a, b)| a * b).sum::<f32>());
        }
    }
    similarities.sort_by(f32::total_cmp);
    Ok(Row {
        group: case.group,
        name: case.name.clone(),
        faces: known.len(),
        one_look: count(&one_look, &pairs(&known, &one_look, width, height)),
        ours: count(&found, &places),
        found_by,
        looks: analysis.looks,
        ms: (times.seconds(Stage::Face) + times.seconds(Stage::FurtherLooks)) * 1000.0,
        similarity: similarities.get(similarities.len() / 2).copied(),
        people: analysis.people,
        found,
    })
}

/// For each found face the known one that it stands for: the best overlap first, each once.
fn pairs(known: &[BBox], found: &[Face], width: u32, height: u32) -> Vec<Option<usize>> {
    let mut overlaps: Vec<(f32, usize, usize)> = Vec::new();
    for (at, face) in found.iter().enumerate() {
        let bbox = face.bbox.clamp(width, height);
        overlaps.extend(known.iter().enumerate().map(|(index, other)| (bbox.iou(other), at, index)).filter(|(iou, ..)| *iou >= FOUND));
    }
    overlaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut places, mut taken) = (vec![None; found.len()], vec![false; known.len()]);
    for (_, at, index) in overlaps {
        if places[at].is_none() && !taken[index] {
            (places[at], taken[index]) = (Some(index), true);
        }
    }
    places
}

fn count(found: &[Face], places: &[Option<usize>]) -> Count {
    let extra = found.iter().zip(places).filter(|(_, place)| place.is_none()).map(|(face, _)| *face);
    Count { found: places.iter().flatten().count(), extra: extra.collect() }
}

impl fmt::Display for Count {
    /// `5`, or `5 and 2 more` where some were on no known face.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.extra.len() {
            0 => write!(f, "{}", self.found),
            more => write!(f, "{} and {more} more", self.found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(bbox: [f32; 4]) -> Face {
        let [x1, y1, x2, y2] = bbox;
        Face { bbox: BBox::new(x1, y1, x2, y2), landmarks: [[x1, y1]; 5], score: 0.8 }
    }

    #[test]
    fn each_known_face_is_found_once_at_most_and_the_rest_is_extra() {
        let known = [BBox::new(0.0, 0.0, 100.0, 100.0), BBox::new(200.0, 0.0, 300.0, 100.0)];
        let found = [face([20.0, 0.0, 120.0, 100.0]), face([0.0, 0.0, 100.0, 98.0]), face([400.0, 0.0, 500.0, 100.0])];
        let places = pairs(&known, &found, 600, 600);
        assert_eq!(places, [None, Some(0), None]);
        let count = count(&found, &places);
        assert_eq!((count.found, count.extra.len()), (1, 2));
        assert_eq!(count.to_string(), "1 and 2 more");
    }

    #[test]
    fn boxes_that_reach_beyond_the_frame_are_compared_inside_it() {
        let known = [BBox::new(-500.0, -500.0, 600.0, 600.0).clamp(100, 100)];
        assert_eq!(pairs(&known, &[face([0.0, 0.0, 100.0, 400.0])], 100, 100), [Some(0)]);
    }
}
