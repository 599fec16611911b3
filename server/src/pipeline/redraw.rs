//! Pictures that are listed although they were not drawn when they were compared.
//!
//! While pictures arrive, one that cannot be listed as things stand is not drawn and its pixels are given up. A picture
//! that comes later may change the groups of near-duplicates, and with them who is listed. Such a picture, and there are
//! few, is had and decoded once more; what its networks saw is known already.

use super::artifacts::{self, Links, Side};
use super::candidate::{Seen, on_a_core};
use super::validate::hex;
use super::{PipelineContext, Stage, StageError, StageTimes, decode};
use crate::discovery::Candidate;
use crate::fetch::FetchRequest;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Draws and stores the crops of a picture that was compared before.
pub async fn redraw(
    ctx: &PipelineContext,
    request: &FetchRequest,
    candidate: &Candidate,
    seen: &Arc<Seen>,
    times: &StageTimes,
) -> Result<Links, StageError> {
    let Some(objects) = &ctx.objects else { return Ok(Links::default()) };
    let gone = |message: String| StageError { stage: "artifacts", kind: "picture_gone", message };
    let body = ctx.fetcher.fetch(candidate, request).await.map_err(|error| gone(error.to_string()))?.bytes;
    let (known, limits, times) = (Arc::clone(seen), ctx.limits, times.clone());
    let render = move || {
        let bytes = body.read().map_err(|error| gone(error.kind().to_string()))?;
        if hex(&Sha256::digest(&bytes)) != known.sha256 {
            return Err(gone("another picture stands there now".into()));
        }
        let picture = times.time(Stage::Decode, || decode(&bytes, &limits)).map_err(|error| gone(error.to_string()))?;
        drop(bytes);
        times.time(Stage::Artifacts, || artifacts::render(&picture, &known.analysis, &known.analysis.faces[known.best], Side::Pool))
    };
    let rendered = on_a_core(ctx, "artifacts", render).await??;
    artifacts::store(&**objects, request.request_id, Side::Pool, &seen.pool_image, rendered).await
}
