//! Yandex Images by SerpApi: pictures that look like the query, with the pages that show them.
//!
//! Takes a public address of the picture, and nothing else. Small copies and originals are objects here, where Google
//! Lens has texts.

use super::named::{Named, Picture, items, link};
use super::serpapi::SerpApi;
use super::{Api, value};
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::Value;

pub const NAME: &str = "serpapi_yandex";

pub struct SerpApiYandex(SerpApi);

impl SerpApiYandex {
    pub fn new(api: Api, key: impl Into<String>) -> Self {
        Self(SerpApi::new(api, key))
    }
}

#[async_trait]
impl Provider for SerpApiYandex {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "pictures on the web, by Yandex; the photo's public address is sent to SerpApi")
    }

    fn needs(&self) -> &[Need] {
        &[Need::PictureUrl]
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let url = probe.picture_url.as_deref().ok_or(ProviderError::Needs(Need::PictureUrl))?;
        Ok(read(&self.0.search("yandex_images", &[("url", url)]).await?, limit))
    }
}

fn read(answer: &Value, limit: usize) -> Found {
    let mut named = Named::new(NAME, limit);
    for item in items(&answer["image_results"]) {
        let original = &item["original_image"];
        named.add(Picture {
            image: link(original),
            page: value::address(&item["link"]),
            title: value::plain(&item["title"]),
            thumbnail: link(&item["thumbnail"]),
            domain: value::text(&item["source"]).filter(|domain| !domain.contains(['/', ' '])),
            size: (value::number(&original["width"]), value::number(&original["height"])),
            ..Picture::default()
        });
    }
    named.found(Vec::new())
}
