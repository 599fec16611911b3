//! What quality says of real photographs: LFW10's hundred carry few reasons, and copies that were blurred, shrunk, darkened,
//! brightened or painted over carry the right one. The tables are printed; the module docs of `pipeline/quality` quote them.
//! Skipped, and said so, where the pictures or the networks are not at hand.

use app::api::{QualityReason, QualityReport};
use image::imageops::{FilterType, blur, resize};
use image::{Rgb, RgbImage};
use models::{BBox, Caller, Embedding, EngineChoice, Landmarks, Vision, VisionConfig};
use server::pipeline::{Role, StageTimes, analyse};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn skip<T>(why: &str) -> Option<T> {
    println!("SKIPPED: {why}");
    None
}

struct Photo {
    person: String,
    picture: RgbImage,
}

/// LFW10: ten people, ten photographs each (`SHARED_DIR`, else `../shared`), in the order of their paths.
fn photos() -> Option<Vec<Photo>> {
    let base = std::env::var_os("SHARED_DIR").map_or_else(|| root().join("../shared"), PathBuf::from);
    let folder = base.join("testdata/lfw10");
    if !folder.is_dir() {
        return skip("the photographs are not there");
    }
    let listed = |folder: &Path| {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    let mut photos = Vec::new();
    for person in listed(&folder).into_iter().filter(|path| path.is_dir()) {
        let name = person.file_name().expect("a name").to_string_lossy().into_owned();
        for file in listed(&person) {
            photos.push(Photo { person: name.clone(), picture: image::open(file).expect("a picture").into_rgb8() });
        }
    }
    Some(photos)
}

/// The networks of the standard pack as set-up left them.
fn vision() -> Option<Arc<dyn Vision>> {
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

/// The face that the picture is about, as the pipeline sees it.
struct Seen {
    landmarks: Landmarks,
    quality: QualityReport,
    embedding: Embedding,
}

/// The largest face around the picture's middle (LFW pictures are centred on theirs); None where none is found there.
fn look(vision: &dyn Vision, picture: &RgbImage) -> Option<Seen> {
    let analysis = analyse(vision, &Caller::new(), picture, Role::Query, &StageTimes::default()).expect("an analysis");
    let middle = [picture.width() as f32 / 2.0, picture.height() as f32 / 2.0];
    let face = analysis.faces.into_iter().find(|face| face.bbox.contains(middle))?;
    Some(Seen { landmarks: face.face?.landmarks, quality: face.quality?, embedding: face.embedding })
}

type Degrade = Box<dyn Fn(&RgbImage, &Landmarks) -> RgbImage>;

fn shrunk(picture: &RgbImage, landmarks: &Landmarks, eyes: f32) -> RgbImage {
    let now = (landmarks[1][0] - landmarks[0][0]).hypot(landmarks[1][1] - landmarks[0][1]);
    let side = |side: u32| (side as f32 * eyes / now).round().max(1.0) as u32;
    resize(picture, side(picture.width()), side(picture.height()), FilterType::Triangle)
}

fn mapped(picture: &RgbImage, map: impl Fn(f32) -> f32) -> RgbImage {
    let mut copy = picture.clone();
    copy.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|value| map(f32::from(value)).round().clamp(0.0, 255.0) as u8));
    copy
}

/// Paints where `inside` says so, in the face's own frame: origin between the eyes, the distance of the eyes for a unit, x along
/// the eyes, y down.
fn painted(picture: &RgbImage, landmarks: &Landmarks, colour: [u8; 3], inside: impl Fn(f32, f32) -> bool) -> RgbImage {
    let [left, right, ..] = *landmarks;
    let (dx, dy) = (right[0] - left[0], right[1] - left[1]);
    let square = dx * dx + dy * dy;
    let mut copy = picture.clone();
    for (x, y, pixel) in copy.enumerate_pixels_mut() {
        let (u, v) = (x as f32 - (left[0] + right[0]) / 2.0, y as f32 - (left[1] + right[1]) / 2.0);
        if inside((u * dx + v * dy) / square, (v * dx - u * dy) / square) {
            *pixel = Rgb(colour);
        }
    }
    copy
}

/// A mask over nose, mouth and chin.
fn mask(colour: [u8; 3]) -> Degrade {
    Box::new(move |picture, landmarks| painted(picture, landmarks, colour, |x, y| x.abs() < 0.95 && y > 0.35 && y < 1.9))
}

fn degradations() -> Vec<(String, Degrade)> {
    let mut all: Vec<(String, Degrade)> = vec![("as it is".into(), Box::new(|picture, _| picture.clone()))];
    let mut add = |name: String, degrade: Degrade| all.push((name, degrade));
    for sigma in [1.0_f32, 1.5, 2.0, 3.0, 4.0] {
        add(format!("blurred, sigma {sigma}"), Box::new(move |picture, _| blur(picture, sigma)));
    }
    for eyes in [25.0_f32, 20.0, 16.0, 12.0, 9.0, 7.0, 5.0] {
        add(format!("shrunk, eyes {eyes} px apart"), Box::new(move |picture, landmarks| shrunk(picture, landmarks, eyes)));
    }
    for factor in [0.5_f32, 0.3, 0.2, 0.1, 0.05] {
        add(format!("darkened to {factor}"), Box::new(move |picture, _| mapped(picture, |v| v * factor)));
    }
    for more in [60.0_f32, 100.0, 130.0, 160.0] {
        add(format!("brightened by {more}"), Box::new(move |picture, _| mapped(picture, |v| v + more)));
    }
    for factor in [0.5_f32, 0.3, 0.2, 0.1] {
        add(format!("contrast times {factor}"), Box::new(move |picture, _| mapped(picture, |v| 128.0 + (v - 128.0) * factor)));
    }
    for (name, colour) in
        [("blue", [120, 160, 200]), ("white", [225; 3]), ("black", [30; 3]), ("skin", [190, 140, 115]), ("grey", [110; 3])]
    {
        add(format!("{name} mask"), mask(colour));
    }
    add(
        "half a mask".into(),
        Box::new(|picture, landmarks| painted(picture, landmarks, [120, 160, 200], |x, y| x.abs() < 0.95 && y > 0.75 && y < 1.9)),
    );
    add("sunglasses".into(), Box::new(|picture, landmarks| painted(picture, landmarks, [20; 3], |x, y| x.abs() < 0.95 && y.abs() < 0.3)));
    add(
        "left half covered".into(),
        Box::new(|picture, landmarks| painted(picture, landmarks, [90, 90, 60], |x, y| x < 0.0 && x > -1.2 && y > -1.0 && y < 2.0)),
    );
    all
}

#[test]
fn dump() {
    use std::io::Write;
    let (Some(vision), Some(photos)) = (vision(), photos()) else { return };
    let out = PathBuf::from(std::env::var_os("QUALITY_DUMP").expect("QUALITY_DUMP"));
    std::fs::create_dir_all(&out).unwrap();
    let mut crops = std::io::BufWriter::new(std::fs::File::create(out.join("crops.raw")).unwrap());
    let mut lines = std::io::BufWriter::new(std::fs::File::create(out.join("faces.jsonl")).unwrap());
    let originals: Vec<Option<Seen>> = photos.iter().map(|photo| look(vision.as_ref(), &photo.picture)).collect();
    let mut row = 0;
    for (name, degrade) in degradations() {
        for (at, (photo, original)) in photos.iter().zip(&originals).enumerate() {
            let Some(original) = original else { continue };
            let copy = degrade(&photo.picture, &original.landmarks);
            let Some(seen) = look(vision.as_ref(), &copy) else { continue };
            crops.write_all(models::align::align(&copy, &seen.landmarks).as_raw()).unwrap();
            let line = serde_json::json!({"row": row, "copy": name, "photo": at, "person": photo.person, "quality": seen.quality,
                "landmarks": seen.landmarks, "embedding": seen.embedding.as_slice()});
            writeln!(lines, "{line}").unwrap();
            row += 1;
        }
        println!("{name}: {row}");
    }
    let _ = (BBox::new(0.0, 0.0, 1.0, 1.0), QualityReason::Small);
}
