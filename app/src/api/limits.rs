//! What an uploaded picture may be, said once so that the page can refuse before sending and the server repeats it.

/// How many photos of one person a search may be made with.
pub const MAX_QUERY_PHOTOS: usize = 8;

/// The largest query picture in bytes (12 MiB).
pub const MAX_UPLOAD_BYTES: usize = 12 * 1024 * 1024;

/// The file types that are read, as an `accept` list.
pub const PICTURE_TYPES: &str = "image/jpeg,image/png,image/webp,image/gif";
