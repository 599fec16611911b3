//! Of one comparison: which networks make it, what they saw in the query, and how each candidate ended.

use super::numbers::Numbers;
use super::pictures::KeptPicture;
use super::{Memory, written};
use crate::fetch::Source;
use crate::pipeline::artifacts::Links;
use crate::pipeline::candidate::Seen;
use crate::pipeline::quality::Judge;
use crate::pipeline::{Diagnostics, StageError};
use app::api::{Counts, EventKind, MatchStatus};
use models::{BBox, Contract, Embedding, VisionInfo};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const COMPARISON: &str = "comparison";
const SEEN: &str = "seen/";
const MATCH: &str = "match/";
const QUERY: &str = "query/";

/// The networks of a comparison: what other ones have made is not mixed with it. On what engine they run says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeBy {
    digest: String,
    preprocessing: String,
    dimension: usize,
    person: String,
    face: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backup_face: Option<String>,
}

impl MadeBy {
    pub fn of(info: &VisionInfo) -> Self {
        let Contract { digest, preprocessing, dimension } = &*info.contract;
        Self {
            digest: digest.clone(),
            preprocessing: preprocessing.clone(),
            dimension: *dimension,
            person: info.person_model.clone(),
            face: info.face_model.clone(),
            backup_face: info.backup_face_model.clone(),
        }
    }
}

/// A comparison, as far as its query goes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// 0 the first.
    pub number: u32,
    pub by: MadeBy,
    /// Why networks before these were replaced within the run: diagnostic kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    face: Option<Numbers>,
    /// The photos of the query, in their order; empty: not seen yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    photos: Vec<KeptPicture>,
}

impl Comparison {
    /// `face`: the one that is compared, in the photo that says who is meant, where it is known; `photos`: as they were seen.
    pub fn new<'a>(number: u32, by: MadeBy, replaced: &[String], face: Option<BBox>, photos: impl IntoIterator<Item = &'a Seen>) -> Self {
        let face = face.map(|face| face.array().into());
        Self { number, by, replaced: replaced.to_vec(), face, photos: photos.into_iter().map(KeptPicture::of).collect() }
    }

    pub fn face(&self) -> Option<BBox> {
        let [x1, y1, x2, y2] = self.face.as_ref()?.array()?;
        Some(BBox::new(x1, y1, x2, y2))
    }

    /// The photos as they were seen; None where they were not, or where there are not `count` of them.
    pub fn photos(self, count: usize, contract: &Arc<Contract>) -> Option<Vec<Seen>> {
        let photos: Vec<Seen> = self.photos.into_iter().map(|photo| photo.seen(contract)).collect::<Option<_>>()?;
        (photos.len() == count).then_some(photos)
    }
}

/// What belongs to one comparison.
#[derive(Serialize, Deserialize)]
struct Numbered<T> {
    n: u32,
    v: T,
}

/// How a candidate ended, as it is kept.
#[derive(Serialize, Deserialize)]
enum Ended {
    Compared { picture: Box<KeptPicture>, from: Source, drawn: bool },
    Duplicate { sha256: String, from: Source },
    Failed { stage: String, kind: String, sha256: Option<String> },
}

/// How a candidate ended in an earlier run, and was told.
pub enum Before {
    Compared {
        seen: Box<Seen>,
        from: Source,
        /// Whether its crops were asked for, and it was to be told as a match.
        drawn: bool,
        /// They were stored or could not be, and it was told.
        links: Option<KeptLinks>,
    },
    Duplicate {
        sha256: String,
        from: Source,
    },
    Failed {
        stage: String,
        kind: String,
        /// Of the file that nobody else was to look at.
        sha256: Option<String>,
    },
}

impl Before {
    /// As they were when this candidate was told.
    pub fn add_to(&self, counts: &mut Counts) {
        counts.processed += 1;
        match self {
            Self::Compared { seen, .. } => {
                counts.faces += seen.analysis.faces_found();
                counts.matches += usize::from(seen.verdict.status() != MatchStatus::NoMatch);
            }
            Self::Duplicate { .. } => {}
            Self::Failed { .. } => counts.failed += 1,
        }
    }
}

/// Links to crops, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLinks {
    pub links: Links,
    /// Stage and kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<(String, String)>,
}

impl KeptLinks {
    fn of(links: &Result<Links, StageError>) -> Self {
        match links {
            Ok(links) => Self { links: links.clone(), failed: None },
            Err(error) => Self { links: Links::default(), failed: Some((error.stage.to_owned(), error.kind.to_owned())) },
        }
    }

    /// The links; what went wrong is counted as it was then.
    pub fn counted(self, diagnostics: &mut Diagnostics) -> Links {
        if let Some((stage, kind)) = &self.failed {
            diagnostics.count(stage, kind);
        }
        self.links
    }
}

impl<'a> Memory<'a> {
    pub fn comparison(&self) -> Option<Comparison> {
        self.read(COMPARISON)
    }

    pub fn keep_comparison(&self, comparison: &Comparison) {
        self.keep(COMPARISON, comparison);
    }

    /// A number that no comparison had before.
    pub fn next_number(&self) -> u32 {
        let numbered = self.kept.keys().filter(|key| [SEEN, MATCH, QUERY].iter().any(|kind| key.starts_with(kind)));
        let of_values = numbered.filter_map(|key| self.read::<Numbered<IgnoredAny>>(key)).map(|numbered| numbered.n);
        let last = of_values.chain(self.comparison().map(|comparison| comparison.number)).max();
        last.map_or(0, |last| last.saturating_add(1))
    }

    pub fn notes(&'a self, number: u32) -> Notes<'a> {
        Notes { memory: self, number }
    }
}

/// What is kept of one comparison, and the way to keep more of it.
#[derive(Clone, Copy)]
pub struct Notes<'a> {
    memory: &'a Memory<'a>,
    number: u32,
}

impl Notes<'_> {
    /// Every candidate that is through, by its place; `count`: how many candidates there are.
    pub fn before(&self, count: usize, contract: &Arc<Contract>, probe: &Embedding, judge: &Judge) -> Vec<(usize, Before)> {
        let before = |index: usize| {
            let before = match self.read(&format!("{SEEN}{index}"))? {
                Ended::Compared { picture, from, drawn } => {
                    let mut seen = picture.seen(contract)?;
                    let face = seen.analysis.faces.get(seen.best)?;
                    let similarity = face.embedding.cosine(probe).ok()?;
                    (seen.similarity, seen.verdict) = (similarity, judge.verdict(similarity, face.quality.as_ref()));
                    Before::Compared { seen: Box::new(seen), from, drawn, links: self.read(&format!("{MATCH}{index}")) }
                }
                Ended::Duplicate { sha256, from } => Before::Duplicate { sha256, from },
                Ended::Failed { stage, kind, sha256 } => Before::Failed { stage, kind, sha256 },
            };
            Some((index, before))
        };
        (0..count).filter_map(before).collect()
    }

    /// Of one photo of the query.
    pub fn query_links(&self, photo: usize) -> Option<KeptLinks> {
        self.read(&format!("{QUERY}{photo}"))
    }

    pub fn keep_query_links(&self, photo: usize, links: &Result<Links, StageError>) {
        self.memory.keep(&format!("{QUERY}{photo}"), &self.numbered(KeptLinks::of(links)));
    }

    /// Tells of a candidate that was compared.
    pub fn tell_compared(&self, index: usize, event: EventKind, seen: &Seen, from: Source, drawn: bool) {
        self.tell_ended(index, event, Ended::Compared { picture: Box::new(KeptPicture::of(seen)), from, drawn });
    }

    /// Tells of a candidate that has the file of another one.
    pub fn tell_duplicate(&self, index: usize, event: EventKind, sha256: &str, from: Source) {
        self.tell_ended(index, event, Ended::Duplicate { sha256: sha256.to_owned(), from });
    }

    /// Tells of a candidate that failed; `sha256`: of its file, where it had one that nobody else was to look at.
    pub fn tell_failed(&self, index: usize, event: EventKind, error: &StageError, sha256: Option<String>) {
        self.tell_ended(index, event, Ended::Failed { stage: error.stage.to_owned(), kind: error.kind.to_owned(), sha256 });
    }

    /// Tells of a match, whose crops are stored or could not be.
    pub fn tell_match(&self, index: usize, event: EventKind, links: &Result<Links, StageError>) {
        self.tell(event, &format!("{MATCH}{index}"), &self.numbered(KeptLinks::of(links)));
    }

    fn tell_ended(&self, index: usize, event: EventKind, ended: Ended) {
        self.tell(event, &format!("{SEEN}{index}"), &self.numbered(ended));
    }

    fn tell(&self, event: EventKind, key: &str, value: &impl Serialize) {
        match written(value) {
            Some(value) => self.memory.progress.emit_and_keep(event, key, value),
            None => self.memory.progress.emit(event),
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, key: &str) -> Option<T> {
        // The value itself is read only where it is of this comparison.
        let Numbered { n, .. }: Numbered<IgnoredAny> = self.memory.read(key)?;
        if n != self.number {
            return None;
        }
        self.memory.read::<Numbered<T>>(key).map(|numbered| numbered.v)
    }

    fn numbered<T>(&self, v: T) -> Numbered<T> {
        Numbered { n: self.number, v }
    }
}
