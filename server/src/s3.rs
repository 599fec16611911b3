//! Buckets: one client for every store that speaks S3, made when it is first needed.
//!
//! Keys come from the standard chain of AWS tools (environment, profile files, web identity, the machine's role), never
//! from a setting of ours. What goes wrong is one of a few [`S3Error`]s, each a sentence that an operator can act on.
//! Listing is `discovery::BucketProvider`'s work, reading `fetch::S3Fetcher`'s, keeping files `objects::S3Objects`'.

use crate::config::{S3Config, S3Keys};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::{
    Client,
    config::{Credentials, RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use std::{error::Error, fmt, sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// How long a connection, and one attempt at a request's answer, may take.
const CONNECT_TIME: Duration = Duration::from_secs(3);
const ATTEMPT_TIME: Duration = Duration::from_secs(10);
/// The client is the one layer that repeats what failed in passing, itself with jitter and a budget.
const ATTEMPTS: u32 = 3;
/// Who keeps a store of their own seldom names its region, yet a signature holds one: this is what such stores expect.
const USUAL_REGION: &str = "us-east-1";

/// The way to the buckets of one store.
pub struct S3Access {
    config: S3Config,
    client: OnceCell<Client>,
}

impl S3Access {
    /// Nothing is read or asked before the first request.
    pub fn new(config: S3Config) -> Arc<Self> {
        Arc::new(Self { config, client: OnceCell::new() })
    }

    /// With keys that the caller holds, in place of the standard chain.
    pub fn with_keys(config: S3Config, key: &str, secret: &str) -> Arc<Self> {
        Self::new(S3Config { keys: Some(S3Keys::new(key, secret)), ..config })
    }

    pub async fn client(&self) -> &Client {
        self.client.get_or_init(|| self.connect()).await
    }

    async fn connect(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https();
        let times = TimeoutConfig::builder().connect_timeout(CONNECT_TIME).operation_attempt_timeout(ATTEMPT_TIME).build();
        let mut common = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(times)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        let usual = self.config.endpoint.as_ref().map(|_| USUAL_REGION.to_owned());
        if let Some(region) = self.config.region.clone().or(usual) {
            common = common.region(Region::new(region));
        }
        if let Some(keys) = &self.config.keys {
            common = common.credentials_provider(Credentials::new(&keys.id, keys.secret.reveal(), None, None, "given"));
        }
        let common = common.load().await;
        let mut store = aws_sdk_s3::config::Builder::from(&common).force_path_style(self.config.path_style());
        if let Some(endpoint) = &self.config.endpoint {
            // Checksums in trailers are AWS's own: many other stores refuse what they do not know.
            store = store
                .endpoint_url(endpoint)
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        Client::from_conf(store.build())
    }
}

impl fmt::Debug for S3Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Access").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why a bucket or an object could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum S3Error {
    #[error("there are no keys for the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source of the standard chain")]
    NoKeys,
    #[error("the store does not know the keys, or they have expired")]
    Unauthorized,
    #[error("the keys are known, but may not do this: the bucket's policy must allow s3:ListBucket and s3:GetObject")]
    Forbidden,
    #[error("there is no bucket of this name at this store")]
    NoSuchBucket,
    #[error("there is no object of this key any more")]
    NoSuchKey,
    #[error("the object is archived: it has to be restored before it can be read")]
    Archived,
    #[error("the bucket is in another region: set S3_REGION")]
    WrongRegion,
    #[error("the store is full, or its quota is used up")]
    Full,
    #[error("the store does not know this operation (NotImplemented)")]
    NotImplemented,
    #[error("the store asks for fewer requests")]
    Busy,
    #[error("the store did not answer in time")]
    Timeout,
    /// The name of the failure, as the store or its client gives it.
    #[error("the store cannot be reached or fails: {0}")]
    Unavailable(String),
}

impl<E> From<&SdkError<E>> for S3Error
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: &SdkError<E>) -> Self {
        match error {
            SdkError::TimeoutError(_) => Self::Timeout,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::Timeout,
            SdkError::ServiceError(answer) => answered(answer.err().code().unwrap_or_default(), answer.raw().status().as_u16()),
            SdkError::ResponseError(_) => Self::Unavailable("its answer is unreadable".into()),
            other => unsent(other),
        }
    }
}

/// By the store's error code; by the status where a store invents its own.
pub fn answered(code: &str, status: u16) -> S3Error {
    match code {
        "NoSuchBucket" | "InvalidBucketName" => S3Error::NoSuchBucket,
        "NoSuchKey" => S3Error::NoSuchKey,
        "InvalidObjectState" => S3Error::Archived,
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "NotSignedUp"
        | "ExpiredToken"
        | "InvalidToken"
        | "TokenRefreshRequired"
        | "RequestTimeTooSkewed" => S3Error::Unauthorized,
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => S3Error::Forbidden,
        "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            S3Error::WrongRegion
        }
        "SlowDown" | "TooManyRequests" | "ThrottlingException" | "RequestLimitExceeded" => S3Error::Busy,
        "RequestTimeout" => S3Error::Timeout,
        "XMinioStorageFull" | "XMinioAdminBucketQuotaExceeded" | "QuotaExceeded" => S3Error::Full,
        "NotImplemented" => S3Error::NotImplemented,
        _ => match status {
            401 => S3Error::Unauthorized,
            403 => S3Error::Forbidden,
            404 => S3Error::NoSuchKey,
            429 | 503 => S3Error::Busy,
            507 => S3Error::Full,
            301 | 307 | 308 => S3Error::WrongRegion,
            _ if code.is_empty() => S3Error::Unavailable(format!("status {status}")),
            _ => S3Error::Unavailable(format!("{} (status {status})", named(code))),
        },
    }
}

/// A request that was never answered: why is told somewhere down the chain of causes.
fn unsent(error: &(dyn Error + 'static)) -> S3Error {
    let mut cause = Some(error);
    let mut deepest = String::new();
    while let Some(error) = cause {
        deepest = error.to_string();
        if deepest.to_ascii_lowercase().contains("credential") {
            return S3Error::NoKeys;
        }
        cause = error.source();
    }
    S3Error::Unavailable(named(&deepest))
}

/// A stranger's text is kept short and on one line.
fn named(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stores_own_code_decides_and_its_status_where_it_has_none() {
        for (code, status, error) in [
            ("NoSuchBucket", 404, S3Error::NoSuchBucket),
            ("NoSuchKey", 404, S3Error::NoSuchKey),
            ("", 404, S3Error::NoSuchKey),
            ("InvalidAccessKeyId", 403, S3Error::Unauthorized),
            ("AccessDenied", 403, S3Error::Forbidden),
            ("XOwnCode", 403, S3Error::Forbidden),
            ("InvalidObjectState", 403, S3Error::Archived),
            ("PermanentRedirect", 301, S3Error::WrongRegion),
            ("SlowDown", 503, S3Error::Busy),
            ("XMinioStorageFull", 507, S3Error::Full),
            ("QuotaExceeded", 403, S3Error::Full),
            ("", 507, S3Error::Full),
            ("NotImplemented", 501, S3Error::NotImplemented),
            ("", 500, S3Error::Unavailable("status 500".into())),
            ("Internal\nError", 500, S3Error::Unavailable("InternalError (status 500)".into())),
        ] {
            assert_eq!(answered(code, status), error, "{code} {status}");
        }
    }

    #[test]
    fn missing_keys_are_told_apart_from_a_store_that_is_away() {
        #[derive(Debug, thiserror::Error)]
        #[error("dispatch failure")]
        struct Outer(#[source] std::io::Error);
        let missing = Outer(std::io::Error::other("no providers in chain provided credentials"));
        assert_eq!(unsent(&missing), S3Error::NoKeys);
        let away = Outer(std::io::Error::other("connection refused"));
        assert_eq!(unsent(&away), S3Error::Unavailable("connection refused".into()));
    }
}
