//! SearXNG: a metasearch of the operator's own, which asks many engines for pictures.
//!
//! Takes words. JSON has to be switched on in its settings. Its engines answer what they like: addresses without a scheme,
//! pictures within addresses (`data:`), sizes as words.

use super::named::{Named, Picture, items};
use super::{Api, by_words, value};
use crate::discovery::{Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::Value;

pub const NAME: &str = "searxng";
const QUERY_CHARS: usize = 400;
const MAX_PAGES: usize = 3;

pub struct SearXng {
    api: Api,
}

impl SearXng {
    pub fn new(api: Api) -> Self {
        Self { api }
    }

    async fn page(&self, words: &str, page: usize) -> Result<Value, ProviderError> {
        let page = page.to_string();
        let query = [("q", words), ("categories", "images"), ("format", "json"), ("pageno", &page)];
        self.api.json(self.api.get("/search").query(&query)).await
    }
}

#[async_trait]
impl Provider for SearXng {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "the engines of the operator's SearXNG; your words are sent to them")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Words]
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let words = by_words::query(probe, QUERY_CHARS)?;
        let mut named = Named::new(NAME, limit);
        for page in 1..=MAX_PAGES {
            let answer = match self.page(&words, page).await {
                Ok(answer) => answer,
                Err(error) if page == 1 => return Err(error),
                // What came before is worth having.
                Err(error) => {
                    tracing::debug!(provider = NAME, page, kind = error.kind(), "a further page failed");
                    break;
                }
            };
            if page == 1 {
                usable(&answer)?;
            }
            let before = named.count();
            items(&answer["results"]).iter().for_each(|item| named.add(picture(item)));
            if named.is_full() || named.count() == before {
                break;
            }
        }
        Ok(named.found(Vec::new()))
    }
}

/// Nothing found is an answer; nothing found because no engine answered is none.
fn usable(answer: &Value) -> Result<(), ProviderError> {
    if let Some(words) = value::plain(&answer["error"]) {
        return Err(ProviderError::Refused(value::harmless(&words.into())));
    }
    match &answer["results"] {
        Value::Array(results) if results.is_empty() && !items(&answer["unresponsive_engines"]).is_empty() => {
            Err(ProviderError::Unavailable("none of its engines answered".into()))
        }
        Value::Array(_) => Ok(()),
        _ => Err(ProviderError::Answer("it has no `results`".into())),
    }
}

fn picture(item: &Value) -> Picture {
    Picture {
        image: value::address(&item["img_src"]),
        page: value::address(&item["url"]),
        title: value::plain(&item["title"]),
        thumbnail: value::address(&item["thumbnail_src"]).or_else(|| value::address(&item["thumbnail"])),
        size: resolution(&item["resolution"]),
        score: value::number(&item["score"]),
        ..Picture::default()
    }
}

/// `1024 x 768`, `1024×768`, `1024x768 px`.
fn resolution(value: &Value) -> (Option<f64>, Option<f64>) {
    let text = value::text(value).unwrap_or_default();
    let mut sides = text.split(|c: char| !c.is_ascii_digit()).filter(|side| !side.is_empty()).map(|side| side.parse().ok());
    match (sides.next(), sides.next(), sides.next()) {
        (Some(width), Some(height), None) => (width, height),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_size_may_be_written_in_many_ways() {
        for text in ["1024 x 768", "1024×768", "1024x768 px", " 1024 X 768 "] {
            assert_eq!(resolution(&json!(text)), (Some(1024.0), Some(768.0)), "{text}");
        }
        for none in [json!("large"), json!("1024"), json!("1.5 x 2.5"), json!(null), json!(1024)] {
            assert_eq!(resolution(&none), (None, None), "{none}");
        }
    }
}
