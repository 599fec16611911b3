//! `GET /artifacts/...`: signed, short-lived links, and nothing without one.

use crate::common::{Form, TestApp, folder};
use insta::assert_snapshot;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_its_picture_and_no_other() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    let report = app.client.ended(&id).await;
    let probe = &report["result"]["result"][0];
    let link = |value: &serde_json::Value| value.as_str().expect("a link").to_owned();
    let matched = &probe["matches"][0];
    for link in
        [link(&probe["crop"]), link(&probe["annotated"]), link(&matched["crop"]), link(&matched["annotated"]), link(&matched["thumbnail"])]
    {
        let reply = app.client.get(&link).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "image/jpeg"), "{link}");
        assert!(reply.header("cache-control").starts_with("private"), "{link}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(image::load_from_memory(&reply.body).is_ok(), "{link}");
    }

    let good = link(&matched["crop"]);
    let (path, query) = good.split_once('?').expect("a signed link");
    assert_snapshot!(app.client.get(path).await.snapshot(), @r#"
    403 {
      "error": {
        "code": "bad_signature",
        "message": "This link is not one of ours: open the request's page or status for a new one."
      },
      "request_id": "[id]"
    }
    "#);
    let (other, _) = link(&matched["annotated"]).split_once('?').map(|(p, q)| (p.to_owned(), q.to_owned())).expect("a signed link");
    assert_eq!(app.client.get(&format!("{other}?{query}")).await.status, 403, "a signature is for one file");
    let later = query.replacen("expires=1", "expires=9", 1);
    assert_ne!(later, query);
    assert_eq!(app.client.get(&format!("{path}?{later}")).await.status, 403, "and for one time");
    for climbing in [
        "/artifacts/../face-engine.sqlite",
        "/artifacts/%2e%2e/face-engine.sqlite",
        "/artifacts/..%2fsigning.key",
        "/artifacts//etc/passwd",
    ] {
        assert_eq!(app.client.get(&format!("{climbing}?{query}")).await.status, 403, "{climbing}");
    }
    let signed_nowhere = server::objects::ArtifactLinks::link(&*app.service.links, &format!("output/{id}/pool/nothing.jpg"));
    assert_eq!(app.client.get(&signed_nowhere).await.status, 404);
    let signed_outside = server::objects::ArtifactLinks::link(&*app.service.links, "../face-engine.sqlite");
    assert_eq!(app.client.get(&signed_outside).await.status, 404, "not even with our own signature");

    app.clock.advance(Duration::from_secs(2 * 3600));
    assert_snapshot!(app.client.get(&good).await.snapshot(), @r#"
    403 {
      "error": {
        "code": "link_expired",
        "message": "This link is too old: open the request's page or status for a new one."
      },
      "request_id": "[id]"
    }
    "#);
    let fresh = app.client.status(&id).await["result"]["result"][0]["matches"][0]["crop"].as_str().expect("a link").to_owned();
    assert_eq!(app.client.get(&fresh).await.status, 200, "the status has a new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_stay_good_over_a_restart_and_what_is_kept_is_the_owners_alone() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    let link = app.client.ended(&id).await["result"]["result"][0]["crop"].as_str().expect("a link").to_owned();
    app.stop().await;
    let app = TestApp::start(folder.path()).await;
    assert_eq!(app.client.get(&link).await.status, 200);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (file, owner_alone) in [("signing.key", 0o600), ("face-engine.sqlite", 0o600), ("artifacts", 0o700)] {
            let mode = std::fs::metadata(folder.path().join("data").join(file)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, owner_alone, "{file}");
        }
    }
    app.stop().await;
    let app = TestApp::start_with(folder.path(), &[("SIGNING_KEY", "another key of the operator")], Default::default()).await;
    assert_eq!(app.client.get(&link).await.status, 403, "another key, other links");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_written_where_the_design_says() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let id = app.client.accepted(Form::good()).await;
    app.client.ended(&id).await;
    let keys = app.service.objects.list("").await.expect("a listing");
    assert!(keys.iter().all(|key| key.starts_with(&format!("input/{id}/")) || key.starts_with(&format!("output/{id}/"))), "{keys:?}");
    for part in [
        "query/annotated/",
        "query/cropped_face/",
        "pool/annotated/",
        "pool/cropped_face/",
        "pool/embeddings.json",
        "query/embeddings.json",
    ] {
        assert!(keys.iter().any(|key| key.starts_with(&format!("output/{id}/{part}"))), "{part}: {keys:?}");
    }
    let query: Vec<_> = keys.iter().filter(|key| key.starts_with(&format!("input/{id}/query/query-"))).collect();
    assert_eq!(query.len(), 1, "{keys:?}");
    let stored = app.service.objects.get(&format!("output/{id}/matching_results.json")).await.expect("read").expect("there");
    assert!(!String::from_utf8_lossy(&stored).contains("signature="), "no link is written down signed");
}
