//! TinEye: where this very photo, or an altered copy of it, stands on the web. It does not know faces.
//!
//! Takes a public address of the picture where the request has one, else its bytes. A match is one picture; its backlinks
//! are the places where it stands.

use super::named::{Named, Picture, items};
use super::{Api, outgoing, value};
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

pub const NAME: &str = "tineye";
const MAX_BYTES: usize = 1 << 20;
/// What one search gives at most.
const MAX_MATCHES: usize = 100;

pub struct TinEye {
    api: Api,
    key: String,
}

impl TinEye {
    pub fn new(api: Api, key: impl Into<String>) -> Self {
        Self { api, key: key.into() }
    }
}

#[async_trait]
impl Provider for TinEye {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "copies of this very photo on the web, by TinEye; the photo is sent to it")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Picture]
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let request = match &probe.picture_url {
            Some(url) => self.api.get("/search/").query(&[("image_url", url)]),
            None => {
                let picture = Part::stream(outgoing::prepare(&probe.picture, MAX_BYTES).await?).file_name("picture.jpg");
                let picture = picture.mime_str("image/jpeg").map_err(|_| ProviderError::Answer("the upload cannot be written".into()))?;
                self.api.post("/search/").multipart(Form::new().part("image_upload", picture))
            }
        };
        let matches = limit.clamp(1, MAX_MATCHES).to_string();
        let request = request.query(&[("offset", "0"), ("limit", &matches), ("sort", "score"), ("order", "desc")]);
        read(&self.api.json(request.header("x-api-key", &self.key)).await?, limit)
    }
}

/// A status of 200 says nothing yet: the answer has a code of its own.
fn read(answer: &Value, limit: usize) -> Result<Found, ProviderError> {
    match value::number(&answer["code"]).map(|code| code as i64) {
        Some(200) => {}
        Some(401 | 403) => return Err(ProviderError::Unauthorized),
        Some(402) => return Err(ProviderError::QuotaSpent),
        Some(429) => return Err(ProviderError::RateLimited { retry_after: None }),
        Some(500..=599) => return Err(ProviderError::Unavailable(messages(answer))),
        Some(_) => return Err(ProviderError::Refused(messages(answer))),
        None => return Err(ProviderError::Answer("it has no `code`".into())),
    }
    let mut named = Named::new(NAME, limit);
    for found in items(&answer["results"]["matches"]) {
        let place = |place: &Value| (value::address(&place["url"]), value::address(&place["backlink"]));
        let mut places: Vec<_> =
            items(&found["backlinks"]).iter().map(place).filter(|(image, page)| image.is_some() || page.is_some()).collect();
        // The first of them that has the picture itself.
        let first = places.iter().position(|(image, _)| image.is_some()).unwrap_or(0);
        let (image, page) = if places.is_empty() { (None, None) } else { places.remove(first) };
        named.add(Picture {
            image,
            page,
            thumbnail: value::address(&found["image_url"]),
            domain: value::text(&found["domain"]).filter(|domain| !domain.contains(['/', ' '])),
            size: (value::number(&found["width"]), value::number(&found["height"])),
            score: value::number(&found["score"]),
            elsewhere: places,
            ..Picture::default()
        });
    }
    Ok(named.found(Vec::new()))
}

fn messages(answer: &Value) -> String {
    items(&answer["messages"]).iter().map(value::harmless).filter(|message| !message.is_empty()).collect::<Vec<_>>().join("; ")
}
