use super::folder::on_disk;
use super::*;
use crate::config::AnalysesConfig;
use crate::pipeline::search::Look;
use crate::pipeline::{AnalysedFace, Role};
use crate::testing::TempFolder;
use app::api::{QualityReason, QualityReport};
use models::{BBox, Embedding, Face, Person};
use std::fs;
use std::path::{Path, PathBuf};

const A: Uuid = Uuid::from_u128(1);
const B: Uuid = Uuid::from_u128(2);

fn contract() -> Arc<Contract> {
    Arc::new(Contract { digest: "0".repeat(64), preprocessing: "played".into(), dimension: 3 })
}

fn key(name: &str) -> Key {
    Key::of(name, "played", Role::Candidate)
}

/// Numbers that no rounding leaves as they are.
fn analysis(seed: f32) -> Analysis {
    let bbox = BBox::new(0.1, seed, 33.3, 44.4);
    let embedding = Embedding::from_raw(vec![seed, 0.2, -1.0 / 3.0], &contract()).expect("a vector");
    let quality = QualityReport {
        overall: 0.1,
        sharpness: 0.2,
        eye_distance: 0.3,
        yaw: -0.4,
        pitch: 0.5,
        roll: 0.6,
        brightness: 0.7,
        contrast: 0.8,
        occlusion: 0.9,
        score: 1.1,
        norm: 1.2,
        reasons: vec![QualityReason::Small, QualityReason::Uncertain],
    };
    let found = Face { bbox, landmarks: [[1.1, 2.2], [3.3, 4.4], [5.5, 6.6], [7.7, 8.8], [9.9, seed]], score: 0.77 };
    let face = AnalysedFace {
        bbox,
        face: Some(found),
        look: Look::Turned270,
        person: Some(0),
        sharpness: seed / 7.0,
        quality: Some(quality),
        embedding: embedding.clone(),
    };
    let whole = AnalysedFace { face: None, look: Look::Full, person: None, quality: None, ..face.clone() };
    Analysis {
        width: 640,
        height: 480,
        people: vec![Person { bbox, score: 0.9 }],
        faces: vec![face, whole],
        looks: vec![Look::Full, Look::Tile, Look::Person],
        failed_looks: Vec::new(),
        by_backup: false,
    }
}

fn told(analysis: Option<Analysis>) -> Option<String> {
    analysis.map(|analysis| format!("{analysis:?}"))
}

fn encoded() -> Vec<u8> {
    format::encode(&key("a"), &analysis(0.7)).expect("bytes")
}

struct Place {
    folder: TempFolder,
    disk_bytes: u64,
    memory_bytes: u64,
}

impl Place {
    fn new(disk_bytes: u64, memory_bytes: u64) -> Self {
        Self { folder: TempFolder::new(), disk_bytes, memory_bytes }
    }

    fn open(&self) -> Arc<AnalysisCache> {
        let config =
            AnalysesConfig { folder: self.folder.path().join("analyses"), disk_bytes: self.disk_bytes, memory_bytes: self.memory_bytes };
        AnalysisCache::open(&config).expect("the folder can be used")
    }

    fn files(&self, below: &str) -> Vec<PathBuf> {
        fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry")) {
                if entry.path().is_dir() { collect(&entry.path(), files) } else { files.push(entry.path()) }
            }
        }
        let mut files = Vec::new();
        collect(&self.folder.path().join("analyses").join(below), &mut files);
        files
    }
}

const ROOM: u64 = 1 << 20;

/// Memory alone, disk alone, both.
fn every_kind() -> [Place; 3] {
    [Place::new(0, ROOM), Place::new(ROOM, 0), Place::new(ROOM, ROOM)]
}

fn had(cache: &AnalysisCache, name: &str, request: Uuid) -> bool {
    cache.get(&key(name), &contract(), request).is_some()
}

#[test]
fn what_is_read_is_what_was_written_to_the_last_bit() {
    let read = format::decode(&encoded(), &key("a"), &contract());
    assert_eq!(told(read), told(Some(analysis(0.7))));
}

#[test]
fn bytes_that_were_changed_or_cut_or_belong_to_another_key_are_nothing() {
    let bytes = encoded();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x40;
        assert!(format::decode(&changed, &key("a"), &contract()).is_none(), "byte {place}");
        assert!(format::decode(&bytes[..place], &key("a"), &contract()).is_none(), "{place} bytes");
    }
    assert!(format::decode(&bytes, &key("b"), &contract()).is_none());
    assert!(format::decode(&[bytes.as_slice(), b"x"].concat(), &key("a"), &contract()).is_none());
    let wider = Arc::new(Contract { dimension: 4, ..(*contract()).clone() });
    assert!(format::decode(&bytes, &key("a"), &wider).is_none(), "an embedding of another length");
}

#[test]
fn a_face_takes_little_more_than_its_vector() {
    let contract = Arc::new(Contract { dimension: 512, ..(*contract()).clone() });
    let mut one = analysis(0.7);
    one.faces.truncate(1);
    one.faces[0].embedding = Embedding::from_raw(vec![0.5; 512], &contract).expect("a vector");
    let with_one = format::encode(&key("a"), &one).expect("bytes").len();
    one.faces.push(one.faces[0].clone());
    let of_a_face = format::encode(&key("a"), &one).expect("bytes").len() - with_one;
    assert_eq!((with_one, of_a_face), (2308, 2193));
}

#[test]
fn what_did_not_go_well_is_not_written() {
    let failed = Analysis { failed_looks: vec!["engine_failed".into()], ..analysis(0.7) };
    let by_backup = Analysis { by_backup: true, ..analysis(0.7) };
    assert!(format::encode(&key("a"), &failed).is_none() && format::encode(&key("a"), &by_backup).is_none());
}

#[test]
fn what_was_kept_is_had_by_its_key_alone() {
    for place in every_kind() {
        let cache = place.open();
        cache.put(&key("a"), &analysis(0.7), A);
        assert_eq!(told(cache.get(&key("a"), &contract(), A)), told(Some(analysis(0.7))));
        assert!(!had(&cache, "b", A));
    }
}

#[test]
fn with_no_room_at_all_nothing_is_kept() {
    let place = Place::new(0, 0);
    let cache = place.open();
    cache.put(&key("a"), &analysis(0.7), A);
    assert!(!had(&cache, "a", A) && !place.folder.path().join("analyses").exists());
    assert_eq!(cache.counts(), CacheCounts::default());
}

#[test]
fn what_was_kept_on_disk_is_deleted_where_nothing_is_kept_there_any_more() {
    let place = Place::new(ROOM, ROOM);
    place.open().put(&key("a"), &analysis(0.7), A);
    let off = Place { disk_bytes: 0, ..place };
    assert!(!had(&off.open(), "a", A) && !off.folder.path().join("analyses").exists());
}

#[test]
fn a_request_that_was_forgotten_takes_nothing_from_others() {
    let place = Place::new(0, ROOM);
    let cache = place.open();
    cache.put(&key("a"), &analysis(0.7), B);
    cache.forget_now(A).expect("forgotten");
    assert!(!had(&cache, "a", A) && had(&cache, "a", B));
}

#[test]
fn two_requests_share_one_entry_and_it_goes_with_the_last_of_them() {
    for place in every_kind() {
        let cache = place.open();
        cache.put(&key("a"), &analysis(0.7), A);
        cache.put(&key("only A"), &analysis(0.8), A);
        assert!(had(&cache, "a", B), "and is B's from now on");
        cache.forget_now(A).expect("forgotten");
        assert!(had(&cache, "a", B) && !had(&cache, "only A", B));
        cache.forget_now(B).expect("forgotten");
        let counts = cache.counts();
        assert_eq!([counts.memory.entries, counts.memory.bytes, counts.disk.entries, counts.disk.bytes], [0; 4]);
        assert_eq!(place.files(""), Vec::<PathBuf>::new(), "no entry, no note of an owner");
    }
}

#[test]
fn a_request_that_was_forgotten_gets_and_leaves_nothing() {
    for place in every_kind() {
        let cache = place.open();
        cache.put(&key("a"), &analysis(0.7), B);
        cache.forget_now(A).expect("forgotten");
        cache.put(&key("late"), &analysis(0.8), A);
        assert!(!had(&cache, "a", A) && !had(&cache, "late", B));
        cache.forget_now(B).expect("forgotten");
        assert_eq!(place.files(""), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_next_process_knows_what_is_on_disk_and_whose_it_is() {
    let place = Place::new(ROOM, ROOM);
    place.open().put(&key("a"), &analysis(0.7), A);
    let cache = place.open();
    assert!(had(&cache, "a", B), "read from disk");
    assert!(had(&cache, "a", B), "from memory");
    let counts = cache.counts();
    assert_eq!((counts.memory.hits, counts.memory.misses, counts.disk.hits, counts.disk.misses), (1, 1, 1, 0));
    drop(cache);
    let cache = place.open();
    cache.forget_now(B).expect("forgotten");
    assert!(had(&cache, "a", A), "A owned it from the start");
    cache.forget_now(A).expect("forgotten");
    assert_eq!(place.files(""), Vec::<PathBuf>::new());
}

#[test]
fn nothing_is_ownerless_for_ever_whenever_a_crash_comes() {
    let place = Place::new(ROOM, 0);
    place.open().put(&key("a"), &analysis(0.7), A);
    // Before the entry had its place: the owner is noted, the file is a temporary one.
    let note = place.files("owners").pop().expect("a note");
    let entry = place.files("entries").pop().expect("an entry");
    fs::rename(&entry, place.folder.path().join("analyses/new/half")).expect("renamed");
    let cache = place.open();
    assert!(!had(&cache, "a", A) && place.files("new").is_empty() && place.files("entries").is_empty());

    // Whatever else took its note away.
    cache.put(&key("a"), &analysis(0.7), A);
    drop(cache);
    fs::remove_file(&note).expect("removed");
    assert!(!had(&place.open(), "a", A) && place.files("entries").is_empty());

    // In the middle of a note: the notes after it are read all the same.
    fs::write(&note, b"half a key").expect("written");
    place.open().put(&key("b"), &analysis(0.7), A);
    let cache = place.open();
    assert!(had(&cache, "b", A));
    cache.forget_now(A).expect("forgotten");
    assert_eq!(place.files(""), Vec::<PathBuf>::new());
}

#[test]
fn an_erasure_finds_what_the_ledger_has_let_go_of() {
    let place = Place::new(ROOM, 0);
    let cache = place.open();
    cache.put(&key("a"), &analysis(0.7), A);
    let entry = place.files("entries").pop().expect("an entry");
    let bytes = fs::read(&entry).expect("read");
    cache.ledger_forgets(&key("a"));
    fs::write(&entry, bytes).expect("written");
    cache.forget_now(A).expect("forgotten");
    assert_eq!(place.files(""), Vec::<PathBuf>::new());
}

#[test]
fn a_broken_file_is_a_miss_and_is_deleted() {
    let place = Place::new(ROOM, 0);
    let cache = place.open();
    for spoiled in [&b""[..], b"FEANLS", &vec![7; 1 << 16]] {
        cache.put(&key("a"), &analysis(0.7), A);
        let entry = place.files("entries").pop().expect("an entry");
        fs::write(&entry, spoiled).expect("written");
        assert!(!had(&cache, "a", A) && !entry.exists());
    }
    assert_eq!((cache.counts().disk.broken, cache.counts().disk.entries), (3, 0));
    cache.put(&key("a"), &analysis(0.7), A);
    assert!(had(&cache, "a", A), "and is written anew");
}

#[test]
fn files_that_do_not_belong_in_the_folder_are_removed_at_the_start() {
    let place = Place::new(ROOM, 0);
    place.open().put(&key("a"), &analysis(0.7), A);
    for foreign in ["entries/stray", "entries/aa/short", &format!("entries/zz/{}", key("b")), "owners/nobody"] {
        place.folder.write(&format!("analyses/{foreign}"), b"foreign");
    }
    let cache = place.open();
    assert_eq!(place.files("").len(), 2, "the entry and its owner");
    assert!(had(&cache, "a", A));
}

#[test]
fn where_room_is_short_the_longest_unused_goes_first() {
    let one = on_disk(encoded().len() as u64);
    let place = Place::new(3 * one, ROOM);
    let cache = place.open();
    for name in ["a", "b", "c"] {
        cache.put(&key(name), &analysis(0.7), A);
    }
    assert!(had(&cache, "a", A));
    cache.put(&key("d"), &analysis(0.7), A);
    assert_eq!(["a", "b", "c", "d"].map(|name| had(&cache, name, A)), [true, false, true, true]);
    let counts = cache.counts();
    assert_eq!((counts.disk.evictions, counts.disk.entries, counts.disk.bytes), (1, 3, 3 * one));
    assert_eq!(place.files("entries").len(), 3);
    drop(cache);
    // Less room after a restart.
    let smaller = Place { disk_bytes: one, ..place };
    assert_eq!(smaller.open().counts().disk.entries, 1);
    assert_eq!(smaller.files("entries").len(), 1);
}

#[test]
fn the_order_of_use_outlives_the_process() {
    let one = on_disk(encoded().len() as u64);
    let place = Place::new(2 * one, 0);
    let cache = place.open();
    for name in ["a", "b"] {
        cache.put(&key(name), &analysis(0.7), A);
    }
    drop(cache);
    // Both as if written a day ago; then B uses the first.
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
    for file in place.files("entries") {
        fs::File::options().append(true).open(file).and_then(|file| file.set_modified(yesterday)).expect("set");
    }
    assert!(had(&place.open(), "a", B));
    let cache = place.open();
    cache.put(&key("c"), &analysis(0.7), A);
    assert_eq!(["a", "b", "c"].map(|name| had(&cache, name, A)), [true, false, true]);
}

#[test]
fn memory_alone_keeps_no_more_than_it_may() {
    let place = Place::new(0, 2000);
    let cache = place.open();
    for name in ["a", "b", "c", "d", "e", "f"] {
        cache.put(&key(name), &analysis(0.7), A);
    }
    let counts = cache.counts();
    assert!(counts.memory.bytes <= 2000 && counts.memory.entries >= 1 && counts.memory.evictions > 0, "{counts:?}");
    assert_eq!(["a", "f"].map(|name| had(&cache, name, A)), [false, true]);
}

#[test]
fn what_is_kept_is_for_the_owner_of_the_process_alone() {
    let place = Place::new(ROOM, 0);
    place.open().put(&key("a"), &analysis(0.7), A);
    #[cfg(unix)]
    for file in place.files("") {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o077, 0);
    }
    let named = place.files("entries").iter().any(|file| file.to_string_lossy().contains(&key("a").to_string()));
    assert!(named, "by its key, from which no hash of a file can be read");
}
