//! The list of matches: near-duplicates collapse into one entry, the entries are ranked, and each names every place that
//! its picture stands in.
//!
//! Which file of a group leads is settled by pictures and places alone: one that may be listed before one that is left out for
//! its quality, the operator's own pools before the web, the larger picture before the smaller, the picture itself before its
//! thumbnail, then the order of discovery. An entry is its leader's: face, similarity and crops are those of one file.

use super::near_duplicate::Nearness;
use super::quality::reasons;
use super::sweep::{Compared, Place, Swept};
use super::{MatchJob, RankKey, rank, report};
use crate::discovery::{Candidate, Location, Provenance};
use crate::fetch::Source;
use app::api::{DownloadedFrom, MatchReport, ProvenanceReport, Thresholds};
use std::cmp::Reverse;
use std::collections::HashSet;

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its leader: index into the compared pictures.
    pub lead: usize,
    /// Every place of every file of the group, the leader's first. Never empty.
    pub places: Vec<Place>,
}

/// The smaller one leads.
pub type Precedence = ((bool, bool), bool, Reverse<u64>, Source, usize);

/// How a file stands beside others of the same picture.
pub fn precedence(candidates: &[Candidate], entry: &Compared, place: Place) -> Precedence {
    let (width, height) = (entry.seen.analysis.width, entry.seen.analysis.height);
    let doubtful = (!entry.seen.verdict.is_listed(), !entry.seen.verdict.held_back().is_empty());
    (doubtful, on_the_web(candidates, place), Reverse(u64::from(width) * u64::from(height)), place.from, place.index)
}

fn on_the_web(candidates: &[Candidate], place: Place) -> bool {
    candidates.get(place.index).is_some_and(|candidate| matches!(candidate.location, Location::Url(_)))
}

/// The places of one file, best first.
fn places_of(candidates: &[Candidate], swept: &Swept, entry: &Compared) -> Vec<Place> {
    let mut places = swept.places.get(&entry.seen.sha256).cloned().unwrap_or_default();
    if places.is_empty() {
        places.push(entry.place);
    }
    places.sort_by_key(|place| (on_the_web(candidates, *place), place.from, place.index));
    places
}

/// The entries that were asked for, best first.
pub fn entries(job: &MatchJob, candidates: &[Candidate], swept: &Swept, thresholds: &Thresholds) -> Vec<Entry> {
    let compared = &swept.compared;
    let mut files: Vec<(Precedence, usize, Vec<Place>)> = Vec::with_capacity(compared.len());
    for (at, entry) in compared.iter().enumerate() {
        let places = places_of(candidates, swept, entry);
        // Which of several identical files was looked at is chance; the best of their places speaks for them.
        files.push((precedence(candidates, entry, places[0]), at, places));
    }
    files.sort_by_key(|(precedence, ..)| *precedence);
    let looks: Vec<_> = files.iter().map(|(_, at, _)| compared[*at].seen.look()).collect();
    let entry = |group: Vec<usize>| Entry {
        lead: files[group[0]].1,
        places: group.iter().flat_map(|file| files[*file].2.iter().copied()).collect(),
    };
    let groups = Nearness::new(thresholds.match_).groups(&looks).into_iter().map(entry);
    let asked_for = |entry: &Entry| {
        let seen = &compared[entry.lead].seen;
        seen.verdict.is_listed() && job.options.threshold.is_none_or(|threshold| seen.similarity >= threshold)
    };
    let key = |entry: &Entry| {
        let seen = &compared[entry.lead].seen;
        let face = &seen.analysis.faces[seen.best];
        let first = entry.places[0].index;
        RankKey {
            similarity: seen.similarity,
            poor: !reasons(face.quality.as_ref()).is_empty(),
            sharpness: face.sharpness,
            face_area: face.bbox.area(),
            source_quality: candidates[first].source_quality,
            order: first,
        }
    };
    let mut ranked = rank(groups.filter(asked_for).collect(), thresholds, key);
    ranked.truncate(job.options.top_k);
    ranked
}

/// What the result says of one entry; `places` as in [`Entry`].
pub fn match_report(rank: usize, candidates: &[Candidate], entry: &Compared, places: &[Place]) -> MatchReport {
    let place = places.first().copied().unwrap_or(entry.place);
    let candidate = &candidates[place.index];
    let seen = &entry.seen;
    let face = &seen.analysis.faces[seen.best];
    let provenances = provenances(candidates, places);
    let mut told = HashSet::from([candidate.image_uri.as_str()]);
    let duplicates =
        provenances.iter().filter(|other| told.insert(other.image_uri.as_str())).map(|other| other.image_uri.clone()).collect();
    MatchReport {
        rank,
        pool_image: seen.pool_image.clone(),
        image_uri: candidate.image_uri.clone(),
        page_url: candidate.page_url.clone(),
        title: candidate.title.clone(),
        provider: candidate.provider.clone(),
        source_domain: candidate.source_domain.clone(),
        license: candidate.license.clone(),
        license_url: candidate.license_url.clone(),
        attribution: candidate.attribution.clone(),
        similarity: seen.similarity,
        match_status: seen.verdict.status(),
        held_back: seen.verdict.held_back().to_vec(),
        face: report::face(face),
        person: report::person(&seen.analysis, face),
        thumbnail: entry.links.thumbnail.clone(),
        crop: entry.links.crop.clone(),
        aligned: entry.links.aligned.clone(),
        annotated: entry.links.annotated.clone(),
        picture: entry.links.picture.clone(),
        picture_size: Some([seen.analysis.width, seen.analysis.height]),
        discovered: place.index,
        sha256: seen.sha256.clone(),
        retrieved_at: seen.retrieved_at.rfc3339(),
        downloaded_from: downloaded_from(place.from),
        thumbnail_only: place.from == Source::Thumbnail,
        duplicates,
        provenances,
        fallback: seen.analysis.is_fallback(),
    }
}

/// Every place that was named, each once, in the order of the places.
fn provenances(candidates: &[Candidate], places: &[Place]) -> Vec<ProvenanceReport> {
    let mut named: Vec<Provenance> = Vec::new();
    for candidate in places.iter().filter_map(|place| candidates.get(place.index)) {
        for provenance in std::iter::once(candidate.provenance()).chain(candidate.also.iter().cloned()) {
            let same = |known: &Provenance| {
                (&known.provider, &known.image_uri, &known.page_url) == (&provenance.provider, &provenance.image_uri, &provenance.page_url)
            };
            if !named.iter().any(same) {
                named.push(provenance);
            }
        }
    }
    named.into_iter().map(report::provenance).collect()
}

fn downloaded_from(from: Source) -> DownloadedFrom {
    match from {
        Source::Picture => DownloadedFrom::Picture,
        Source::Rendition => DownloadedFrom::Rendition,
        Source::Thumbnail => DownloadedFrom::Thumbnail,
        Source::PageImage => DownloadedFrom::PageImage,
    }
}
