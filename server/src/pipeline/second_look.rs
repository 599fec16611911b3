//! The second look: in a picture that was shrunk for the face detector, people without a face are looked at again
//! from nearer, because a small face may have been lost in the shrinking.

use super::assign::person_of;
use image::{RgbImage, imageops};
use models::{BBox, Face, ModelError, Person};

/// Side of the detectors' input: a picture whose longer side is greater was shrunk.
pub const DETECTOR_SIDE: u32 = 640;
/// People looked at again in one picture; each costs a run of the face detector.
pub const MAX_LOOKS: usize = 8;
/// A crop must be this much smaller than the picture, or nothing is seen larger than before.
const WORTHWHILE: f32 = 0.75;
/// People narrower or lower than this (pixels) have a face of a few pixels: not worth comparing.
const LEAST_SIDE: f32 = 24.0;
/// Added on each side of the person's box, in parts of its size: heads stick out.
const MARGIN: f32 = 0.10;
/// Faces that overlap more than this (IoU) are one face.
const SAME_FACE: f32 = 0.4;

/// The part of the picture around each person that is worth a second look, best person first.
pub fn crops_worth_a_look(width: u32, height: u32, people: &[Person], faces: &[Face]) -> Vec<BBox> {
    let longer = width.max(height);
    if longer <= DETECTOR_SIDE {
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
    without_face.map(|bbox| with_margin(bbox, MARGIN, width, height)).filter(worthwhile).take(MAX_LOOKS).collect()
}

/// The box grown by `margin` of its size on each side, in whole pixels inside the picture.
pub fn with_margin(bbox: BBox, margin: f32, width: u32, height: u32) -> BBox {
    let (dx, dy) = (bbox.width() * margin, bbox.height() * margin);
    BBox::new((bbox.x1 - dx).floor(), (bbox.y1 - dy).floor(), (bbox.x2 + dx).ceil(), (bbox.y2 + dy).ceil()).clamp(width, height)
}

/// Runs `find` on each crop and merges what it finds into `faces` (pixels of the picture).
pub fn second_look(
    picture: &RgbImage,
    crops: &[BBox],
    mut faces: Vec<Face>,
    find: impl Fn(&RgbImage) -> Result<Vec<Face>, ModelError>,
) -> Result<Vec<Face>, ModelError> {
    for crop in crops {
        let part = imageops::crop_imm(picture, crop.x1 as u32, crop.y1 as u32, crop.width() as u32, crop.height() as u32).to_image();
        let mut found = find(&part)?;
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        merge(&mut faces, found.into_iter().map(|face| moved(face, crop.x1, crop.y1)));
    }
    Ok(faces)
}

/// What the full frame showed stays; of what is new, a face counts where none is yet.
fn merge(faces: &mut Vec<Face>, found: impl Iterator<Item = Face>) {
    for face in found {
        if face.bbox.is_finite() && faces.iter().all(|known| known.bbox.iou(&face.bbox) <= SAME_FACE) {
            faces.push(face);
        }
    }
}

fn moved(mut face: Face, dx: f32, dy: f32) -> Face {
    let b = face.bbox;
    face.bbox = BBox::new(b.x1 + dx, b.y1 + dy, b.x2 + dx, b.y2 + dy);
    face.landmarks.iter_mut().for_each(|[x, y]| {
        *x += dx;
        *y += dy;
    });
    face
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
        assert_eq!(crops_worth_a_look(1280, 720, &crowd, &[]).len(), MAX_LOOKS);
    }

    #[test]
    fn faces_found_in_a_crop_are_mapped_back_and_a_known_face_is_not_counted_twice() {
        let picture = RgbImage::new(1280, 720);
        let known = face([610.0, 80.0, 650.0, 120.0], 0.6);
        let crops = [BBox::new(600.0, 70.0, 720.0, 430.0)];
        let in_crop = |part: &RgbImage| {
            assert_eq!(part.dimensions(), (120, 360));
            Ok(vec![face([60.0, 20.0, 90.0, 60.0], 0.7), face([10.0, 10.0, 50.0, 52.0], 0.9)])
        };
        let all = second_look(&picture, &crops, vec![known], in_crop).expect("finds");
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], known);
        assert_eq!(all[1].bbox, BBox::new(660.0, 90.0, 690.0, 130.0));
        assert_eq!(all[1].landmarks[0], [660.0, 90.0]);
    }
}
