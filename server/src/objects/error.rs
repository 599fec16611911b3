//! Why a file could not be had or kept: told apart by what can be done about it.

use crate::s3::S3Error;
use std::io;

/// Why an object could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The key breaks the rule of [`check_key`](super::check_key).
    #[error("`{0}` is not a key of the artifact store")]
    BadKey(String),
    /// No room on the disk or in the bucket, or a quota is used up. Nothing of the object was kept.
    #[error("the artifact store is full: make room, or raise its quota")]
    Full,
    /// The keys are missing, unknown, or may not do this; or the bucket is in another region. Settings have to change.
    #[error("the artifact store refuses: {0}")]
    Refused(String),
    #[error("the bucket of the artifact store does not exist")]
    NoSuchBucket,
    /// It is away, answers too late, or asks to be left alone for a while: the same may succeed a moment later.
    #[error("the artifact store is away: {0}")]
    Away(String),
    /// The store itself failed.
    #[error("the artifact store failed: {0}")]
    Io(io::Error),
}

impl ObjectError {
    /// Whether waiting is enough.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    /// Whether nothing gets better until the operator changes a setting, here or at the store.
    pub fn is_of_the_settings(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NoSuchBucket)
    }

    /// The diagnostic kind.
    pub fn kind(&self) -> &'static str {
        if matches!(self, Self::Full) { "storage_full" } else { "storage_failed" }
    }
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl From<S3Error> for ObjectError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::Forbidden => Self::Refused(
                "the keys are known, but may not do this: the bucket's policy must allow s3:ListBucket, s3:GetObject, s3:PutObject, \
                 s3:DeleteObject and s3:AbortMultipartUpload"
                    .into(),
            ),
            S3Error::NoKeys | S3Error::Unauthorized | S3Error::WrongRegion => Self::Refused(error.to_string()),
            S3Error::NoSuchBucket => Self::NoSuchBucket,
            S3Error::Full => Self::Full,
            S3Error::Busy | S3Error::Timeout | S3Error::Unavailable(_) => Self::Away(error.to_string()),
            S3Error::NoSuchKey | S3Error::Archived | S3Error::NotImplemented => Self::Io(io::Error::other(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waiting_helps_against_is_told_from_what_needs_the_operator() {
        let error = |error: S3Error| {
            let error = ObjectError::from(error);
            (error.is_away(), error.is_of_the_settings(), error.kind())
        };
        for away in [S3Error::Timeout, S3Error::Busy, S3Error::Unavailable("connection refused".into())] {
            assert_eq!(error(away), (true, false, "storage_failed"));
        }
        for settings in [S3Error::NoKeys, S3Error::Unauthorized, S3Error::Forbidden, S3Error::NoSuchBucket, S3Error::WrongRegion] {
            assert_eq!(error(settings), (false, true, "storage_failed"));
        }
        assert_eq!(error(S3Error::Full), (false, false, "storage_full"));
    }

    #[test]
    fn a_full_disk_is_no_broken_one() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(matches!(ObjectError::from(io::Error::from(kind)), ObjectError::Full));
        }
        assert!(matches!(ObjectError::from(io::Error::from(io::ErrorKind::PermissionDenied)), ObjectError::Io(_)));
    }
}
