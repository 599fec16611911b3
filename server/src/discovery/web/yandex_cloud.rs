//! Yandex Cloud Search API: pictures on the web that look like the query, with the pages that show them.
//!
//! Takes the picture's bytes. The first page answers with an identifier by which the following ones are asked for, so
//! that the picture is sent once. Numbers come as texts.

use super::named::{Named, Picture, items};
use super::{Api, outgoing, rpc, value};
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::{Value, json};

pub const NAME: &str = "yandex_cloud";
/// 3 145 728 characters of base64.
const MAX_BYTES: usize = 3_145_728 / 4 * 3;
/// Each page is paid for.
const MAX_PAGES: u32 = 5;

pub struct YandexCloud {
    api: Api,
    key: String,
    folder: String,
}

impl YandexCloud {
    /// `folder`: of the cloud account that pays.
    pub fn new(api: Api, key: impl Into<String>, folder: impl Into<String>) -> Self {
        Self { api, key: key.into(), folder: folder.into() }
    }

    async fn page(&self, picture: (&str, &str), page: u32) -> Result<Value, ProviderError> {
        let (field, content) = picture;
        let body = json!({ "folderId": self.folder, field: content, "page": page.to_string() });
        let authorization = format!("Api-Key {}", self.key);
        let answer = self.api.json(self.api.post("/v2/image/search_by_image").header("authorization", authorization).json(&body)).await?;
        match rpc::failure(&answer).or_else(|| rpc::failure(&answer["error"])) {
            Some(failure) => Err(failure),
            None => Ok(answer),
        }
    }
}

#[async_trait]
impl Provider for YandexCloud {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "pictures on the web, by Yandex Cloud; the photo is sent to it")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Picture]
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let picture = outgoing::base64(&outgoing::prepare(&probe.picture, MAX_BYTES).await?);
        let mut named = Named::new(NAME, limit);
        let first = self.page(("data", &picture), 0).await?;
        drop(picture);
        add(&mut named, &first);
        let pages = last_page(&first).saturating_add(1).min(MAX_PAGES);
        let Some(id) = value::text(&first["id"]) else { return Ok(named.found(Vec::new())) };
        for page in 1..pages {
            if named.is_full() {
                break;
            }
            let before = named.count();
            match self.page(("id", &id), page).await {
                Ok(answer) => add(&mut named, &answer),
                // What came before is paid for, and worth having.
                Err(error) => {
                    tracing::debug!(provider = NAME, page, kind = error.kind(), "a further page failed");
                    break;
                }
            }
            if named.count() == before {
                break;
            }
        }
        Ok(named.found(Vec::new()))
    }
}

/// The number of the last page, counted from 0.
fn last_page(answer: &Value) -> u32 {
    value::number(&answer["maxPage"]).map_or(0, |page| page.clamp(0.0, f64::from(MAX_PAGES)) as u32)
}

fn add(named: &mut Named, answer: &Value) {
    for item in items(&answer["images"]) {
        named.add(Picture {
            image: value::address(&item["url"]),
            page: value::address(&item["pageUrl"]),
            title: value::plain(&item["pageTitle"]).or_else(|| value::plain(&item["passage"])),
            domain: value::text(&item["host"]).filter(|domain| !domain.contains(['/', ' '])),
            size: (value::number(&item["width"]), value::number(&item["height"])),
            ..Picture::default()
        });
    }
}
