//! What is kept comes back as it was, and what is foreign is as good as nothing.

use super::comparison::{Before, Comparison, MadeBy};
use super::numbers::Numbers;
use super::pictures::KeptPicture;
use super::{Call, Memory, VERSION};
use crate::clock::Moment;
use crate::discovery::{Candidate, Cost, Found, Location, Need, ProbeQuery, Provenance, Provider, ProviderError};
use crate::fetch::Source;
use crate::pipeline::candidate::Seen;
use crate::pipeline::quality::{Judge, Verdict};
use crate::pipeline::search::Look;
use crate::pipeline::{AnalysedFace, Analysis, Diagnostics, KeepError, MatchJob, PictureHash, Progress, QueryPhoto};
use app::api::{EventKind, MatchOptions, ProviderReport, QualityGate, QualityReason, QualityReport, Thresholds};
use async_trait::async_trait;
use bytes::Bytes;
use models::{BBox, Contract, Embedding, Face, Person};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Keeps in memory, or refuses to.
#[derive(Default)]
struct Store {
    kept: Mutex<BTreeMap<String, String>>,
    refuses: Option<KeepError>,
}

#[async_trait]
impl Progress for Store {
    fn emit(&self, _: EventKind) {}

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }

    fn keep(&self, key: &str, value: String) {
        self.kept.lock().expect("whole").insert(key.to_owned(), value);
    }

    async fn keep_now(&self, key: &str, value: String) -> Result<(), KeepError> {
        match &self.refuses {
            Some(error) => Err(error.clone()),
            None => {
                self.keep(key, value);
                Ok(())
            }
        }
    }
}

impl Store {
    /// A later run of the same job.
    fn next_run(&self) -> MatchJob {
        MatchJob {
            request_id: uuid::Uuid::new_v4(),
            options: MatchOptions::default(),
            query: QueryPhoto { name: "query.png".into(), bytes: Bytes::new() }.into(),
            retry_count: 0,
            max_retries: 0,
            kept: self.kept.lock().expect("whole").clone(),
        }
    }
}

fn contract() -> Arc<Contract> {
    Arc::new(Contract { digest: "00000000".into(), preprocessing: "played".into(), dimension: 3 })
}

/// With numbers that no decimal notation gives back by chance.
fn seen(name: &str, contract: &Arc<Contract>) -> Seen {
    let third = 1.0_f32 / 3.0;
    let bbox = BBox::new(third, -0.0, 100.0 + third, 1e-30);
    let face = Face { bbox, landmarks: [[third, 2.0], [3.0, 4.0], [5.0, third], [7.0, 8.0], [9.0, f32::NAN]], score: 0.1 + 0.2 };
    let report = QualityReport {
        overall: third,
        sharpness: 12.3,
        eye_distance: 45.6,
        yaw: -third,
        pitch: f32::NAN,
        roll: 0.7,
        brightness: 88.8,
        contrast: 9.9,
        occlusion: 0.0,
        score: 0.3,
        norm: 21.7,
        reasons: vec![QualityReason::Dark, QualityReason::Small],
    };
    let vector = |raw: [f32; 3]| Embedding::from_raw(raw.to_vec(), contract).expect("a vector");
    let found = AnalysedFace {
        bbox,
        face: Some(face),
        look: Look::Turned270,
        person: Some(0),
        sharpness: 1.0 / 7.0,
        quality: Some(report),
        embedding: vector([third, 0.77, -9.1]),
    };
    let whole =
        AnalysedFace { face: None, person: None, quality: None, embedding: vector([1.0, 2.0, 3.0]), look: Look::Full, ..found.clone() };
    let analysis = Analysis {
        width: 4000,
        height: 3000,
        people: vec![Person { bbox, score: 0.9 }],
        faces: vec![whole, found],
        looks: vec![Look::Full, Look::CloseUp],
        failed_looks: vec!["engine_failed".into()],
        by_backup: true,
    };
    let hash = Some(PictureHash::of_bits([u64::MAX, 1]));
    let (sha256, retrieved_at, verdict) = ("ab".repeat(32), Moment(1_772_323_199_999), Verdict::default());
    Seen { pool_image: name.into(), sha256, retrieved_at, hash, analysis, best: 1, similarity: 1.0, verdict }
}

/// NaN is not equal to itself; its bits are.
fn told(seen: &Seen) -> String {
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let Seen { pool_image, sha256, retrieved_at, hash, analysis, best, similarity, verdict } = seen;
    let vectors: Vec<_> = analysis.faces.iter().map(|face| (bits(face.embedding.as_slice()), face.embedding.norm().to_bits())).collect();
    let landmarks: Vec<_> = analysis.faces.iter().filter_map(|face| face.face).map(|face| bits(face.landmarks.as_flattened())).collect();
    format!("{pool_image} {sha256} {retrieved_at:?} {hash:?} {analysis:?} {best} {similarity} {verdict:?} {vectors:?} {landmarks:?}")
}

#[test]
fn numbers_come_back_bit_for_bit_and_nothing_else_is_taken_for_numbers() {
    let values = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 3.0, 1.0 / 3.0, f32::MAX];
    let written = serde_json::to_string(&Numbers::from(values)).expect("written");
    let read: Numbers = serde_json::from_str(&written).expect("read");
    assert_eq!(read.array().map(|read: [f32; 7]| read.map(f32::to_bits)), Some(values.map(f32::to_bits)));
    assert_eq!(read.array::<6>(), None);
    for spoiled in ["\"3f80000\"", "\"3f80000g\"", "\"+f800000\"", "\"ééé\"", "[1.0]", "null"] {
        assert!(serde_json::from_str::<Numbers>(spoiled).is_err(), "{spoiled}");
    }
}

#[test]
fn a_picture_comes_back_as_it_was_seen_and_only_to_networks_of_its_contract() {
    let contract = contract();
    let seen = seen("pool-1.jpg", &contract);
    let written = serde_json::to_string(&KeptPicture::of(&seen)).expect("written");
    let read = |contract: &Arc<Contract>| serde_json::from_str::<KeptPicture>(&written).expect("read").seen(contract);
    assert_eq!(read(&contract).map(|seen| told(&seen)), Some(told(&seen)));
    let longer = Arc::new(Contract { dimension: 4, ..(*contract).clone() });
    assert!(read(&longer).is_none());
    let no_best = written.replace("\"best\":1", "\"best\":2");
    assert!(serde_json::from_str::<KeptPicture>(&no_best).expect("read").seen(&contract).is_none());
}

#[test]
fn outcomes_are_found_by_the_comparison_that_they_belong_to_alone() {
    let (store, contract, first) = (Store::default(), contract(), Store::default().next_run());
    let event = || EventKind::Candidate {
        pool_image: String::new(),
        state: app::api::CandidateState::Done,
        faces: 0,
        kind: None,
        counts: app::api::Counts::default(),
    };
    let memory = Memory::of(&first, &store);
    assert_eq!(memory.next_number(), 0);
    let notes = memory.notes(4);
    notes.tell_compared(0, event(), &seen("pool-0.jpg", &contract), Source::Thumbnail, true);
    notes.tell_duplicate(2, event(), "ff", Source::Picture);
    notes.tell_failed(3, event(), &crate::pipeline::StageError::panic("face"), Some("ee".into()));
    notes.tell_match(0, event(), &Err(crate::pipeline::StageError::panic("artifacts")));

    let job = store.next_run();
    let memory = Memory::of(&job, &store);
    let probe = Embedding::from_raw(vec![1.0, 0.0, 0.0], &contract).expect("a vector");
    let judge = Judge::new(Thresholds { match_: 0.4, possible: 0.3 }, QualityGate::Off, None);
    let before = |number: u32, count: usize| memory.notes(number).before(count, &contract, &probe, &judge);
    assert_eq!(memory.next_number(), 5);
    assert!(before(3, 9).is_empty() && before(5, 9).is_empty());
    let of_four = before(4, 9);
    assert_eq!(of_four.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!(before(4, 3).len(), 2, "no more than there are candidates");
    let mut counts = app::api::Counts::default();
    of_four.iter().for_each(|(_, before)| before.add_to(&mut counts));
    assert_eq!((counts.processed, counts.failed, counts.faces, counts.matches), (3, 1, 1, 0));
    let Some((0, Before::Compared { seen, from: Source::Thumbnail, drawn: true, links: Some(links) })) = of_four.into_iter().next() else {
        panic!("the first was compared and told as a match");
    };
    assert_eq!(seen.similarity, seen.analysis.faces[1].embedding.cosine(&probe).expect("one contract"));
    assert_eq!(seen.verdict.status(), app::api::MatchStatus::NoMatch, "it is judged by the query");
    let mut diagnostics = Diagnostics::default();
    assert_eq!(links.counted(&mut diagnostics), crate::pipeline::artifacts::Links::default());
    assert_eq!(diagnostics.list()[0].kind, "panic");
}

struct Named(&'static str, Cost);

#[async_trait]
impl Provider for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(self.0, true, "")
    }

    fn cost(&self) -> Cost {
        self.1
    }

    async fn discover(&self, _: &ProbeQuery, _: usize) -> Result<Found, ProviderError> {
        Err(ProviderError::Timeout)
    }
}

fn found() -> Found {
    let mut candidate = Candidate::new("brave", Location::Url("https://a.example/1.jpg".into()), "https://a.example/1.jpg");
    candidate.alternates.push("https://a.example/2.jpg".into());
    candidate.title = Some("Zoë".into());
    candidate.size = Some((3, 4));
    candidate.provider_score = Some(0.1);
    candidate.also.push(Provenance { license: Some("CC0".into()), ..Provenance::new("tineye", "https://b.example/1.jpg") });
    let object = Candidate::new("bucket", Location::Object { bucket: "b".into(), key: "k".into() }, "s3:b/k");
    Found { candidates: vec![candidate, object], words: vec!["one".into()] }
}

#[tokio::test]
async fn answers_of_all_kinds_come_back_until_the_candidates_are_gathered() {
    let (store, first) = (Store::default(), Store::default().next_run());
    let memory = Memory::of(&first, &store);
    let answers = [
        Ok(found()),
        Err(ProviderError::Unavailable("played".into())),
        Err(ProviderError::RateLimited { retry_after: Some(Duration::from_millis(1500)) }),
        Err(ProviderError::QuotaSpent),
        Err(ProviderError::Needs(Need::Words)),
    ];
    let free = Named("free", Cost::Free);
    let call = |phrase: usize| Call { round: 2, phrase, provider: &free };
    for (phrase, answer) in answers.iter().enumerate() {
        assert!(memory.answer(call(phrase)).is_none());
        memory.will_ask(call(phrase)).await.expect("asked");
        memory.was_answered(call(phrase), answer).await.expect("kept");
    }
    assert_eq!(memory.phrases(vec!["first".into()]), ["first"]);

    let job = store.next_run();
    let memory = Memory::of(&job, &store);
    for (phrase, answer) in answers.iter().enumerate() {
        assert_eq!(memory.answer(call(phrase)).as_ref(), Some(answer));
    }
    assert_eq!(memory.phrases(vec!["other".into()]), ["first"], "what was begun is gone on with");
    let mut diagnostics = Diagnostics::default();
    diagnostics.provider("brave", &ProviderError::QuotaSpent);
    memory.keep_gathered(&found().candidates, &diagnostics);

    let job = store.next_run();
    let gathered = Memory::of(&job, &store).gathered().expect("gathered");
    assert_eq!((&gathered.candidates, gathered.diagnostics().list()), (&found().candidates, diagnostics.list()));
    let left: Vec<_> = job.kept.iter().filter(|(_, value)| !value.is_empty()).map(|(key, _)| key.as_str()).collect();
    assert_eq!(left, ["gathered"], "no answer is kept longer than it is needed");
}

#[tokio::test]
async fn a_metered_provider_is_asked_only_after_it_is_noted_and_a_note_of_any_version_counts() {
    let metered = Named("paid", Cost::Metered);
    let call = Call { round: 1, phrase: 0, provider: &metered };
    let first = Store::default().next_run();
    for refusal in [KeepError::Unreachable("played".into()), KeepError::TakenAway] {
        let store = Store { refuses: Some(refusal.clone()), ..Store::default() };
        let memory = Memory::of(&first, &store);
        assert_eq!(memory.will_ask(call).await, Err(refusal.clone()));
        assert_eq!(Memory::of(&store.next_run(), &store).answer(call), None, "it was not asked: the next run may");
        let answered = memory.was_answered(call, &Ok(found())).await;
        assert_eq!(answered.is_ok(), refusal != KeepError::TakenAway, "an answer that is here is used");
    }
    let store = Store::default();
    Memory::of(&first, &store).will_ask(call).await.expect("noted");
    for value in [VERSION, "999 of a later version"] {
        let mut job = store.next_run();
        job.kept.insert("asked/1/0/paid".into(), value.into());
        assert_eq!(Memory::of(&job, &store).answer(call), Some(Err(ProviderError::Interrupted)));
    }
}

#[test]
fn a_comparison_keeps_its_query_and_what_other_networks_need_to_know_of_it() {
    let (store, contract) = (Store::default(), contract());
    let info = |face: &str| MadeBy::of(&info(face, &contract));
    let seen = seen("query.png", &contract);
    let first = store.next_run();
    let face = BBox::new(1.0, 2.0, 3.0, 1.0 / 3.0);
    let comparison = Comparison::new(7, info("face"), &["device_lost".into()], Some(face), [&seen]);
    Memory::of(&first, &store).keep_comparison(&comparison);
    let job = store.next_run();
    let read = Memory::of(&job, &store).comparison().expect("kept");
    assert_eq!((read.number, read.face(), read.replaced.as_slice()), (7, Some(face), ["device_lost".to_owned()].as_slice()));
    assert!(read.by == info("face") && read.by != info("another detector"));
    assert_eq!(read.photos(1, &contract).map(|photos| told(&photos[0])), Some(told(&seen)));
    let two = Memory::of(&job, &store).comparison().expect("kept").photos(2, &contract);
    assert!(two.is_none(), "a query of another number of photos");

    let mut foreign = job.clone();
    foreign.kept.values_mut().for_each(|value| *value = value.replacen(VERSION, "2 ", 1));
    assert!(Memory::of(&foreign, &store).comparison().is_none());
    foreign.kept.values_mut().for_each(|value| *value = format!("{VERSION}{{"));
    assert!(Memory::of(&foreign, &store).comparison().is_none());
}

fn info(face: &str, contract: &Arc<Contract>) -> models::VisionInfo {
    models::VisionInfo {
        kind: "played".into(),
        engine: "played".into(),
        skipped: Vec::new(),
        pack: "played".into(),
        person_model: "person".into(),
        face_model: face.into(),
        backup_face_model: None,
        embedding_model: "embedding".into(),
        match_threshold: 0.4,
        possible_threshold: 0.3,
        calibration: "played".into(),
        contract: Arc::clone(contract),
        face_side: 640,
        lanes: 1,
        warm_up: 0.0,
        networks: Vec::new(),
    }
}
