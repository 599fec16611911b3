//! Google Lens by SerpApi: pictures that look like the query, with the pages that show them.
//!
//! Takes a public address of the picture where the request has one; else the picture is uploaded for ten minutes, small
//! enough for the service.

use super::named::{Named, Picture, items, link, words};
use super::serpapi::SerpApi;
use super::{Api, outgoing, value};
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::Value;

pub const NAME: &str = "serpapi_lens";
/// What an upload may take.
const MAX_BYTES: usize = 500_000;

pub struct SerpApiLens(SerpApi);

impl SerpApiLens {
    pub fn new(api: Api, key: impl Into<String>) -> Self {
        Self(SerpApi::new(api, key))
    }
}

#[async_trait]
impl Provider for SerpApiLens {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "pictures on the web, by Google Lens; the photo is sent to SerpApi")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Picture]
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let answer = match &probe.picture_url {
            Some(url) => self.0.search("google_lens", &[("url", url)]).await?,
            None => {
                let id = self.0.upload(outgoing::prepare(&probe.picture, MAX_BYTES).await?).await?;
                self.0.search("google_lens", &[("image_id", &id)]).await?
            }
        };
        Ok(read(&answer, limit))
    }
}

fn read(answer: &Value, limit: usize) -> Found {
    let mut named = Named::new(NAME, limit);
    for item in items(&answer["exact_matches"]).iter().chain(items(&answer["visual_matches"])) {
        let side = |names: [&str; 2]| names.iter().find_map(|name| value::number(&item[*name]));
        named.add(Picture {
            image: link(&item["image"]),
            page: value::address(&item["link"]),
            title: value::plain(&item["title"]),
            thumbnail: link(&item["thumbnail"]),
            size: (side(["image_width", "actual_image_width"]), side(["image_height", "actual_image_height"])),
            ..Picture::default()
        });
    }
    // One object or a list of them.
    let known = &answer["knowledge_graph"];
    let titles = items(known).iter().chain([known]).map(|entity| &entity["title"]);
    let related = items(&answer["related_content"]).iter().map(|related| &related["query"]);
    named.found(words(titles.chain(related)))
}
