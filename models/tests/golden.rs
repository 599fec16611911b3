//! Golden parity: the reference pipeline (Python, ONNX Runtime, OpenCV) wrote down what it finds in 45 pictures; both
//! CPU engines must find the same. The pictures are read by libjpeg's arithmetic, as OpenCV reads them: YOLOv8 with these
//! weights is so steep that one grey level of JPEG rounding moves people's boxes. Skipped, and said so, where the reference is not at hand.

mod common;

use common::parity::{against_the_reference, compare, floats, golden, landmarks};
use common::{picture, vision};
use models::{EngineChoice, align};

fn parity(engine: EngineChoice) {
    let Some(vision) = vision("standard", engine) else { return };
    against_the_reference(vision.as_ref());
}

#[test]
fn onnx_runtime_finds_what_the_reference_finds() {
    parity(EngineChoice::OnnxRuntime);
}

#[test]
fn burn_flex_finds_what_the_reference_finds() {
    parity(EngineChoice::BurnFlex);
}

/// The product reads JPEG in safe Rust (zune-jpeg), whose rounding differs from libjpeg's by some grey levels. Faces are as
/// the reference has them all the same, but for the same-crop cosine, which such pixels may lower to .998; of the people,
/// nine in ten stay within 2%, and none is lost.
#[test]
fn with_the_products_own_jpeg_decoder_faces_stay_and_nobody_is_lost() {
    let Some(vision) = vision("standard", EngineChoice::Cpu) else { return };
    let Some(parity) = compare(vision.as_ref(), picture) else { return };
    println!("{}, the product's own JPEG decoder: {}", vision.info().engine, parity.worst());
    let faults: Vec<String> = parity.face_faults().into_iter().filter(|fault| !fault.contains("on the same aligned crop")).collect();
    assert_eq!(faults, Vec::<String>::new());
    assert!(parity.faces.iter().all(|(name, face)| face.same_crop >= 0.998 || panic!("{name}: {}", face.same_crop)));
    assert_eq!(parity.miscounted, Vec::<String>::new());
    let moved = parity.people_faults().len();
    assert!(moved * 10 <= parity.people.len(), "{moved} of {} people moved", parity.people.len());
    assert!(parity.people.iter().all(|(_, iou)| *iou >= 0.5), "a person was lost");
}

/// The similarity transform against the reference's (numpy, Umeyama by SVD): the same crop within a twentieth of a pixel.
#[test]
fn alignment_matrices_equal_the_references() {
    let Some(golden) = golden() else { return };
    let faces = golden["images"].as_object().expect("pictures").values().flat_map(|i| i["faces"].as_array().expect("faces"));
    let mut seen = 0;
    for face in faces {
        let transform = align::Similarity::between(&landmarks(&face["landmarks"]), &align::TEMPLATE).expect("a transform");
        let rows: Vec<Vec<f32>> = face["affine"].as_array().expect("two rows").iter().map(floats).collect();
        // The landmarks are printed with two digits, the matrix was made from all of them: compared where it matters, on
        // the crop.
        for mark in landmarks(&face["landmarks"]).map(|p| p.map(f64::from)) {
            let theirs = [0, 1].map(|r| f64::from(rows[r][0]) * mark[0] + f64::from(rows[r][1]) * mark[1] + f64::from(rows[r][2]));
            let ours = transform.apply(mark);
            assert!((ours[0] - theirs[0]).hypot(ours[1] - theirs[1]) < 0.05, "{ours:?} against {theirs:?}");
        }
        seen += 1;
    }
    assert!(seen >= 70, "{seen} faces");
}
