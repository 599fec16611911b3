//! The parts of fetching put together as the configuration says.

use super::cache::DownloadCache;
use super::client::{Client, ClientError, ClientRules};
use super::hosts::HostRules;
use super::page_image::PageImages;
use super::resolver::{Names, SystemNames};
use super::retry::{Chance, RetryRule, system_chance};
use super::ticks::{RealTicks, SharedTicks};
use super::web::{WebFetcher, WebLimits};
use super::{Fetcher, Fetchers};
use crate::breaker::BreakerRule;
use crate::config::DownloadConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// What is outside: the real thing, or a test's.
#[derive(Clone)]
pub struct Surroundings {
    pub names: Arc<dyn Names>,
    pub ticks: SharedTicks,
    pub chance: Chance,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { names: Arc::new(SystemNames), ticks: Arc::new(RealTicks), chance: system_chance() }
    }
}

/// Everything that fetches from the web; one for the whole process, so that what is known of a host is known to all.
#[derive(Clone)]
pub struct Downloads {
    pub client: Arc<Client>,
    pub cache: Arc<DownloadCache>,
    web: Arc<dyn Fetcher>,
}

impl Downloads {
    /// `max_pixels`: width times height of one picture. `user_agent`: who asks, with a contact.
    pub fn new(config: &DownloadConfig, max_pixels: u64, user_agent: &str, surroundings: Surroundings) -> Result<Self, ClientError> {
        let Surroundings { names, ticks, chance } = surroundings;
        let rules = ClientRules {
            connect_timeout: config.connect_timeout,
            timeout: config.timeout,
            redirects: config.redirects,
            allow: config.allow.clone(),
            proxy: config.proxy.as_ref().and_then(|proxy| Url::parse(proxy.reveal()).ok()),
            user_agent: user_agent.to_owned(),
            hosts: HostRules {
                at_once: config.per_host,
                at_once_in_all: config.at_once,
                per_second: config.per_second,
                breaker: BreakerRule {
                    failures: config.breaker_failures,
                    pause: config.breaker_pause,
                    longest_pause: config.breaker_pause,
                },
                patience: config.timeout,
            },
            retry: RetryRule {
                retries: config.retries,
                shortest_pause: config.shortest_pause,
                longest_pause: config.longest_pause,
                patience: config.timeout,
                chance,
                ticks: ticks.clone(),
            },
            ticks: ticks.clone(),
        };
        let client = Arc::new(Client::new(rules, names)?);
        let cache = DownloadCache::new(config.cache_bytes, ticks);
        let limits = WebLimits { max_bytes: config.max_bytes, max_pixels, folder: usable(&config.folder) };
        let page_image = Arc::new(PageImages::new(client.clone()));
        let web = Arc::new(WebFetcher::new(client.clone(), cache.clone(), limits).with_page_image(page_image));
        Ok(Self { client, cache, web })
    }

    /// Files of pools and addresses on the web.
    pub fn fetchers(&self) -> Fetchers {
        Fetchers::default().with_web(self.web.clone())
    }
}

/// The folder, made and emptied of what a process that died has left; the system's own where it cannot be had.
fn usable(folder: &Path) -> PathBuf {
    let made = std::fs::create_dir_all(folder).and_then(|()| {
        for entry in std::fs::read_dir(folder)?.flatten() {
            if entry.file_name().to_string_lossy().ends_with(super::body::ENDING) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    });
    match made {
        Ok(()) => folder.to_owned(),
        Err(error) => {
            tracing::warn!(%error, "the folder for downloads cannot be made; the system's temporary folder is used");
            std::env::temp_dir()
        }
    }
}
