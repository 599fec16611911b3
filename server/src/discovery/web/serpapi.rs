//! What the two searches by SerpApi share: the key, the account, and errors that come with status 200.

use super::{Api, value};
use crate::discovery::ProviderError;
use serde_json::Value;

/// A client with its key. The interface takes the key as a parameter and nowhere else.
pub struct SerpApi {
    api: Api,
    key: String,
}

impl SerpApi {
    pub fn new(api: Api, key: impl Into<String>) -> Self {
        Self { api, key: key.into() }
    }

    /// One search. A search that found nothing is no error here, although the service calls it one.
    pub async fn search(&self, engine: &str, parameters: &[(&str, &str)]) -> Result<Value, ProviderError> {
        self.api.may_ask()?;
        let query = [("engine", engine), ("api_key", &self.key)];
        let answer = self.api.json(self.api.get("/search.json").query(&query).query(parameters)).await;
        match answer {
            Ok(answer) => checked(answer),
            // Too many in an hour, or all of the month's spent: one status for both, and asking for the account is free.
            Err(error @ ProviderError::RateLimited { .. }) => {
                Err(if self.searches_left().await == Some(0) { ProviderError::QuotaSpent } else { error })
            }
            Err(error) => Err(error),
        }
    }

    /// Hands a picture over for ten minutes; the answer is its name for a search.
    pub async fn upload(&self, jpeg: bytes::Bytes) -> Result<String, ProviderError> {
        let picture = reqwest::multipart::Part::stream(jpeg).file_name("picture.jpg").mime_str("image/jpeg");
        let picture = picture.map_err(|_| ProviderError::Answer("the upload cannot be written".into()))?;
        let form = reqwest::multipart::Form::new().text("api_key", self.key.clone()).part("image", picture);
        let answer = checked(self.api.json(self.api.post("/image").multipart(form)).await?)?;
        value::text(&answer["image_id"]).ok_or_else(|| ProviderError::Answer("the upload got no `image_id`".into()))
    }

    /// Searches that the account has left, where it says so.
    pub async fn searches_left(&self) -> Option<u64> {
        let account = self.api.json_at_once(self.api.get("/account").query(&[("api_key", &self.key)])).await.ok()?;
        let left = value::number(&account["total_searches_left"]).or_else(|| value::number(&account["plan_searches_left"]))?;
        Some(left.max(0.0) as u64)
    }
}

/// The answer, unless it tells a failure in its `error`.
fn checked(answer: Value) -> Result<Value, ProviderError> {
    let Some(error) = value::text(&answer["error"]) else { return Ok(answer) };
    let lower = error.to_lowercase();
    let tells = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if tells(&["hasn't returned any results", "no results"]) {
        return Ok(answer);
    }
    Err(if tells(&["api key", "api_key"]) {
        ProviderError::Unauthorized
    } else if tells(&["run out of searches", "ran out of searches"]) {
        ProviderError::QuotaSpent
    } else if tells(&["throughput", "rate limit", "too many requests"]) {
        ProviderError::RateLimited { retry_after: None }
    } else {
        ProviderError::Refused(value::harmless(&answer["error"]))
    })
}
