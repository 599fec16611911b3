//! Where the service listens and what it lets through.

use super::{ConfigError, Environment, Secret};
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

/// * `HOST` (default 127.0.0.1): address to listen on; `0.0.0.0` opens it to the network.
/// * `PORT` (default 3000): 0 takes any free port.
/// * `MAX_UPLOAD_BYTES` (default 12 MiB): the largest query photo; of a search with several, each may have as much.
/// * `UPLOADS_MAX_BYTES` (default `auto`: 256 MiB, or what one search may have where that is more): what the photos of all searches
///   that are being handed in may take in memory at one time; whoever comes then is answered 503 with Retry-After.
/// * `MAX_PIXELS` (default 40 million): the largest width times height of a picture.
/// * `SYNC_TIMEOUT` (default 20 s): how long `sync=true` waits before it answers 202.
/// * `SITE_ROOT` (default `<DATA_DIR>/site`): the folder with the page's `pkg/`.
/// * `SIGNING_KEY` (default: a random key kept in `<DATA_DIR>/signing.key`): signs artifact links.
/// * `LINK_LIFETIME` (default 3600 s): how long a signed link opens.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    pub host: IpAddr,
    pub port: u16,
    pub max_upload_bytes: u64,
    pub uploads_max_bytes: u64,
    pub max_pixels: u64,
    pub sync_timeout: Duration,
    pub site_root: PathBuf,
    pub signing_key: Option<Secret>,
    pub link_lifetime: Duration,
}

/// What the fields beside the photos may take, with the multipart's own lines: a hundred long addresses are the most.
const FIELDS_BYTES: u64 = 320 << 10;
/// What uploads may take together where nobody says otherwise.
const UPLOADS_BYTES: u64 = 256 << 20;

fn largest_upload(each: u64) -> u64 {
    each.saturating_mul(app::api::MAX_QUERY_PHOTOS as u64).saturating_add(FIELDS_BYTES)
}

impl HttpConfig {
    pub fn from_environment(env: &Environment, data_dir: &Path) -> Result<Self, ConfigError> {
        let max_upload_bytes = env.number(
            "MAX_UPLOAD_BYTES",
            app::api::MAX_UPLOAD_BYTES as u64,
            1024..=1 << 30,
            "the largest query photo in bytes; of a search with several, each may have as much",
        )?;
        let meaning = "bytes that the photos of all searches being handed in may take in memory; `auto`: 256 MiB, more where one search may \
                       have more";
        let least = largest_upload(max_upload_bytes);
        let uploads_max_bytes = env.read("UPLOADS_MAX_BYTES", "auto", meaning, |text| match text {
            "auto" => Ok(least.max(UPLOADS_BYTES)),
            _ => text
                .parse()
                .ok()
                .filter(|bytes| (least..=1 << 40).contains(bytes))
                .ok_or_else(|| format!("`auto` or a whole number from {least} is expected: so much may be handed in for one search")),
        })?;
        Ok(Self {
            host: env.read("HOST", "127.0.0.1", "address to listen on; 0.0.0.0 opens it to the network", |text| {
                if text == "localhost" {
                    return Ok(IpAddr::from([127, 0, 0, 1]));
                }
                text.parse().map_err(|_| "an IP address is expected, like 127.0.0.1, 0.0.0.0 or ::1".into())
            })?,
            port: env.number("PORT", 3000, 0..=u16::MAX, "port to listen on; 0 takes any free one")?,
            max_upload_bytes,
            uploads_max_bytes,
            max_pixels: env.number("MAX_PIXELS", 40_000_000, 10_000..=1_000_000_000, "the largest width times height of a picture")?,
            sync_timeout: env.seconds("SYNC_TIMEOUT", 20.0, 0.0..=3600.0, "seconds that `sync=true` waits before it answers 202")?,
            site_root: env.path("SITE_ROOT", data_dir.join("site"), "folder with the page's pkg/")?,
            signing_key: env.secret(
                "SIGNING_KEY",
                "a random key kept in DATA_DIR/signing.key",
                "signs the links of artifacts; 16 characters or more",
                |key| if key.len() >= 16 { Ok(()) } else { Err("16 characters or more are expected".into()) },
            )?,
            link_lifetime: env.seconds("LINK_LIFETIME", 3600.0, 60.0..=2_592_000.0, "seconds that the link of an artifact opens")?,
        })
    }

    /// The most bytes that may be handed in for one search.
    pub fn largest_upload(&self) -> u64 {
        largest_upload(self.max_upload_bytes)
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}
