//! One picture in several files is one match, and two faces are two, however alike their pictures are.

use crate::common::{FakeVision, Form, TestApp, folder, pictures};
use app::api::{MatchReport, MatchResult};
use std::path::Path;

const ADA: [u8; 3] = [200, 30, 30];
/// As bright as Ada and another person.
const BYRON: [u8; 3] = [30, 103, 60];

/// Searches in these files alone, one after the other.
async fn search(files: &[(&str, Vec<u8>)], form: Form) -> (MatchResult, TestApp, tempfile::TempDir) {
    let folder = folder();
    let pool = folder.path().join("pool");
    std::fs::remove_dir_all(&pool).expect("the pool is emptied");
    std::fs::create_dir(&pool).expect("an empty pool");
    for (name, bytes) in files {
        std::fs::write(Path::new(&pool).join(name), bytes).expect("a picture of the pool");
    }
    let app = TestApp::start_with(folder.path(), &[("MAX_CONCURRENCY", "1")], FakeVision::default()).await;
    let reply = app.client.post(form.field("sync", "true")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    (serde_json::from_slice(&reply.body).expect("a result"), app, folder)
}

/// Each picture that is listed, with the other places that it stands in.
fn listed(result: &MatchResult) -> Vec<String> {
    let told = |found: &MatchReport| match found.duplicates.as_slice() {
        [] => found.image_uri.clone(),
        others => format!("{} ({})", found.image_uri, others.join(", ")),
    };
    result.result[0].matches.iter().map(told).collect()
}

fn ada(side: u32) -> image::RgbImage {
    pictures::portrait(1, side, ADA)
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_one_picture_are_one_match_led_by_the_largest() {
    let files = [
        ("1 small.jpg", pictures::as_jpeg(&ada(150), 80)),
        ("2 poor.jpg", pictures::as_jpeg(&ada(300), 40)),
        ("3 large.png", pictures::as_png(&ada(400))),
        ("4 another.png", pictures::as_png(&pictures::portrait(2, 300, ADA))),
        ("5 large again.png", pictures::as_png(&ada(400))),
    ];
    let (result, ..) = search(&files, Form::good()).await;
    let copies = "file:3 large.png (file:5 large again.png, file:2 poor.jpg, file:1 small.jpg)";
    let mut found = listed(&result);
    found.sort();
    assert_eq!(found, [copies, "file:4 another.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_does_not_depend_on_the_order_in_which_files_come() {
    let copies = [pictures::as_jpeg(&ada(150), 80), pictures::as_jpeg(&ada(300), 40), pictures::as_png(&ada(400))];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let names: Vec<String> = order.iter().enumerate().map(|(place, copy)| format!("{place} is {copy}.jpg")).collect();
        let files: Vec<_> = names.iter().zip(order).map(|(name, copy)| (name.as_str(), copies[copy].clone())).collect();
        let (result, ..) = search(&files, Form::good()).await;
        let [found] = &result.result[0].matches[..] else { panic!("{:?}", listed(&result)) };
        let places: Vec<char> = found.provenances.iter().filter_map(|place| place.image_uri.chars().rev().nth(4)).collect();
        assert_eq!(places, ['2', '1', '0'], "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_faces_in_one_setting_are_two_matches_and_flat_pictures_never_collapse() {
    let files = [
        ("ada.png", pictures::as_png(&ada(300))),
        ("byron.png", pictures::as_png(&pictures::portrait(1, 300, BYRON))),
        ("flat.png", pictures::png(200, 30, 30)),
        ("flat too.png", pictures::png(200, 30, 31)),
    ];
    let (result, ..) = search(&files, Form::good()).await;
    let mut found = listed(&result);
    found.sort();
    assert_eq!(found, ["file:ada.png", "file:byron.png", "file:flat too.png", "file:flat.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_only_because_others_collapsed_has_its_crops_all_the_same() {
    // The first is the best and the second is not drawn. Then the third takes the first in, and shows the face less well.
    let files = [
        ("1 small.png", pictures::as_png(&ada(200))),
        ("2 other.png", pictures::as_png(&pictures::portrait(2, 200, [198, 11, 51]))),
        ("3 large.png", pictures::as_png(&pictures::portrait(1, 400, [197, 58, 7]))),
    ];
    let (result, app, _folder) = search(&files, Form::good().field("top_k", "1")).await;
    assert_eq!(listed(&result), ["file:2 other.png"]);
    let found = &result.result[0].matches[0];
    for link in [&found.crop, &found.aligned, &found.thumbnail, &found.picture, &found.annotated] {
        let reply = app.client.get(link.as_deref().expect("a link")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "image/jpeg"));
    }
}
