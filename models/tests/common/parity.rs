//! The comparison with the numbers that the reference pipeline wrote down (`../shared/reference/standard.json`).

use super::{reference_picture, shared, skip};
use image::RgbImage;
use models::{BBox, Caller, Face, Landmarks, Vision, align};
use serde_json::Value;
use std::path::Path;

pub fn floats(value: &Value) -> Vec<f32> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number") as f32).collect()
}

pub fn bbox(value: &Value) -> BBox {
    let v = floats(value);
    BBox::new(v[0], v[1], v[2], v[3])
}

pub fn landmarks(value: &Value) -> Landmarks {
    let points: Vec<[f32; 2]> = value.as_array().expect("a list").iter().map(|p| floats(p).try_into().expect("x and y")).collect();
    points.try_into().expect("five landmarks")
}

pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// One face of the reference beside what was found in its place.
pub struct FacePair {
    pub iou: f32,
    /// The landmark that is farthest off, in pixels.
    pub landmark_px: f32,
    /// Cosine of the embeddings of one aligned crop, cut at the reference's landmarks.
    pub same_crop: f32,
    /// Cosine where each cut the crop at its own landmarks.
    pub end_to_end: f32,
}

/// What the comparison of all pictures gave.
#[derive(Default)]
pub struct Parity {
    /// How many faces the reference found in them.
    pub wanted_faces: usize,
    /// Picture and numbers.
    pub faces: Vec<(String, FacePair)>,
    /// Picture and IoU with the nearest person found.
    pub people: Vec<(String, f32)>,
    /// Pictures in which more or fewer faces or people were found.
    pub miscounted: Vec<String>,
}

/// The reference's numbers, or None with a printed reason.
pub fn golden() -> Option<Value> {
    let Some(reference) = shared("reference/standard.json") else { return skip("no ../shared/reference") };
    Some(serde_json::from_slice(&std::fs::read(reference).expect("readable")).expect("JSON"))
}

/// Looks at every picture of the reference, read by `read`; None where the reference is not at hand.
pub fn compare(vision: &dyn Vision, read: fn(&Path) -> RgbImage) -> Option<Parity> {
    let parity = Comparison { vision, read, align: align::align, pictures: None }.run()?;
    assert!(parity.wanted_faces >= 70, "the reference holds {} faces", parity.wanted_faces);
    assert!(parity.people.len() >= 60, "the reference holds {} people", parity.people.len());
    Some(parity)
}

/// What is compared with the reference, on which of its pictures.
pub struct Comparison<'a> {
    pub vision: &'a dyn Vision,
    pub read: fn(&Path) -> RgbImage,
    pub align: fn(&RgbImage, &Landmarks) -> RgbImage,
    /// By name; None: all of them.
    pub pictures: Option<&'a [&'a str]>,
}

impl Comparison<'_> {
    pub fn run(&self) -> Option<Parity> {
        let golden = golden()?;
        let mut parity = Parity::default();
        for (name, expected) in golden["images"].as_object().expect("pictures") {
            if self.pictures.is_some_and(|only| !only.contains(&name.as_str())) {
                continue;
            }
            let image = (self.read)(&shared("testdata").expect("pictures beside the numbers").join(name));
            let found = self.vision.faces(&Caller::new(), &image, self.vision.info().face_side).expect("faces").faces;
            let wanted = expected["faces"].as_array().expect("faces");
            parity.wanted_faces += wanted.len();
            if found.len() != wanted.len() {
                parity.miscounted.push(format!("{name}: {} faces instead of {}", found.len(), wanted.len()));
            }
            for want in wanted {
                parity.faces.extend(self.pair(&image, &found, want).map(|pair| (name.clone(), pair)));
            }
            let people = self.vision.people(&Caller::new(), &image).expect("people");
            let objects = expected["objects"].as_array().expect("objects");
            let wanted: Vec<&Value> = objects.iter().filter(|o| o["class"] == 0).collect();
            if people.len() != wanted.len() {
                parity.miscounted.push(format!("{name}: {} people instead of {}", people.len(), wanted.len()));
            }
            for want in wanted {
                let want = bbox(&want["box"]);
                parity.people.push((name.clone(), people.iter().map(|p| p.bbox.iou(&want)).fold(0.0, f32::max)));
            }
        }
        Some(parity)
    }

    fn pair(&self, image: &RgbImage, found: &[Face], want: &Value) -> Option<FacePair> {
        let want_box = bbox(&want["box"]);
        let face = found.iter().max_by(|a, b| a.bbox.iou(&want_box).total_cmp(&b.bbox.iou(&want_box)))?;
        let want_marks = landmarks(&want["landmarks"]);
        let distances = face.landmarks.iter().zip(&want_marks).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
        let crops = [(self.align)(image, &want_marks), (self.align)(image, &face.landmarks)];
        let embedded = self.vision.embed(&Caller::new(), &crops).expect("embeddings");
        let wanted = floats(&want["embedding"]);
        Some(FacePair {
            iou: face.bbox.iou(&want_box),
            landmark_px: distances.fold(0.0, f32::max),
            same_crop: cosine(embedded[0].as_slice(), &wanted),
            end_to_end: cosine(embedded[1].as_slice(), &wanted),
        })
    }
}

impl Parity {
    /// Sentences on everything about faces that is not as the reference has it.
    pub fn face_faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.miscounted.iter().filter(|m| m.contains(" faces ")).cloned().collect();
        if self.faces.len() < self.wanted_faces {
            faults.push(format!("{} of {} faces could be compared", self.faces.len(), self.wanted_faces));
        }
        for (name, face) in &self.faces {
            // Written so that a NaN is a fault.
            let checks = [
                (face.iou >= 0.95, format!("{name}: a face with IoU {}", face.iou)),
                (face.landmark_px <= 1.0, format!("{name}: a landmark {} px off", face.landmark_px)),
                (face.same_crop >= 0.999, format!("{name}: cosine {} on the same aligned crop", face.same_crop)),
                (face.end_to_end >= 0.99, format!("{name}: cosine {} end to end", face.end_to_end)),
            ];
            faults.extend(checks.into_iter().filter(|(right, _)| !right).map(|(_, fault)| fault));
        }
        faults
    }

    /// The same on people: within 2% IoU.
    pub fn people_faults(&self) -> Vec<String> {
        let miscounted = self.miscounted.iter().filter(|m| m.contains(" people ")).cloned();
        let moved =
            self.people.iter().filter(|(_, iou)| iou.is_nan() || *iou < 0.98).map(|(name, iou)| format!("{name}: a person with IoU {iou}"));
        miscounted.chain(moved).collect()
    }

    /// One line for the log of the tests.
    pub fn worst(&self) -> String {
        let least = |of: fn(&FacePair) -> f32| self.faces.iter().map(|(_, f)| of(f)).fold(f32::INFINITY, f32::min);
        format!(
            "{} faces, {} people; worst: face IoU {:.4}, landmark {:.3} px, person IoU {:.4}, cosine {:.5} on the same crop, {:.5} end to end",
            self.faces.len(),
            self.people.len(),
            least(|f| f.iou),
            self.faces.iter().map(|(_, f)| f.landmark_px).fold(0.0, f32::max),
            self.people.iter().map(|(_, iou)| *iou).fold(f32::INFINITY, f32::min),
            least(|f| f.same_crop),
            least(|f| f.end_to_end),
        )
    }
}

/// Panics where the networks (standard pack) do not find what the reference pipeline found, in pictures read as it
/// reads them; skipped where it is not at hand.
pub fn against_the_reference(vision: &dyn Vision) {
    let Some(parity) = compare(vision, reference_picture) else { return };
    println!("{}: {}", vision.info().engine, parity.worst());
    assert_eq!(parity.face_faults(), Vec::<String>::new());
    assert_eq!(parity.people_faults(), Vec::<String>::new());
}
