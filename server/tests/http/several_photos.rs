//! Several photos of one person in one search: what is compared lies in the middle of them, and every one of them is checked,
//! kept over a restart, shown in the result and erased like a single one.

use crate::common::{FakeVision, Form, Reply, TestApp, folder, pictures, until};
use insta::assert_snapshot;
use serde_json::Value;
use std::sync::atomic::Ordering;

/// The vectors of the two stand at a right angle; that of yellow lies between them.
fn half_red() -> Vec<u8> {
    pictures::png(200, 100, 100)
}

fn half_green() -> Vec<u8> {
    pictures::png(100, 200, 100)
}

fn yellow() -> Vec<u8> {
    pictures::png(200, 200, 100)
}

/// Near to half red.
fn orange() -> Vec<u8> {
    pictures::png(200, 150, 100)
}

fn form(photos: &[Vec<u8>]) -> Form {
    photos.iter().enumerate().fold(Form::lawful(), |form, (place, photo)| form.file("image", &format!("photo {place}.png"), photo))
}

async fn result_of(app: &TestApp, photos: &[Vec<u8>]) -> Value {
    let reply = app.client.post(form(photos).field("sync", "true")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn similarity(result: &Value, uri: &str) -> f64 {
    let matches = result["result"][0]["matches"].as_array().expect("matches");
    let found = matches.iter().find(|found| found["image_uri"] == uri).expect("is listed");
    found["similarity"].as_f64().expect("a number")
}

fn photos_of(result: &Value) -> &[Value] {
    result["result"][0]["photos"].as_array().map_or(&[], Vec::as_slice)
}

fn diagnostics(result: &Value) -> Vec<String> {
    let list = result["diagnostics"].as_array().expect("diagnostics").iter();
    list.filter(|d| d["stage"] == "query").map(|d| format!("{} {}", d["kind"].as_str().unwrap_or_default(), d["count"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_compared_lies_in_the_middle_of_the_photos() {
    let folder = folder();
    std::fs::write(folder.path().join("pool/7 yellow.png"), yellow()).expect("a picture of the pool");
    let app = TestApp::start(folder.path()).await;
    let one = result_of(&app, &[half_red()]).await;
    assert!((similarity(&one, "file:7 yellow.png") - 0.5_f64.sqrt()).abs() < 1e-4);
    assert_eq!(one["result"][0].get("photos"), None, "with one photo the result is as it always was");

    let both = result_of(&app, &[half_red(), half_green()]).await;
    assert!((similarity(&both, "file:7 yellow.png") - 1.0).abs() < 1e-4);
    assert_eq!(both["result"][0]["matches"][0]["image_uri"], "file:7 yellow.png");
    assert_eq!(both["result"][0]["matches"][0]["match_status"], "MATCH");
    let photos = photos_of(&both);
    assert_eq!(photos.len(), 2);
    assert_eq!(photos[0]["query_image"], both["result"][0]["query_image"]);
    for photo in photos {
        assert_eq!(photo["weight"], 0.5);
        assert!((photo["similarity"].as_f64().expect("a number") - 0.5_f64.sqrt()).abs() < 1e-4);
        for link in ["crop", "annotated"] {
            let reply = app.client.get(photo[link].as_str().expect("a signed link")).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, "image/jpeg"));
        }
    }
    assert_eq!(diagnostics(&both), ["photos_disagree 2"], "a right angle is below the possible threshold");
    assert_eq!(diagnostics(&result_of(&app, &[half_red(), orange()]).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_is_one_photo() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let result = result_of(&app, &[half_red(), half_red()]).await;
    assert!(photos_of(&result).is_empty());
    let id = result["request_id"].as_str().expect("an id");
    assert_eq!(app.service.objects.list(&format!("input/{id}/query")).await.expect("a listing").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_eight_photos_are_taken() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let photos: Vec<Vec<u8>> = (0..9).map(|n| pictures::png(200, 30, 30 + n)).collect();
    assert_snapshot!(app.client.post(form(&photos)).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "too_many_images",
        "details": {
          "field": "image",
          "limit": 8
        },
        "message": "A search takes at most 8 photos of one person: send the best of them."
      },
      "request_id": "[id]"
    }
    "#);
    let result = result_of(&app, &photos[..8]).await;
    assert_eq!(photos_of(&result).len(), 8);
    let total: f64 = photos_of(&result).iter().map(|photo| photo["weight"].as_f64().expect("a number")).sum();
    assert!((total - 1.0).abs() < 1e-5, "{total}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_bad_photo_is_refused_by_its_number_and_nothing_is_queued() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let text = b"no picture".to_vec();
    assert_snapshot!(app.client.post(form(&[half_red(), text.clone(), text])).await.snapshot(), @r#"
    415 {
      "error": {
        "code": "unsupported_media_type",
        "details": {
          "index": 1
        },
        "message": "Photo 2 of 3: The file is no picture that is read here: send a JPEG, PNG, WebP or GIF file (the content decides, not the name)."
      },
      "request_id": "[id]"
    }
    "#);
    let refused = |reply: &Reply| {
        let error = &reply.json()["error"];
        (reply.status, error["code"].as_str().unwrap_or_default().to_owned(), error["details"]["index"].as_u64())
    };
    let mut large = pictures::jpeg();
    large.resize((12 << 20) + 1, 0);
    let too_large = app.client.post(form(&[half_red(), large])).await;
    assert_eq!(refused(&too_large), (413, "payload_too_large".into(), Some(1)));
    let empty = app.client.post(form(&[Vec::new(), half_red()])).await;
    assert_eq!(refused(&empty), (400, "empty_image".into(), Some(0)));
    let huge = app.client.post(form(&[half_red(), pictures::png_header(30_000, 30_000)])).await;
    assert_eq!(refused(&huge), (413, "image_too_large".into(), Some(1)));

    assert!(app.service.objects.list("input").await.expect("a listing").is_empty());
    assert_eq!(app.client.get("/status").await.json()["requests"].as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_are_larger_together_than_one_may_be_are_taken() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let photos: Vec<Vec<u8>> = (0..3)
        .map(|n| {
            // What stands behind the end of a picture is no part of it.
            let mut photo = pictures::as_jpeg(&pictures::portrait(n, 96, [200, 30, 30]), 90);
            photo.resize(5 << 20, 0);
            photo
        })
        .collect();
    assert_eq!(photos_of(&result_of(&app, &photos).await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_without_a_face_fails_by_its_number() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let reply = app.client.post(form(&[half_red(), pictures::grey()]).field("sync", "true")).await;
    let mut shown = reply.clone();
    let id = reply.json()["error"]["details"]["match_request_id"].as_str().expect("the id").to_owned();
    shown.body = reply.text().replace(&id, "[match id]").into_bytes();
    assert_snapshot!(shown.snapshot(), @r#"
    422 {
      "error": {
        "code": "no_face",
        "details": {
          "index": 1,
          "match_request_id": "[match id]"
        },
        "message": "No face was found in photo 2 of 2: leave it out, or send one that shows the face larger, sharper or less turned away."
      },
      "request_id": "[id]"
    }
    "#);
    let report = app.client.status(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["details"]["index"].as_u64()), (Some("failed"), Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_stands_for_all_photos_in_their_order() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let key = [("idempotency-key", "two photos")];
    let first = app.client.post_with(form(&[half_red(), orange()]), &key).await;
    let again = app.client.post_with(form(&[half_red(), orange()]), &key).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.json()["request_id"], again.json()["request_id"]);
    for other in [&[half_red(), half_green()][..], &[half_red()], &[orange(), half_red()], &[half_red(), orange(), yellow()]] {
        let reply = app.client.post_with(form(other), &key).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (409, Some("idempotency_conflict")));
    }
    let kept = app.service.objects.list("input").await.expect("a listing");
    assert_eq!(kept.len(), 2, "what was not accepted has left no photo behind: {kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_in_the_middle_loses_no_photo() {
    let folder = folder();
    let app = TestApp::start_with(folder.path(), &[], FakeVision::closed()).await;
    let id = app.client.accepted(form(&[half_red(), orange(), yellow()])).await;
    until("the request is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    app.kill().await;

    let app = TestApp::start(folder.path()).await;
    let report = app.client.ended(&id).await;
    assert_eq!(report["status"], "completed", "{report:#}");
    assert_eq!(report["result"]["retry_count"], 1);
    assert_eq!(photos_of(&report["result"]).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_takes_every_photo() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let result = result_of(&app, &[half_red(), orange()]).await;
    let id = result["request_id"].as_str().expect("an id");
    assert_eq!(app.service.objects.list(&format!("input/{id}/query")).await.expect("a listing").len(), 2);
    let crops: Vec<&str> = photos_of(&result).iter().map(|photo| photo["crop"].as_str().expect("a link")).collect();
    assert_eq!(app.client.delete(&format!("/requests/{id}")).await.status, 204);
    assert!(app.service.objects.list("").await.expect("a listing").is_empty());
    for crop in crops {
        assert_eq!(app.client.get(crop).await.status, 410);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_takes_several_photos_and_shows_what_each_adds() {
    const BROWSER: [(&str, &str); 1] = [("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")];
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let home = app.client.send("GET", "/", &BROWSER, &[]).await.text();
    let input = home.split("<input").find(|part| part.contains("name=\"image\"")).expect("the file input");
    assert!(input.split('>').next().is_some_and(|tag| tag.contains("multiple")), "without JavaScript as well");

    let reply = app.client.post_with(form(&[half_red(), orange()]), &BROWSER).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    let path = reply.header("location").to_owned();
    let report = app.client.ended(path.strip_prefix("/requests/").expect("the page of a request")).await;
    let page = app.client.send("GET", &path, &BROWSER, &[]).await.text();
    assert!(page.contains("2 photos make the one face"), "{page}");
    assert_eq!(page.matches("weight 50%").count(), 2);
    for photo in photos_of(&report["result"]) {
        let (crop, _) = photo["crop"].as_str().and_then(|link| link.split_once('?')).expect("a signed link");
        assert!(page.contains(crop), "{crop}");
    }
}
