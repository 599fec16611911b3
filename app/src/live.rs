//! A request as the page knows it, from the first render to the last event.
//!
//! The server fills it from a [`StatusReport`]; in the browser the same values then move with the request's events.
//! Cards are merged in small batches, so that a fast run does not make the gallery flicker, and each keeps its own
//! signal, so that a card that changes its rank is moved and never rebuilt.

use crate::{
    api::{
        Counts, ErrorDetail, EventKind, MatchReport, MatchResult, MatchStatus, RequestState, StageReport, StageState, StatusReport,
        Thresholds,
    },
    browser,
    choice::Choice,
    text,
};
use leptos::{prelude::*, task::spawn_local};
use std::{cmp::Ordering, collections::HashMap, time::Duration};

mod cancel;
#[cfg(not(feature = "hydrate"))]
mod shared;
mod shown;

/// Matches wait this long for company before the gallery moves.
const BATCH: Duration = Duration::from_millis(300);
/// Between two attempts to reach a server that is away.
const RETRY: Duration = Duration::from_secs(3);

/// What came over the event stream.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
pub enum Heard {
    Open,
    Event(EventKind),
    /// The connection is lost; `closed`: the browser has given up on it.
    Lost {
        closed: bool,
    },
}

/// One compared face in the gallery.
#[derive(Clone)]
pub struct Card {
    /// Stable for the same face of the same picture, and fit for an element's id.
    pub key: String,
    pub report: ArcRwSignal<MatchReport>,
}

#[derive(Clone, Copy)]
pub struct Live {
    pub report: StoredValue<StatusReport>,
    pub thresholds: RwSignal<Thresholds>,
    pub state: RwSignal<RequestState>,
    pub stages: RwSignal<Vec<StageReport>>,
    pub counts: RwSignal<Counts>,
    pub error: RwSignal<Option<ErrorDetail>>,
    /// Everything of the result but the matches, which are in `cards`.
    pub result: RwSignal<Option<MatchResult>>,
    pub cards: RwSignal<Vec<Card>>,
    /// The connection to the server is lost and being restored.
    pub lost: RwSignal<bool>,
    /// The reader has stopped the search: nothing is left of it.
    pub cancelled: RwSignal<bool>,
    /// Which cards are shown, and in which order.
    pub choice: RwSignal<Choice>,
    /// The reader may do something with the request: share, export, erase it. False for readers of a shared link.
    pub own: bool,
    /// The browser has taken the page over: what the server rendered must be found as it is until then.
    taken_over: StoredValue<bool>,
    pending: StoredValue<Vec<MatchReport>>,
    ending: StoredValue<bool>,
    /// Once it is followed.
    stream: StoredValue<Option<Stream>>,
}

type Stream = StoredValue<Option<browser::Following>, LocalStorage>;

impl Live {
    /// `thresholds` are the engine's present ones; a result brings its own.
    pub fn new(report: StatusReport, thresholds: Thresholds) -> Self {
        let live = Self {
            report: StoredValue::new(StatusReport { result: None, ..report.clone() }),
            thresholds: RwSignal::new(thresholds),
            state: RwSignal::new(report.status),
            stages: RwSignal::new(Vec::new()),
            counts: RwSignal::new(Counts::default()),
            error: RwSignal::new(None),
            result: RwSignal::new(None),
            cards: RwSignal::new(Vec::new()),
            lost: RwSignal::new(false),
            cancelled: RwSignal::new(false),
            choice: RwSignal::new(Choice::asked()),
            own: true,
            taken_over: StoredValue::new(false),
            pending: StoredValue::new(Vec::new()),
            ending: StoredValue::new(false),
            stream: StoredValue::new(None),
        };
        live.take(report);
        live
    }

    /// Follows the request until it ends. Call in the browser only, from an effect.
    pub fn follow(self) {
        self.taken_over.set_value(true);
        if !self.state.get_untracked().is_final() {
            let stream = StoredValue::new_local(None);
            self.stream.set_value(Some(stream));
            self.open(stream);
        }
    }

    /// How many cards have this status.
    pub fn count(self, status: MatchStatus) -> usize {
        self.cards.with(|cards| cards.iter().filter(|card| card.report.with(|report| report.match_status == status)).count())
    }

    /// Asks for the whole state again: after the last event, and when signed picture addresses have gone stale.
    pub fn refresh(self, stream: Option<Stream>) {
        if !self.own {
            return;
        }
        let id = self.report.with_value(|report| report.request_id.clone());
        spawn_local(async move {
            match browser::status(id).await {
                Ok(report) => {
                    let over = report.status.is_final();
                    if over && let Some(stream) = stream {
                        stream.set_value(None);
                    }
                    if report.status == RequestState::Expired {
                        browser::reload();
                    }
                    self.take(report);
                    if let (false, Some(stream)) = (over, stream) {
                        set_timeout(move || self.open(stream), RETRY);
                    }
                }
                // Erased meanwhile: the server's own page says so.
                Err(error) if matches!(text::page_status(&error), 404 | 410) => browser::reload(),
                Err(_) if stream.is_some() => set_timeout(move || self.refresh(stream), RETRY),
                Err(_) => {}
            }
        });
    }

    fn open(self, stream: Stream) {
        self.ending.set_value(false);
        let address = self.report.with_value(|report| report.links.events.clone());
        stream.set_value(browser::follow(&address, move |heard| self.hear(heard, stream)));
    }

    fn hear(self, heard: Heard, stream: Stream) {
        match heard {
            Heard::Open => self.lost.set(false),
            Heard::Lost { .. } if self.ending.get_value() => {}
            Heard::Lost { closed } => {
                self.lost.set(true);
                if closed {
                    self.ending.set_value(true);
                    set_timeout(move || self.refresh(Some(stream)), RETRY);
                }
            }
            Heard::Event(kind) => {
                self.lost.set(false);
                let last = kind.is_last();
                self.event(kind);
                if last && !self.ending.get_value() {
                    self.ending.set_value(true);
                    self.refresh(Some(stream));
                }
            }
        }
    }

    fn event(self, kind: EventKind) {
        match kind {
            EventKind::Stage { stage, counts } => {
                if begins_comparing(&stage) {
                    // Again, after other networks have taken over or a try has failed: what they compared says nothing now.
                    self.pending.set_value(Vec::new());
                    if self.cards.with_untracked(|cards| !cards.is_empty()) {
                        self.cards.set(Vec::new());
                    }
                }
                self.state.update(|state| {
                    if *state == RequestState::Queued {
                        *state = RequestState::Running;
                    }
                });
                self.stages.update(|stages| match stages.iter_mut().find(|known| known.name == stage.name) {
                    Some(known) => *known = stage,
                    None => stages.push(stage),
                });
                self.counts.set(counts);
            }
            EventKind::Candidate { counts, .. } | EventKind::Done { counts, .. } => self.counts.set(counts),
            EventKind::Match { report } => {
                let first = self.pending.with_value(Vec::is_empty);
                self.pending.update_value(|pending| pending.push(*report));
                if first {
                    set_timeout(move || self.flush(), BATCH);
                }
            }
            // The status that is fetched next carries it, with its state.
            EventKind::Error { .. } => {}
        }
    }

    /// Moves waiting matches into the gallery.
    fn flush(self) {
        let mut waiting = Vec::new();
        self.pending.update_value(|pending| waiting = std::mem::take(pending));
        if !waiting.is_empty() {
            self.rearrange(waiting, false);
        }
    }

    fn rearrange(self, reports: Vec<MatchReport>, whole: bool) {
        let before = browser::places();
        self.cards.update(|cards| merge(cards, reports, whole));
        if let Some(before) = before {
            request_animation_frame(move || before.glide());
        }
    }

    /// Takes the whole state over.
    fn take(self, mut report: StatusReport) {
        self.stages.set(std::mem::take(&mut report.stages));
        self.counts.set(report.counts);
        self.error.set(report.error.take());
        if let Some(mut result) = report.result.take() {
            let matches = result.result.first_mut().map(|probe| std::mem::take(&mut probe.matches)).unwrap_or_default();
            self.pending.set_value(Vec::new());
            self.thresholds.set(result.thresholds);
            self.rearrange(matches, true);
            self.result.set(Some(result));
        }
        self.state.set(report.status);
        self.report.set_value(report);
    }
}

/// From here on the matches that are told are another comparison's.
fn begins_comparing(stage: &StageReport) -> bool {
    stage.name == "analyse" && stage.state == StageState::Running && stage.done == 0
}

/// Puts new reports into the cards: a known face is updated, a new one added. `whole`: these are all there are, in
/// their final rank, and what is not among them goes; otherwise the most similar stand first.
fn merge(cards: &mut Vec<Card>, reports: Vec<MatchReport>, whole: bool) {
    let mut places: HashMap<String, usize> = cards.iter().enumerate().map(|(place, card)| (card.key.clone(), place)).collect();
    let mut kept = vec![!whole; cards.len()];
    for report in reports {
        let key = key(&report);
        match places.get(&key) {
            Some(&place) => {
                kept[place] = true;
                if cards[place].report.with_untracked(|known| *known != report) {
                    cards[place].report.set(report);
                }
            }
            None => {
                places.insert(key.clone(), cards.len());
                kept.push(true);
                cards.push(Card { key, report: ArcRwSignal::new(report) });
            }
        }
    }
    let mut kept = kept.into_iter();
    cards.retain(|_| kept.next().unwrap_or(true));
    arrange(cards, &|a, b| if whole { a.rank.cmp(&b.rank) } else { most_similar_first(a.similarity, b.similarity) });
}

/// Sorts; equal ones stay as they stand. There is one sort for every order, as each is some kilobytes of the browser's module.
fn arrange(cards: &mut [Card], order: &dyn Fn(&MatchReport, &MatchReport) -> Ordering) {
    cards.sort_by(|a, b| order(&a.report.read_untracked(), &b.report.read_untracked()));
}

/// NaN stands last.
fn most_similar_first(a: f32, b: f32) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| b.total_cmp(&a))
}

/// FNV-1a over the picture's name and the face's place in it.
fn key(report: &MatchReport) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let place = report.face.bbox.map(|edge| edge.round() as i32);
    for byte in report.pool_image.bytes().chain(place.iter().flat_map(|edge| edge.to_le_bytes())) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("face-{hash:016x}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::api::{DownloadedFrom, FaceReport};

    pub(crate) fn face(picture: &str, left: f32, similarity: f32, rank: usize) -> MatchReport {
        MatchReport {
            rank,
            pool_image: picture.to_owned(),
            image_uri: format!("file:{picture}"),
            page_url: None,
            title: None,
            provider: "folder".to_owned(),
            source_domain: None,
            license: None,
            license_url: None,
            attribution: None,
            similarity,
            match_status: Thresholds { match_: 0.4, possible: 0.3 }.status(similarity),
            held_back: Vec::new(),
            face: FaceReport {
                bbox: [left, 0.0, left + 10.0, 10.0],
                landmarks: Vec::new(),
                score: 0.9,
                sharpness: 10.0,
                quality: None,
                found_by: "full".into(),
            },
            person: None,
            thumbnail: None,
            crop: None,
            aligned: None,
            annotated: None,
            picture: None,
            picture_size: None,
            discovered: 0,
            sha256: "0".repeat(64),
            retrieved_at: String::new(),
            downloaded_from: DownloadedFrom::Picture,
            thumbnail_only: false,
            duplicates: Vec::new(),
            provenances: Vec::new(),
            fallback: false,
        }
    }

    fn order(cards: &[Card]) -> Vec<String> {
        cards
            .iter()
            .map(|card| card.report.with_untracked(|report| format!("{} {}", report.pool_image, text::similarity(report.similarity))))
            .collect()
    }

    #[test]
    fn faces_settle_by_similarity_while_they_arrive() {
        let mut cards = Vec::new();
        merge(&mut cards, vec![face("a", 0.0, 0.1, 1), face("b", 0.0, 0.6, 1)], false);
        merge(&mut cards, vec![face("c", 0.0, 0.3, 2), face("d", 0.0, f32::NAN, 3)], false);
        assert_eq!(order(&cards), ["b 0.60", "c 0.30", "a 0.10", "d NaN"]);
    }

    #[test]
    fn a_later_event_for_the_same_face_replaces_it_and_another_face_of_the_picture_is_its_own_card() {
        let mut cards = Vec::new();
        merge(&mut cards, vec![face("a", 0.0, 0.1, 1), face("a", 200.0, 0.5, 1)], false);
        let signal = cards[1].report.clone();
        merge(&mut cards, vec![face("a", 0.0, 0.9, 1)], false);
        assert_eq!(order(&cards), ["a 0.90", "a 0.50"]);
        assert_eq!(signal.with_untracked(|report| report.similarity), 0.9, "the card was updated, not rebuilt");
    }

    #[test]
    fn a_comparison_that_begins_again_is_known_from_one_that_moves_on() {
        let stage = |name: &str, state, done| StageReport {
            name: name.into(),
            state,
            started_at: String::new(),
            seconds: None,
            done,
            total: Some(9),
        };
        assert!(begins_comparing(&stage("analyse", StageState::Running, 0)));
        assert!(!begins_comparing(&stage("analyse", StageState::Running, 1)));
        assert!(!begins_comparing(&stage("analyse", StageState::Failed, 0)));
        assert!(!begins_comparing(&stage("discover", StageState::Running, 0)));
    }

    #[test]
    fn the_final_result_decides_what_stays_and_in_which_order() {
        let mut cards = Vec::new();
        merge(&mut cards, vec![face("a", 0.0, 0.51, 1), face("b", 0.0, 0.50, 2), face("c", 0.0, 0.1, 3)], false);
        // b and a are tied within 0.005 and sharpness put b first; c fell below the asked threshold.
        merge(&mut cards, vec![face("b", 0.0, 0.50, 1), face("a", 0.0, 0.51, 2)], true);
        assert_eq!(order(&cards), ["b 0.50", "a 0.51"]);
    }
}
