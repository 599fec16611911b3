//! The prepared networks of one pack on one engine: [`Vision`] for real.
//!
//! Faces are looked for by a chain of two detectors where the pack has a second one and set-up could prepare it: when the
//! first fails, the second looks, and the answer says so. On a CPU the detectors see pictures on fitted inputs (see
//! [`preprocess`]); a GPU gets one shape for all: it tunes its kernels for each shape anew, and a narrow picture saves it nothing
//! worth that.

use super::{Caller, Contract, Detected, Embedding, ModelError, Person, Vision, VisionConfig, VisionInfo};
use crate::decode;
use crate::engine::{self, Engine, EngineKind, Network, NetworkFiles, Tensor};
use crate::pack::{self, Decoder, Pack, Packs};
use crate::preprocess::{self, Letterbox};
use crate::{Face, align};
use image::{RgbImage, imageops};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The sides that faces may be looked for at, in input pixels; multiples of [`preprocess::BLOCK`] only.
const SIDES: RangeInclusive<u32> = 64..=1280;

/// The backup detector's role: stem of its prepared files.
const BACKUP: &str = "backup_face";

/// Inputs per call of the embedding network: enough to fill the machine, not so many as to fill its memory.
const EMBEDDING_BATCH: usize = 16;

/// Chooses an engine, loads a pack and warms it up.
pub fn load(config: &VisionConfig) -> Result<Arc<dyn Vision>, ModelError> {
    let (engine, skipped) = engine::choose(config)?;
    for reason in &skipped {
        tracing::info!(reason, "engine passed over");
    }
    Ok(Arc::new(Analyser::new(config, engine.as_ref(), skipped)?))
}

/// The networks, how their input is prepared and how their output is read.
pub struct Analyser {
    info: VisionInfo,
    pack: Pack,
    person: Box<dyn Network>,
    face: Box<dyn Network>,
    backup_face: Option<Box<dyn Network>>,
    embedding: Box<dyn Network>,
    flip: bool,
}

impl Analyser {
    /// Loads the configured pack's networks on `engine` and runs each once.
    pub fn new(config: &VisionConfig, engine: &dyn Engine, skipped: Vec<String>) -> Result<Self, ModelError> {
        let (name, pack) = choose_pack(config)?;
        Self::with_pack(config, name, pack, engine, skipped)
    }

    /// The same with a description of the pack that need not be the one of `packs.toml`; the prepared files are those of
    /// the pack called `name`.
    pub fn with_pack(
        config: &VisionConfig,
        name: String,
        mut pack: Pack,
        engine: &dyn Engine,
        skipped: Vec<String>,
    ) -> Result<Self, ModelError> {
        if engine.kind() == EngineKind::Wgpu {
            for network in [&mut pack.person, &mut pack.face].into_iter().chain(&mut pack.backup_face) {
                network.input = network.input.one_shape();
            }
        }
        let folder = config.models_dir.join(&name);
        let load = |role: &str, network: &pack::Network| engine.load(&files(&folder, role, network));
        let thresholds = pack.embedding.thresholds.ok_or_else(|| ModelError::Load(format!("the pack {name}: it has no thresholds")))?;
        let mut analyser = Self {
            person: load("person", &pack.person)?,
            face: load("face", &pack.face)?,
            backup_face: pack.backup_face.as_ref().and_then(|network| without_it(load(BACKUP, network))),
            embedding: load("embedding", &pack.embedding)?,
            flip: config.flip,
            info: VisionInfo {
                kind: engine.kind().to_string(),
                engine: engine.name(),
                skipped,
                pack: name,
                person_model: pack.person.label(),
                face_model: pack.face.label(),
                backup_face_model: None,
                embedding_model: pack.embedding.label(),
                match_threshold: thresholds.match_,
                possible_threshold: thresholds.possible,
                calibration: pack.embedding.calibration.clone().unwrap_or_else(|| "not calibrated".into()),
                contract: Arc::new(contract(&pack.embedding, config.flip)),
                face_side: pack.face.input.size,
                lanes: engine.lanes(),
                warm_up: 0.0,
            },
            pack,
        };
        analyser.warm_up()?;
        Ok(analyser)
    }

    /// Every network once, so that the first request does not pay for it, and a network that cannot compute is known now.
    fn warm_up(&mut self) -> Result<(), ModelError> {
        let began = Instant::now();
        let side = self.info.face_side;
        let grey = RgbImage::from_pixel(side, side, image::Rgb([127; 3]));
        let nobody = Caller::new();
        self.people(&nobody, &grey)?;
        self.look(self.face.as_ref(), &self.pack.face, &grey, side)?;
        if let (Some(runs), Some(network)) = (self.backup_face.as_deref(), &self.pack.backup_face) {
            let seen = without_it(self.look(runs, network, &grey, side));
            self.info.backup_face_model = seen.map(|_| network.label());
        }
        // The vector of a grey square says nothing, but it must be a vector.
        self.embed(&nobody, &[RgbImage::from_fn(align::SIZE, align::SIZE, |x, y| image::Rgb([x as u8, y as u8, 99]))])?;
        self.info.warm_up = began.elapsed().as_secs_f64();
        Ok(())
    }

    /// The pack in use.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// A detector's maps of the picture.
    fn detect(&self, runs: &dyn Network, input: &pack::Input, picture: &RgbImage) -> Result<(Vec<Tensor>, Letterbox), ModelError> {
        if picture.width() == 0 || picture.height() == 0 {
            return Err(ModelError::Output("a picture without pixels".into()));
        }
        let mut data = Vec::new();
        let placed = preprocess::letterbox(picture, input, &mut data);
        let [columns, rows] = placed.canvas.map(|side| side as usize);
        Ok((runs.run(Tensor { shape: vec![1, 3, rows, columns], data })?, placed))
    }

    /// Faces as one detector sees them.
    fn look(&self, runs: &dyn Network, network: &pack::Network, picture: &RgbImage, side: u32) -> Result<Vec<Face>, ModelError> {
        let input = pack::Input { size: side, ..network.input };
        let (maps, placed) = self.detect(runs, &input, picture)?;
        match network.decoder {
            Some(Decoder::Scrfd) => decode::scrfd(&maps, 0, &placed, network.score, network.iou),
            Some(Decoder::Centerface) => decode::centerface(&maps, 0, &placed, network.score, network.iou),
            other => Err(ModelError::Load(format!("{}: {other:?} does not find faces", network.file))),
        }
    }

    /// The second detector, where there is one that could run.
    fn backup(&self) -> Option<(&dyn Network, &pack::Network)> {
        self.info.backup_face_model.as_ref()?;
        Some((self.backup_face.as_deref()?, self.pack.backup_face.as_ref()?))
    }

    /// The vector of each crop as the network gives it, not normalised.
    fn vectors(&self, crops: &[RgbImage]) -> Result<Vec<Vec<f32>>, ModelError> {
        let input = &self.pack.embedding.input;
        let side = input.size as usize;
        let mut vectors = Vec::with_capacity(crops.len());
        for batch in crops.chunks(EMBEDDING_BATCH) {
            let mut data = Vec::with_capacity(batch.len() * 3 * side * side);
            for crop in batch {
                if crop.dimensions() != (input.size, input.size) {
                    return Err(ModelError::Output(format!("an aligned crop is {side}×{side} pixels, not {:?}", crop.dimensions())));
                }
                preprocess::normalise(crop, input, &mut data);
            }
            let output = self.embedding.run(Tensor { shape: vec![batch.len(), 3, side, side], data })?;
            let dimension = self.info.contract.dimension;
            match output.first() {
                Some(t) if t.shape == [batch.len(), dimension] => vectors.extend(t.data.chunks_exact(dimension).map(<[f32]>::to_vec)),
                other => return Err(ModelError::Output(format!("embeddings of shape {:?}", other.map(|t| &t.shape)))),
            }
        }
        Ok(vectors)
    }
}

impl Vision for Analyser {
    fn info(&self) -> &VisionInfo {
        &self.info
    }

    fn people(&self, _: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        let network = &self.pack.person;
        let (maps, placed) = self.detect(self.person.as_ref(), &network.input, picture)?;
        decode::yolov8(&maps, 0, &placed, network.score, network.iou, &network.classes)
    }

    fn faces(&self, _: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        if !SIDES.contains(&side) || !side.is_multiple_of(preprocess::BLOCK) {
            let (least, greatest) = (SIDES.start(), SIDES.end());
            return Err(ModelError::Output(format!("faces are looked for at multiples of 32 from {least} to {greatest}, not at {side}")));
        }
        let failure = match self.look(self.face.as_ref(), &self.pack.face, picture, side) {
            Ok(faces) => return Ok(Detected { faces, by_backup: false }),
            Err(ModelError::CallerGone) => return Err(ModelError::CallerGone),
            Err(failure) => failure,
        };
        let Some((runs, network)) = self.backup() else { return Err(failure) };
        tracing::warn!(%failure, backup = %network.label(), "the face detector failed, the backup looks");
        match self.look(runs, network, picture, side) {
            Ok(faces) => Ok(Detected { faces, by_backup: true }),
            Err(second) => {
                tracing::warn!(failure = %second, "the backup face detector failed too");
                Err(failure)
            }
        }
    }

    fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        let mut vectors = self.vectors(crops)?;
        if self.flip {
            let mirrored: Vec<RgbImage> = crops.iter().map(imageops::flip_horizontal).collect();
            // The mean of both: the direction of their sum, and half its length.
            for (vector, other) in vectors.iter_mut().zip(self.vectors(&mirrored)?) {
                vector.iter_mut().zip(other).for_each(|(value, other)| *value = (*value + other) / 2.0);
            }
        }
        vectors.into_iter().map(|vector| Embedding::from_raw(vector, &self.info.contract)).collect()
    }
}

/// The part that a pack can do without: what is amiss with it is told, and the pack runs.
fn without_it<T>(backup: Result<T, ModelError>) -> Option<T> {
    backup.inspect_err(|reason| tracing::warn!(%reason, "no backup for the face detector")).ok()
}

/// The preprocessing id names everything between a picture's landmarks and the network's input.
fn contract(network: &pack::Network, flip: bool) -> Contract {
    let pack::Input { size, channels, mean, std, .. } = network.input;
    let channels = match channels {
        pack::Channels::Rgb => "rgb",
        pack::Channels::Bgr => "bgr",
    };
    let mirrored = if flip { "-flip" } else { "" };
    Contract {
        digest: network.sha256.clone(),
        preprocessing: format!("arcface{size}-{channels}-{mean}-{std}{mirrored}"),
        dimension: network.dimension.unwrap_or(512),
    }
}

/// The pack that was asked for, or the best one that is prepared.
fn choose_pack(config: &VisionConfig) -> Result<(String, Pack), ModelError> {
    let mut packs = Packs::built_in().packs;
    let name = match &config.pack {
        Some(name) => name.clone(),
        None => ["standard", "light"]
            .into_iter()
            .find(|p| config.models_dir.join(p).join("face.onnx").is_file())
            .unwrap_or("standard")
            .to_string(),
    };
    let known = packs.keys().cloned().collect::<Vec<_>>().join(", ");
    match packs.remove(&name) {
        Some(pack) => Ok((name, pack)),
        None => Err(ModelError::Load(format!("the pack {name}: this build knows {known}"))),
    }
}

fn files(folder: &Path, role: &str, network: &pack::Network) -> NetworkFiles {
    NetworkFiles {
        network: network.network.clone(),
        onnx: folder.join(format!("{role}.onnx")),
        weights: folder.join(format!("{role}.bpk")),
    }
}

/// Role, files and input side of each network of the configured pack.
#[cfg(feature = "gpu-wgsl")]
pub(crate) fn network_files(config: &VisionConfig) -> Result<Vec<(&'static str, NetworkFiles, usize)>, ModelError> {
    let (name, pack) = choose_pack(config)?;
    let folder = config.models_dir.join(name);
    let mut roles = vec![("person", &pack.person), ("face", &pack.face), ("embedding", &pack.embedding)];
    roles.extend(pack.backup_face.as_ref().map(|network| (BACKUP, network)).filter(|(role, n)| files(&folder, role, n).weights.is_file()));
    Ok(roles.into_iter().map(|(role, n)| (role, files(&folder, role, n), n.input.size as usize)).collect())
}
