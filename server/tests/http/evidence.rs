//! The bundle for a newsroom: whole, checkable, and leading nowhere.

use crate::common::{Form, TestApp, folder};
use insta::assert_snapshot;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;

/// Every file of a zip, by its path.
fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = rawzip::ZipArchive::from_slice(bytes).expect("a zip");
    let (mut entries, mut files) = (archive.entries(), BTreeMap::new());
    while let Some(record) = entries.next_entry().expect("an entry") {
        let path = record.file_path().try_normalize().expect("a path").as_ref().to_owned();
        let entry = archive.get_entry(record.wayfinder()).expect("its data");
        let mut data = Vec::new();
        let inflate = flate2::read::DeflateDecoder::new(entry.data());
        entry.verifying_reader(inflate).read_to_end(&mut data).expect("whole");
        files.insert(path, data);
    }
    files
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn completed(app: &TestApp) -> (String, serde_json::Value) {
    let id = app.client.accepted(Form::good()).await;
    let ended = app.client.ended(&id).await;
    assert_eq!(ended["status"], "completed");
    (id, ended["result"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_holds_what_its_manifest_says_and_the_result_knows_the_manifests_hash() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (id, result) = completed(&app).await;
    let reply = app.client.get(result["evidence"]["bundle"].as_str().expect("an address")).await;
    assert_eq!((reply.status, reply.header("content-type"), reply.header("cache-control")), (200, "application/zip", "private, no-store"));
    let hash = result["evidence"]["manifest_sha256"].as_str().expect("a hash");
    let name = format!("attachment; filename=\"evidence-{}.zip\"", &hash[..12]);
    assert_eq!(reply.header("content-disposition"), name);
    let files = unzip(&reply.body);
    assert_eq!(sha256(&files["manifest.json"]), hash);

    let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
    let listed: BTreeMap<&str, &str> = manifest["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| (file["path"].as_str().expect("a path"), file["sha256"].as_str().expect("a hash")))
        .collect();
    for (path, bytes) in &files {
        match path.as_str() {
            "manifest.json" | "README.txt" | "SHA256SUMS" => {}
            path => assert_eq!(listed[path], sha256(bytes), "{path}"),
        }
    }
    assert_eq!(listed.len() + 3, files.len());
    let sums = String::from_utf8_lossy(&files["SHA256SUMS"]).into_owned();
    assert!(sums.contains(&format!("{hash}  manifest.json\n")) && sums.lines().count() == listed.len() + 1, "{sums}");

    // Every match with where it comes from, when, and its pictures in the bundle.
    let matches = result["result"][0]["matches"].as_array().expect("matches");
    let sources = manifest["sources"].as_array().expect("sources");
    assert_eq!(sources.len(), matches.len());
    for (source, found) in sources.iter().zip(matches) {
        for field in ["sha256", "image_uri", "page_url", "retrieved_at", "pool_image"] {
            assert_eq!(source[field], found[field], "{field}");
        }
        assert!(source["retrieved_at"].as_str().is_some_and(|at| at.starts_with("20") && at.ends_with('Z')), "{source}");
    }
    let results: serde_json::Value = serde_json::from_slice(&files["results.json"]).expect("JSON");
    for (bundled, found) in results["result"][0]["matches"].as_array().expect("matches").iter().zip(matches) {
        assert_eq!(bundled["similarity"], found["similarity"]);
        for picture in ["crop", "annotated", "thumbnail"] {
            assert!(files[bundled[picture].as_str().expect("a path")].starts_with(&[0xff, 0xd8]), "{picture}");
        }
    }
    let models = manifest["models"].as_array().expect("models").iter();
    assert!(models.clone().count() >= 3 && models.clone().all(|model| model["sha256"].as_str().is_some_and(|hash| hash.len() == 64)));

    // It is made to be handed on: nothing in it opens the request, and it holds no vector.
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with(".jpg")) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(&id) && !text.contains("signature=") && !text.contains("\"embedding\":["), "{path}");
    }
    assert_snapshot!(files.keys().filter(|path| !path.contains('/')).cloned().collect::<Vec<_>>().join(" "), @"README.txt SHA256SUMS manifest.json results.json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_not_what_it_was_is_not_handed_out() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (id, result) = completed(&app).await;
    let (bundle, objects) = (format!("/requests/{id}/evidence.zip"), &app.service.objects);
    let crop = result["result"][0]["matches"][0]["pool_image"].as_str().expect("a name").replace(".png", ".jpg");
    let crop = format!("output/{id}/pool/cropped_face/{crop}");
    let whole = objects.get(&crop).await.expect("read").expect("a crop");

    objects.put(&crop, whole[..whole.len() - 1].to_vec().into()).await.expect("stored");
    assert_snapshot!(app.client.get(&bundle).await.snapshot(), @r#"
    409 {
      "error": {
        "code": "evidence_changed",
        "message": "Files of this bundle are not what they were when the search completed, so it is not handed out: search again."
      },
      "request_id": "[id]"
    }
    "#);
    objects.put(&crop, whole.clone()).await.expect("stored");
    assert_eq!(app.client.get(&bundle).await.status, 200);

    objects.put(&format!("output/{id}/evidence/manifest.json"), "{}".into()).await.expect("stored");
    assert_eq!(app.client.get(&bundle).await.json()["error"]["code"], "evidence_changed");
    objects.delete_prefix(&format!("output/{id}/evidence")).await.expect("deleted");
    assert_snapshot!(app.client.get(&bundle).await.snapshot(), @r#"
    404 {
      "error": {
        "code": "no_evidence",
        "message": "Files of this bundle are not in the store any more: search again."
      },
      "request_id": "[id]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_bundle_before_the_search_has_completed_and_none_after_erasure() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let (id, _) = completed(&app).await;
    let bundle = format!("/requests/{id}/evidence.zip");
    assert_eq!(app.client.get(&bundle).await.status, 200);
    assert_eq!(app.client.send("DELETE", &format!("/requests/{id}"), &[], b"").await.status, 204);
    assert_eq!(app.client.get(&bundle).await.status, 410);
    assert_eq!(app.client.get("/requests/00000000-0000-4000-8000-000000000000/evidence.zip").await.status, 404);

    app.vision.gate.close();
    let running = app.client.accepted(Form::good()).await;
    assert_snapshot!(app.client.get(&format!("/requests/{running}/evidence.zip")).await.snapshot(), @r#"
    409 {
      "error": {
        "code": "not_completed",
        "message": "The evidence is put together when the search has completed: wait until it has."
      },
      "request_id": "[id]"
    }
    "#);
    app.vision.gate.open();
}
