//! How pictures are fetched from the web: what is refused, how long is waited, how much is asked of a host.

use super::{ConfigError, Environment, Secret};
use crate::fetch::AllowList;
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// * `DOWNLOAD_TIMEOUT` (default 10 s): the whole of one download, redirects included.
/// * `DOWNLOAD_CONNECT_TIMEOUT` (default 3 s): of it, for one connection.
/// * `MAX_DOWNLOAD_BYTES` (default 12 MiB): the largest picture; `MAX_UPLOAD_BYTES` holds as well.
/// * `DOWNLOAD_REDIRECTS` (default 3): redirects that are followed.
/// * `DOWNLOAD_RETRIES` (default 2): how often an address is tried again.
/// * `DOWNLOAD_RETRY_SHORTEST`, `DOWNLOAD_RETRY_LONGEST` (default 0.2 s and 2 s): a pause before that is anything between.
/// * `MAX_CONCURRENCY` (default: cores + 1; read in [`super::JobsConfig`]): downloads of all requests at once.
/// * `DOWNLOADS_PER_HOST` (default 4): downloads from one host at once.
/// * `DOWNLOADS_PER_SECOND` (default 20): downloads from one host in a second.
/// * `DOWNLOAD_BREAKER_FAILURES` (default 5): failures in a row after which a host is left alone.
/// * `DOWNLOAD_BREAKER_PAUSE` (default 30 s): for how long.
/// * `DOWNLOAD_CACHE_BYTES` (default 256 MiB): downloads kept in memory for minutes; 0 keeps none.
/// * `DOWNLOAD_ALLOW` (default: nothing): hosts, `host:port` and networks that are opened although they are not public.
/// * `DOWNLOAD_PROXY` (default: none): an outgoing HTTP proxy.
#[derive(Debug, Clone)]
pub struct DownloadConfig {
    pub timeout: Duration,
    pub connect_timeout: Duration,
    pub max_bytes: u64,
    pub redirects: usize,
    pub retries: u32,
    pub shortest_pause: Duration,
    pub longest_pause: Duration,
    /// Of all requests, from all hosts together.
    pub at_once: usize,
    pub per_host: usize,
    pub per_second: NonZeroU32,
    pub breaker_failures: u32,
    pub breaker_pause: Duration,
    pub cache_bytes: u64,
    pub allow: AllowList,
    /// May carry a password.
    pub proxy: Option<Secret>,
    /// Where downloads lie until they are looked at.
    pub folder: PathBuf,
}

impl DownloadConfig {
    /// `at_once`: how many downloads of all requests there may be at once.
    pub fn from_environment(env: &Environment, data_dir: &Path, at_once: usize) -> Result<Self, ConfigError> {
        let shortest_pause =
            env.seconds("DOWNLOAD_RETRY_SHORTEST", 0.2, 0.0..=60.0, "seconds of the shortest pause before a download is tried again")?;
        Ok(Self {
            timeout: env.seconds("DOWNLOAD_TIMEOUT", 10.0, 0.1..=600.0, "seconds that one download may take, redirects included")?,
            connect_timeout: env.seconds("DOWNLOAD_CONNECT_TIMEOUT", 3.0, 0.1..=60.0, "seconds of it that one connection may take")?,
            max_bytes: env.number(
                "MAX_DOWNLOAD_BYTES",
                12 << 20,
                1024..=1 << 30,
                "the largest picture from the web in bytes; MAX_UPLOAD_BYTES holds as well",
            )?,
            redirects: env.number("DOWNLOAD_REDIRECTS", 3, 0..=10, "redirects that a download follows")?,
            retries: env.number("DOWNLOAD_RETRIES", 2, 0..=10, "how often an address that failed in passing is tried again")?,
            shortest_pause,
            longest_pause: env
                .seconds("DOWNLOAD_RETRY_LONGEST", 2.0, 0.0..=60.0, "seconds of the longest pause before a download is tried again")?
                .max(shortest_pause),
            at_once,
            per_host: env.number("DOWNLOADS_PER_HOST", 4, 1..=64, "downloads from one host at once")?,
            per_second: env.number(
                "DOWNLOADS_PER_SECOND",
                NonZeroU32::MIN.saturating_add(19),
                NonZeroU32::MIN..=NonZeroU32::MIN.saturating_add(9999),
                "downloads from one host in a second",
            )?,
            breaker_failures: env.number("DOWNLOAD_BREAKER_FAILURES", 5, 1..=1000, "failures in a row after which a host is left alone")?,
            breaker_pause: env.seconds("DOWNLOAD_BREAKER_PAUSE", 30.0, 0.1..=3600.0, "seconds that such a host is left alone")?,
            cache_bytes: env.number(
                "DOWNLOAD_CACHE_BYTES",
                256 << 20,
                0..=1 << 40,
                "downloads kept in memory for at most 15 minutes, in bytes; 0 keeps none",
            )?,
            allow: env.read(
                "DOWNLOAD_ALLOW",
                "",
                "what is opened although it is not public: host, host:port or network (10.1.0.0/16), parted by commas",
                str::parse,
            )?,
            proxy: env.secret(
                "DOWNLOAD_PROXY",
                "none",
                "an outgoing HTTP proxy for downloads: http://proxy:3128",
                |text| match Url::parse(text) {
                    Ok(url) if url.scheme() == "http" && url.host().is_some() => Ok(()),
                    _ => Err("an address that begins with `http://` is expected".into()),
                },
            )?,
            folder: data_dir.join("downloads"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<DownloadConfig, String> {
        DownloadConfig::from_environment(&Environment::of(pairs), Path::new("data"), 3).map_err(|e| e.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_manual() -> Result<(), String> {
        let config = read(&[])?;
        assert_eq!((config.timeout.as_secs(), config.connect_timeout.as_secs(), config.redirects), (10, 3, 3));
        assert_eq!((config.retries, config.shortest_pause.as_millis(), config.longest_pause.as_millis()), (2, 200, 2000));
        assert_eq!((config.max_bytes, config.per_host, config.per_second.get()), (12 << 20, 4, 20));
        assert_eq!((config.breaker_failures, config.breaker_pause.as_secs(), config.cache_bytes), (5, 30, 256 << 20));
        assert_eq!((config.allow, config.proxy), (AllowList::default(), None));
        Ok(())
    }

    #[test]
    fn a_bad_value_is_a_sentence_that_names_the_variable() {
        for (name, value) in [
            ("DOWNLOAD_TIMEOUT", "0"),
            ("DOWNLOADS_PER_SECOND", "0"),
            ("DOWNLOAD_ALLOW", "10.0.0.0/33"),
            ("DOWNLOAD_ALLOW", "http://search.example"),
            ("DOWNLOAD_PROXY", "socks5://proxy:1080"),
        ] {
            let sentence = read(&[(name, value)]).err().unwrap_or_default();
            assert!(sentence.contains(name) && sentence.ends_with('.'), "{name}={value}: {sentence:?}");
        }
        let refused = read(&[("DOWNLOAD_PROXY", "ftp://user:password@proxy")]).err().unwrap_or_default();
        assert!(!refused.contains("password"), "{refused}");
    }
}
