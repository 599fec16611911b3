//! Asking a provider's interface: one client each, bounded in time and size, with failures in the provider's terms.
//!
//! Nothing of the surroundings takes part: no proxy of the environment, no cookies, no Referer, no redirects (a key must not
//! travel to where an answer points). An address is in no error: keys and words stand in addresses. A service that asks to be
//! left alone (`Retry-After`) is left alone, whoever wants to ask it.

use super::value;
use crate::discovery::ProviderError;
use crate::fetch::retry_after;
use reqwest::{RequestBuilder, Response, StatusCode, header, redirect};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use url::Url;

/// The largest answer that is read.
const MAX_BYTES: usize = 8 << 20;
/// Of an answer that tells a failure.
const MAX_REFUSAL_BYTES: usize = 64 << 10;
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// A service that asks for a longer silence is not taken at its word.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// A client of one provider.
#[derive(Debug, Clone)]
pub struct Api {
    provider: &'static str,
    base: String,
    user_agent: String,
    client: reqwest::Client,
    /// The service asked to be left alone until then; all clones know it.
    quiet_until: Arc<Mutex<Option<Instant>>>,
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client of {provider} cannot be made: {why}")]
pub struct ApiError {
    provider: &'static str,
    why: String,
}

impl Api {
    /// `base`: the address before all paths; `timeout`: for one request with its whole answer.
    pub fn new(provider: &'static str, base: &str, timeout: Duration) -> Result<Self, ApiError> {
        let url = Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
        if url.is_none() {
            return Err(ApiError { provider, why: "its base is no http or https address".into() });
        }
        crate::net::tls();
        let builder = || {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIME.min(timeout))
                .timeout(timeout)
        };
        let client = builder().build().or_else(|error| {
            // A machine without certificates can still ask what is not encrypted.
            tracing::warn!(provider, %error, "the machine's certificates cannot be read: no https address will be asked");
            builder().tls_certs_only(std::iter::empty()).build()
        });
        let client = client.map_err(|error| ApiError { provider, why: error.without_url().to_string() })?;
        let user_agent = concat!("face-engine/", env!("CARGO_PKG_VERSION")).to_owned();
        Ok(Self { provider, base: base.trim_end_matches('/').to_owned(), user_agent, client, quiet_until: Arc::default() })
    }

    /// Says who asks, and how to reach them.
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        user_agent.clone_into(&mut self.user_agent);
        self
    }

    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// `path` begins with a slash.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.said(self.client.get(format!("{}{path}", self.base)))
    }

    /// `path` begins with a slash.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.said(self.client.post(format!("{}{path}", self.base)))
    }

    fn said(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(header::USER_AGENT, &self.user_agent).header(header::ACCEPT, "application/json")
    }

    /// Sends a request and reads the JSON that it answers. While the service is to be left alone nothing is sent.
    pub async fn json(&self, request: RequestBuilder) -> Result<Value, ProviderError> {
        self.may_ask()?;
        let answer = self.json_at_once(request).await;
        if let Err(ProviderError::RateLimited { retry_after: Some(wait) }) = &answer {
            let until = Instant::now() + (*wait).min(LONGEST_SILENCE);
            let mut quiet = self.quiet();
            *quiet = Some(quiet.map_or(until, |known| known.max(until)));
        }
        answer
    }

    /// Whether the service may be asked now; if not, the error that it gave when it asked to be left alone.
    pub fn may_ask(&self) -> Result<(), ProviderError> {
        let left = self.quiet().map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() { Ok(()) } else { Err(ProviderError::RateLimited { retry_after: Some(left) }) }
    }

    fn quiet(&self) -> MutexGuard<'_, Option<Instant>> {
        self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Self::json`], for what may be asked at any time: how much of an account is left.
    pub async fn json_at_once(&self, request: RequestBuilder) -> Result<Value, ProviderError> {
        let response = request.send().await.map_err(unsent)?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(response).await);
        }
        let body = read(response, MAX_BYTES).await?;
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        let unusable = |why: &str| Err(ProviderError::Answer(why.into()));
        match first {
            None => unusable("it is empty"),
            Some(b'<') => unusable("it is a page instead of JSON"),
            Some(_) => serde_json::from_slice(&body).or_else(|_| unusable("it is no JSON")),
        }
    }
}

/// The body, counted while it arrives.
async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unsent)? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(ProviderError::Answer(format!("it is larger than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A status other than 2xx.
async fn refused(response: Response) -> ProviderError {
    let status = response.status();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProviderError::Unauthorized,
        StatusCode::PAYMENT_REQUIRED => ProviderError::QuotaSpent,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => ProviderError::Timeout,
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = wait.and_then(|value| retry_after(value, SystemTime::now()));
            let answer = refusal(response).await;
            let codes = ["/error/code", "/errors/0/code"].into_iter().filter_map(|place| value::text(answer.pointer(place)?));
            // The month's share and the second's share may come with the same status.
            let mut codes = codes.map(|code| code.to_lowercase());
            if codes.any(|code| code.contains("quota")) { ProviderError::QuotaSpent } else { ProviderError::RateLimited { retry_after } }
        }
        _ if status.is_server_error() => ProviderError::Unavailable(format!("status {}", status.as_u16())),
        _ if status.is_redirection() => ProviderError::Unavailable("it answers with a redirect: is its base address right?".into()),
        _ => {
            let answer = refusal(response).await;
            let places = ["/error", "/error/message", "/error/detail", "/errors/0/detail", "/message", "/detail"];
            let said = places.into_iter().filter_map(|place| answer.pointer(place)).map(value::harmless).find(|said| !said.is_empty());
            let said = said.unwrap_or_default();
            let lower = said.to_lowercase();
            if ["api key", "subscription token", "invalid_client"].iter().any(|words| lower.contains(words)) {
                return ProviderError::Unauthorized;
            }
            let parted = if said.is_empty() { "" } else { ": " };
            ProviderError::Refused(format!("status {}{parted}{said}", status.as_u16()))
        }
    }
}

/// What a refusal says, where that is short JSON.
async fn refusal(response: Response) -> Value {
    let body = read(response, MAX_REFUSAL_BYTES).await.unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_default()
}

/// A request without an answer, or with half of one.
fn unsent(error: reqwest::Error) -> ProviderError {
    if error.is_timeout() {
        ProviderError::Timeout
    } else if error.is_builder() {
        ProviderError::Refused("the request cannot be written: is there a line break or the like in a key?".into())
    } else if error.is_connect() {
        ProviderError::Unavailable("no connection".into())
    } else {
        ProviderError::Unavailable("the connection broke off".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_that_is_no_web_address_is_refused() {
        for base in ["", "api.example.org", "ftp://api.example.org", "file:///etc"] {
            let refusal = Api::new("tests", base, Duration::from_secs(1)).expect_err(base).to_string();
            assert!(refusal.contains("tests"), "{refusal}");
        }
    }

    #[test]
    fn a_path_is_added_to_the_base_once() {
        let api = Api::new("tests", "https://api.example.org/rest/", Duration::from_secs(1)).expect("a client");
        let request = api.user_agent("face-engine (me@example.org)").get("/search/").query(&[("q", "a b")]).build().expect("a request");
        assert_eq!(request.url().as_str(), "https://api.example.org/rest/search/?q=a+b");
        let agent = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
        assert_eq!(agent, Some("face-engine (me@example.org)"));
        assert!(!request.headers().contains_key("referer"));
    }
}
