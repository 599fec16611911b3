//! The prepared networks of one pack on one engine: [`Vision`] for real.

use super::{Caller, Contract, Detected, Embedding, ModelError, Person, Vision, VisionConfig, VisionInfo};
use crate::align;
use crate::decode;
use crate::engine::{self, Engine, Network, NetworkFiles, Tensor};
use crate::pack::{self, Decoder, Pack, Packs};
use crate::preprocess::{self, Letterbox};
use image::RgbImage;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Aligned crops per call of the embedding network: enough to fill the machine, not so many as to fill its memory.
const EMBEDDING_BATCH: usize = 16;

/// Chooses an engine, loads a pack and warms it up.
pub fn load(config: &VisionConfig) -> Result<Arc<dyn Vision>, ModelError> {
    let (engine, skipped) = engine::choose(config)?;
    for reason in &skipped {
        tracing::info!(reason, "engine passed over");
    }
    Ok(Arc::new(Analyser::new(config, engine.as_ref(), skipped)?))
}

/// Three networks, how their input is prepared and how their output is read.
pub struct Analyser {
    info: VisionInfo,
    pack: Pack,
    person: Box<dyn Network>,
    face: Box<dyn Network>,
    embedding: Box<dyn Network>,
}

impl Analyser {
    /// Loads the pack's networks on `engine` and runs each once.
    pub fn new(config: &VisionConfig, engine: &dyn Engine, skipped: Vec<String>) -> Result<Self, ModelError> {
        let (name, pack) = choose_pack(config)?;
        let folder = config.models_dir.join(&name);
        let load = |role: &str, network: &pack::Network| engine.load(&files(&folder, role, network));
        let thresholds = pack.embedding.thresholds.ok_or_else(|| ModelError::Load(format!("the pack {name}: it has no thresholds")))?;
        let mut analyser = Self {
            person: load("person", &pack.person)?,
            face: load("face", &pack.face)?,
            embedding: load("embedding", &pack.embedding)?,
            info: VisionInfo {
                kind: engine.kind().to_string(),
                engine: engine.name(),
                skipped,
                pack: name,
                person_model: pack.person.label(),
                face_model: pack.face.label(),
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
        let began = Instant::now();
        let grey = RgbImage::from_pixel(64, 64, image::Rgb([127; 3]));
        let nobody = Caller::new();
        analyser.people(&nobody, &grey)?;
        analyser.faces(&nobody, &grey, analyser.info.face_side)?;
        // The vector of a grey square says nothing, but it must be a vector.
        analyser.embed(&nobody, &[RgbImage::from_fn(align::SIZE, align::SIZE, |x, y| image::Rgb([x as u8, y as u8, 99]))])?;
        analyser.info.warm_up = began.elapsed().as_secs_f64();
        Ok(analyser)
    }

    /// The pack in use.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    fn detect(&self, network: &dyn Network, input: &pack::Input, picture: &RgbImage) -> Result<(Vec<Tensor>, Letterbox), ModelError> {
        if picture.width() == 0 || picture.height() == 0 {
            return Err(ModelError::Output("a picture without pixels".into()));
        }
        let side = input.size as usize;
        let mut data = Vec::with_capacity(3 * side * side);
        let placed = preprocess::letterbox(picture, input, &mut data);
        Ok((network.run(Tensor { shape: vec![1, 3, side, side], data })?, placed))
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
        let network = &self.pack.face;
        let input = pack::Input { size: side, ..network.input };
        let (maps, placed) = self.detect(self.face.as_ref(), &input, picture)?;
        let faces = match network.decoder {
            Some(Decoder::Scrfd) => decode::scrfd(&maps, 0, &placed, network.score, network.iou),
            Some(Decoder::Centerface) => decode::centerface(&maps, 0, &placed, network.score, network.iou),
            other => Err(ModelError::Load(format!("{}: {other:?} does not find faces", network.file))),
        };
        Ok(Detected { faces: faces?, by_backup: false })
    }

    fn embed(&self, _: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        let input = &self.pack.embedding.input;
        let side = input.size as usize;
        let mut embeddings = Vec::with_capacity(crops.len());
        for batch in crops.chunks(EMBEDDING_BATCH) {
            let mut data = Vec::with_capacity(batch.len() * 3 * side * side);
            for crop in batch {
                if crop.dimensions() != (input.size, input.size) {
                    return Err(ModelError::Output(format!("an aligned crop is {side}×{side} pixels, not {:?}", crop.dimensions())));
                }
                preprocess::normalise(crop, input, &mut data);
            }
            let output = self.embedding.run(Tensor { shape: vec![batch.len(), 3, side, side], data })?;
            let dimension = self.pack.embedding.dimension.unwrap_or(512);
            match output.first() {
                Some(t) if t.shape == [batch.len(), dimension] => {
                    for vector in t.data.chunks_exact(dimension) {
                        embeddings.push(Embedding::from_raw(vector.to_vec(), &self.info.contract)?);
                    }
                }
                other => return Err(ModelError::Output(format!("embeddings of shape {:?}", other.map(|t| &t.shape)))),
            }
        }
        Ok(embeddings)
    }
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
        None => Packs::best_prepared(&config.models_dir).to_string(),
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
    let roles = [("person", &pack.person), ("face", &pack.face), ("embedding", &pack.embedding)];
    Ok(roles.into_iter().map(|(role, n)| (role, files(&folder, role, n), n.input.size as usize)).collect())
}
