//! The prepared networks of one pack on one engine: [`Vision`] for real.

use super::{Caller, Contract, Detected, Embedding, ModelError, NetworkInfo, Person, Vision, VisionConfig, VisionInfo};
use crate::align;
use crate::batch::{Batcher, Limits};
use crate::decode;
use crate::engine::{self, Engine, NetworkFiles, Role, Tensor};
use crate::pack::{self, Decoder, Pack, Packs};
use crate::preprocess::{self, Letterbox};
use image::RgbImage;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Aligned crops whose input is held in memory at a time (0.15 MB each); the batcher makes its own calls of them.
const EMBEDDING_INPUTS: usize = 64;

/// How long the first call of a network may take: a GPU tunes its kernels then, for minutes.
const WARM_UP_TIMEOUT: Duration = Duration::from_secs(600);

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
    person: Batcher,
    face: Batcher,
    embedding: Batcher,
}

impl Analyser {
    /// Loads the pack's networks on `engine` and warms each up: one input, and as many as a call may hold.
    pub fn new(config: &VisionConfig, engine: &dyn Engine, skipped: Vec<String>) -> Result<Self, ModelError> {
        let (name, pack) = choose_pack(config)?;
        let folder = config.models_dir.join(&name);
        let load = |role: Role, network: &pack::Network| {
            let limits = Limits {
                workers: engine.lanes(),
                max_batch: config.max_batch.unwrap_or_else(|| engine.best_batch(role)),
                max_wait: config.max_wait,
                timeout: WARM_UP_TIMEOUT,
            };
            let loaded = engine::guarded("the engine", || engine.load(&files(&folder, role.name(), network)));
            Batcher::new(role.name(), loaded.map_err(engine::while_loading)?, limits)
        };
        let thresholds = pack.embedding.thresholds.ok_or_else(|| ModelError::Load(format!("the pack {name}: it has no thresholds")))?;
        let mut analyser = Self {
            person: load(Role::Person, &pack.person)?,
            face: load(Role::Face, &pack.face)?,
            embedding: load(Role::Embedding, &pack.embedding)?,
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
                networks: Vec::new(),
            },
            pack,
        };
        let began = Instant::now();
        analyser.info.networks = analyser.warm_up()?;
        analyser.info.warm_up = began.elapsed().as_secs_f64();
        for network in [&analyser.person, &analyser.face, &analyser.embedding] {
            network.set_timeout(config.timeout);
        }
        Ok(analyser)
    }

    /// Runs each network at the sizes that are used first: a picture's, alone, and as many as its calls may hold.
    fn warm_up(&self) -> Result<Vec<NetworkInfo>, ModelError> {
        let (nobody, grey) = (Caller::new(), RgbImage::from_pixel(64, 64, image::Rgb([127; 3])));
        let info = &self.info;
        let full = |network: &Batcher, side: u32| {
            let (inputs, side) = (network.max_batch(), side as usize);
            let input = || Tensor { shape: vec![inputs, 3, side, side], data: vec![0.0; inputs * 3 * side * side] };
            if inputs > 1 { network.run(&nobody, input()).map(drop) } else { Ok(()) }
        };
        let timed = |role: Role, model: &str, network: &Batcher, run: &dyn Fn() -> Result<(), ModelError>| {
            let began = Instant::now();
            run()?;
            let warm_up = began.elapsed().as_secs_f64();
            Ok::<_, ModelError>(NetworkInfo { role: role.name().into(), model: model.into(), warm_up, max_batch: network.max_batch() })
        };
        Ok(vec![
            timed(Role::Person, &info.person_model, &self.person, &|| {
                self.people(&nobody, &grey)?;
                full(&self.person, self.pack.person.input.size)
            })?,
            timed(Role::Face, &info.face_model, &self.face, &|| {
                self.faces(&nobody, &grey, info.face_side)?;
                full(&self.face, info.face_side)
            })?,
            timed(Role::Embedding, &info.embedding_model, &self.embedding, &|| {
                // The vector of a drawn square says nothing, but it must be a vector.
                self.embed(&nobody, &[RgbImage::from_fn(align::SIZE, align::SIZE, |x, y| image::Rgb([x as u8, y as u8, 99]))])?;
                full(&self.embedding, self.pack.embedding.input.size)
            })?,
        ])
    }

    /// The pack in use.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    fn detect(
        &self,
        caller: &Caller,
        network: &Batcher,
        input: &pack::Input,
        picture: &RgbImage,
    ) -> Result<(Vec<Tensor>, Letterbox), ModelError> {
        let call = network.prepare();
        if picture.width() == 0 || picture.height() == 0 {
            return Err(ModelError::Output("a picture without pixels".into()));
        }
        let side = input.size as usize;
        let mut data = Vec::with_capacity(3 * side * side);
        let placed = preprocess::letterbox(picture, input, &mut data);
        Ok((call.run(caller, Tensor { shape: vec![1, 3, side, side], data })?, placed))
    }
}

impl Vision for Analyser {
    fn info(&self) -> &VisionInfo {
        &self.info
    }

    fn stuck(&self) -> usize {
        [&self.person, &self.face, &self.embedding].iter().map(|network| network.stuck()).sum()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        let network = &self.pack.person;
        let (maps, placed) = self.detect(caller, &self.person, &network.input, picture)?;
        decode::yolov8(&maps, 0, &placed, network.score, network.iou, &network.classes)
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        let network = &self.pack.face;
        let input = pack::Input { size: side, ..network.input };
        let (maps, placed) = self.detect(caller, &self.face, &input, picture)?;
        let faces = match network.decoder {
            Some(Decoder::Scrfd) => decode::scrfd(&maps, 0, &placed, network.score, network.iou),
            Some(Decoder::Centerface) => decode::centerface(&maps, 0, &placed, network.score, network.iou),
            other => Err(ModelError::Load(format!("{}: {other:?} does not find faces", network.file))),
        };
        Ok(Detected { faces: faces?, by_backup: false })
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        let input = &self.pack.embedding.input;
        let side = input.size as usize;
        let mut embeddings = Vec::with_capacity(crops.len());
        for batch in crops.chunks(EMBEDDING_INPUTS) {
            let call = self.embedding.prepare();
            let mut data = Vec::with_capacity(batch.len() * 3 * side * side);
            for crop in batch {
                if crop.dimensions() != (input.size, input.size) {
                    return Err(ModelError::Output(format!("an aligned crop is {side}×{side} pixels, not {:?}", crop.dimensions())));
                }
                preprocess::normalise(crop, input, &mut data);
            }
            let output = call.run(caller, Tensor { shape: vec![batch.len(), 3, side, side], data })?;
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
    let roles = [("person", &pack.person), ("face", &pack.face), ("embedding", &pack.embedding)];
    Ok(roles.into_iter().map(|(role, n)| (role, files(&folder, role, n), n.input.size as usize)).collect())
}
