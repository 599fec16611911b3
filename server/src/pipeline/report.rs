//! From what the stages found to what the result says: the API's own types.

use super::analyse::{AnalysedFace, Analysis};
use crate::discovery::Provenance;
use app::api::{FaceReport, FallbackReport, ModelNames, PersonReport, ProvenanceReport, Thresholds};
use models::VisionInfo;

pub fn face(face: &AnalysedFace) -> FaceReport {
    FaceReport {
        bbox: face.bbox.array(),
        landmarks: face.face.map(|found| found.landmarks.to_vec()).unwrap_or_default(),
        score: face.face.map_or(0.0, |found| found.score),
        sharpness: face.sharpness,
        quality: face.quality.clone(),
        found_by: face.face.map_or_else(String::new, |_| face.look.name().to_owned()),
    }
}

/// The person that the face belongs to.
pub fn person(analysis: &Analysis, face: &AnalysedFace) -> Option<PersonReport> {
    let person = analysis.people.get(face.person?)?;
    Some(PersonReport { bbox: person.bbox.array(), score: person.score })
}

/// What stood in for the usual, each kind once. `pack`: why the backup pack did the work, where it did; `listed`: the pictures
/// of the result.
pub fn fallbacks<'a>(
    pack: Option<&str>,
    by_backup: bool,
    query: impl Iterator<Item = &'a Analysis>,
    listed: impl Iterator<Item = &'a Analysis>,
) -> Vec<FallbackReport> {
    let (mut by_backup, mut no_person_in_query, mut no_person, mut no_face) = (by_backup, false, false, false);
    for photo in query {
        by_backup |= photo.by_backup;
        no_person_in_query |= photo.people.is_empty();
    }
    for analysis in listed {
        no_person |= analysis.people.is_empty();
        no_face |= analysis.is_fallback();
    }
    let told = [
        ("pack", pack),
        // A backup detector looks only where the first one failed.
        ("face_detector", by_backup.then_some("engine_failed")),
        ("no_person", no_person_in_query.then_some("no_person_in_query")),
        ("no_person", no_person.then_some("no_person")),
        ("no_face", no_face.then_some("no_face")),
    ];
    let report = |(what, reason): (&str, Option<&str>)| Some(FallbackReport { what: what.to_owned(), reason: reason?.to_owned() });
    told.into_iter().filter_map(report).collect()
}

pub fn models(info: &VisionInfo) -> ModelNames {
    ModelNames {
        pack: info.pack.clone(),
        person: info.person_model.clone(),
        face: info.face_model.clone(),
        embedding: info.embedding_model.clone(),
    }
}

pub fn thresholds(info: &VisionInfo) -> Thresholds {
    Thresholds { match_: info.match_threshold, possible: info.possible_threshold }
}

pub fn provenance(provenance: Provenance) -> ProvenanceReport {
    ProvenanceReport {
        provider: provenance.provider,
        image_uri: provenance.image_uri,
        page_url: provenance.page_url,
        title: provenance.title,
        source_domain: provenance.source_domain,
        license: provenance.license,
        license_url: provenance.license_url,
        attribution: provenance.attribution,
        provider_rank: provenance.provider_rank,
        provider_score: provenance.provider_score,
    }
}
