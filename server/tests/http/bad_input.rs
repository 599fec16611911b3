//! Bad input: the right status, code and sentence each, and the server goes on.

use crate::common::{Form, TestApp, folder, pictures};
use insta::assert_snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn with_image(bytes: &[u8]) -> Form {
    Form::lawful().file("image", "photo.jpg", bytes)
}

/// After whatever came before, a good request is served.
async fn goes_on(app: &TestApp) {
    let reply = app.client.post(Form::good().field("sync", "true")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_are_none() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    assert_snapshot!(app.client.post(Form::lawful()).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "missing_image",
        "details": {
          "field": "image"
        },
        "message": "There is no picture: send it as the form field `image`, or its address as `image_url`."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(with_image(b"")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "empty_image",
        "details": {
          "field": "image"
        },
        "message": "The picture is empty: send the bytes of a JPEG, PNG, WebP or GIF file."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(with_image(b"This is a text that somebody has named .jpg.")).await.snapshot(), @r#"
    415 {
      "error": {
        "code": "unsupported_media_type",
        "message": "The file is no picture that is read here: send a JPEG, PNG, WebP or GIF file (the content decides, not the name)."
      },
      "request_id": "[id]"
    }
    "#);
    let jpeg = pictures::jpeg();
    assert_snapshot!(app.client.post(with_image(&jpeg[..jpeg.len() / 2])).await.snapshot(), @r#"
    422 {
      "error": {
        "code": "unreadable_image",
        "message": "The picture cannot be read: it is damaged or cut short; save it again and retry."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(with_image(&pictures::png_header(0, 0))).await.snapshot(), @r#"
    422 {
      "error": {
        "code": "unreadable_image",
        "message": "The picture cannot be read: it is damaged or cut short; save it again and retry."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(with_image(&pictures::png_header(30_000, 30_000))).await.snapshot(), @r#"
    413 {
      "error": {
        "code": "image_too_large",
        "details": {
          "height": 30000,
          "limit_pixels": 40000000,
          "width": 30000
        },
        "message": "The picture has 30000×30000 pixels, more than the 40000000 allowed: send a smaller one."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(with_image(b"\xff\xd8\xff")).await.snapshot(), @r#"
    422 {
      "error": {
        "code": "unreadable_image",
        "message": "The picture cannot be read: it is damaged or cut short; save it again and retry."
      },
      "request_id": "[id]"
    }
    "#);
    let nothing_chosen = Form::lawful().file("image", "", b"");
    assert_eq!(app.client.post(nothing_chosen).await.json()["error"]["code"], "missing_image");
    goes_on(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_too_large_are_answered_not_cut_off() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let mut large = pictures::jpeg();
    large.resize(50 << 20, 0);
    let reply = app.client.post(with_image(&large)).await;
    assert_snapshot!(reply.snapshot(), @r#"
    413 {
      "error": {
        "code": "payload_too_large",
        "details": {
          "limit_bytes": 12582912
        },
        "message": "The upload is larger than the 12 MiB allowed: send a smaller file."
      },
      "request_id": "[id]"
    }
    "#);

    // The same where no length is announced: it is counted while it is read.
    let form = with_image(&large[..13 << 20]).body();
    let headers = [("content-type", "multipart/form-data; boundary=----a-boundary-of-the-tests"), ("transfer-encoding", "chunked")];
    let mut stream = tokio::net::TcpStream::connect(app.client.0).await.expect("a connection");
    let mut head = "POST /match HTTP/1.1\r\nhost: test\r\nconnection: close\r\n".to_owned();
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("the head is sent");
    for chunk in form.chunks(1 << 20) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await.expect("sent");
        stream.write_all(chunk).await.expect("sent");
        stream.write_all(b"\r\n").await.expect("sent");
    }
    stream.write_all(b"0\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");

    // Several photos may have as much each; more than all of them could have is told by the length alone.
    let huge = vec![0; 100 << 20];
    let reply = app.client.send("POST", "/match", &headers[..1], &huge).await;
    assert_snapshot!(reply.snapshot(), @r#"
    413 {
      "error": {
        "code": "payload_too_large",
        "details": {
          "limit_bytes": 12582912,
          "limit_photos": 8
        },
        "message": "The upload is larger than the 96 MiB allowed: send at most 8 photos of at most 12 MiB each."
      },
      "request_id": "[id]"
    }
    "#);

    // A client that asks first is told before it sends anything.
    let mut stream = app.client.start("POST", "/match", &[headers[0], ("expect", "100-continue")], &huge).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    // The limit itself: a picture of just that size is looked at (and this one is no whole picture).
    large.truncate(12 << 20);
    large.drain(100..200);
    assert_ne!(app.client.post(with_image(&large)).await.status, 413);
    goes_on(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_early_costs_nothing() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let body = Form::good().body();
    for part in [0, 10, body.len() / 2] {
        let headers = [("content-type", "multipart/form-data; boundary=----a-boundary-of-the-tests")];
        let mut stream = app.client.start("POST", "/match", &headers, &body).await;
        stream.write_all(&body[..part]).await.expect("sent");
        drop(stream);
    }
    goes_on(&app).await;
    assert_eq!(app.client.get("/status").await.json()["requests"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_search_without_purpose_and_consent() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    let image = || Form::default().file("image", "photo.png", &pictures::red());
    assert_snapshot!(app.client.post(image().field("consent", "true")).await.snapshot(), @r#"
    422 {
      "error": {
        "code": "purpose_required",
        "details": {
          "field": "purpose"
        },
        "message": "Say why you search, in the field `purpose`: no search is made without a lawful purpose."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(image().field("purpose", "a test")).await.snapshot(), @r#"
    422 {
      "error": {
        "code": "consent_required",
        "details": {
          "field": "consent"
        },
        "message": "Confirm with `consent=true` that the search is lawful and consented to."
      },
      "request_id": "[id]"
    }
    "#);
    let refused = app.client.post(image().field("purpose", "a test").field("consent", "false")).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (422, Some("consent_required")));
    let blank = app.client.post(image().field("purpose", "   ").field("consent", "true")).await;
    assert_eq!((blank.status, blank.json()["error"]["code"].as_str()), (422, Some("purpose_required")));
    assert!(app.service.objects.list("input").await.expect("a listing").is_empty(), "nothing of them is kept");
    goes_on(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_do_not_read_are_named() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    for (field, value) in [
        ("top_k", "many"),
        ("top_k", "0"),
        ("top_k", "1001"),
        ("top_k", "1.5"),
        ("max_candidates", "-1"),
        ("threshold", "2"),
        ("threshold", "NaN"),
        ("face", "first"),
        ("sync", "maybe"),
        ("consent", "perhaps"),
        ("purpose", &"x".repeat(2001)),
    ] {
        let reply = app.client.post(Form::good().field(field, value)).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, error["code"].as_str()), (400, Some("invalid_field")), "{field}={value}: {error}");
        assert_eq!(error["details"]["field"], field);
        assert!(error["message"].as_str().is_some_and(|m| m.contains(field)));
    }
    assert_snapshot!(app.client.post(Form::good().field("top_k", "many")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "invalid_field",
        "details": {
          "field": "top_k"
        },
        "message": "`top_k` must be a whole number from 1 to 1000."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(Form::good().field("providers", "samples, elsewhere")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "unknown_provider",
        "details": {
          "field": "providers",
          "known": [
            "samples",
            "urls"
          ]
        },
        "message": "There is no provider `elsewhere` here; there is: samples, urls."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.post(Form::good().field("treshold", "0.3")).await.snapshot(), @r#"
    400 {
      "error": {
        "code": "unknown_field",
        "details": {
          "field": "treshold"
        },
        "message": "There is no field `treshold`: check its spelling."
      },
      "request_id": "[id]"
    }
    "#);
    // Empty options are as good as none, as a browser sends them.
    assert_eq!(app.client.post(Form::good().field("top_k", "").field("threshold", "").field("hint", "")).await.status, 202);
    goes_on(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_form() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    assert_snapshot!(app.client.send("POST", "/match", &[("content-type", "application/json")], b"{}").await.snapshot(), @r#"
    400 {
      "error": {
        "code": "malformed_request",
        "message": "Send a multipart form (`Content-Type: multipart/form-data`) with `image`, `purpose` and `consent`."
      },
      "request_id": "[id]"
    }
    "#);
    let kind = [("content-type", "multipart/form-data; boundary=x")];
    assert_snapshot!(app.client.send("POST", "/match", &kind, b"no boundary in here").await.snapshot(), @r#"
    400 {
      "error": {
        "code": "malformed_request",
        "message": "The body is no readable multipart form: send `image`, `purpose` and `consent` as form fields."
      },
      "request_id": "[id]"
    }
    "#);
    goes_on(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_lead_nowhere() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    assert_snapshot!(app.client.get("/status/00000000-0000-4000-8000-000000000000").await.snapshot(), @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is no request with this id."
      },
      "request_id": "[id]"
    }
    "#);
    assert_snapshot!(app.client.get("/status/17").await.snapshot(), @r#"
    400 {
      "error": {
        "code": "malformed_id",
        "message": "The request id is malformed: it is a UUID as `POST /match` has answered it."
      },
      "request_id": "[id]"
    }
    "#);
    for path in ["/events", "/requests"] {
        assert_eq!(app.client.get(&format!("{path}/00000000-0000-4000-8000-000000000000")).await.status, 404, "{path}");
        assert_eq!(app.client.get(&format!("{path}/17")).await.status, 400, "{path}");
    }
    assert_eq!(app.client.delete("/requests/00000000-0000-4000-8000-000000000000").await.status, 404);
    assert_snapshot!(app.client.get("/nowhere").await.snapshot(), @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is nothing at this address."
      },
      "request_id": "[id]"
    }
    "#);
    let wrong_method = app.client.send("PUT", "/match", &[], &[]).await;
    assert_snapshot!(wrong_method.snapshot(), @r#"
    405 {
      "error": {
        "code": "method_not_allowed",
        "message": "This address does not take this method: see the Allow header."
      },
      "request_id": "[id]"
    }
    "#);
    assert_eq!(wrong_method.header("allow"), "POST");
    assert_eq!(app.client.get("/status/%ff").await.status, 400);
    goes_on(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_a_request_id_and_the_security_headers() {
    let folder = folder();
    let app = TestApp::start(folder.path()).await;
    for reply in [
        app.client.get("/health").await,
        app.client.get("/nowhere").await,
        app.client.get("/status/17").await,
        app.client.send("PUT", "/match", &[], &[]).await,
        app.client.post(Form::default()).await,
        app.client.send("GET", "/", &[("accept", "text/html")], &[]).await,
    ] {
        assert!(reply.header("x-request-id").parse::<uuid::Uuid>().is_ok(), "{reply:?}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
        if reply.status >= 400 {
            assert_eq!(reply.json()["request_id"], reply.header("x-request-id"));
            assert_eq!(reply.header("content-type"), "application/json");
        }
    }
    let named = app.client.send("GET", "/health/live", &[("x-request-id", "from-the-proxy_7")], &[]).await;
    assert_eq!(named.header("x-request-id"), "from-the-proxy_7");
    let strange = app.client.send("GET", "/health/live", &[("x-request-id", "a b<c>")], &[]).await;
    assert_ne!(strange.header("x-request-id"), "a b<c>");
}
