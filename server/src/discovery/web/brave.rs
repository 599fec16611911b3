//! Brave: pictures on the web by the index of Brave Search.
//!
//! Takes words, and a key. The `url` of a result is its page; the picture's own address stands among its properties.

use super::named::{Named, Picture, items};
use super::{Api, by_words, value};
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::Value;

pub const NAME: &str = "brave";
/// The longest question, in characters and in words.
const QUERY_CHARS: usize = 400;
const QUERY_WORDS: usize = 50;
/// One request gives no more, and there is no second page.
const MAX_RESULTS: usize = 200;

pub struct Brave {
    api: Api,
    key: String,
}

impl Brave {
    pub fn new(api: Api, key: impl Into<String>) -> Self {
        Self { api, key: key.into() }
    }
}

#[async_trait]
impl Provider for Brave {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "pictures on the web, by Brave Search; your words are sent to it")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Words]
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let words = by_words::query(probe, QUERY_CHARS)?;
        let words = words.split(' ').take(QUERY_WORDS).collect::<Vec<_>>().join(" ");
        let count = limit.clamp(1, MAX_RESULTS).to_string();
        let request = self.api.get("/res/v1/images/search").query(&[("q", words.as_str()), ("count", &count)]);
        let answer = self.api.json(request.header("x-subscription-token", &self.key)).await?;
        if !answer["results"].is_array() {
            let said = [&answer["error"]["detail"], &answer["error"]["message"]].map(value::harmless);
            return Err(match said.into_iter().find(|said| !said.is_empty()) {
                Some(said) => ProviderError::Refused(said),
                None => ProviderError::Answer("it has no `results`".into()),
            });
        }
        let mut named = Named::new(NAME, limit);
        items(&answer["results"]).iter().for_each(|item| named.add(picture(item)));
        Ok(named.found(Vec::new()))
    }
}

fn picture(item: &Value) -> Picture {
    let properties = &item["properties"];
    Picture {
        image: value::address(&properties["url"]),
        page: value::address(&item["url"]),
        title: value::plain(&item["title"]),
        thumbnail: value::address(&item["thumbnail"]["src"]),
        domain: value::text(&item["source"]).filter(|domain| !domain.contains(['/', ' '])),
        size: (value::number(&properties["width"]), value::number(&properties["height"])),
        ..Picture::default()
    }
}
