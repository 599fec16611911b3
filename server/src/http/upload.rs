//! Reading an upload into memory, counted byte by byte, as far as there is room for it ([`UploadRoom`]).
//!
//! A client that sends too much should read the answer, not a reset connection. So what is too large is read on and
//! thrown away for a while before the answer is given, unless the client waits for `100 Continue` and can be told at
//! once.

use super::{
    ApiError,
    room::{Held, UploadRoom},
};
use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long an upload may take.
const UPLOAD_TIME: Duration = Duration::from_secs(120);
/// How much, and how long, is read and thrown away after the limit.
const DRAIN_BYTES: u64 = 128 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(15);
/// What is asked for first where the length is not said.
const FIRST_BYTES: usize = 64 << 10;

/// The whole body, at most `limit` bytes of it, and the room that it takes. An error names `each`, what one photo may have.
pub async fn read(room: &UploadRoom, headers: &HeaderMap, body: Body, limit: u64, each: u64) -> Result<(Bytes, Held), ApiError> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(turn_away(headers, body, ApiError::upload_too_large(each)).await);
    }
    let mut held = match room.hold(declared.unwrap_or(0)) {
        Ok(held) => held,
        Err(error) => return Err(turn_away(headers, body, error).await),
    };
    let mut stream = body.into_data_stream();
    let deadline = Instant::now() + UPLOAD_TIME;
    let mut bytes = Vec::with_capacity(usize::try_from(declared.unwrap_or(0)).unwrap_or(0));
    loop {
        match timeout_at(deadline, stream.next()).await {
            Ok(None) => return Ok((bytes.into(), held)),
            Ok(Some(Ok(chunk))) if (bytes.len() + chunk.len()) as u64 <= limit => {
                if let Err(error) = make_room(&mut bytes, chunk.len(), limit, &mut held) {
                    drop((bytes, held));
                    drain(stream).await;
                    return Err(error);
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(Some(Ok(_))) => {
                drop((bytes, held));
                drain(stream).await;
                return Err(ApiError::upload_too_large(each));
            }
            Ok(Some(Err(_))) => return Err(ApiError::malformed("The upload ended early: send it again.")),
            Err(_) => {
                let message = format!("The upload took longer than {} seconds: try again on a faster connection.", UPLOAD_TIME.as_secs());
                return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "upload_timeout", message));
            }
        }
    }
}

/// Where no length was said: what the vector is to grow to, `limit` at most, is held before it grows.
fn make_room(bytes: &mut Vec<u8>, more: usize, limit: u64, held: &mut Held) -> Result<(), ApiError> {
    let needed = bytes.len() + more;
    if needed > bytes.capacity() {
        let ahead = bytes.capacity().saturating_mul(2).max(FIRST_BYTES);
        let capacity = needed.max(ahead.min(usize::try_from(limit).unwrap_or(usize::MAX)));
        held.grow_to(capacity as u64)?;
        bytes.reserve_exact(capacity - bytes.len());
    }
    Ok(())
}

/// Refuses an upload of which nothing was read yet; the client is let to read why.
pub async fn turn_away(headers: &HeaderMap, body: Body, error: ApiError) -> ApiError {
    let waits = headers.get(header::EXPECT).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if !waits {
        drain(body.into_data_stream()).await;
    }
    error
}

async fn drain(mut stream: BodyDataStream) {
    let deadline = Instant::now() + DRAIN_TIME;
    let mut left = DRAIN_BYTES;
    while let Ok(Some(Ok(chunk))) = timeout_at(deadline, stream.next()).await {
        left = left.saturating_sub(chunk.len() as u64);
        if left == 0 {
            return;
        }
    }
}
