//! People without a face: in a picture that was shrunk for the detectors they are looked at again from nearer, because a
//! small face may have been lost in the shrinking.

use super::plan::FULL_SIDE;
use crate::pipeline::assign::person_of;
use models::{BBox, Face, Person};

/// People looked at again in one picture; each costs a run of the face detector.
pub const MAX_PEOPLE: usize = 8;
/// A crop must be this much smaller than the picture, or nothing is seen larger than before.
const WORTHWHILE: f32 = 0.75;
/// People narrower or lower than this (pixels) have a face of a few pixels: not worth comparing.
const LEAST_SIDE: f32 = 24.0;
/// Added on each side of the person's box, in parts of its size: heads stick out.
const MARGIN: f32 = 0.10;

/// The part of the picture around each person that is worth a second look, best person first.
pub fn crops_worth_a_look(width: u32, height: u32, people: &[Person], faces: &[Face]) -> Vec<BBox> {
    let longer = width.max(height);
    if longer <= FULL_SIDE {
        return Vec::new();
    }
    let mut has_face = vec![false; people.len()];
    for face in faces {
        if let Some(index) = person_of(&face.bbox, people) {
            has_face[index] = true;
        }
    }
    let without_face = people.iter().zip(has_face).filter(|(_, has_face)| !has_face).map(|(person, _)| person.bbox);
    let worthwhile =
        |crop: &BBox| crop.width().max(crop.height()) <= WORTHWHILE * longer as f32 && crop.width().min(crop.height()) >= LEAST_SIDE;
    without_face.map(|bbox| with_margin(bbox, MARGIN, width, height)).filter(worthwhile).take(MAX_PEOPLE).collect()
}

/// The box grown by `margin` of its size on each side, in whole pixels inside the picture.
pub fn with_margin(bbox: BBox, margin: f32, width: u32, height: u32) -> BBox {
    let (dx, dy) = (bbox.width() * margin, bbox.height() * margin);
    BBox::new((bbox.x1 - dx).floor(), (bbox.y1 - dy).floor(), (bbox.x2 + dx).ceil(), (bbox.y2 + dy).ceil()).clamp(width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(bbox: [f32; 4]) -> Person {
        let [x1, y1, x2, y2] = bbox;
        Person { bbox: BBox::new(x1, y1, x2, y2), score: 0.9 }
    }

    fn face(bbox: [f32; 4], score: f32) -> Face {
        let [x1, y1, x2, y2] = bbox;
        Face { bbox: BBox::new(x1, y1, x2, y2), landmarks: [[x1, y1]; 5], score }
    }

    #[test]
    fn only_people_without_a_face_in_a_shrunk_picture_are_looked_at_again() {
        let people = [person([100.0, 100.0, 200.0, 400.0]), person([600.0, 100.0, 700.0, 400.0])];
        let faces = [face([130.0, 110.0, 160.0, 150.0], 0.9)];
        assert_eq!(crops_worth_a_look(1280, 720, &people, &faces), [BBox::new(590.0, 70.0, 710.0, 430.0)]);
        assert!(crops_worth_a_look(640, 480, &people, &[]).is_empty(), "not shrunk: nothing was lost");
    }

    #[test]
    fn crops_that_show_nothing_larger_or_next_to_nothing_are_left_out_and_their_number_is_bounded() {
        assert!(crops_worth_a_look(1280, 720, &[person([0.0, 0.0, 1200.0, 700.0])], &[]).is_empty());
        assert!(crops_worth_a_look(1280, 720, &[person([10.0, 10.0, 20.0, 40.0])], &[]).is_empty());
        let crowd: Vec<_> = (0..20).map(|i| person([i as f32 * 60.0, 0.0, i as f32 * 60.0 + 50.0, 150.0])).collect();
        assert_eq!(crops_worth_a_look(1280, 720, &crowd, &[]).len(), MAX_PEOPLE);
    }
}
