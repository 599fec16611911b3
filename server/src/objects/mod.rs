//! The files of a request, wherever they lie: put, get, list and delete by key.
//!
//! A key looks like `output/<request_id>/pool/cropped_face/a.jpg`. [`check_key`] is the rule that keeps a key inside
//! its store; every implementation applies it before touching anything.

mod error;
mod folder;
mod links;
mod multipart;
mod open;
mod s3;
mod writing;

pub use error::ObjectError;
pub use folder::FolderObjects;
pub use links::{ArtifactLinks, LinkError, SignedLinks, encode_path};
pub use multipart::PART_BYTES;
pub use open::{OpenError, open};
pub use s3::S3Objects;

use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;

/// A store of small files. Putting is atomic: a reader sees the whole file or none.
#[async_trait]
pub trait Objects: Send + Sync {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError>;

    /// As [`Objects::put`], and on the disk before it returns: for what cannot be made again.
    async fn put_durable(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError> {
        self.put(key, bytes).await
    }

    /// `None` where there is no such object.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, ObjectError>;

    /// Every key below a folder, in order. `prefix` is a key or a key and a slash.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError>;

    /// The names right below a folder, in order, whatever they hold.
    async fn children(&self, prefix: &str) -> Result<Vec<String>, ObjectError>;

    /// Removes a folder and all below it; fine where there is none.
    async fn delete_prefix(&self, prefix: &str) -> Result<(), ObjectError>;

    /// Can it be written to and read from?
    async fn check(&self) -> Result<(), ObjectError>;

    /// An address at which the store itself gives the object to whoever has it, for so long. `None` where it does not, or is not
    /// to: then the object goes through the service. Whether there is such an object is not looked at.
    async fn presigned(&self, _key: &str, _lifetime: Duration) -> Result<Option<String>, ObjectError> {
        Ok(None)
    }

    /// Scheme, host and port of [`Objects::presigned`] addresses: a page that shows them has to allow them.
    async fn origin(&self) -> Option<String> {
        None
    }
}

/// The rule: segments parted by single slashes; none empty, `.`, `..`, longer than 200 bytes or with a control
/// character, backslash or colon in it; 1024 bytes in all.
pub fn check_key(key: &str) -> Result<(), ObjectError> {
    let segment_ok =
        |s: &str| !s.is_empty() && s != "." && s != ".." && s.len() <= 200 && !s.chars().any(|c| c.is_control() || matches!(c, '\\' | ':'));
    if key.len() <= 1024 && key.split('/').all(segment_ok) { Ok(()) } else { Err(ObjectError::BadKey(shortened(key))) }
}

fn shortened(key: &str) -> String {
    key.chars().take(80).collect::<String>().escape_debug().to_string()
}

/// The folder of what a request was given.
pub fn input_prefix(request_id: uuid::Uuid) -> String {
    format!("input/{request_id}")
}

/// The folder of what a request produced.
pub fn output_prefix(request_id: uuid::Uuid) -> String {
    format!("output/{request_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_inside_its_store() {
        for good in ["a", "output/1/pool/annotated/Zoë 1.jpg", "input/x/query/query-caaf1a9f.jpg", "a/..b/c...d"] {
            assert!(check_key(good).is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "a//b", "a/", "../a", "a/../../b", "a/./b", "a\\b", "C:/x", "a/\0", "a/\n", &"x".repeat(201)] {
            assert!(check_key(bad).is_err(), "{bad:?}");
        }
    }
}
