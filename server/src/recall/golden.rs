//! The faces that the reference pipeline found, from its `standard.json`.

use anyhow::{Context, ensure};
use models::{BBox, Landmarks};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A face of the reference: pixels of the untouched photo, and its unit vector.
#[derive(Debug, Clone)]
pub struct GoldenFace {
    pub bbox: BBox,
    pub landmarks: Landmarks,
    pub embedding: Vec<f32>,
}

/// By the photo's file name.
#[derive(Debug, Clone, Default)]
pub struct Golden(pub BTreeMap<String, Vec<GoldenFace>>);

#[derive(Deserialize)]
struct File {
    images: BTreeMap<String, Image>,
}

#[derive(Deserialize)]
struct Image {
    faces: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "box")]
    bbox: [f32; 4],
    landmarks: Landmarks,
    embedding: Vec<f32>,
}

impl Golden {
    /// Reads the reference's numbers on the photos of `photos/`; those of other folders are passed over.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = serde_json::from_slice(&bytes).with_context(|| format!("{} is no list of the reference", path.display()))?;
        let face =
            |Found { bbox: [x1, y1, x2, y2], landmarks, embedding }| GoldenFace { bbox: BBox::new(x1, y1, x2, y2), landmarks, embedding };
        let photo = |(name, image): (String, Image)| {
            let name = name.strip_prefix("photos/")?.to_owned();
            Some((name, image.faces.into_iter().map(face).collect()))
        };
        let photos: BTreeMap<_, _> = file.images.into_iter().filter_map(photo).collect();
        ensure!(!photos.is_empty(), "{} holds no photo", path.display());
        Ok(Self(photos))
    }
}
