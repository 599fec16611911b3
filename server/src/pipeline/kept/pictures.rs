//! Of pictures that the networks have looked at: everything that the result, the crops and the files of embeddings are made of,
//! and no pixel.

use super::numbers::Numbers;
use crate::clock::Moment;
use crate::pipeline::candidate::Seen;
use crate::pipeline::quality::Verdict;
use crate::pipeline::search::Look;
use crate::pipeline::{AnalysedFace, Analysis, PictureHash};
use app::api::{QualityReason, QualityReport};
use models::{BBox, Contract, Embedding, Face, Person};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A picture and the face of it that is compared. Similarity and verdict are not kept: they follow from the query.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptPicture {
    name: String,
    sha256: String,
    /// When the file was had, in milliseconds since 1970.
    #[serde(default)]
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<[u64; 2]>,
    best: usize,
    width: u32,
    height: u32,
    /// Box and score of each.
    people: Vec<Numbers>,
    faces: Vec<KeptFace>,
    looks: Vec<Look>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failed_looks: Vec<String>,
    #[serde(default)]
    by_backup: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptFace {
    /// Box, sharpness, norm of the vector.
    numbers: Numbers,
    /// Box, landmarks, score; absent where the whole picture stands in for a face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<Numbers>,
    look: Look,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quality: Option<KeptQuality>,
    vector: Numbers,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptQuality {
    numbers: Numbers,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<QualityReason>,
}

impl KeptPicture {
    pub fn of(seen: &Seen) -> Self {
        let analysis = &seen.analysis;
        let person = |person: &Person| {
            let [x1, y1, x2, y2] = person.bbox.array();
            Numbers::from([x1, y1, x2, y2, person.score])
        };
        Self {
            name: seen.pool_image.clone(),
            sha256: seen.sha256.clone(),
            at: seen.retrieved_at.0,
            hash: seen.hash.map(PictureHash::bits),
            best: seen.best,
            width: analysis.width,
            height: analysis.height,
            people: analysis.people.iter().map(person).collect(),
            faces: analysis.faces.iter().map(KeptFace::of).collect(),
            looks: analysis.looks.clone(),
            failed_looks: analysis.failed_looks.clone(),
            by_backup: analysis.by_backup,
        }
    }

    /// As it was seen, with the similarity and verdict of a query; None where it is not whole. Its vectors are of this contract.
    pub fn seen(self, contract: &Arc<Contract>) -> Option<Seen> {
        let person = |numbers: &Numbers| {
            let [x1, y1, x2, y2, score] = numbers.array()?;
            Some(Person { bbox: BBox::new(x1, y1, x2, y2), score })
        };
        let faces: Vec<AnalysedFace> = self.faces.into_iter().map(|face| face.face(contract)).collect::<Option<_>>()?;
        if self.best >= faces.len() {
            return None;
        }
        let analysis = Analysis {
            width: self.width,
            height: self.height,
            people: self.people.iter().map(person).collect::<Option<_>>()?,
            faces,
            looks: self.looks,
            failed_looks: self.failed_looks,
            by_backup: self.by_backup,
        };
        Some(Seen {
            pool_image: self.name,
            sha256: self.sha256,
            retrieved_at: Moment(self.at),
            hash: self.hash.map(PictureHash::of_bits),
            analysis,
            best: self.best,
            similarity: 1.0,
            verdict: Verdict::default(),
        })
    }
}

impl KeptFace {
    fn of(face: &AnalysedFace) -> Self {
        let [x1, y1, x2, y2] = face.bbox.array();
        let found = |face: &Face| {
            let mut numbers = face.bbox.array().to_vec();
            numbers.extend(face.landmarks.as_flattened());
            numbers.push(face.score);
            Numbers(numbers)
        };
        Self {
            numbers: [x1, y1, x2, y2, face.sharpness, face.embedding.norm()].into(),
            found: face.face.as_ref().map(found),
            look: face.look,
            person: face.person,
            quality: face.quality.as_ref().map(KeptQuality::of),
            vector: Numbers(face.embedding.as_slice().to_vec()),
        }
    }

    fn face(self, contract: &Arc<Contract>) -> Option<AnalysedFace> {
        let [x1, y1, x2, y2, sharpness, norm] = self.numbers.array()?;
        let found = match self.found {
            Some(numbers) => Some(found(&numbers)?),
            None => None,
        };
        let quality = match self.quality {
            Some(quality) => Some(quality.report()?),
            None => None,
        };
        Some(AnalysedFace {
            bbox: BBox::new(x1, y1, x2, y2),
            face: found,
            look: self.look,
            person: self.person,
            sharpness,
            quality,
            embedding: Embedding::restored(self.vector.0, norm, contract).ok()?,
        })
    }
}

fn found(numbers: &Numbers) -> Option<Face> {
    let [x1, y1, x2, y2, landmarks @ .., score] = numbers.array::<15>()?;
    let [a, b, c, d, e, f, g, h, i, j] = landmarks;
    Some(Face { bbox: BBox::new(x1, y1, x2, y2), landmarks: [[a, b], [c, d], [e, f], [g, h], [i, j]], score })
}

impl KeptQuality {
    fn of(report: &QualityReport) -> Self {
        let QualityReport { overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm, reasons } =
            report;
        let numbers = [overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm].map(|n| *n);
        Self { numbers: numbers.into(), reasons: reasons.clone() }
    }

    fn report(self) -> Option<QualityReport> {
        let [overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm] = self.numbers.array()?;
        let reasons = self.reasons;
        Some(QualityReport { overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm, reasons })
    }
}
