//! Evidence: what a newsroom needs to stand by a result and anybody else to check it.
//!
//! ```text
//! manifest.json   when, with what networks, from which sources, and the SHA-256 of every file below
//! results.json    every match with its source, licence, boxes and similarity, pictures named by their place in the bundle
//! query/ pool/    crops, thumbnails, annotated pictures
//! ```
//! Manifest and results are written once, when a search completes; the hash of the manifest is part of its result. The bundle is made to
//! be handed on, so nothing in it opens the request that it comes from, and it holds no embedding: vectors are biometric data.

use super::artifacts::{StoredFile, store_readable};
use super::{MatchJob, StageError};
use crate::clock::Moment;
use crate::objects::{Objects, output_prefix};
use app::api::{DownloadedFrom, EvidenceReport, FallbackReport, MatchReport, MatchResult, ModelNames, ProbeReport, Thresholds};
use models::{NetworkInfo, VisionInfo};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Of this form of the manifest.
const FORMAT: &str = "face-engine-evidence/1";

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub software: Software,
    pub completed_at: String,
    /// As it was stated with the photo.
    pub purpose: String,
    pub engine: String,
    pub models: Vec<Model>,
    pub thresholds: Thresholds,
    /// On which pictures the thresholds were chosen, and what they showed.
    pub calibration: String,
    /// What the embeddings have in common that were compared: network, preprocessing, dimension.
    pub contract: String,
    /// The photos that were uploaded. They are not part of the bundle.
    pub query: Vec<QueryFile>,
    /// The pictures that were found, in the order of the result. They are not part of the bundle.
    pub sources: Vec<SourceFile>,
    /// Everything else in the bundle.
    pub files: Vec<BundledFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    pub name: String,
    pub version: String,
}

/// A network that was at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// `person`, `face`, `backup_face` or `embedding`.
    pub role: String,
    pub name: String,
    /// Of its weights, hex.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryFile {
    pub name: String,
    pub sha256: String,
}

/// A picture that was downloaded or read, as the bytes were that its hash was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    pub rank: usize,
    pub pool_image: String,
    pub sha256: String,
    pub retrieved_at: String,
    pub downloaded_from: DownloadedFrom,
    pub image_uri: String,
    pub page_url: Option<String>,
    /// Other addresses of the picture.
    pub also_at: Vec<String>,
}

/// A file of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledFile {
    pub path: String,
    pub sha256: String,
    pub size_bytes: usize,
}

/// `results.json`.
#[derive(Debug, Serialize)]
struct Results<'a> {
    engine: &'a str,
    models: &'a ModelNames,
    thresholds: Thresholds,
    fallback: bool,
    fallbacks: &'a [FallbackReport],
    result: Vec<ProbeReport>,
}

/// The folder of what is kept for the bundle alone.
fn folder(request_id: Uuid) -> String {
    format!("{}/evidence", output_prefix(request_id))
}

/// Where the manifest lies.
pub fn manifest_key(request_id: Uuid) -> String {
    format!("{}/manifest.json", folder(request_id))
}

/// Where a file of the bundle lies.
pub fn key_of(request_id: Uuid, path: &str) -> String {
    match path {
        "results.json" => format!("{}/{path}", folder(request_id)),
        _ => format!("{}/{path}", output_prefix(request_id)),
    }
}

/// The place in the bundle of what lies under a key.
fn path_of(request_id: Uuid, key: &str) -> Option<&str> {
    let path = key.strip_prefix(&output_prefix(request_id))?.strip_prefix('/')?;
    Some(path.strip_prefix("evidence/").unwrap_or(path))
}

/// Writes results and manifest. `query`: name and hash of each photo; `pictures`: what was stored of photos and listed pictures.
pub async fn store<'a>(
    objects: &dyn Objects,
    job: &MatchJob,
    result: &MatchResult,
    query: impl Iterator<Item = (&'a str, &'a str)>,
    pictures: Vec<StoredFile>,
    info: &VisionInfo,
    now: Moment,
) -> Result<EvidenceReport, StageError> {
    let results = store_readable(objects, key_of(job.request_id, "results.json"), &results(job.request_id, result)).await?;
    let bundled = |file: StoredFile| {
        let path = path_of(job.request_id, &file.key)?.to_owned();
        Some(BundledFile { path, sha256: file.sha256, size_bytes: file.size_bytes })
    };
    let mut files: Vec<BundledFile> = std::iter::once(results).chain(pictures).filter_map(bundled).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    let query = query.map(|(name, sha256)| QueryFile { name: name.to_owned(), sha256: sha256.to_owned() }).collect();
    let model = |network: &NetworkInfo| {
        let (role, name, sha256) = (network.role.clone(), network.model.clone(), network.sha256.clone());
        Model { role, name, sha256 }
    };
    let manifest = Manifest {
        format: FORMAT.into(),
        software: Software { name: "face-engine".into(), version: env!("CARGO_PKG_VERSION").into() },
        completed_at: now.rfc3339(),
        purpose: job.options.purpose.clone(),
        engine: result.engine.clone(),
        models: info.networks.iter().map(model).collect(),
        thresholds: result.thresholds,
        calibration: result.calibration.clone(),
        contract: result.contract.clone(),
        query,
        sources: sources(result),
        files,
    };
    let stored = store_readable(objects, manifest_key(job.request_id), &manifest).await?;
    Ok(EvidenceReport { manifest_sha256: stored.sha256, bundle: format!("/requests/{}/evidence.zip", job.request_id) })
}

fn sources(result: &MatchResult) -> Vec<SourceFile> {
    let source = |report: &MatchReport| SourceFile {
        rank: report.rank,
        pool_image: report.pool_image.clone(),
        sha256: report.sha256.clone(),
        retrieved_at: report.retrieved_at.clone(),
        downloaded_from: report.downloaded_from,
        image_uri: report.image_uri.clone(),
        page_url: report.page_url.clone(),
        also_at: report.duplicates.clone(),
    };
    result.result.iter().flat_map(|probe| &probe.matches).map(source).collect()
}

fn results(request_id: Uuid, result: &MatchResult) -> Results<'_> {
    let place = |address: &mut Option<String>| {
        let path = address.as_deref().and_then(|address| path_of(request_id, address.strip_prefix("/artifacts/")?));
        *address = path.map(str::to_owned);
    };
    let mut probes = result.result.clone();
    for probe in &mut probes {
        place(&mut probe.crop);
        place(&mut probe.aligned);
        place(&mut probe.annotated);
        for photo in &mut probe.photos {
            place(&mut photo.crop);
            place(&mut photo.annotated);
        }
        for report in &mut probe.matches {
            place(&mut report.thumbnail);
            place(&mut report.crop);
            place(&mut report.aligned);
            place(&mut report.annotated);
            // It is shown on the page alone: pictures that were found are not handed on.
            report.picture = None;
        }
    }
    let MatchResult { engine, models, thresholds, fallback, fallbacks, .. } = result;
    Results { engine, models, thresholds: *thresholds, fallback: *fallback, fallbacks, result: probes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_where_the_bundle_says() {
        let id = Uuid::from_u128(7);
        for (key, path) in [("pool/cropped_face/a.jpg", "pool/cropped_face/a.jpg"), ("evidence/results.json", "results.json")] {
            let key = format!("output/{id}/{key}");
            assert_eq!(path_of(id, &key), Some(path));
            assert_eq!(key_of(id, path), key);
        }
        assert_eq!(path_of(id, "output/00000000-0000-0000-0000-000000000008/pool/a.jpg"), None);
    }
}
