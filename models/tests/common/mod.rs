//! Where the tests find weights and pictures; what is missing is said, not hidden.
#![allow(dead_code)]

pub mod faulty;
pub mod parity;
pub mod played;
pub mod watched;

use image::RgbImage;
use models::{EngineChoice, Vision, VisionConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reference numbers and photos that are not part of the project (`SHARED_DIR`, else `../shared`).
pub fn shared(part: &str) -> Option<PathBuf> {
    let base = std::env::var_os("SHARED_DIR").map_or_else(|| root().join("../shared"), PathBuf::from);
    Some(base.join(part)).filter(|p| p.exists())
}

/// As set-up left things.
pub fn vision_config(pack: &str, engine: EngineChoice) -> VisionConfig {
    let data = std::env::var_os("DATA_DIR").map_or_else(|| root().join("data"), PathBuf::from);
    VisionConfig {
        models_dir: data.join("models"),
        pack: Some(pack.into()),
        engine,
        onnxruntime: Some(data.join("lib/libonnxruntime.so")),
        ..VisionConfig::default()
    }
}

/// Whether set-up could provide the pack; says so where it could not.
pub fn prepared(pack: &str) -> bool {
    let there = vision_config(pack, EngineChoice::Auto).models_dir.join(pack).join("face.onnx").is_file();
    if !there {
        println!("SKIPPED: the pack `{pack}` is not prepared (make models)");
    }
    there
}

/// The configuration of this pack on this engine, or None with a printed reason where set-up could not provide one of them.
pub fn usable_config(pack: &str, engine: EngineChoice) -> Option<VisionConfig> {
    let config = vision_config(pack, engine);
    if !prepared(pack) {
        return None;
    }
    if engine == EngineChoice::OnnxRuntime && !config.onnxruntime.as_ref().is_some_and(|p| p.is_file()) {
        return skip("ONNX Runtime is not there (make setup)");
    }
    Some(config)
}

/// The engine with the pack, or None as for [`usable_config`].
pub fn vision(pack: &str, engine: EngineChoice) -> Option<Arc<dyn Vision>> {
    let config = usable_config(pack, engine)?;
    // What is there must load: anything else is a failure, not a reason to skip.
    Some(models::load(&config).unwrap_or_else(|e| panic!("{pack} on {engine:?}: {e}")))
}

/// Says that a test is skipped and why.
pub fn skip<T>(why: &str) -> Option<T> {
    println!("SKIPPED: {why}");
    None
}

/// The pixels that the reference saw: JPEG by libjpeg's arithmetic, everything else as the engine reads it.
pub fn reference_picture(path: &Path) -> RgbImage {
    if path.extension().is_none_or(|e| e != "jpg") {
        return picture(path);
    }
    let read = || -> std::io::Result<RgbImage> {
        let mut jpeg = mozjpeg::Decompress::new_path(path)?.rgb()?;
        let (width, height) = (jpeg.width() as u32, jpeg.height() as u32);
        let pixels: Vec<[u8; 3]> = jpeg.read_scanlines()?;
        jpeg.finish()?;
        RgbImage::from_raw(width, height, pixels.concat()).ok_or_else(|| std::io::Error::other("too few pixels"))
    };
    read().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn picture(path: &Path) -> RgbImage {
    image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_rgb8()
}
