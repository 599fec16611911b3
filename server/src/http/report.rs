//! A request as it leaves the server: rows become the shared types, bare artifact addresses become signed links.

use super::ApiError;
use crate::{
    objects::ArtifactLinks,
    service::Service,
    store::{Lookup, RequestRow},
};
use app::api::{EventKind, Links, MatchReport, MatchResult, StatusReport};
use uuid::Uuid;

/// Stored results hold artifacts under this bare address.
const ARTIFACTS: &str = "/artifacts/";

/// An id that does not read is a mistake of the caller, not an unknown request.
pub fn parse_id(text: &str) -> Result<Uuid, ApiError> {
    let message = "The request id is malformed: it is a UUID as `POST /match` has answered it.";
    text.parse().map_err(|_| ApiError::new(axum::http::StatusCode::BAD_REQUEST, "malformed_id", message))
}

/// The row, or 404, or 410.
pub fn found<T>(lookup: Lookup<T>) -> Result<T, ApiError> {
    match lookup {
        Lookup::Found(value) => Ok(value),
        Lookup::Gone => Err(ApiError::gone()),
        Lookup::Unknown => Err(ApiError::not_found()),
    }
}

/// The answer of `GET /status/{id}`, links signed.
pub async fn status(service: &Service, id: Uuid, with_logs: bool) -> Result<StatusReport, ApiError> {
    let row = *found(service.store.request(id).await?)?;
    let logs = if with_logs { Some(service.store.logs(id).await?) } else { None };
    let RequestRow { state, created_at, updated_at, expires_at, options, stages, counts, error, mut result, .. } = row;
    if let Some(result) = &mut result {
        sign_result(result, service.links.as_ref());
    }
    Ok(StatusReport {
        request_id: id.to_string(),
        status: state,
        created_at: created_at.rfc3339(),
        updated_at: updated_at.rfc3339(),
        expires_at: expires_at.rfc3339(),
        purpose: options.purpose,
        stages,
        counts,
        error,
        result,
        logs,
        links: Links::of(&id.to_string()),
    })
}

fn sign(address: &mut Option<String>, links: &dyn ArtifactLinks) {
    if let Some(key) = address.as_deref().and_then(|a| a.strip_prefix(ARTIFACTS)) {
        *address = Some(links.link(key));
    }
}

fn sign_match(report: &mut MatchReport, links: &dyn ArtifactLinks) {
    for address in [&mut report.thumbnail, &mut report.crop, &mut report.aligned, &mut report.annotated, &mut report.picture] {
        sign(address, links);
    }
}

/// Signs every artifact address of a result.
pub fn sign_result(result: &mut MatchResult, links: &dyn ArtifactLinks) {
    for probe in &mut result.result {
        sign(&mut probe.crop, links);
        sign(&mut probe.aligned, links);
        sign(&mut probe.annotated, links);
        for photo in &mut probe.photos {
            sign(&mut photo.crop, links);
            sign(&mut photo.annotated, links);
        }
        probe.matches.iter_mut().for_each(|report| sign_match(report, links));
    }
}

/// Signs every artifact address of an event.
pub fn sign_event(kind: &mut EventKind, links: &dyn ArtifactLinks) {
    if let EventKind::Match { report } = kind {
        sign_match(report, links);
    }
}
