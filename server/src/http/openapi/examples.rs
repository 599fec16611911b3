//! One example of each body, by name. The tests hold them against the schemas.

use serde_json::{Map, Value, json};

const REQUEST: &str = "9d4e7261-7c0b-4f0e-9a53-1f2d3c4b5a69";
const TOKEN: &str = "3f1c9a5be07d4c62b8a1d94e6f70253c8be41d0fa2974d35960c7e8b12fa5d43";
const SHA256: &str = "5f0c2a7be91d34c86f0e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f";

/// Every example, with what it shows.
pub fn all() -> Map<String, Value> {
    let mut all = Map::new();
    let mut add = |name: &str, summary: &str, value: Value| {
        all.insert(name.to_owned(), json!({ "summary": summary, "value": value }));
    };
    add(
        "match_form",
        "What is beside the photo",
        json!({ "purpose": "trying it out", "consent": true, "hint": "Marie Curie", "sync": true }),
    );
    add(
        "bucket_search",
        "Query and pool in one bucket",
        json!({
            "query_uri": "s3://pictures/queries/photo.jpg", "pool_uri": "s3://pictures/archive", "purpose": "trying it out",
            "consent": true, "sync": true,
        }),
    );
    add("accepted", "It waits for its turn", json!({ "request_id": REQUEST, "status": "queued", "links": links() }));
    add("result", "One match", result(Pictures::Signed));
    add("status", "A completed search", status());
    add("requests", "The newest two", requests());
    add("events", "A search with one candidate", events());
    add("share_options", "For a day", json!({ "expires_in": 86400 }));
    add("share", "A link for a week", share());
    add("shared", "What a reader gets", shared());
    add("pools", "A folder that is indexed", json!({ "pools": [pool("synced")] }));
    add("new_pool", "A folder", json!({ "name": "archive", "uri": "/srv/pictures/archive" }));
    add("pool", "One that was just put there", pool("new"));
    add("pool_queued", "A sync that waits", pool("queued"));
    add("health", "All is well", health());
    add("live", "The process answers", json!({ "status": "ok" }));
    add("metrics", "The first lines", METRICS.into());
    all
}

const METRICS: &str = "# TYPE face_engine_requests gauge\nface_engine_requests{state=\"queued\"} 0\n";

fn links() -> Value {
    json!({ "status": format!("/status/{REQUEST}"), "events": format!("/events/{REQUEST}"), "page": format!("/requests/{REQUEST}") })
}

/// Whose addresses of pictures: the asker's, or those of a reader of a link.
#[derive(Clone, Copy)]
enum Pictures {
    Signed,
    Shared,
}

impl Pictures {
    fn address(self, path: &str) -> String {
        match self {
            Self::Signed => format!("/artifacts/output/{REQUEST}/{path}?expires=1764209491&signature=4c1f9a2b"),
            Self::Shared => format!("/r/{TOKEN}/{path}"),
        }
    }
}

fn thresholds() -> Value {
    json!({ "match": 0.4, "possible": 0.3 })
}

fn models() -> Value {
    json!({
        "pack": "standard", "person": "yolov8n_coco@9e7df9bc", "face": "det_500m@5e4447f5", "embedding": "w600k_mbf@9cc6e4a7",
    })
}

fn face() -> Value {
    json!({
        "box": [412.5, 96.25, 520.0, 238.75],
        "landmarks": [[441.0, 150.5], [490.25, 148.0], [466.75, 178.0], [446.5, 204.25], [486.0, 202.75]],
        "score": 0.875, "sharpness": 96.5, "found_by": "full",
        "quality": {
            "overall": 0.96875, "sharpness": 96.5, "eye_distance": 49.25, "yaw": -4.5, "pitch": 2.25, "roll": -1.5, "brightness": 131.0,
            "contrast": 42.5, "occlusion": 0.0625, "score": 0.875, "norm": 21.75, "reasons": [],
        },
    })
}

fn person() -> Value {
    json!({ "box": [300.0, 60.0, 640.0, 700.0], "score": 0.9375 })
}

fn found(pictures: Pictures) -> Value {
    let uri = "https://pictures.example.org/conference-1927.jpg";
    let page = "https://pictures.example.org/conference-1927";
    json!({
        "rank": 1, "pool_image": "conference-1927.jpg", "image_uri": uri, "page_url": page, "title": "Conference, 1927",
        "provider": "wikimedia", "source_domain": "pictures.example.org", "license": "CC BY-SA 4.0",
        "license_url": "https://creativecommons.org/licenses/by-sa/4.0/", "attribution": "A. Photographer", "similarity": 0.75,
        "match_status": "MATCH", "held_back": [], "face": face(), "person": person(),
        "thumbnail": pictures.address("pool/thumbnail/conference-1927.jpg"),
        "crop": pictures.address("pool/cropped_face/conference-1927-0.jpg"),
        "aligned": pictures.address("pool/cropped_face/conference-1927-aligned.jpg"),
        "annotated": pictures.address("pool/annotated/conference-1927.jpg"),
        "picture": pictures.address("pool/picture/conference-1927.jpg"), "picture_size": [1024, 768], "discovered": 3,
        "sha256": SHA256, "retrieved_at": "2026-11-27T02:11:30.912Z", "downloaded_from": "picture", "thumbnail_only": false,
        "duplicates": [], "fallback": false,
        "provenances": [{
            "provider": "wikimedia", "image_uri": uri, "page_url": page, "title": "Conference, 1927",
            "source_domain": "pictures.example.org", "license": "CC BY-SA 4.0",
            "license_url": "https://creativecommons.org/licenses/by-sa/4.0/", "attribution": "A. Photographer", "provider_rank": 0,
            "provider_score": null,
        }],
    })
}

fn probe(pictures: Pictures) -> Value {
    json!({
        "query_image": "query-82790186.jpg", "query_uri": null, "face": face(), "person": person(), "faces": [face()], "face_index": 0, "picture_size": [1024, 768],
        "crop": pictures.address("query/cropped_face/query-82790186.jpg"),
        "aligned": pictures.address("query/cropped_face/query-82790186-aligned.jpg"),
        "annotated": pictures.address("query/annotated/query-82790186.jpg"), "fallback": false, "matches": [found(pictures)],
    })
}

const CALIBRATION: &str = "LFW10: 450 pairs of one person and 4,500 of different people; at 0.40 no false match and 2 missed, at 0.30 no \
                           false match and none missed";

fn result(pictures: Pictures) -> Value {
    json!({
        "request_id": REQUEST, "status": "completed", "input_working_dir": format!("input/{REQUEST}"),
        "output_working_dir": format!("output/{REQUEST}"), "error": null, "retry_count": 0, "max_retries": 3, "time_taken": 1.27,
        "engine": "onnxruntime 1.32.0 (cpu)", "models": models(), "thresholds": thresholds(), "calibration": CALIBRATION,
        "contract": "w600k_mbf@9cc6e4a7, 512", "fallback": false, "fallbacks": [],
        "diagnostics": [{ "stage": "discover", "kind": "provider_unavailable", "count": 1, "provider": "openverse" }],
        "evidence": { "manifest_sha256": SHA256, "bundle": format!("/requests/{REQUEST}/evidence.zip") },
        "result": [probe(pictures)],
    })
}

fn stage(name: &str, seconds: f64, done: u64, total: Option<u64>) -> Value {
    json!({ "name": name, "state": "done", "started_at": "2026-11-27T02:11:30.204Z", "seconds": seconds, "done": done, "total": total })
}

fn counts() -> Value {
    json!({ "candidates": 10, "processed": 10, "failed": 0, "faces": 72, "matches": 8 })
}

fn status() -> Value {
    json!({
        "request_id": REQUEST, "status": "completed", "created_at": "2026-11-27T02:11:30.123Z", "updated_at": "2026-11-27T02:11:31.474Z",
        "expires_at": "2026-12-27T02:11:30.123Z", "purpose": "trying it out", "counts": counts(), "error": null,
        "stages": [stage("validate", 0.25, 1, None), stage("analyse", 0.75, 10, Some(10)), stage("rank", 0.02, 8, None)],
        "result": result(Pictures::Signed), "links": links(),
    })
}

fn requests() -> Value {
    let other = "1c6f0b7e-52d4-4d0a-9c83-6b0e7f1a2d35";
    let one = |id: &str, status: &str, at: &str| json!({ "request_id": id, "status": status, "created_at": at, "updated_at": at });
    json!({
        "counts": { "queued": 0, "running": 1, "completed": 41, "failed": 2, "expired": 3 },
        "requests": [one(other, "running", "2026-11-27T02:12:05.001Z"), one(REQUEST, "completed", "2026-11-27T02:11:30.123Z")],
        "next_cursor": format!("000649a3b1c2d3e4{}", REQUEST.replace('-', "")),
    })
}

/// As it comes over the wire.
fn events() -> Value {
    let one = json!({ "candidates": 1, "processed": 1, "failed": 0, "faces": 1, "matches": 1 });
    let seen =
        json!({ "type": "candidate", "pool_image": "conference-1927.jpg", "state": "done", "faces": 1, "kind": null, "counts": one });
    let matched = json!({ "type": "match", "report": found(Pictures::Signed) });
    let done = json!({ "type": "done", "counts": one, "seconds": 1.27 });
    let of = |id: u32, name: &str, data: &Value| format!("event: {name}\nid: {id}\ndata: {data}\n\n");
    [of(7, "candidate", &seen), of(8, "match", &matched), of(9, "done", &done)].concat().into()
}

fn share() -> Value {
    json!({
        "token": TOKEN, "url": format!("/r/{TOKEN}"), "data": format!("/r/{TOKEN}.json"), "created_at": "2026-11-27T02:15:00.000Z",
        "expires_at": "2026-12-04T02:15:00.000Z",
    })
}

fn shared() -> Value {
    json!({
        "created_at": "2026-11-27T02:11:30.123Z", "expires_at": "2026-12-04T02:15:00.000Z", "engine": "onnxruntime 1.32.0 (cpu)",
        "models": models(), "thresholds": thresholds(), "calibration": CALIBRATION, "fallback": false, "fallbacks": [],
        "result": [probe(Pictures::Shared)],
    })
}

fn pool(state: &str) -> Value {
    let synced = state == "synced";
    let pictures = if synced { 1204 } else { 0 };
    json!({
        "name": "archive", "uri": "/srv/pictures/archive", "origin": "route", "state": state, "pictures": pictures,
        "faces": if synced { 2311 } else { 0 }, "unreadable": if synced { 3 } else { 0 }, "to_do": pictures, "done": pictures, "failed": 0,
        "contract": synced.then_some("w600k_mbf@9cc6e4a7"), "synced_at": synced.then_some("2026-11-27T01:40:12.700Z"), "error": null,
    })
}

fn health() -> Value {
    let network = |role: &str, model: &str| json!({ "role": role, "model": model, "warm_up": 0.125, "max_batch": 1 });
    json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"),
        "engine": {
            "kind": "onnxruntime", "name": "onnxruntime 1.32.0 (cpu)", "skipped": ["wgpu: no GPU was found"], "warm_up": 0.75,
            "networks": [
                network("person", "yolov8n_coco@9e7df9bc"), network("face", "det_500m@5e4447f5"),
                network("embedding", "w600k_mbf@9cc6e4a7"),
            ],
            "stuck": 0,
        },
        "models": models(), "thresholds": thresholds(), "quality_gate": "standard", "calibration": CALIBRATION,
        "providers": [
            {
                "name": "samples", "configured": true, "note": "10 pictures", "needs": [], "cost": "free", "variables": [],
            },
            {
                "name": "brave", "configured": false, "note": "searches the web by words", "needs": ["words"], "cost": "metered",
                "variables": ["BRAVE_API_KEY"],
            },
        ],
        "database": "ok", "objects": "ok", "queue": { "queued": 0, "running": 1, "capacity": 64, "workers": 1 },
    })
}
