//! Several photos of one person in one job: which face of each is taken, and what becomes of those that do not fit.

use super::*;

/// The similarity of what is compared with a face at this green.
fn similarity(result: &MatchResult, uri: &str) -> f32 {
    let found = result.result[0].matches.iter().find(|found| found.image_uri == uri);
    found.unwrap_or_else(|| panic!("{uri} is not listed")).similarity
}

#[tokio::test]
async fn what_is_compared_lies_in_the_middle_of_all_photos() {
    let mut stage = Stage::new(&[("between.png", png(ONE_FACE, 20, 9)), ("at-the-first.png", png(ONE_FACE, 0, 9))]);
    stage.also = vec![png(ONE_FACE, 40, 0)];
    let result = stage.run().await.unwrap();
    assert!((similarity(&result, "file:between.png") - 1.0).abs() < 1e-5);
    assert!((similarity(&result, "file:at-the-first.png") - cosine_of(20)).abs() < 1e-5);

    let probe = &result.result[0];
    assert_eq!(probe.photos.len(), 2);
    assert_eq!(probe.photos[0].query_image, probe.query_image, "the first photo comes first");
    for photo in &probe.photos {
        assert!((photo.weight - 0.5).abs() < 1e-6 && (photo.similarity - cosine_of(20)).abs() < 1e-5, "{photo:?}");
    }
    assert!(result.diagnostics.is_empty(), "{:?}", result.diagnostics);
}

#[tokio::test]
async fn one_photo_is_compared_as_it_is_and_needs_no_list() {
    let stage = Stage::new(&[("a.png", png(ONE_FACE, 10, 0))]);
    let result = stage.run().await.unwrap();
    assert!(result.result[0].photos.is_empty());
    let query: serde_json::Value =
        serde_json::from_slice(&stage.read(&format!("output/{}/query/embeddings.json", stage.request_id))).unwrap();
    assert_eq!(query.get("template"), None);
}

#[tokio::test]
async fn in_the_other_photos_the_face_most_like_the_first_photos_is_taken() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 0, 9))]);
    // The larger face of the second photo is another person's.
    stage.also = vec![png(TWO_FACES, 10, 0)];
    let result = stage.run().await.unwrap();
    let photo = &result.result[0].photos[1];
    assert_eq!(photo.face.bbox, [0.0, 0.0, 12.8, 9.6], "the smaller face");
    assert!((photo.similarity - cosine_of(5)).abs() < 1e-5);

    // The index that was asked for belongs to the first photo.
    stage.query = png(TWO_FACES, 10, 0);
    stage.also = vec![png(ONE_FACE, 0, 0)];
    stage.options.face = Some(1);
    let probe = stage.run().await.unwrap().result.remove(0);
    assert_eq!((probe.face_index, probe.faces.len()), (1, 2));
    assert!((probe.photos[0].similarity - cosine_of(5)).abs() < 1e-5);
    stage.options.face = Some(2);
    assert_eq!(stage.run().await.unwrap_err().code(), "face_index_out_of_range");
}

#[tokio::test]
async fn a_photo_that_is_unlike_the_rest_is_kept_and_shows() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 0, 9))]);
    // 0°, 6° and 90°.
    stage.also = vec![png(ONE_FACE, 10, 0), png(ONE_FACE, 150, 0)];
    let result = stage.run().await.unwrap();
    assert_eq!(diagnostics(&result), ["query photos_disagree 1"]);
    let similarities: Vec<f32> = result.result[0].photos.iter().map(|photo| photo.similarity).collect();
    assert!(similarities[2] < similarities[0] && similarities[2] < similarities[1], "{similarities:?}");
    assert!((result.result[0].photos.iter().map(|photo| photo.weight).sum::<f32>() - 1.0).abs() < 1e-6);

    // Of two nobody can say which is the wrong one.
    stage.also.remove(0);
    assert_eq!(diagnostics(&stage.run().await.unwrap()), ["query photos_disagree 2"]);
}

#[tokio::test]
async fn photos_whose_faces_cancel_each_other_out_are_refused() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 0, 9))]);
    stage.query = png(FACE_OPPOSITE, 0, 0);
    stage.also = vec![png(ONE_FACE, 0, 0)];
    let error = stage.run().await.unwrap_err();
    assert_eq!((error.code(), error.status(), error.retryable()), ("photos_disagree", 422, false));
}

#[tokio::test]
async fn a_photo_without_a_face_is_named_and_so_is_a_failing_network() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 0, 9))]);
    stage.also = vec![png(ONE_FACE, 10, 0), png(NO_FACE, 0, 0), png(NO_FACE, 0, 1)];
    let error = stage.run().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("no_face", 422));
    assert_eq!(error.details(), serde_json::json!({ "index": 2 }));
    assert!(error.to_string().contains("photo 3 of 4: leave it out"), "{error}");

    stage.also = vec![png(FACE_PANICS, 0, 0)];
    let error = stage.run().await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("engine_failed", true));
}

#[tokio::test]
async fn every_photo_is_drawn_and_its_vectors_are_kept_with_the_template() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 0, 9))]);
    stage.also = vec![png(TWO_FACES, 40, 0), png(NO_PERSON, 20, 0)];
    let result = stage.run().await.unwrap();
    assert!(result.fallback, "the full frame stood in for a person on the third photo");
    assert_eq!(diagnostics(&result), ["person no_person_in_query 1"]);
    let probe = &result.result[0];
    let mut links: Vec<&str> = Vec::new();
    for photo in &probe.photos {
        links.extend([photo.crop.as_deref().unwrap(), photo.annotated.as_deref().unwrap()]);
    }
    for link in &links {
        assert!(image::load_from_memory(&stage.read(link.strip_prefix("/artifacts/").unwrap())).is_ok(), "{link}");
    }
    links.sort_unstable();
    links.dedup();
    assert_eq!(links.len(), 6, "each photo has its own");
    assert_eq!((&probe.crop, &probe.annotated), (&probe.photos[0].crop, &probe.photos[0].annotated));

    let query: serde_json::Value =
        serde_json::from_slice(&stage.read(&format!("output/{}/query/embeddings.json", stage.request_id))).unwrap();
    let faces: Vec<_> = query["images"].as_array().unwrap().iter().map(|image| image["faces"].as_array().unwrap().len()).collect();
    assert_eq!(faces, [1, 2, 1]);
    let of = query["template"]["of"].as_array().unwrap();
    assert_eq!(of.iter().map(|part| part["face"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 0]);
    for (part, photo) in of.iter().zip(&probe.photos) {
        assert_eq!(part["image"], photo.query_image.as_str());
    }
    // 0°, 24° and 12°: the middle.
    let template: Vec<f64> = query["template"]["embedding"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!((template[0] - 12_f64.to_radians().cos()).abs() < 1e-5 && (template[1] - 12_f64.to_radians().sin()).abs() < 1e-5);
}

#[tokio::test]
async fn the_same_file_twice_is_one_photo() {
    let mut stage = Stage::new(&[("a.png", png(ONE_FACE, 10, 0))]);
    stage.also = vec![stage.query.clone()];
    assert!(stage.run().await.unwrap().result[0].photos.is_empty());
}
