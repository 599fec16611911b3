//! Room in memory for uploads: however many come at once, their photos take no more than the operator has set.
//!
//! An upload takes its room before its body is read, by what it says of its length, and gives it back when the last of its photos
//! is let go of: once they are stored, or refused. Who finds no room is told to come again; nobody waits for it in line, as
//! everybody in the line would hold a connection.

use super::ApiError;
use axum::http::StatusCode;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one permit stands for.
const PERMIT_BYTES: u64 = 1024;

/// The room of a process.
#[derive(Debug, Clone)]
pub struct UploadRoom(Arc<Semaphore>);

/// A part of the room; it is free again when this is dropped.
#[derive(Debug)]
pub struct Held(OwnedSemaphorePermit);

/// A photo and the room it takes.
struct Kept {
    bytes: Bytes,
    _room: Arc<Held>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn permits(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(usize::MAX)
}

fn full() -> ApiError {
    let message = "The service is taking in as many photos as it has room for: try again in a few seconds.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "uploads_full", message).retry_after(2)
}

impl UploadRoom {
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(Semaphore::new(permits(bytes).min(Semaphore::MAX_PERMITS))))
    }

    /// Bytes that are free.
    pub fn left(&self) -> u64 {
        (self.0.available_permits() as u64).saturating_mul(PERMIT_BYTES)
    }

    /// Takes room, or answers 503 where there is none.
    pub fn hold(&self, bytes: u64) -> Result<Held, ApiError> {
        let permits = u32::try_from(permits(bytes)).map_err(|_| full())?;
        self.0.clone().try_acquire_many_owned(permits).map(Held).map_err(|_| full())
    }
}

impl Held {
    /// Takes more where it holds less than this.
    pub fn grow_to(&mut self, bytes: u64) -> Result<(), ApiError> {
        let more = permits(bytes).saturating_sub(self.0.num_permits());
        if more > 0 {
            let room = UploadRoom(self.0.semaphore().clone());
            self.0.merge(room.hold((more as u64).saturating_mul(PERMIT_BYTES))?.0);
        }
        Ok(())
    }

    /// Gives back what it holds beyond this.
    pub fn shrink_to(&mut self, bytes: u64) {
        let beyond = self.0.num_permits().saturating_sub(permits(bytes));
        drop(self.0.split(beyond));
    }

    /// The same photos; the room is theirs until the last of them is dropped, wherever that is.
    pub fn until_dropped(self, photos: Vec<Bytes>) -> Vec<Bytes> {
        let room = Arc::new(self);
        photos.into_iter().map(|bytes| Bytes::from_owner(Kept { bytes, _room: room.clone() })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_once_and_is_free_when_the_last_photo_is_dropped() {
        let room = UploadRoom::new(10 << 10);
        let held = room.hold(6000).expect("there is room");
        assert_eq!(room.left(), 4 << 10);
        let refused = room.hold(5000).expect_err("too much");
        assert_eq!((refused.status.as_u16(), refused.detail.code.as_str(), refused.retry_after), (503, "uploads_full", Some(2)));
        let mut photos = held.until_dropped(vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
        assert_eq!(photos, [&b"one"[..], b"two"]);
        let part = photos.pop().expect("the second").slice(1..);
        drop(photos);
        assert_eq!(room.left(), 4 << 10, "a part of it is still there");
        drop(part);
        assert_eq!(room.left(), 10 << 10);
    }

    #[test]
    fn what_is_held_grows_as_far_as_there_is_room_and_shrinks() {
        let room = UploadRoom::new(4 << 10);
        let mut held = room.hold(0).expect("nothing");
        held.grow_to(3 << 10).expect("there is room");
        held.grow_to(1 << 10).expect("it has as much");
        assert_eq!(room.left(), 1 << 10);
        assert!(held.grow_to(5 << 10).is_err());
        assert_eq!(room.left(), 1 << 10, "what it had it has");
        held.shrink_to(1025);
        assert_eq!(room.left(), 2 << 10);
        held.shrink_to(4 << 10);
        assert_eq!(room.left(), 2 << 10);
    }
}
