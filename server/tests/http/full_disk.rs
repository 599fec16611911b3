//! A full disk, for real: artifacts on a small file system in memory, mounted in a namespace of the test's own, where nothing
//! else sees it.

use crate::common::{FakeVision, Form, TestApp, folder, until};
use insta::assert_snapshot;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::Ordering,
};

/// Where the part of the test that runs inside finds the small file system.
const MOUNTED: &str = "FULL_DISK_TEST_MOUNTED";

/// A shell in namespaces of its own that mounts 2 MiB at `$1` and becomes what follows.
fn in_a_small_disk(at: &Path) -> Command {
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs -o size=2m none \"$1\" && shift && exec \"$@\"";
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]).arg(at);
    command
}

#[test]
fn a_full_disk_is_told_and_nothing_is_left_half_written() {
    let disk = tempfile::tempdir().expect("a temporary folder");
    if !in_a_small_disk(disk.path()).arg("true").output().is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: no file system can be mounted here in a namespace of one's own");
        return;
    }
    let mut child = in_a_small_disk(disk.path());
    child.arg(std::env::current_exe().expect("this program"));
    child.args(["--exact", "full_disk::inside", "--ignored", "--nocapture"]).env(MOUNTED, disk.path());
    let output = child.output().expect("it runs");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// Takes what room is left.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = fs::File::create(&path).expect("a file");
    while file.write_all(&[1; 4096]).is_ok() {}
    path
}

/// Every file, but for the empty one whose lock says that the process lives.
fn files(folder: &Path, found: &mut Vec<String>) {
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_none_or(|extension| extension != "lock") {
            found.push(path.display().to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the part of the test above that runs on the small disk"]
async fn inside() {
    let disk = PathBuf::from(std::env::var(MOUNTED).expect("set by the test above"));
    let (folder, place) = (folder(), format!("file:{}", disk.display()));
    let app = TestApp::start_with(folder.path(), &[("ARTIFACTS_URL", place.as_str())], FakeVision::default()).await;
    until("it is ready", || async { app.client.get("/health/ready").await.status == 200 }).await;

    let filler = fill(&disk);
    let refused = app.client.post(Form::good()).await;
    assert_eq!(refused.header("retry-after"), "60");
    assert_snapshot!(refused.snapshot(), @r#"
    503 {
      "error": {
        "code": "storage_full",
        "message": "The service's storage is full, and nothing of this request was kept: tell its operator to make room, and try again."
      },
      "request_id": "[id]"
    }
    "#);
    let mut left = Vec::new();
    files(&disk, &mut left);
    assert_eq!(left, [filler.display().to_string()], "nothing of it is left");
    assert_eq!(app.client.get("/health/ready").await.status, 503);

    fs::remove_file(&filler).expect("removed");
    assert_eq!(app.client.get("/health/ready").await.status, 200);
    app.vision.gate.close();
    let id = app.client.accepted(Form::good()).await;
    until("it is in the middle", || async { app.vision.gate.waiting.load(Ordering::SeqCst) > 0 }).await;
    let filler = fill(&disk);
    app.vision.gate.open();
    let report = app.client.ended(&id).await;
    assert_eq!((report["status"].as_str(), report["error"]["code"].as_str()), (Some("failed"), Some("storage_full")), "{report}");
    left.clear();
    files(&disk.join(".face-engine-tmp"), &mut left);
    assert_eq!(left, Vec::<String>::new(), "nothing is half written");

    fs::remove_file(&filler).expect("removed");
    let id = app.client.accepted(Form::good()).await;
    assert_eq!(app.client.ended(&id).await["status"], "completed");
}
