//! The pictures of the measurement: every photo as it is, and what is made of some of them.

use super::golden::{Golden, GoldenFace};
use crate::pipeline::{ImageLimits, decode};
use anyhow::Context;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use models::BBox;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What was done to the photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Untouched,
    CloseUp,
    Shrunk,
    Crowd,
    Sheet,
    Turned,
    Masked,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untouched => "Photos as they are",
            Self::CloseUp => "Cut so that the face fills the frame",
            Self::Shrunk => "Shrunk until faces are small",
            Self::Crowd => "A crowd: a group set beside itself",
            Self::Sheet => "Shrunk and set into a large sheet, searched as a query",
            Self::Turned => "Turned clockwise",
            Self::Masked => "With a mask drawn over mouth and nose",
        })
    }
}

/// One picture, and the faces that are known to be on it (pixels of this picture).
#[derive(Debug, Clone)]
pub struct Case {
    pub group: Group,
    pub name: String,
    pub picture: RgbImage,
    pub faces: Vec<GoldenFace>,
}

/// Faces of this width (median of the picture), in pixels, are small.
const SMALL_FACE: f32 = 20.0;
/// The sheet that a shrunk photo is set into.
const SHEET: (u32, u32) = (2400, 1800);
/// A picture cut to the box of the face, times this.
const TIGHT: [f32; 5] = [1.5, 1.2, 1.0, 0.85, 0.7];

static CLOSE_UP: [&str; 3] = ["obama.jpg", "obama2.jpg", "biden.jpg"];
static SHRUNK: [&str; 5] = ["solvay_conference_1927.jpg", "t1.jpg", "two_people.jpg", "zidane.jpg", "bus.jpg"];
static TURNED: [&str; 7] = ["obama.jpg", "obama2.jpg", "biden.jpg", "obama_small.jpg", "two_people.jpg", "zidane.jpg", "t1.jpg"];
static MASKED: [&str; 6] = ["obama.jpg", "obama2.jpg", "biden.jpg", "two_people.jpg", "zidane.jpg", "t1.jpg"];

/// All cases whose photos are in the folder and in the reference.
pub fn cases(photos: &Path, golden: &Golden) -> anyhow::Result<Vec<Case>> {
    let mut untouched = BTreeMap::new();
    for (name, faces) in &golden.0 {
        let path = photos.join(name);
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let picture = decode(&bytes, &ImageLimits::default()).with_context(|| format!("cannot decode {}", path.display()))?;
        untouched.insert(name.as_str(), Case { group: Group::Untouched, name: name.clone(), picture, faces: faces.clone() });
    }
    let untouched = &untouched;
    let named = |names: &'static [&'static str]| names.iter().filter_map(move |name| untouched.get(name));
    let mut cases: Vec<Case> = untouched.values().cloned().collect();
    for case in named(&CLOSE_UP) {
        let tight: &[f32] = if case.name == CLOSE_UP[0] { &TIGHT } else { &TIGHT[3..] };
        cases.extend(tight.iter().filter_map(|factor| close_up(case, *factor)));
    }
    cases.extend(named(&SHRUNK).map(|case| shrunk(case, SMALL_FACE)));
    cases.extend(named(&SHRUNK[..1]).map(|case| shrunk(case, SMALL_FACE / 2.0)));
    cases.extend(named(&SHRUNK[..1]).flat_map(|case| [crowd(case, 2), crowd(case, 3)]));
    cases.extend(named(&SHRUNK[1..]).map(|case| on_sheet(&shrunk(case, SMALL_FACE))));
    for case in named(&TURNED) {
        cases.extend([1, 2, 3].map(|quarters| turned(case, quarters)));
    }
    cases.extend(named(&MASKED).map(masked));
    Ok(cases)
}

/// The faces, moved by `point` (pixels to pixels).
fn moved(faces: &[GoldenFace], point: impl Fn([f32; 2]) -> [f32; 2]) -> Vec<GoldenFace> {
    let face = |face: &GoldenFace| {
        let ([ax, ay], [bx, by]) = (point([face.bbox.x1, face.bbox.y1]), point([face.bbox.x2, face.bbox.y2]));
        GoldenFace {
            bbox: BBox::new(ax.min(bx), ay.min(by), ax.max(bx), ay.max(by)),
            landmarks: face.landmarks.map(&point),
            embedding: face.embedding.clone(),
        }
    };
    faces.iter().map(face).collect()
}

/// The first face's box, times `factor`, as far as it lies in the photo.
fn close_up(case: &Case, factor: f32) -> Option<Case> {
    let bbox = case.faces.first()?.bbox;
    let ([cx, cy], w, h) = (bbox.centre(), bbox.width() * factor / 2.0, bbox.height() * factor / 2.0);
    let frame = BBox::new(cx - w, cy - h, cx + w, cy + h).clamp(case.picture.width(), case.picture.height());
    let (x, y) = (frame.x1.round(), frame.y1.round());
    let (width, height) = ((frame.x2.round() - x) as u32, (frame.y2.round() - y) as u32);
    Some(Case {
        group: Group::CloseUp,
        name: format!("{}, frame of {factor:.2} faces", case.name),
        picture: imageops::crop_imm(&case.picture, x as u32, y as u32, width, height).to_image(),
        faces: moved(&case.faces[..1], |[px, py]| [px - x, py - y]),
    })
}

/// The photo so small that the middle one of its faces is `face` pixels wide.
fn shrunk(case: &Case, face: f32) -> Case {
    let mut widths: Vec<f32> = case.faces.iter().map(|face| face.bbox.width()).collect();
    widths.sort_by(f32::total_cmp);
    let scale = face / widths.get(widths.len() / 2).copied().unwrap_or(face).max(1.0);
    let size = |v: u32| ((v as f32 * scale).round() as u32).max(1);
    let (width, height) = (size(case.picture.width()), size(case.picture.height()));
    let (sx, sy) = (width as f32 / case.picture.width() as f32, height as f32 / case.picture.height() as f32);
    Case {
        group: Group::Shrunk,
        name: format!("{}, faces of {face:.0} px", case.name),
        picture: imageops::resize(&case.picture, width, height, FilterType::Triangle),
        faces: moved(&case.faces, |[x, y]| [x * sx, y * sy]),
    }
}

/// The photo in `times` rows and columns, together of its own size.
fn crowd(case: &Case, times: u32) -> Case {
    let (width, height) = (case.picture.width() / times, case.picture.height() / times);
    let (sx, sy) = (width as f32 / case.picture.width() as f32, height as f32 / case.picture.height() as f32);
    let small = imageops::resize(&case.picture, width, height, FilterType::Triangle);
    let mut picture = RgbImage::new(width * times, height * times);
    let mut faces = Vec::new();
    for (row, column) in (0..times).flat_map(|row| (0..times).map(move |column| (row, column))) {
        let (x, y) = (column * width, row * height);
        imageops::replace(&mut picture, &small, i64::from(x), i64::from(y));
        faces.extend(moved(&case.faces, |[px, py]| [px * sx + x as f32, py * sy + y as f32]));
    }
    Case { group: Group::Crowd, name: format!("{}, {times}×{times}", case.name), picture, faces }
}

/// In the upper right quarter of an otherwise white sheet.
fn on_sheet(case: &Case) -> Case {
    let mut picture = RgbImage::from_pixel(SHEET.0, SHEET.1, Rgb([250; 3]));
    let (x, y) = (SHEET.0 * 11 / 20, SHEET.1 / 10);
    imageops::replace(&mut picture, &case.picture, i64::from(x), i64::from(y));
    Case {
        group: Group::Sheet,
        name: format!("{}, on {}×{}", case.name, SHEET.0, SHEET.1),
        picture,
        faces: moved(&case.faces, |[px, py]| [px + x as f32, py + y as f32]),
    }
}

fn turned(case: &Case, quarters: u32) -> Case {
    let (w, h) = (case.picture.width() as f32, case.picture.height() as f32);
    let (picture, faces) = match quarters {
        1 => (imageops::rotate90(&case.picture), moved(&case.faces, |[x, y]| [h - y, x])),
        2 => (imageops::rotate180(&case.picture), moved(&case.faces, |[x, y]| [w - x, h - y])),
        _ => (imageops::rotate270(&case.picture), moved(&case.faces, |[x, y]| [y, w - x])),
    };
    Case { group: Group::Turned, name: format!("{}, {}°", case.name, quarters * 90), picture, faces }
}

/// A flat light blue piece from below the eyes to the chin, fixed by the landmarks.
fn masked(case: &Case) -> Case {
    let mut picture = case.picture.clone();
    for face in &case.faces {
        let [left, right, _, mouth_left, mouth_right] = face.landmarks;
        let eyes = [(left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0];
        let across = [right[0] - left[0], right[1] - left[1]];
        let down = [(mouth_left[0] + mouth_right[0]) / 2.0 - eyes[0], (mouth_left[1] + mouth_right[1]) / 2.0 - eyes[1]];
        let at = |x: f32, y: f32| [eyes[0] + across[0] * x + down[0] * y, eyes[1] + across[1] * x + down[1] * y];
        let outline = [at(-0.85, 0.5), at(0.0, 0.35), at(0.85, 0.5), at(0.75, 1.25), at(0.35, 1.75), at(-0.35, 1.75), at(-0.75, 1.25)];
        fill(&mut picture, &outline, Rgb([168, 200, 220]));
    }
    Case { group: Group::Masked, name: case.name.clone(), picture, faces: case.faces.clone() }
}

/// Every pixel whose centre lies inside the polygon (even-odd rule).
fn fill(picture: &mut RgbImage, outline: &[[f32; 2]], colour: Rgb<u8>) {
    let (width, height) = picture.dimensions();
    let bound = |axis: usize, most: u32| {
        let of = |start: f32, pick: fn(f32, f32) -> f32| outline.iter().map(|point| point[axis]).fold(start, pick);
        let (least, greatest) = (of(f32::INFINITY, f32::min), of(f32::NEG_INFINITY, f32::max));
        least.floor().clamp(0.0, most as f32) as u32..greatest.ceil().clamp(0.0, most as f32) as u32
    };
    for y in bound(1, height) {
        for x in bound(0, width) {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let crosses = |index: usize| {
                let ([ax, ay], [bx, by]) = (outline[index], outline[(index + 1) % outline.len()]);
                (ay > py) != (by > py) && px < (bx - ax) * (py - ay) / (by - ay) + ax
            };
            if (0..outline.len()).filter(|index| crosses(*index)).count() % 2 == 1 {
                picture.put_pixel(x, y, colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey photo with one bright spot that is its only face.
    fn case() -> Case {
        let mut picture = RgbImage::from_pixel(200, 100, Rgb([90; 3]));
        for (x, y) in (120..160).flat_map(|x| (20..60).map(move |y| (x, y))) {
            picture.put_pixel(x, y, Rgb([255; 3]));
        }
        let landmarks = [[130.0, 30.0], [150.0, 30.0], [140.0, 40.0], [132.0, 50.0], [148.0, 50.0]];
        let face = GoldenFace { bbox: BBox::new(120.0, 20.0, 160.0, 60.0), landmarks, embedding: Vec::new() };
        Case { group: Group::Untouched, name: "spot".into(), picture, faces: vec![face] }
    }

    fn is_bright_in_the_middle(case: &Case) -> bool {
        let [x, y] = case.faces[0].bbox.centre();
        case.picture.get_pixel(x as u32, y as u32)[0] > 200
    }

    #[test]
    fn known_faces_move_with_the_pixels() {
        let case = case();
        for derived in
            [turned(&case, 1), turned(&case, 2), turned(&case, 3), shrunk(&case, 20.0), on_sheet(&shrunk(&case, 20.0)), crowd(&case, 2)]
        {
            assert!(is_bright_in_the_middle(&derived), "{}", derived.name);
        }
        assert_eq!(turned(&case, 1).faces[0].bbox, BBox::new(40.0, 120.0, 80.0, 160.0));
        assert_eq!(shrunk(&case, 20.0).picture.dimensions(), (100, 50));
    }

    #[test]
    fn a_close_up_of_less_than_a_face_is_filled_by_it() {
        let close = close_up(&case(), 0.5).expect("has a face");
        assert_eq!(close.picture.dimensions(), (20, 20));
        assert!(close.picture.pixels().all(|pixel| pixel[0] == 255));
        assert_eq!(close.faces[0].bbox, BBox::new(-10.0, -10.0, 30.0, 30.0));
    }

    #[test]
    fn a_mask_covers_the_mouth_and_leaves_the_eyes() {
        let masked = masked(&case());
        let [eye, _, _, mouth, _] = masked.faces[0].landmarks;
        assert_eq!(masked.picture.get_pixel(eye[0] as u32, eye[1] as u32).0, [255; 3]);
        assert_eq!(masked.picture.get_pixel(mouth[0] as u32, mouth[1] as u32).0, [168, 200, 220]);
    }
}
