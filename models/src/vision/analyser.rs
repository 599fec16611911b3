//! The prepared networks of one pack on one engine: [`Vision`] for real.
//!
//! Faces are looked for by a chain of two detectors where the pack has a second one and set-up could prepare it: when the
//! first fails, the second looks, and the answer says so. On a CPU the detectors see pictures on fitted inputs (see
//! [`preprocess`]); a GPU gets one shape for all: it tunes its kernels for each shape anew, and a narrow picture saves it nothing
//! worth that.

use super::{Caller, Contract, Detected, Embedding, ModelError, NetworkInfo, Person, Vision, VisionConfig, VisionInfo};
use crate::batch::{Batcher, Limits};
use crate::decode;
use crate::engine::{self, Engine, EngineKind, NetworkFiles, Role, Tensor};
use crate::pack::{self, Decoder, Pack, Packs};
use crate::preprocess::{self, Letterbox};
use crate::{Face, align};
use image::{RgbImage, imageops};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The sides that faces may be looked for at, in input pixels; multiples of [`preprocess::BLOCK`] only.
const SIDES: RangeInclusive<u32> = 64..=1280;

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

/// The networks, how their input is prepared and how their output is read.
pub struct Analyser {
    info: VisionInfo,
    /// See [`Vision::identity`].
    identity: String,
    pack: Pack,
    person: Batcher,
    face: Batcher,
    backup_face: Option<Batcher>,
    embedding: Batcher,
    flip: bool,
}

impl Analyser {
    /// Loads the configured pack's networks on `engine` and warms each up: one input, and as many as a call may hold.
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
            backup_face: pack.backup_face.as_ref().and_then(|network| without_it(load(Role::BackupFace, network))),
            embedding: load(Role::Embedding, &pack.embedding)?,
            flip: config.flip,
            identity: String::new(),
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
                calibration: calibration(&pack.embedding, config.flip),
                contract: Arc::new(contract(&pack.embedding, config.flip)),
                face_side: pack.face.input.size,
                lanes: engine.lanes(),
                warm_up: 0.0,
                networks: Vec::new(),
            },
            pack,
        };
        let began = Instant::now();
        let networks = analyser.warm_up()?;
        analyser.info.warm_up = began.elapsed().as_secs_f64();
        analyser.info.backup_face_model = networks.iter().find(|n| n.role == Role::BackupFace.name()).map(|n| n.model.clone());
        analyser.info.networks = networks;
        if analyser.info.backup_face_model.is_none() {
            analyser.backup_face = None;
        }
        analyser.identity = identity(&analyser.info, &analyser.pack, config.flip);
        analyser.batchers().for_each(|network| network.set_timeout(config.timeout));
        Ok(analyser)
    }

    fn batchers(&self) -> impl Iterator<Item = &Batcher> {
        [&self.person, &self.face].into_iter().chain(&self.backup_face).chain([&self.embedding])
    }

    /// Runs each network at the sizes that are used first: a picture's, alone, and as many as its calls may hold.
    fn warm_up(&self) -> Result<Vec<NetworkInfo>, ModelError> {
        let (info, side) = (&self.info, self.info.face_side);
        let (nobody, grey) = (Caller::new(), RgbImage::from_pixel(side, side, image::Rgb([127; 3])));
        let full = |network: &Batcher, side: u32| {
            let (inputs, side) = (network.max_batch(), side as usize);
            let input = || Tensor { shape: vec![inputs, 3, side, side], data: vec![0.0; inputs * 3 * side * side] };
            if inputs > 1 { network.run(&nobody, input()).map(drop) } else { Ok(()) }
        };
        let timed = |role: Role, model: &str, network: &Batcher, run: &dyn Fn() -> Result<(), ModelError>| {
            let began = Instant::now();
            run()?;
            let warm_up = began.elapsed().as_secs_f64();
            let sha256 = self.pack.network(role).map(|network| network.sha256.clone()).unwrap_or_default();
            let (role, model) = (role.name().into(), model.into());
            Ok::<_, ModelError>(NetworkInfo { role, model, sha256, warm_up, max_batch: network.max_batch() })
        };
        let mut networks = vec![
            timed(Role::Person, &info.person_model, &self.person, &|| {
                self.people(&nobody, &grey)?;
                full(&self.person, self.pack.person.input.size)
            })?,
            timed(Role::Face, &info.face_model, &self.face, &|| {
                self.look(&nobody, &self.face, &self.pack.face, &grey, side)?;
                full(&self.face, side)
            })?,
        ];
        networks.extend(self.backup().and_then(|(network, described)| {
            without_it(timed(Role::BackupFace, &described.label(), network, &|| {
                self.look(&nobody, network, described, &grey, side)?;
                full(network, side)
            }))
        }));
        networks.push(timed(Role::Embedding, &info.embedding_model, &self.embedding, &|| {
            // The vector of a drawn square says nothing, but it must be a vector.
            self.embed(&nobody, &[RgbImage::from_fn(align::SIZE, align::SIZE, |x, y| image::Rgb([x as u8, y as u8, 99]))])?;
            full(&self.embedding, self.pack.embedding.input.size)
        })?);
        Ok(networks)
    }

    /// The pack in use.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// A detector's maps of the picture.
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
        let mut data = Vec::new();
        let placed = preprocess::letterbox(picture, input, &mut data);
        let [columns, rows] = placed.canvas.map(|side| side as usize);
        Ok((call.run(caller, Tensor { shape: vec![1, 3, rows, columns], data })?, placed))
    }

    /// Faces as one detector sees them.
    fn look(
        &self,
        caller: &Caller,
        network: &Batcher,
        described: &pack::Network,
        picture: &RgbImage,
        side: u32,
    ) -> Result<Vec<Face>, ModelError> {
        let input = pack::Input { size: side, ..described.input };
        let (maps, placed) = self.detect(caller, network, &input, picture)?;
        match described.decoder {
            Some(Decoder::Scrfd) => decode::scrfd(&maps, 0, &placed, described.score, described.iou),
            Some(Decoder::Centerface) => decode::centerface(&maps, 0, &placed, described.score, described.iou),
            other => Err(ModelError::Load(format!("{}: {other:?} does not find faces", described.file))),
        }
    }

    /// The second detector, where there is one that could run.
    fn backup(&self) -> Option<(&Batcher, &pack::Network)> {
        self.backup_face.as_ref().zip(self.pack.backup_face.as_ref())
    }

    /// The vector of each crop as the network gives it, not normalised.
    fn vectors(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Vec<f32>>, ModelError> {
        let input = &self.pack.embedding.input;
        let side = input.size as usize;
        let mut vectors = Vec::with_capacity(crops.len());
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

    fn identity(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.identity)
    }

    fn stuck(&self) -> usize {
        self.batchers().map(Batcher::stuck).sum()
    }

    fn people(&self, caller: &Caller, picture: &RgbImage) -> Result<Vec<Person>, ModelError> {
        let network = &self.pack.person;
        let (maps, placed) = self.detect(caller, &self.person, &network.input, picture)?;
        decode::yolov8(&maps, 0, &placed, network.score, network.iou, &network.classes)
    }

    fn faces(&self, caller: &Caller, picture: &RgbImage, side: u32) -> Result<Detected, ModelError> {
        if !SIDES.contains(&side) || !side.is_multiple_of(preprocess::BLOCK) {
            let (least, greatest) = (SIDES.start(), SIDES.end());
            return Err(ModelError::Output(format!("faces are looked for at multiples of 32 from {least} to {greatest}, not at {side}")));
        }
        let failure = match self.look(caller, &self.face, &self.pack.face, picture, side) {
            Ok(faces) => return Ok(Detected { faces, by_backup: false }),
            Err(ModelError::CallerGone) => return Err(ModelError::CallerGone),
            Err(failure) => failure,
        };
        let Some((network, described)) = self.backup() else { return Err(failure) };
        tracing::warn!(%failure, backup = %described.label(), "the face detector failed, the backup looks");
        match self.look(caller, network, described, picture, side) {
            Ok(faces) => Ok(Detected { faces, by_backup: true }),
            Err(second) => {
                tracing::warn!(failure = %second, "the backup face detector failed too");
                Err(failure)
            }
        }
    }

    fn embed(&self, caller: &Caller, crops: &[RgbImage]) -> Result<Vec<Embedding>, ModelError> {
        let mut vectors = self.vectors(caller, crops)?;
        if self.flip {
            let mirrored: Vec<RgbImage> = crops.iter().map(imageops::flip_horizontal).collect();
            // The mean of both: the direction of their sum, and half its length.
            for (vector, other) in vectors.iter_mut().zip(self.vectors(caller, &mirrored)?) {
                vector.iter_mut().zip(other).for_each(|(value, other)| *value = (*value + other) / 2.0);
            }
        }
        vectors.into_iter().map(|vector| Embedding::from_raw(vector, &self.info.contract)).collect()
    }
}

/// The engine, and each network with its whole digest, how its input is made and how its output is read.
fn identity(info: &VisionInfo, pack: &Pack, flip: bool) -> String {
    let network = |described: &pack::Network| {
        let pack::Network { network, sha256, input, decoder, score, iou, classes, dimension, .. } = described;
        format!("{network} {sha256} {input:?} {decoder:?} {score} {iou} {classes:?} {dimension:?}")
    };
    // One that could not be loaded does not look.
    let backup = pack.backup_face.as_ref().filter(|_| info.backup_face_model.is_some()).map(network);
    let [person, face, embedding] = [&pack.person, &pack.face, &pack.embedding].map(network);
    format!("{}\n{person}\n{face}\n{backup:?}\n{embedding}\n{:?} {flip}", info.engine, info.contract)
}

/// The part that a pack can do without: what is amiss with it is told, and the pack runs.
fn without_it<T>(backup: Result<T, ModelError>) -> Option<T> {
    backup.inspect_err(|reason| tracing::warn!(%reason, "no backup for the face detector")).ok()
}

/// On which pictures the thresholds were chosen; with mirrored copies averaged in, the vectors are others than those measured.
fn calibration(network: &pack::Network, flip: bool) -> String {
    let measured = network.calibration.as_deref().unwrap_or("not calibrated");
    if flip { format!("{measured}; measured without mirrored copies") } else { measured.to_owned() }
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
    let mut roles = vec![("person", &pack.person), ("face", &pack.face), ("embedding", &pack.embedding)];
    roles.extend(
        pack.backup_face
            .as_ref()
            .map(|network| (Role::BackupFace.name(), network))
            .filter(|(role, n)| files(&folder, role, n).weights.is_file()),
    );
    Ok(roles.into_iter().map(|(role, n)| (role, files(&folder, role, n), n.input.size as usize)).collect())
}
