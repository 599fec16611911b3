//! The guarded client: every request to an address that a stranger named goes through here.
//!
//! Each hop is checked before it is asked ([`Guard`]), waits for its turn at its host ([`Hosts`]), and connects only to
//! what the resolver lets through ([`CheckedNames`]). Redirects are followed by hand, so that no hop can skip a check.
//! One connection carries one request at a time (HTTP/1.1): to stop a download is to close its socket.

use super::FetchError;
use super::guard::{Checked, Guard};
use super::hosts::{HostRules, Hosts, Turn};
use super::resolver::{CheckedNames, Names, Reach, RefusedName};
use super::retry::{RetryRule, retry_after};
use super::ticks::SharedTicks;
use super::{AllowList, FetchRequest};
use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{ClientBuilder, Proxy, Response, StatusCode, redirect, retry};
use std::error::Error;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use url::Url;

/// An idle connection is kept this long for the next picture of its host.
const IDLE: Duration = Duration::from_secs(15);

/// What the client may do.
#[derive(Clone)]
pub struct ClientRules {
    pub connect_timeout: Duration,
    /// For a whole download: connecting, redirects, and the body. Waiting for a turn does not count.
    pub timeout: Duration,
    pub redirects: usize,
    pub allow: AllowList,
    /// An outgoing HTTP proxy; it may carry a user name and password.
    pub proxy: Option<Url>,
    /// Who asks, and how to reach them.
    pub user_agent: String,
    pub hosts: HostRules,
    pub retry: RetryRule,
    pub ticks: SharedTicks,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("the client for downloads cannot be made: {0}")]
pub struct ClientError(String);

/// See the module.
pub struct Client {
    guard: Guard,
    rules: ClientRules,
    hosts: Hosts,
    /// Connects to public addresses and opened networks; with a proxy, to the proxy alone.
    public: reqwest::Client,
    /// Connects to hosts that were opened by name.
    named: reqwest::Client,
    /// With a proxy, which resolves names itself: what they resolve to here is checked beforehand.
    beforehand: Option<CheckedNames>,
}

impl Client {
    pub fn new(rules: ClientRules, names: Arc<dyn Names>) -> Result<Self, ClientError> {
        let allow = rules.allow.clone();
        let public = CheckedNames::new(names.clone(), Reach::Public(allow.clone()));
        let (public, named, beforehand) = match &rules.proxy {
            None => {
                let named = CheckedNames::new(names, Reach::Named(allow.clone()));
                (built(&rules, &public)?, built(&rules, &named)?, None)
            }
            Some(proxy) => {
                let host = proxy.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
                let client = built(&rules, &CheckedNames::new(names, Reach::Proxy(host)))?;
                (client.clone(), client, Some(public))
            }
        };
        let hosts = Hosts::new(rules.hosts, rules.ticks.clone());
        Ok(Self { guard: Guard::new(allow), rules, hosts, public, named, beforehand })
    }

    /// The address as it will be asked, or why it will not be.
    pub fn check(&self, url: &str) -> Result<Checked, FetchError> {
        self.guard.check(url)
    }

    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Tries again as the rules say.
    pub async fn retrying<T, F>(&self, request: &FetchRequest, attempt: impl FnMut() -> F) -> Result<T, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        self.rules.retry.run(request, attempt).await
    }

    /// Asks once, following redirects; an [`Answer`] is a good one, its body still to come.
    pub async fn get(&self, first: &Checked, ask: &HeaderMap) -> Result<Answer, FetchError> {
        let mut time = Allowance { left: self.rules.timeout };
        let mut at = first.clone();
        for _ in 0..=self.rules.redirects {
            let mut turn = self.hosts.enter(&at.place()).await?;
            let response = match time.run(self.send(&at, ask)).await.and_then(|sent| sent) {
                Ok(response) => response,
                Err(error) => {
                    turn.failed(&error);
                    return Err(error);
                }
            };
            if !is_redirect(response.status()) {
                return match judged(&response) {
                    Ok(()) => Ok(Answer { response, at, turn, time }),
                    Err(error) => {
                        turn.failed(&error);
                        Err(error)
                    }
                };
            }
            turn.went_well();
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            at = self.guard.check_redirect(&at, location.ok_or(FetchError::Refused("it redirects to no address"))?)?;
        }
        Err(FetchError::TooManyRedirects { limit: self.rules.redirects })
    }

    async fn send(&self, at: &Checked, ask: &HeaderMap) -> Result<Response, FetchError> {
        if let Some(names) = self.beforehand.as_ref().filter(|_| !at.opened && !at.literal) {
            names.addresses(&at.host).await.map_err(|error| unresolved(&error))?;
        }
        let client = if at.opened { &self.named } else { &self.public };
        client.get(at.url.clone()).headers(ask.clone()).send().await.map_err(failure)
    }

    /// The first `most` bytes of a page, whatever follows them. One of its connections, retries and turns like any other.
    pub async fn start_of_page(&self, url: &str, most: usize, request: &FetchRequest) -> Result<Page, FetchError> {
        let first = self.check(url)?;
        let ask = asking("text/html,application/xhtml+xml;q=0.9");
        request.within(self.retrying(request, || self.page(&first, &ask, most))).await
    }

    async fn page(&self, first: &Checked, ask: &HeaderMap, most: usize) -> Result<Page, FetchError> {
        let mut answer = self.get(first, ask).await?;
        let mut bytes = BytesMut::new();
        while bytes.len() < most {
            let Some(chunk) = answer.chunk().await? else { break };
            let room = most - bytes.len();
            bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
        answer.went_well();
        Ok(Page { url: answer.at.url, bytes: bytes.freeze() })
    }
}

/// The beginning of a page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it stands, after redirects: what relative addresses in it are relative to.
    pub url: Url,
    pub bytes: Bytes,
}

/// A good answer, its body still to come. Dropping it closes the connection.
pub struct Answer {
    response: Response,
    at: Checked,
    turn: Turn,
    time: Allowance,
}

impl Answer {
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// How long the body is said to be: a hint.
    pub fn claimed_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next bytes of the body; None at its end. A body that ends before it should is an error.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let next = self.time.run(self.response.chunk()).await.and_then(|next| next.map_err(failure));
        match &next {
            Err(error) => self.turn.failed(error),
            Ok(None) => self.turn.went_well(),
            Ok(Some(_)) => {}
        }
        next
    }

    /// Enough has come.
    pub fn went_well(&mut self) {
        self.turn.went_well();
    }

    /// What came is not wanted.
    pub fn failed(&mut self, error: &FetchError) {
        self.turn.failed(error);
    }
}

/// The time that one download has, spent only while it is being worked on.
struct Allowance {
    left: Duration,
}

impl Allowance {
    async fn run<T>(&mut self, work: impl Future<Output = T>) -> Result<T, FetchError> {
        let start = Instant::now();
        let done = tokio::time::timeout(self.left, work).await;
        self.left = self.left.saturating_sub(start.elapsed());
        done.map_err(|_| FetchError::Timeout)
    }
}

/// What is said with every request: what is understood, and that nothing is to be compressed.
pub fn asking(accept: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

fn built(rules: &ClientRules, names: &CheckedNames) -> Result<reqwest::Client, ClientError> {
    crate::net::tls();
    let refused = |error: reqwest::Error| ClientError(error.without_url().to_string());
    let builder = || -> Result<ClientBuilder, ClientError> {
        let builder = reqwest::Client::builder()
            .user_agent(&rules.user_agent)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_gzip()
            .http1_only()
            .connect_timeout(rules.connect_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(rules.hosts.at_once)
            .dns_resolver(names.clone());
        Ok(match &rules.proxy {
            Some(proxy) => builder.proxy(Proxy::all(proxy.clone()).map_err(refused)?),
            None => builder,
        })
    };
    builder()?.build().or_else(|error| {
        // A machine without certificates can still fetch what is not encrypted.
        tracing::warn!(%error, "the machine's certificates cannot be read: no https address will be fetched");
        builder()?.tls_certs_only(std::iter::empty()).build().map_err(refused)
    })
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// 200, and 304 where it was asked for; everything else is an error. Bodies of errors are not read.
fn judged(response: &Response) -> Result<(), FetchError> {
    let asked_again = || {
        let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
        retry_after(value, SystemTime::now())
    };
    match response.status().as_u16() {
        200 | 203 | 304 => Ok(()),
        404 | 410 => Err(FetchError::NotFound),
        401 | 402 | 403 | 407 | 451 => Err(FetchError::Forbidden),
        429 => Err(FetchError::RateLimited { retry_after: asked_again() }),
        status @ (408 | 425 | 500..=599) => Err(FetchError::Server { status, retry_after: asked_again() }),
        status => Err(FetchError::Status(status)),
    }
}

/// What the client's error means here; nothing of the address is in it.
fn failure(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut link: Option<&(dyn Error + 'static)> = Some(&error);
    let mut kind = None;
    while let Some(error) = link {
        if let Some(refused) = refused_name(error) {
            return FetchError::RefusedHost(refused.0);
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            kind = Some(error.kind());
        }
        link = error.source();
    }
    if error.is_timeout() {
        FetchError::Timeout
    } else if error.is_dns() {
        FetchError::Unreachable("its name has no address".into())
    } else if error.is_connect() {
        FetchError::Unreachable(kind.map_or_else(|| "no connection".into(), |kind| kind.to_string()))
    } else {
        FetchError::Interrupted
    }
}

fn unresolved(error: &io::Error) -> FetchError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<RefusedName>()) {
        Some(refused) => FetchError::RefusedHost(refused.0),
        None => FetchError::Unreachable("its name has no address".into()),
    }
}

/// An I/O error passes over what it wraps when it is asked for its source.
fn refused_name<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a RefusedName> {
    error.downcast_ref::<RefusedName>().or_else(|| error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<RefusedName>())
}
