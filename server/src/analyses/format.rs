//! An analysis as bytes: numbers as they are in memory, so that what is read is what was written, to the last bit.
//!
//! `magic, key, checksum, body`; numbers are little-endian. The checksum is the SHA-256 of key and body. What does not read
//! to its last byte, or is of another key, is nothing: no byte of a file decides how much memory is asked for.

use super::Key;
use crate::pipeline::search::Look;
use crate::pipeline::{AnalysedFace, Analysis};
use app::api::{QualityReason, QualityReport};
use models::{BBox, Contract, Embedding, Face, Person};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// With the version of this format.
const MAGIC: [u8; 8] = *b"FEANLS\0\x01";
/// The largest file that is written or read: some 7000 faces.
pub const MOST_BYTES: usize = 16 << 20;
const LOOKS: [Look; 7] = [Look::Full, Look::Tile, Look::CloseUp, Look::Turned90, Look::Turned180, Look::Turned270, Look::Person];
const REASONS: [QualityReason; 8] = [
    QualityReason::Small,
    QualityReason::Blurred,
    QualityReason::TurnedAway,
    QualityReason::Dark,
    QualityReason::Bright,
    QualityReason::LowContrast,
    QualityReason::Occluded,
    QualityReason::Uncertain,
];
/// In place of the index of a person.
const NOBODY: u32 = u32::MAX;

/// None where it is too large to be kept, or did not go well.
pub fn encode(key: &Key, analysis: &Analysis) -> Option<Vec<u8>> {
    if !analysis.went_well() {
        return None;
    }
    let mut body = Writer::default();
    body.u32(analysis.width);
    body.u32(analysis.height);
    body.count(analysis.people.len())?;
    for person in &analysis.people {
        body.f32s(&person.bbox.array());
        body.f32s(&[person.score]);
    }
    body.count(analysis.looks.len())?;
    for look in &analysis.looks {
        body.place(&LOOKS, look)?;
    }
    body.count(analysis.faces.len())?;
    for face in &analysis.faces {
        body.f32s(&face.bbox.array());
        body.u8(u8::from(face.face.is_some()));
        if let Some(found) = &face.face {
            body.f32s(&found.bbox.array());
            body.f32s(found.landmarks.as_flattened());
            body.f32s(&[found.score]);
        }
        body.place(&LOOKS, &face.look)?;
        body.u32(face.person.map_or(Some(NOBODY), |person| u32::try_from(person).ok())?);
        body.f32s(&[face.sharpness]);
        body.u8(u8::from(face.quality.is_some()));
        if let Some(quality) = &face.quality {
            body.f32s(&numbers(quality));
            body.count(quality.reasons.len())?;
            for reason in &quality.reasons {
                body.place(&REASONS, reason)?;
            }
        }
        body.f32s(&[face.embedding.norm()]);
        body.count(face.embedding.as_slice().len())?;
        body.f32s(face.embedding.as_slice());
    }
    let body = body.0;
    let bytes = [MAGIC.as_slice(), key.as_bytes(), &checksum(key, &body), &body].concat();
    (bytes.len() <= MOST_BYTES).then_some(bytes)
}

/// None where the bytes are not an analysis of this key whose embeddings are of `contract`.
pub fn decode(bytes: &[u8], key: &Key, contract: &Arc<Contract>) -> Option<Analysis> {
    let mut file = Reader(bytes);
    if file.take(MAGIC.len())? != MAGIC || file.take(Key::BYTES)? != key.as_bytes() {
        return None;
    }
    let told = file.take(32)?;
    if told != checksum(key, file.0) {
        return None;
    }
    let (width, height) = (file.u32()?, file.u32()?);
    let mut people = Vec::new();
    for _ in 0..file.u32()? {
        people.push(Person { bbox: file.bbox()?, score: file.f32()? });
    }
    let mut looks = Vec::new();
    for _ in 0..file.u32()? {
        looks.push(file.one_of(&LOOKS)?);
    }
    let mut faces = Vec::new();
    for _ in 0..file.u32()? {
        faces.push(face(&mut file, contract)?);
    }
    file.0.is_empty().then_some(Analysis { width, height, people, faces, looks, failed_looks: Vec::new(), by_backup: false })
}

fn face(file: &mut Reader<'_>, contract: &Arc<Contract>) -> Option<AnalysedFace> {
    let bbox = file.bbox()?;
    let face = if file.is_there()? {
        let bbox = file.bbox()?;
        let mut landmarks = [[0.0; 2]; 5];
        for value in landmarks.as_flattened_mut() {
            *value = file.f32()?;
        }
        Some(Face { bbox, landmarks, score: file.f32()? })
    } else {
        None
    };
    let look = file.one_of(&LOOKS)?;
    let person = Some(file.u32()?).filter(|person| *person != NOBODY).map(|person| person as usize);
    let sharpness = file.f32()?;
    let quality = if file.is_there()? { Some(quality(file)?) } else { None };
    let norm = file.f32()?;
    if file.u32()? as usize != contract.dimension {
        return None;
    }
    let values = file.take(contract.dimension.checked_mul(4)?)?;
    let values = values.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
    let embedding = Embedding::restored(values, norm, contract).ok()?;
    Some(AnalysedFace { bbox, face, look, person, sharpness, quality, embedding })
}

fn quality(file: &mut Reader<'_>) -> Option<QualityReport> {
    let mut read = [0.0; 11];
    for value in &mut read {
        *value = file.f32()?;
    }
    let [overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm] = read;
    let mut reasons = Vec::new();
    for _ in 0..file.u32()? {
        reasons.push(file.one_of(&REASONS)?);
    }
    Some(QualityReport { overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm, reasons })
}

/// In the order in which they are read.
fn numbers(report: &QualityReport) -> [f32; 11] {
    // Taken apart, so that a measurement that is added is not forgotten here.
    let QualityReport { overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm, reasons: _ } =
        *report;
    [overall, sharpness, eye_distance, yaw, pitch, roll, brightness, contrast, occlusion, score, norm]
}

fn checksum(key: &Key, body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key.as_bytes()).chain_update(body).finalize().into()
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    fn count(&mut self, count: usize) -> Option<()> {
        self.u32(u32::try_from(count).ok()?);
        Some(())
    }

    fn f32s(&mut self, values: &[f32]) {
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    fn place<T: PartialEq>(&mut self, all: &[T], one: &T) -> Option<()> {
        let place = all.iter().position(|known| known == one)?;
        self.u8(u8::try_from(place).ok()?);
        Some(())
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn f32(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn bbox(&mut self) -> Option<BBox> {
        Some(BBox::new(self.f32()?, self.f32()?, self.f32()?, self.f32()?))
    }

    fn is_there(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.u8()?)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Role;

    fn signed(key: &Key, body: &[u8]) -> Vec<u8> {
        [MAGIC.as_slice(), key.as_bytes(), &checksum(key, body), body].concat()
    }

    #[test]
    fn a_body_of_any_bytes_is_read_or_refused_even_where_its_checksum_is_right() {
        let key = Key::of("a", "played", Role::Query);
        let contract = Arc::new(Contract { digest: "0".into(), preprocessing: "played".into(), dimension: 2 });
        let embedding = Embedding::from_raw(vec![3.0, 4.0], &contract).expect("a vector");
        let bbox = BBox::new(0.0, 0.0, 9.0, 9.0);
        let face = AnalysedFace { bbox, face: None, look: Look::Full, person: None, sharpness: 0.0, quality: None, embedding };
        let people = vec![Person { bbox, score: 0.5 }];
        let (looks, failed_looks) = (vec![Look::Full], Vec::new());
        let analysis = Analysis { width: 9, height: 9, people, faces: vec![face], looks, failed_looks, by_backup: false };
        let whole = encode(&key, &analysis).expect("bytes");
        let body = &whole[MAGIC.len() + Key::BYTES + 32..];
        assert!(decode(&signed(&key, body), &key, &contract).is_some());
        let (mut read, mut refused) = (0, 0);
        for place in 0..body.len() {
            assert!(decode(&signed(&key, &body[..place]), &key, &contract).is_none(), "{place} bytes");
            for value in [0, 1, 7, 0x7f, 0xff] {
                let mut changed = body.to_vec();
                changed[place] = value;
                // A count that promises four thousand million people ends with the bytes.
                match decode(&signed(&key, &changed), &key, &contract) {
                    Some(_) => read += 1,
                    None => refused += 1,
                }
            }
        }
        assert!(read > 0 && refused > 0, "{read} {refused}");
    }
}
