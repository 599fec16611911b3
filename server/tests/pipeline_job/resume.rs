//! A job that dies and is taken over: wherever the first run was, the next one goes on from there. Nobody is paid twice, nobody is
//! told anything twice, and the result is the one of a job that nothing happened to.

use super::*;
use app::api::{ProviderReport, StageReport};
use server::clock::ShiftedClock;
use server::discovery::{Candidate, Cost, Location, Need};
use server::pipeline::KeepError;
use server::vision::{Backup, MemoryGuard};
use std::collections::BTreeSet;
use tokio::sync::Notify;

/// What has become durable, until the process dies: nothing that comes later is.
#[derive(Default)]
struct Durable {
    kept: BTreeMap<String, String>,
    events: Vec<EventKind>,
    writes: usize,
    dead: bool,
}

/// A process that dies when so many values are kept.
struct Mortal {
    after: usize,
    durable: Mutex<Durable>,
    died: Notify,
    refuses: Option<KeepError>,
}

impl Mortal {
    fn after(writes: usize) -> Arc<Self> {
        let process = Self { after: writes, durable: Mutex::default(), died: Notify::new(), refuses: None };
        if writes == 0 {
            process.die();
        }
        Arc::new(process)
    }

    fn immortal() -> Arc<Self> {
        Self::after(usize::MAX)
    }

    fn die(&self) {
        self.durable.lock().unwrap().dead = true;
        self.died.notify_one();
    }

    fn write(&self, event: Option<EventKind>, kept: Option<(&str, String)>) {
        let mut durable = self.durable.lock().unwrap();
        if durable.dead {
            return;
        }
        durable.events.extend(event);
        if let Some((key, value)) = kept {
            durable.kept.insert(key.to_owned(), value);
            durable.writes += 1;
            if durable.writes >= self.after {
                drop(durable);
                self.die();
            }
        }
    }

    fn kept(&self) -> BTreeMap<String, String> {
        self.durable.lock().unwrap().kept.clone()
    }

    fn events(&self) -> Vec<EventKind> {
        self.durable.lock().unwrap().events.clone()
    }

    fn writes(&self) -> usize {
        self.durable.lock().unwrap().writes
    }
}

#[async_trait::async_trait]
impl Progress for Mortal {
    fn emit(&self, event: EventKind) {
        self.write(Some(event), None);
    }

    fn log(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }

    fn keep(&self, key: &str, value: String) {
        self.write(None, Some((key, value)));
    }

    fn emit_and_keep(&self, event: EventKind, key: &str, value: String) {
        self.write(Some(event), Some((key, value)));
    }

    async fn keep_now(&self, key: &str, value: String) -> Result<(), KeepError> {
        if let Some(refusal) = &self.refuses {
            return Err(refusal.clone());
        }
        self.keep(key, value);
        if self.durable.lock().unwrap().dead {
            // Nothing goes on in a process that is dead.
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// A search that is paid for, and knows one picture and perhaps a name.
struct Paid {
    name: &'static str,
    needs: &'static [Need],
    folder: TempDir,
    words: &'static [&'static str],
    asked: AtomicUsize,
    /// Dies as soon as it is asked.
    kills: Mutex<Option<Arc<Mortal>>>,
}

impl Paid {
    fn new(name: &'static str, needs: &'static [Need], words: &'static [&'static str], picture: Vec<u8>) -> Arc<Self> {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("found.png"), picture).unwrap();
        Arc::new(Self { name, needs, folder, words, asked: AtomicUsize::new(0), kills: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Provider for Paid {
    fn name(&self) -> &str {
        self.name
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(self.name, true, "")
    }

    fn needs(&self) -> &[Need] {
        self.needs
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, _: &ProbeQuery, _: usize) -> Result<Found, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let kills = self.kills.lock().unwrap().take();
        if let Some(process) = kills {
            process.die();
            std::future::pending::<()>().await;
        }
        let location = Location::File { pool: self.folder.path().into(), path: "found.png".into() };
        let candidate = Candidate::new(self.name, location, format!("file:{}.png", self.name));
        Ok(Found { candidates: vec![candidate], words: self.words.iter().map(|word| (*word).to_owned()).collect() })
    }
}

/// A job with something of everything: pools, a search by picture that guesses a name, a search by words that needs it, two photos,
/// files that are the same, and pictures that fail.
struct Job {
    stage: Stage,
    by_picture: Arc<Paid>,
    by_words: Arc<Paid>,
}

impl Job {
    fn new(request_id: Uuid) -> Self {
        let same = png(ONE_FACE, 25, 7);
        let mut stage = Stage::with_pools(&[
            &[
                ("far.png", png(ONE_FACE, 100, 0)),
                ("near.png", png(ONE_FACE, 10, 0)),
                ("same.png", same.clone()),
                ("two.png", png(TWO_FACES, 50, 0)),
                ("failing.png", png(PERSON_FAILS, 0, 0)),
                ("no-face.png", png(NO_FACE, 20, 0)),
            ],
            &[("same-again.png", same), ("further.png", png(FURTHER_LOOKS_FAIL, 20, 1)), ("text.png", b"no picture".to_vec())],
        ]);
        let by_picture = Paid::new("by-picture", &[Need::Picture], &["Marie Curie"], png(ONE_FACE, 5, 3));
        let by_words = Paid::new("by-words", &[Need::Words], &[], png(ONE_FACE, 15, 3));
        stage.more = vec![by_picture.clone(), by_words.clone()];
        stage.also = vec![png(ONE_FACE, 8, 0)];
        stage.request_id = request_id;
        Self { stage, by_picture, by_words }
    }

    /// None: it has died.
    async fn run(&self, vision: &Arc<Played>, kept: BTreeMap<String, String>, process: &Mortal) -> Option<MatchResult> {
        tokio::select! {
            biased;
            () = process.died.notified() => None,
            result = self.run_to_its_end(vision, kept, process) => Some(result.unwrap()),
        }
    }

    async fn run_to_its_end(
        &self,
        vision: &Arc<Played>,
        kept: BTreeMap<String, String>,
        process: &Mortal,
    ) -> Result<MatchResult, PipelineError> {
        let result = self.stage.run_on(vision.clone(), kept, process).await;
        result.map(|result| MatchResult { time_taken: 0.0, ..result })
    }

    /// Everything that the job leaves, but for the times in its result.
    fn left(&self) -> Vec<(String, Vec<u8>)> {
        let keys = files(self.stage.kept.path()).into_iter().filter(|key| !key.ends_with("matching_results.json"));
        keys.map(|key| (key.clone(), self.stage.read(&key))).collect()
    }
}

fn networks(digest: &str) -> Arc<Played> {
    Arc::new(Played::of_contract(digest))
}

const THESE: &str = "00000000";
const OTHERS: &str = "11111111";

/// A job that nothing happens to.
struct Undisturbed {
    request_id: Uuid,
    result: MatchResult,
    left: Vec<(String, Vec<u8>)>,
    events: Vec<EventKind>,
    writes: usize,
}

async fn undisturbed_job(job: Job, digest: &str) -> Undisturbed {
    let process = Mortal::immortal();
    let result = job.run(&networks(digest), BTreeMap::new(), &process).await.expect("completed");
    assert_eq!((job.by_picture.asked(), job.by_words.asked()), (1, 1));
    let left_over: Vec<_> = process.kept().into_iter().filter(|(key, value)| key.starts_with("answer/") && !value.is_empty()).collect();
    assert!(left_over.is_empty(), "answers are not kept longer than they are needed: {left_over:?}");
    Undisturbed { request_id: job.stage.request_id, result, left: job.left(), events: process.events(), writes: process.writes() }
}

async fn undisturbed(request_id: Uuid, digest: &str) -> Undisturbed {
    let undisturbed = undisturbed_job(Job::new(request_id), digest).await;
    let result = &undisturbed.result;
    assert_eq!(result.result[0].matches.len(), 8);
    assert_eq!(
        diagnostics(result),
        ["decode unsupported_media_type 1", "face no_face 2", "face_again engine_failed 2", "person engine_failed 1"]
    );
    undisturbed
}

fn analyse_begins(event: &EventKind) -> Option<&StageReport> {
    match event {
        EventKind::Stage { stage, .. } if stage.name == "analyse" && stage.state == StageState::Running => Some(stage),
        _ => None,
    }
}

/// Names of candidates and of matches, sorted, as they were told from the last comparison on that began with nothing.
fn told(events: &[EventKind]) -> (Vec<String>, Vec<String>) {
    let begins = |event: &EventKind| analyse_begins(event).is_some_and(|stage| stage.done == 0);
    let from = events.iter().rposition(begins).unwrap_or(0);
    let (mut candidates, mut matches) = (Vec::new(), Vec::new());
    for event in &events[from..] {
        match event {
            // Which of two files that are the same is looked at is chance.
            EventKind::Candidate { pool_image, kind, .. } if kind.as_deref() == Some("duplicate") => {
                assert!(pool_image.starts_with("candidate-"));
                candidates.push("a duplicate".to_owned());
            }
            EventKind::Candidate { pool_image, .. } => candidates.push(pool_image.clone()),
            EventKind::Match { report } => matches.push(report.pool_image.clone()),
            _ => {}
        }
    }
    candidates.sort();
    matches.sort();
    (candidates, matches)
}

fn last_counts(events: &[EventKind]) -> Counts {
    let counts = |event: &EventKind| match event {
        EventKind::Stage { counts, .. } => Some(*counts),
        _ => None,
    };
    events.iter().rev().find_map(counts).unwrap_or_default()
}

fn interrupted(result: &MatchResult) -> Vec<&str> {
    let interrupted = result.diagnostics.iter().filter(|d| d.kind == "provider_interrupted");
    interrupted.map(|d| d.provider.as_deref().unwrap_or_default()).collect()
}

/// What must hold of a job however often it died; `events` are those of all its runs.
fn check(at: &str, job: &Job, result: &MatchResult, events: &[EventKind], undisturbed: &Undisturbed) {
    let interrupted = interrupted(result);
    for paid in [&job.by_picture, &job.by_words] {
        // Where it was noted and the process died before it asked, nobody knows; where the search by picture told no name,
        // there is nothing to ask the other one for.
        let may_be_unasked = interrupted.contains(&paid.name) || (paid.name == "by-words" && interrupted.contains(&"by-picture"));
        assert!(paid.asked() == 1 || (paid.asked() == 0 && may_be_unasked), "{at}: {} was asked {} times", paid.name, paid.asked());
    }
    let (candidates, matches) = told(events);
    let counts = last_counts(events);
    assert_eq!((candidates.len(), counts.processed), (counts.candidates, counts.candidates), "{at}: {candidates:?}");
    assert_eq!(matches.iter().collect::<BTreeSet<_>>().len(), matches.len(), "{at}: told twice: {matches:?}");
    let mut listed: Vec<_> = result.result[0].matches.iter().map(|found| found.pool_image.clone()).collect();
    listed.sort();
    assert_eq!(matches, listed, "{at}");
    if interrupted.is_empty() {
        assert_eq!(result, &undisturbed.result, "{at}");
        assert_eq!(told(&undisturbed.events), (candidates, matches), "{at}");
        assert_eq!(last_counts(&undisturbed.events), counts, "{at}");
        let (left, expected) = (job.left(), &undisturbed.left);
        assert_eq!(left.iter().map(|(key, _)| key).collect::<Vec<_>>(), expected.iter().map(|(key, _)| key).collect::<Vec<_>>(), "{at}");
        assert!(left == *expected, "{at}: a file differs");
    } else {
        let uris = uris(result);
        // `same.png` and `same-again.png` are one file, and one entry by the name of whichever was there first.
        let others = ["near", "two", "far", "same", "no-face", "further"];
        let is_listed = |other: &&str| uris.iter().any(|uri| uri.starts_with(&format!("file:{other}")));
        assert!(others.iter().all(is_listed), "{at}: the others go on: {uris:?}");
    }
}

#[tokio::test]
async fn wherever_a_run_dies_the_next_one_goes_on_to_the_same_result_and_nobody_is_paid_or_told_twice() {
    let expected = undisturbed(Uuid::new_v4(), THESE).await;
    let (mut equal, mut unsure) = (0, 0);
    for writes in 0.. {
        let job = Job::new(expected.request_id);
        let first = Mortal::after(writes);
        if job.run(&networks(THESE), BTreeMap::new(), &first).await.is_some() {
            assert!(writes > 30, "it died only after {writes} writes");
            break;
        }
        let (kept, second, vision) = (first.kept(), Mortal::immortal(), networks(THESE));
        let seen = kept.keys().filter(|key| key.starts_with("seen/")).count();
        let result = job.run(&vision, kept.clone(), &second).await.expect("completed");
        let events = [first.events(), second.events()].concat();
        check(&format!("after {writes} writes"), &job, &result, &events, &expected);
        if interrupted(&result).is_empty() {
            equal += 1
        } else {
            unsure += 1
        }

        if seen > 0 {
            let going_on = second.events().iter().find_map(|event| analyse_begins(event).map(|stage| (stage.done, stage.total)));
            assert_eq!(going_on, Some((seen, Some(last_counts(&events).candidates))), "after {writes} writes");
            // Of what is not known, at most the broken file and one of two that are the same need no look.
            let unknown = last_counts(&events).candidates - seen;
            assert!(vision.looked_at.load(Ordering::SeqCst) <= unknown, "after {writes} writes");
        }
    }
    assert!(equal > 30 && unsure > 0, "{equal} and {unsure}");
}

#[tokio::test]
async fn a_job_that_dies_twice_is_finished_by_the_third_run() {
    let expected = undisturbed(Uuid::new_v4(), THESE).await;
    for first_writes in (1..expected.writes).step_by(4) {
        for second_writes in [1, 2, 5, 9] {
            let job = Job::new(expected.request_id);
            let (first, second, third) = (Mortal::after(first_writes), Mortal::after(second_writes), Mortal::immortal());
            if job.run(&networks(THESE), BTreeMap::new(), &first).await.is_some() {
                continue;
            }
            let mut kept = first.kept();
            let mut events = first.events();
            if job.run(&networks(THESE), kept.clone(), &second).await.is_some() {
                continue;
            }
            kept.extend(second.kept());
            events.extend(second.events());
            let result = job.run(&networks(THESE), kept, &third).await.expect("completed");
            events.extend(third.events());
            check(&format!("after {first_writes} and {second_writes} writes"), &job, &result, &events, &expected);
        }
    }
}

#[tokio::test]
async fn where_other_networks_go_on_everything_is_compared_anew_and_still_nobody_is_paid_twice() {
    let by_others = undisturbed(Uuid::new_v4(), OTHERS).await;
    assert_ne!(by_others.result.contract, undisturbed(by_others.request_id, THESE).await.result.contract);
    for writes in (0..by_others.writes).step_by(2) {
        let job = Job::new(by_others.request_id);
        let (first, second) = (Mortal::after(writes), Mortal::immortal());
        if job.run(&networks(THESE), BTreeMap::new(), &first).await.is_some() {
            continue;
        }
        let result = job.run(&networks(OTHERS), first.kept(), &second).await.expect("completed");
        let events = [first.events(), second.events()].concat();
        check(&format!("other networks after {writes} writes"), &job, &result, &events, &by_others);
        let (candidates, _) = told(&second.events());
        assert_eq!(candidates.len(), last_counts(&events).candidates, "all are told anew after {writes} writes");
    }
}

#[tokio::test]
async fn what_networks_kept_before_others_took_over_counts_no_more_when_they_are_back() {
    let expected = undisturbed(Uuid::new_v4(), THESE).await;
    for between in (1..expected.writes).step_by(3) {
        let job = Job::new(expected.request_id);
        let (first, second, third) = (Mortal::after(expected.writes - 6), Mortal::after(between), Mortal::immortal());
        assert!(job.run(&networks(THESE), BTreeMap::new(), &first).await.is_none());
        let (mut kept, mut events) = (first.kept(), first.events());
        if job.run(&networks(OTHERS), kept.clone(), &second).await.is_some() {
            continue;
        }
        kept.extend(second.kept());
        events.extend(second.events());
        let result = job.run(&networks(THESE), kept, &third).await.expect("completed");
        events.extend(third.events());
        check(&format!("{between} writes of others in between"), &job, &result, &events, &expected);
    }
}

#[tokio::test]
async fn what_another_version_kept_is_ignored_but_whom_it_has_asked_for_money_is_not_asked_again() {
    let request_id = Uuid::new_v4();
    let (job, first) = (Job::new(request_id), Mortal::immortal());
    job.run(&networks(THESE), BTreeMap::new(), &first).await.expect("completed");
    let foreign = |value: &String| value.replacen("1 ", "999 ", 1);
    let cut = |value: &String| value.chars().take(value.len() / 2).collect();
    for spoil in [&foreign as &dyn Fn(&String) -> String, &cut] {
        let kept = first.kept().iter().map(|(key, value)| (key.clone(), spoil(value))).collect();
        let second = Mortal::immortal();
        let result = job.run(&networks(THESE), kept, &second).await.expect("completed");
        assert_eq!((job.by_picture.asked(), job.by_words.asked()), (1, 1));
        assert_eq!(interrupted(&result), ["by-picture"], "and the other one is asked nothing without a name");
        assert_eq!(result.result[0].matches.len(), 6, "the pools are compared as ever");
        assert_eq!(told(&second.events()).1.len(), 6);
    }
}

#[tokio::test]
async fn a_metered_search_that_was_cut_off_is_not_repeated_and_the_others_go_on() {
    let expected = undisturbed(Uuid::new_v4(), THESE).await;
    for by_words in [false, true] {
        let job = Job::new(expected.request_id);
        let (first, second) = (Mortal::immortal(), Mortal::immortal());
        let asked = if by_words { &job.by_words } else { &job.by_picture };
        *asked.kills.lock().unwrap() = Some(first.clone());
        assert!(job.run(&networks(THESE), BTreeMap::new(), &first).await.is_none());
        let result = job.run(&networks(THESE), first.kept(), &second).await.expect("completed");
        assert_eq!((interrupted(&result), asked.asked()), (vec![asked.name], 1));
        assert_eq!(uris(&result).contains(&"file:by-picture.png"), by_words, "the other answer is known and used");
        check("while it was asked", &job, &result, &[first.events(), second.events()].concat(), &expected);
    }
}

#[tokio::test]
async fn where_it_cannot_be_noted_nobody_is_asked_for_money() {
    for (refusal, code, retryable) in
        [(KeepError::Unreachable("played".into()), "storage_failed", true), (KeepError::TakenAway, "cancelled", false)]
    {
        let job = Job::new(Uuid::new_v4());
        let process = Mortal { after: usize::MAX, durable: Mutex::default(), died: Notify::new(), refuses: Some(refusal) };
        let error = job.run_to_its_end(&networks(THESE), BTreeMap::new(), &process).await.expect_err("not noted");
        assert_eq!((error.code(), error.retryable()), (code, retryable));
        assert_eq!((job.by_picture.asked(), job.by_words.asked()), (0, 0));
        // When the store is there again, the job goes on.
        let second = Mortal::immortal();
        let result = job.run(&networks(THESE), process.kept(), &second).await.expect("completed");
        assert_eq!((result.result[0].matches.len(), job.by_picture.asked(), job.by_words.asked()), (8, 1, 1));
    }
}

#[tokio::test]
async fn a_file_whose_first_place_is_gone_meanwhile_is_looked_at_in_its_second_place() {
    let same = png(ONE_FACE, 25, 7);
    let stage = Stage::with_pools(&[&[("a.png", same.clone())], &[("b.png", same)]]);
    let first = Mortal::immortal();
    stage.run_on(networks(THESE), BTreeMap::new(), &*first).await.unwrap();
    let mut kept = first.kept();
    let is_duplicate = |place: &usize| kept[&format!("seen/{place}")].contains("\"Duplicate\"");
    let duplicate = (0..2).find(is_duplicate).expect("one of two");
    // The run has died before it was through with the other one, whose file is deleted then.
    let other = 1 - duplicate;
    kept.retain(|key, _| ![format!("seen/{other}"), format!("match/{other}")].contains(key));
    std::fs::remove_file(stage.pools[other].path().join(["a.png", "b.png"][other])).unwrap();
    let second = Mortal::immortal();
    let result = stage.run_on(networks(THESE), kept, &*second).await.unwrap();
    assert_eq!(uris(&result), [["file:a.png", "file:b.png"][duplicate]]);
    assert_eq!(diagnostics(&result), ["fetch not_found 1"]);
    let counts = last_counts(&second.events());
    assert_eq!((counts.processed, counts.failed, counts.faces), (2, 1, 1));
}

/// Networks that fail on a picture of the pool, and others that stand by.
fn packs() -> Arc<Visions> {
    let loader = |digest: &'static str| Box::new(move || Ok(networks(digest) as Arc<dyn Vision>));
    let backup = Backup { pack: "backup".into(), load: loader(OTHERS) };
    Visions::new("played", loader(THESE), Some(backup), MemoryGuard::off(), Arc::new(ShiftedClock::default()))
}

#[tokio::test]
async fn a_job_whose_networks_were_replaced_goes_on_with_those_that_stood_in_or_begins_anew_with_its_own() {
    let job_on = |request_id: Uuid, visions: Arc<Visions>| {
        let mut job = Job::new(request_id);
        job.stage.visions = Some(visions);
        job
    };
    let expected = undisturbed_job(job_on(Uuid::new_v4(), packs()), THESE).await;
    assert!(expected.result.contract.starts_with(OTHERS) && diagnostics(&expected.result).contains(&"engine engine_failed 1".to_owned()));
    assert_eq!(expected.result.fallbacks.first().map(|f| (f.what.as_str(), f.reason.as_str())), Some(("pack", "engine_failed")));
    for writes in (1..expected.writes).step_by(3) {
        // In the same process, which knows by then that its own networks fail, and in another one, which does not.
        for same_process in [true, false] {
            let (mut job, first, second) = (job_on(expected.request_id, packs()), Mortal::after(writes), Mortal::immortal());
            if job.run(&networks(THESE), BTreeMap::new(), &first).await.is_some() {
                continue;
            }
            if !same_process {
                job.stage.visions = Some(packs());
            }
            let result = job.run(&networks(THESE), first.kept(), &second).await.expect("completed");
            let events = [first.events(), second.events()].concat();
            check(&format!("replaced, after {writes} writes, {same_process}"), &job, &result, &events, &expected);
        }
    }
}
