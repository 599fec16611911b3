//! Providers that answer as they are told.

use super::*;
use crate::discovery::Location;
use crate::pipeline::{MatchJob, QueryPhoto};
use app::api::{EventKind, ProviderReport};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// What one provider does when it is asked.
enum Does {
    Answers(&'static [&'static str], &'static [&'static str]),
    /// One picture called after the words.
    Echoes,
    Fails(ProviderError),
    Panics,
    Hangs,
    /// When the test says so.
    Waits(Arc<Notify>),
}

struct Told {
    name: &'static str,
    needs: &'static [Need],
    cost: Cost,
    does: Does,
    /// The words of each question.
    asked: Mutex<Vec<Option<String>>>,
}

impl Told {
    fn new(name: &'static str, needs: &'static [Need], does: Does) -> Arc<Self> {
        Arc::new(Self { name, needs, cost: Cost::Free, does, asked: Mutex::default() })
    }

    fn metered(name: &'static str, needs: &'static [Need], does: Does) -> Arc<Self> {
        Arc::new(Self { name, needs, cost: Cost::Metered, does, asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").iter().map(|words| words.clone().unwrap_or_default()).collect()
    }
}

#[async_trait]
impl Provider for Told {
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
        self.cost
    }

    async fn discover(&self, probe: &ProbeQuery, _: usize) -> Answer {
        self.asked.lock().expect("not poisoned").push(probe.words.clone());
        match &self.does {
            Does::Answers(urls, words) => Ok(Found {
                candidates: urls.iter().map(|url| candidate(self.name, url)).collect(),
                words: words.iter().map(|word| (*word).to_owned()).collect(),
            }),
            Does::Echoes => Ok(vec![candidate(self.name, &format!("{}: {}", self.name, probe.words.as_deref().unwrap_or("-")))].into()),
            Does::Fails(error) => Err(error.clone()),
            Does::Panics => panic!("played by the test"),
            Does::Hangs => std::future::pending().await,
            Does::Waits(until) => {
                until.notified().await;
                Ok(vec![candidate(self.name, "waited for")].into())
            }
        }
    }
}

fn candidate(provider: &str, url: &str) -> Candidate {
    Candidate::new(provider, Location::Url(url.into()), url)
}

#[derive(Default)]
struct Quiet {
    cancelled: AtomicBool,
    hands_over: bool,
    kept: Mutex<Vec<String>>,
    logged: Mutex<Vec<String>>,
}

#[async_trait]
impl Progress for Quiet {
    fn emit(&self, _: EventKind) {}

    fn log(&self, message: String) {
        self.logged.lock().expect("not poisoned").push(message);
    }

    async fn keep_now(&self, key: &str, _: String) -> Result<(), KeepError> {
        self.kept.lock().expect("not poisoned").push(key.to_owned());
        Ok(())
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn hands_over(&self) -> bool {
        self.hands_over
    }
}

/// A job that has kept this before.
fn job(kept: BTreeMap<String, String>) -> MatchJob {
    MatchJob {
        request_id: uuid::Uuid::new_v4(),
        options: MatchOptions::default(),
        query: QueryPhoto { name: "query.png".into(), bytes: Bytes::new() }.into(),
        retry_count: 0,
        max_retries: 0,
        kept,
    }
}

struct Gathered {
    uris: Vec<String>,
    candidates: Vec<Candidate>,
    diagnostics: Vec<String>,
    logged: Vec<String>,
}

const MINUTE: Duration = Duration::from_secs(60);
const PICTURE: &[Need] = &[Need::Picture];
const WORDS: &[Need] = &[Need::Words];

async fn gathered(providers: &[Arc<Told>], hint: Option<&str>, timeout: Duration, limit: usize) -> Gathered {
    let providers = providers.iter().map(|provider| provider.clone() as Arc<dyn Provider>).collect();
    let probe = ProbeQuery { picture: Bytes::from_static(b"picture"), words: hint.map(ToOwned::to_owned), ..ProbeQuery::default() };
    let (mut diagnostics, progress) = (Diagnostics::default(), Quiet::default());
    let job = job(BTreeMap::new());
    let memory = Memory::of(&job, &progress);
    let paid = PaidCalls::default();
    let round = Round { providers, named: &[], timeout, deadline: Instant::now() + 10 * MINUTE, limit, memory: &memory, paid };
    let candidates = round.all(probe, &mut diagnostics, &progress).await.expect("everything can be kept");
    let told = |d: app::api::Diagnostic| format!("{} {} {}", d.provider.unwrap_or_default(), d.kind, d.count);
    Gathered {
        uris: candidates.iter().map(|candidate| candidate.image_uri.clone()).collect(),
        candidates,
        diagnostics: diagnostics.list().into_iter().map(told).collect(),
        logged: progress.logged.into_inner().expect("not poisoned"),
    }
}

#[tokio::test]
async fn who_fails_panics_or_hangs_costs_the_others_nothing_and_is_named_in_the_diagnostics() {
    let good = Told::new("good", &[], Does::Answers(&["1", "2"], &[]));
    let hangs = Told::new("hangs", PICTURE, Does::Hangs);
    let panics = Told::new("panics", PICTURE, Does::Panics);
    let spent = Told::metered("spent", PICTURE, Does::Fails(ProviderError::QuotaSpent));
    let url = Told::new("url", &[Need::PictureUrl], Does::Echoes);
    let found = gathered(&[hangs, panics, spent, good, url.clone()], None, Duration::from_secs(1), 9).await;
    assert_eq!(found.uris, ["1", "2"]);
    assert_eq!(
        found.diagnostics,
        ["url provider_needs_more 1", "spent provider_quota_spent 1", "hangs provider_timeout 1", "panics provider_unavailable 1"]
    );
    assert!(url.asked().is_empty(), "without a public address it is not asked");
}

#[tokio::test]
async fn a_pool_of_the_operators_own_has_the_time_of_the_job() {
    struct Slow;
    #[async_trait]
    impl Provider for Slow {
        fn name(&self) -> &str {
            "slow"
        }
        fn report(&self) -> ProviderReport {
            ProviderReport::new("slow", true, "")
        }
        async fn discover(&self, _: &ProbeQuery, _: usize) -> Answer {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(vec![candidate("slow", "1")].into())
        }
    }
    let (mut diagnostics, progress) = (Diagnostics::default(), Quiet::default());
    let job = job(BTreeMap::new());
    let memory = Memory::of(&job, &progress);
    let deadline = Instant::now() + MINUTE;
    let (providers, paid): (Vec<Arc<dyn Provider>>, _) = (vec![Arc::new(Slow)], PaidCalls::default());
    let round = Round { providers, named: &[], timeout: Duration::ZERO, deadline, limit: 9, memory: &memory, paid };
    assert_eq!(round.all(ProbeQuery::default(), &mut diagnostics, &progress).await.expect("kept").len(), 1);
    let late = Round { deadline: Instant::now() + Duration::from_millis(1), ..round };
    assert!(late.all(ProbeQuery::default(), &mut diagnostics, &progress).await.expect("kept").is_empty());
    assert_eq!(diagnostics.list()[0].kind, "provider_timeout");
}

#[tokio::test]
async fn the_hint_is_what_searches_by_words_are_asked_for_once() {
    let picture = Told::new("picture", PICTURE, Does::Answers(&["p"], &["Pierre Curie"]));
    let words = Told::new("words", WORDS, Does::Echoes);
    let found = gathered(&[picture, words.clone()], Some("Marie Curie"), MINUTE, 9).await;
    assert_eq!(found.uris, ["p", "words: Marie Curie"]);
    assert_eq!(words.asked(), ["Marie Curie"], "no second round: the asker's words stand");
    assert!(found.diagnostics.is_empty());
}

#[tokio::test]
async fn without_a_hint_names_from_a_search_by_picture_are_asked_for_in_a_second_round() {
    let vision = Told::new("vision", PICTURE, Does::Answers(&["v"], &["gentleman", "Marie  Curie", "Solvay", "1927", "Brussels"]));
    let lens = Told::new("lens", PICTURE, Does::Answers(&["l"], &["marie curie", "Pierre Curie"]));
    let (free, paid) = (Told::new("free", WORDS, Does::Echoes), Told::metered("paid", WORDS, Does::Echoes));
    let found = gathered(&[vision.clone(), lens, free.clone(), paid.clone()], None, MINUTE, 20).await;
    // In turns, each once, no more than three, none that says nothing; the metered one gets the best alone.
    assert_eq!(free.asked(), ["marie curie", "Pierre Curie", "Solvay"]);
    assert_eq!(paid.asked(), ["marie curie"]);
    assert_eq!(vision.asked(), [""], "searches by picture are asked once");
    assert_eq!(found.uris, ["v", "l", "free: marie curie", "paid: marie curie", "free: Pierre Curie", "free: Solvay"]);
    assert!(found.diagnostics.is_empty(), "{:?}", found.diagnostics);
    assert!(found.logged.iter().all(|line| !line.to_lowercase().contains("curie")), "no words in a log: {:?}", found.logged);
}

#[tokio::test]
async fn without_hint_and_without_names_searches_by_words_are_not_asked() {
    let picture = Told::new("picture", PICTURE, Does::Answers(&["p"], &["portrait", "  ", "Person"]));
    let words = Told::new("words", WORDS, Does::Echoes);
    let found = gathered(&[picture, words.clone()], Some("  "), MINUTE, 9).await;
    assert_eq!(found.uris, ["p"]);
    assert!(words.asked().is_empty());
    assert_eq!(found.diagnostics, ["words provider_needs_more 1"]);
}

#[tokio::test]
async fn a_failure_in_the_second_round_is_counted_for_each_question() {
    let picture = Told::new("picture", PICTURE, Does::Answers(&[], &["one", "two"]));
    let words = Told::new("words", WORDS, Does::Fails(ProviderError::Answer("it is no JSON".into())));
    let found = gathered(&[picture, words], None, MINUTE, 9).await;
    assert_eq!(found.diagnostics, ["words provider_answer 2"]);
}

#[tokio::test]
async fn who_has_had_enough_is_not_asked_for_the_next_phrase() {
    for error in [ProviderError::RateLimited { retry_after: None }, ProviderError::QuotaSpent, ProviderError::Unauthorized] {
        let picture = Told::new("picture", PICTURE, Does::Answers(&[], &["one", "two", "three"]));
        let (words, other) = (Told::new("words", WORDS, Does::Fails(error.clone())), Told::new("other", WORDS, Does::Echoes));
        let found = gathered(&[picture, words.clone(), other.clone()], None, MINUTE, 9).await;
        assert_eq!((words.asked(), other.asked().len()), (vec!["one".to_owned()], 3), "{error}");
        assert_eq!(found.diagnostics, [format!("words {} 1", error.kind())]);
    }
}

#[tokio::test]
async fn answers_are_interleaved_within_the_budget_and_one_picture_has_two_provenances() {
    let a = Told::new("a", PICTURE, Does::Answers(&["https://x.example/1.jpg", "https://x.example/2.jpg", "https://x.example/3.jpg"], &[]));
    let b = Told::new("b", PICTURE, Does::Answers(&["https://X.example:443/1.jpg#b", "https://y.example/1.jpg"], &[]));
    let found = gathered(&[a, b], None, MINUTE, 3).await;
    assert_eq!(found.uris, ["https://x.example/1.jpg", "https://y.example/1.jpg", "https://x.example/2.jpg"]);
    let [first, second, third] = &found.candidates[..] else { panic!("three") };
    assert_eq!((first.provider.as_str(), first.also.len()), ("a", 1));
    assert_eq!((first.also[0].provider.as_str(), first.also[0].image_uri.as_str()), ("b", "https://X.example:443/1.jpg#b"));
    assert!(second.also.is_empty() && third.also.is_empty());
}

/// What is kept of one paid and one free question when the job is cancelled in the middle of both. The paid one is answered when
/// somebody waits for it although the job is cancelled.
async fn kept_of_a_question_that_was_cut_off(hands_over: bool) -> Vec<String> {
    let answers = Arc::new(Notify::new());
    let paid = Told::metered("paid", PICTURE, Does::Waits(answers.clone()));
    let providers: Vec<Arc<dyn Provider>> = vec![paid.clone(), Told::new("free", PICTURE, Does::Hangs)];
    let (mut diagnostics, progress) = (Diagnostics::default(), Quiet { hands_over, ..Quiet::default() });
    let job = job(BTreeMap::new());
    let memory = Memory::of(&job, &progress);
    let deadline = Instant::now() + 10 * MINUTE;
    let round = Round { providers, named: &[], timeout: MINUTE, deadline, limit: 9, memory: &memory, paid: PaidCalls::default() };
    let probe = ProbeQuery { picture: Bytes::from_static(b"picture"), ..ProbeQuery::default() };
    let cutting = async {
        let moment = || tokio::time::sleep(Duration::from_millis(1));
        while paid.asked().is_empty() {
            moment().await;
        }
        progress.cancelled.store(true, Ordering::Relaxed);
        while hands_over && !round.paid.closed.load(Ordering::SeqCst) {
            moment().await;
        }
        if hands_over {
            answers.notify_one();
        }
    };
    let (candidates, ()) = tokio::join!(round.until_cancelled(probe, &mut diagnostics, &progress), cutting);
    assert_eq!(candidates.expect("nothing failed").len(), 0, "the run is over either way");
    progress.kept.into_inner().expect("not poisoned")
}

#[tokio::test]
async fn a_process_that_stops_waits_for_the_answer_that_is_paid_for_and_keeps_it() {
    assert_eq!(kept_of_a_question_that_was_cut_off(true).await, ["asked/1/0/paid", "answer/1/0/paid"]);
}

#[tokio::test]
async fn where_the_request_is_erased_no_answer_is_waited_for() {
    assert_eq!(kept_of_a_question_that_was_cut_off(false).await, ["asked/1/0/paid"]);
}

#[tokio::test]
async fn a_pool_of_other_networks_ends_the_search_where_it_is_named_and_is_told_where_it_is_not() {
    let search = async |named: &[String]| {
        let pool = Told::new("press", &[], Does::Fails(ProviderError::ContractMismatch));
        let providers: Vec<Arc<dyn Provider>> = vec![pool, Told::new("other", &[], Does::Answers(&["o"], &[]))];
        let (mut diagnostics, progress, job) = (Diagnostics::default(), Quiet::default(), job(BTreeMap::new()));
        let memory = Memory::of(&job, &progress);
        let (deadline, paid) = (Instant::now() + MINUTE, PaidCalls::default());
        let round = Round { providers, named, timeout: MINUTE, deadline, limit: 9, memory: &memory, paid };
        let found = round.all(ProbeQuery::default(), &mut diagnostics, &progress).await;
        (found.map(|candidates| candidates.len()), diagnostics.list().len())
    };
    assert_eq!(search(&["other".into(), "press".into()]).await, (Err(PipelineError::ContractMismatch { pool: "press".into() }), 0));
    assert_eq!(search(&["other".into()]).await, (Ok(1), 1));
}
