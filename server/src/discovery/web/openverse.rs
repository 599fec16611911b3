//! Openverse: freely licensed pictures from many collections, each with its licence and whom to name.
//!
//! Takes words. Nobody needs a key; who registers a client may ask for larger pages and more often.

use super::named::{Named, Picture, items};
use super::{Api, by_words, value};
use crate::discovery::{Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub const NAME: &str = "openverse";
/// The longest question.
const QUERY_CHARS: usize = 200;
/// The largest page that is answered without a client, and what is asked for with one.
const PAGE: usize = 20;
const PAGE_WITH_CLIENT: usize = 200;
/// Pages of one search: a minute allows few requests without a client.
const MAX_PAGES: usize = 4;
/// A token is renewed this long before its end.
const MARGIN: f64 = 60.0;
/// No token is trusted for longer, whatever it says.
const LONGEST: f64 = 86_400.0;

pub struct Openverse {
    api: Api,
    /// Identifier and secret of a registered client.
    client: Option<(String, String)>,
    token: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    until: Instant,
}

impl Openverse {
    pub fn new(api: Api) -> Self {
        Self { api, client: None, token: Mutex::new(None) }
    }

    /// Asks as a registered client (OAuth 2, client credentials).
    pub fn with_client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client = Some((id.into(), secret.into()));
        self
    }

    async fn page(&self, words: &str, page: usize, size: usize) -> Result<Value, ProviderError> {
        let token = self.token().await?;
        let answer = self.ask(words, page, size, token.as_deref()).await;
        match (answer, token) {
            // It may have been withdrawn before its time.
            (Err(ProviderError::Unauthorized), Some(refused)) => {
                self.token.lock().await.take_if(|kept| kept.text == refused);
                let renewed = self.token().await?;
                self.ask(words, page, size, renewed.as_deref()).await
            }
            (answer, _) => answer,
        }
    }

    async fn ask(&self, words: &str, page: usize, size: usize, token: Option<&str>) -> Result<Value, ProviderError> {
        let (page, size) = (page.to_string(), size.to_string());
        let request = self.api.get("/v1/images/").query(&[("q", words), ("page", &page), ("page_size", &size)]);
        self.api.json(if let Some(token) = token { request.bearer_auth(token) } else { request }).await
    }

    /// The token in force; None without a client.
    async fn token(&self) -> Result<Option<String>, ProviderError> {
        let Some((id, secret)) = &self.client else { return Ok(None) };
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Instant::now() < token.until) {
            return Ok(Some(token.text.clone()));
        }
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let answer = self.api.json(self.api.post("/v1/auth_tokens/token/").form(&form)).await?;
        let text = value::text(&answer["access_token"]).ok_or_else(|| ProviderError::Answer("it has no `access_token`".into()))?;
        let lifetime = (value::number(&answer["expires_in"]).unwrap_or_default() - MARGIN).clamp(0.0, LONGEST);
        *kept = Some(Token { text: text.clone(), until: Instant::now() + Duration::from_secs_f64(lifetime) });
        Ok(Some(text))
    }
}

#[async_trait]
impl Provider for Openverse {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "freely licensed pictures of many collections; your words are sent to Openverse")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Words]
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let words = by_words::query(probe, QUERY_CHARS)?;
        let size = limit.clamp(1, if self.client.is_some() { PAGE_WITH_CLIENT } else { PAGE });
        let mut named = Named::new(NAME, limit);
        for page in 1..=MAX_PAGES {
            let answer = match self.page(&words, page, size).await {
                Ok(answer) => answer,
                Err(error) if page == 1 => return Err(error),
                // What came before is worth having.
                Err(error) => {
                    tracing::debug!(provider = NAME, page, kind = error.kind(), "a further page failed");
                    break;
                }
            };
            if !answer["results"].is_array() && page == 1 {
                return Err(ProviderError::Answer("it has no `results`".into()));
            }
            let before = named.count();
            items(&answer["results"]).iter().for_each(|item| named.add(picture(item)));
            let last = value::number(&answer["page_count"]).is_none_or(|pages| page as f64 >= pages);
            if last || named.is_full() || named.count() == before {
                break;
            }
        }
        Ok(named.found(Vec::new()))
    }
}

fn picture(item: &Value) -> Picture {
    Picture {
        image: value::address(&item["url"]),
        page: value::address(&item["foreign_landing_url"]),
        title: value::plain(&item["title"]),
        thumbnail: value::address(&item["thumbnail"]),
        size: (value::number(&item["width"]), value::number(&item["height"])),
        license: license(item),
        license_url: value::address(&item["license_url"]),
        attribution: value::plain(&item["attribution"]).or_else(|| value::plain(&item["creator"])),
        ..Picture::default()
    }
}

/// `by-sa` and `4.0` are CC BY-SA 4.0.
fn license(item: &Value) -> Option<String> {
    let code = value::plain(&item["license"])?.to_lowercase();
    let name = match code.as_str() {
        "cc0" => "CC0".to_owned(),
        "pdm" => "Public Domain Mark".to_owned(),
        code => format!("CC {}", code.to_uppercase()),
    };
    let version = value::plain(&item["license_version"]);
    Some(version.map_or(name.clone(), |version| format!("{name} {version}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn licences_get_the_names_that_people_know() {
        for (code, version, name) in [
            (json!("by-sa"), json!("4.0"), Some("CC BY-SA 4.0")),
            (json!("BY"), json!(null), Some("CC BY")),
            (json!("cc0"), json!("1.0"), Some("CC0 1.0")),
            (json!("pdm"), json!("1.0"), Some("Public Domain Mark 1.0")),
            (json!(null), json!("4.0"), None),
        ] {
            assert_eq!(license(&json!({ "license": code, "license_version": version })).as_deref(), name);
        }
    }
}
