//! `GET /requests/{id}/evidence.zip`: the bundle for a newsroom, as [`crate::pipeline::evidence`] describes it.
//!
//! Every file is checked against the manifest before the first byte is sent: a bundle is whole and right, or an error. It is put
//! together in a file without a name, so that nothing of it stays.

use super::{
    ApiError,
    report::{found, parse_id},
};
use crate::{
    objects::Objects,
    pipeline::evidence::{BundledFile, Manifest, key_of, manifest_key},
    service::Service,
};
use app::api::EvidenceReport;
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt, stream};
use rawzip::{CompressionMethod, ZipArchiveWriter, ZipDataWriter, time::UtcDateTime};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Seek, Write},
    path::PathBuf,
    sync::Arc,
};
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// Files of one bundle that are read from the store at once.
const READ_AT_ONCE: usize = 8;

pub async fn get(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id = parse_id(&id)?;
    let row = found(service.store.request(id).await?)?;
    let Some(result) = row.result else {
        let message = "The evidence is put together when the search has completed: wait until it has.";
        return Err(ApiError::new(StatusCode::CONFLICT, "not_completed", message));
    };
    let evidence = result.evidence.ok_or_else(|| missing("This search was made without a bundle of evidence."))?;
    let manifest = service.objects.get(&manifest_key(id)).await?.ok_or_else(gone_from_the_store)?;
    if hex(&manifest) != evidence.manifest_sha256 {
        return Err(changed());
    }
    let read: Manifest = serde_json::from_slice(&manifest).map_err(|_| changed())?;
    let (file, size) = bundle(&service, id, &evidence, manifest, read.files).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"evidence-{}.zip\"", &evidence.manifest_sha256[..12])),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)))).into_response())
}

/// The bundle as a file, read from its start, and its length.
async fn bundle(
    service: &Service,
    id: Uuid,
    evidence: &EvidenceReport,
    manifest: Bytes,
    files: Vec<BundledFile>,
) -> Result<(File, u64), ApiError> {
    let (to_zip, mut read) = mpsc::channel::<(String, Bytes)>(READ_AT_ONCE);
    let folder = service.config.download.folder.clone();
    let zip = tokio::task::spawn_blocking(move || -> io::Result<(File, u64)> {
        let mut archive = ZipArchiveWriter::new(io::BufWriter::new(nameless(folder)?));
        while let Some((path, bytes)) = read.blocking_recv() {
            add(&mut archive, &path, &bytes)?;
        }
        let mut file = archive.finish().map_err(io::Error::other)?.into_inner().map_err(io::IntoInnerError::into_error)?;
        let size = file.stream_position()?;
        file.rewind()?;
        Ok((file, size))
    });
    let first = [
        ("README.txt".to_owned(), Bytes::from(read_me(evidence))),
        ("SHA256SUMS".to_owned(), Bytes::from(sums(evidence, &files))),
        ("manifest.json".to_owned(), manifest),
    ];
    let objects = &*service.objects;
    let gather = async {
        let rest = stream::iter(files).map(|file| fetch(objects, id, file)).buffered(READ_AT_ONCE);
        let mut all = stream::iter(first.map(Ok)).chain(rest).boxed();
        while let Some(file) = all.try_next().await? {
            if to_zip.send(file).await.is_err() {
                // The writer has failed and says why.
                break;
            }
        }
        Ok::<_, ApiError>(())
    };
    let gathered = gather.await;
    drop(to_zip);
    let zipped = zip.await.map_err(|e| ApiError::internal(&e))?.map_err(|e| ApiError::internal(&e))?;
    gathered.map(|()| zipped)
}

/// One file of the bundle, as it was when the search completed.
async fn fetch(objects: &dyn Objects, id: Uuid, file: BundledFile) -> Result<(String, Bytes), ApiError> {
    let bytes = objects.get(&key_of(id, &file.path)).await?.ok_or_else(gone_from_the_store)?;
    if hex(&bytes) == file.sha256 { Ok((file.path, bytes)) } else { Err(changed()) }
}

fn add(archive: &mut ZipArchiveWriter<impl Write>, path: &str, bytes: &[u8]) -> io::Result<()> {
    // Sizes follow a file's data; readers of streams take that with deflate alone.
    let (mut entry, config) = archive
        .new_file(path)
        .compression_method(CompressionMethod::DEFLATE)
        .last_modified(UtcDateTime::from_unix(0))
        .unix_permissions(0o644)
        .start()
        .map_err(io::Error::other)?;
    let mut data: ZipDataWriter<_> = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast()));
    data.write_all(bytes)?;
    let (encoder, descriptor) = data.finish().map_err(io::Error::other)?;
    encoder.finish()?;
    entry.finish(descriptor).map_err(io::Error::other)?;
    Ok(())
}

/// A file that goes with its last handle.
fn nameless(folder: PathBuf) -> io::Result<File> {
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("evidence-{}", Uuid::new_v4()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// As `sha256sum --check` reads it.
fn sums(evidence: &EvidenceReport, files: &[BundledFile]) -> String {
    let mut sums = format!("{}  manifest.json\n", evidence.manifest_sha256);
    for file in files {
        let _ = writeln!(sums, "{}  {}", file.sha256, file.path);
    }
    sums
}

fn read_me(evidence: &EvidenceReport) -> String {
    format!(
        "Evidence of one search for a face.\n\n\
         manifest.json  when it was made, with which networks, from which sources, and the SHA-256 of every file in this bundle\n\
         results.json   every match: source, licence, boxes, similarity (cosine, -1 to 1) and both thresholds\n\
         query/, pool/  crops, thumbnails and annotated pictures of the photo and of the pictures found\n\n\
         To check the files:          sha256sum --check SHA256SUMS\n\
         The result page shows this:  {}  (SHA-256 of manifest.json)\n\n\
         A similarity says how alike two faces look to a network. It is a lead to be checked, not an identification.\n",
        evidence.manifest_sha256
    )
}

fn missing(message: &'static str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_evidence", message)
}

fn gone_from_the_store() -> ApiError {
    missing("Files of this bundle are not in the store any more: search again.")
}

fn changed() -> ApiError {
    let message = "Files of this bundle are not what they were when the search completed, so it is not handed out: search again.";
    ApiError::new(StatusCode::CONFLICT, "evidence_changed", message)
}
