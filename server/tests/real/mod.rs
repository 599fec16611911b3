//! What tests with real networks and real photographs share: where both are found. What is missing is said, not hidden.
#![allow(dead_code)]

use image::RgbImage;
use models::{BBox, EngineChoice, Vision, VisionConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn skip<T>(why: &str) -> Option<T> {
    println!("SKIPPED: {why}");
    None
}

/// Where photographs and numbers lie that are no part of the project: `SHARED_DIR`, else `../shared`.
pub fn shared() -> PathBuf {
    std::env::var_os("SHARED_DIR").map_or_else(|| root().join("../shared"), PathBuf::from)
}

/// Photographs of a folder of [`shared`], with all below, in the order of their paths.
pub fn files(folder: &str) -> Option<Vec<PathBuf>> {
    fn below(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { below(&path, files) } else { files.push(path) }
        }
    }
    let folder = shared().join("testdata").join(folder);
    if !folder.is_dir() {
        return skip("the photographs are not there");
    }
    let mut files = Vec::new();
    below(&folder, &mut files);
    files.sort();
    Some(files)
}

pub fn picture(file: &Path) -> RgbImage {
    image::open(file).unwrap_or_else(|e| panic!("{}: {e}", file.display())).into_rgb8()
}

/// The pictures of [`files`].
pub fn photographs(folder: &str) -> Option<Vec<RgbImage>> {
    files(folder).map(|files| files.iter().map(|file| picture(file)).collect())
}

/// The folder of sample pictures as set-up left it.
pub fn samples() -> Option<PathBuf> {
    let data = std::env::var_os("DATA_DIR").map_or_else(|| root().join("data"), PathBuf::from);
    let samples = data.join("samples");
    if samples.join("query.jpg").is_file() { Some(samples) } else { skip("the sample pictures are not there (make setup)") }
}

/// The networks of the standard pack as set-up left them.
pub fn vision() -> Option<Arc<dyn Vision>> {
    let data = std::env::var_os("DATA_DIR").map_or_else(|| root().join("data"), PathBuf::from);
    let library = data.join("lib/libonnxruntime.so");
    let config = VisionConfig {
        models_dir: data.join("models"),
        pack: Some("standard".into()),
        engine: if library.is_file() { EngineChoice::OnnxRuntime } else { EngineChoice::Cpu },
        onnxruntime: Some(library),
        ..VisionConfig::default()
    };
    if !config.models_dir.join("standard/face.onnx").is_file() {
        return skip("the pack `standard` is not prepared (make models)");
    }
    Some(models::load(&config).expect("what is there loads"))
}

/// The box that the picture is about, as LFW centres it: of those around the middle the largest.
pub fn central<T>(boxes: impl IntoIterator<Item = T>, bbox: impl Fn(&T) -> BBox, picture: &RgbImage) -> Option<T> {
    let middle = [picture.width() as f32 / 2.0, picture.height() as f32 / 2.0];
    boxes.into_iter().filter(|of| bbox(of).contains(middle)).max_by(|a, b| bbox(a).area().total_cmp(&bbox(b).area()))
}
