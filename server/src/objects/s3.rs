//! Objects in a bucket, below a prefix, under the same keys as in a folder.
//!
//! Putting is atomic, since S3 shows an object when all of it has arrived; what is larger than 8 MiB goes in parts. Every
//! operation ends within seconds: a bucket that is away is an [`ObjectError::Away`], not a request that hangs.

use super::{ObjectError, Objects, check_key, multipart};
use crate::{
    clock::Clock,
    s3::{S3Access, S3Error, answered},
};
use async_trait::async_trait;
use aws_sdk_s3::{
    Config,
    config::ResponseChecksumValidation,
    error::{ProvideErrorMetadata, SdkError},
    operation::list_objects_v2::ListObjectsV2Output,
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use bytes::Bytes;
use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout},
};

/// How long one operation may take, repetitions by the client included, and how much more for each MiB that it carries.
const ANSWER_TIME: Duration = Duration::from_secs(6);
const TIME_PER_MIB: Duration = Duration::from_secs(1);
/// How long a check may take: somebody waits for `/health`.
const CHECK_TIME: Duration = Duration::from_secs(4);
/// For how long a check that went well speaks for the bucket: each costs its operator four calls.
const CHECK_EVERY: Duration = Duration::from_secs(10);
/// What S3 lists, and deletes, at once.
const PAGE: i32 = 1000;
/// The folder of checks; no key of a request can name it.
const CHECKS: &str = ".face-engine-check";
/// Browsers keep a picture that the bucket has given them for an hour, as one that the service has.
const PRESIGNED_CACHE: &str = "private, max-age=3600";

/// A store in a bucket.
pub struct S3Objects {
    access: Arc<S3Access>,
    bucket: String,
    /// Empty, or ends with a slash.
    prefix: String,
    clock: Arc<dyn Clock>,
    presigns: bool,
    standing: Mutex<Standing>,
    origin: OnceCell<Option<String>>,
}

/// What the last check found.
#[derive(Default)]
struct Standing {
    well_at: Option<Instant>,
    /// Its failure is in the log.
    told: bool,
}

/// For an operation that carries so many bytes.
pub(super) fn answer_time(bytes: usize) -> Duration {
    ANSWER_TIME + TIME_PER_MIB.saturating_mul(u32::try_from(bytes >> 20).unwrap_or(u32::MAX))
}

/// The answer, if it comes in time.
pub(super) async fn within<T, E>(limit: Duration, asking: impl Future<Output = Result<T, SdkError<E>>>) -> Result<T, S3Error>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match timeout(limit, asking).await {
        Ok(answer) => answer.map_err(|error| S3Error::from(&error)),
        Err(_) => Err(S3Error::Timeout),
    }
}

impl S3Objects {
    /// `prefix` is empty or a key, without a slash at its end. Nothing is asked before it is needed.
    pub fn new(access: Arc<S3Access>, bucket: &str, prefix: &str, clock: Arc<dyn Clock>) -> Self {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let (standing, origin) = (Mutex::default(), OnceCell::new());
        Self { access, bucket: bucket.to_owned(), prefix, clock, presigns: false, standing, origin }
    }

    /// Whether objects are given by the bucket itself.
    pub fn presigning(mut self, on: bool) -> Self {
        self.presigns = on;
        self
    }

    /// In a bucket that keeps versions a deletion hides an object, and no more. False where the store does not say.
    pub async fn keeps_versions(&self) -> bool {
        let ask = self.access.client().await.get_bucket_versioning().bucket(&self.bucket);
        within(CHECK_TIME, ask.send()).await.is_ok_and(|answer| answer.status().is_some())
    }

    /// The key in the bucket.
    fn key(&self, key: &str) -> Result<String, ObjectError> {
        check_key(key)?;
        let full = format!("{}{key}", self.prefix);
        if full.len() > 1024 || key.split('/').next() == Some(CHECKS) {
            return Err(ObjectError::BadKey(super::shortened(key)));
        }
        Ok(full)
    }

    /// What all keys below a folder begin with.
    fn folder(&self, prefix: &str) -> Result<String, ObjectError> {
        match prefix.strip_suffix('/').unwrap_or(prefix) {
            "" => Ok(self.prefix.clone()),
            folder => Ok(format!("{}/", self.key(folder)?)),
        }
    }

    /// One page of what begins with `start`; with `by_folder` what is below a further slash is one entry.
    async fn page(&self, start: &str, by_folder: bool, token: Option<String>) -> Result<ListObjectsV2Output, S3Error> {
        let list = self.access.client().await.list_objects_v2().bucket(&self.bucket).max_keys(PAGE).set_continuation_token(token);
        let list = list.set_prefix((!start.is_empty()).then(|| start.to_owned())).set_delimiter(by_folder.then(|| "/".to_owned()));
        within(ANSWER_TIME, list.send()).await
    }

    async fn read(&self, key: &str) -> Result<Option<Bytes>, S3Error> {
        let get = self.access.client().await.get_object().bucket(&self.bucket).key(key);
        let answer = match within(ANSWER_TIME, get.send()).await {
            Err(S3Error::NoSuchKey) => return Ok(None),
            answer => answer?,
        };
        let length = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        match timeout(answer_time(length), answer.body.collect()).await {
            Ok(Ok(body)) => Ok(Some(body.into_bytes())),
            Ok(Err(_)) => Err(S3Error::Unavailable("its answer ended early".into())),
            Err(_) => Err(S3Error::Timeout),
        }
    }

    async fn write(&self, key: &str, bytes: Bytes) -> Result<(), S3Error> {
        let client = self.access.client().await;
        if bytes.len() > multipart::PART_BYTES {
            return multipart::put(client, &self.bucket, key, media_type(key), bytes).await;
        }
        let limit = answer_time(bytes.len());
        let put = client.put_object().bucket(&self.bucket).key(key).content_type(media_type(key)).body(ByteStream::from(bytes));
        within(limit, put.send()).await.map(drop)
    }

    async fn delete(&self, keys: &[String]) -> Result<(), S3Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let unbuilt = |error: aws_sdk_s3::error::BuildError| S3Error::Unavailable(error.to_string());
        let objects: Result<Vec<_>, _> = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build()).collect();
        let delete = Delete::builder().set_objects(Some(objects.map_err(unbuilt)?)).quiet(true).build().map_err(unbuilt)?;
        let call = self.access.client().await.delete_objects().bucket(&self.bucket).delete(delete);
        let answer = within(answer_time(0), call.send()).await?;
        // The call succeeds although single objects could not be deleted.
        match answer.errors().first() {
            Some(error) => Err(answered(error.code().unwrap_or_default(), 200)),
            None => Ok(()),
        }
    }

    async fn try_out(&self) -> Result<(), S3Error> {
        // Listing comes first: not every store minds putting into a bucket that is not there.
        let list = self.access.client().await.list_objects_v2().bucket(&self.bucket).prefix(format!("{}{CHECKS}/", self.prefix));
        within(CHECK_TIME, list.max_keys(1).send()).await?;
        let key = format!("{}{CHECKS}/{}", self.prefix, uuid::Uuid::new_v4());
        let bytes = Bytes::from_static(b"ok");
        self.write(&key, bytes.clone()).await?;
        let read = self.read(&key).await?;
        self.delete(std::slice::from_ref(&key)).await?;
        if read.as_ref() == Some(&bytes) { Ok(()) } else { Err(S3Error::Unavailable("it gives other bytes than it took".into())) }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        // It is whole after every step.
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After a failure the next check asks the bucket.
    fn doubted<T>(&self, result: Result<T, S3Error>) -> Result<T, ObjectError> {
        if result.is_err() {
            self.standing().well_at = None;
        }
        result.map_err(ObjectError::from)
    }

    async fn presign(&self, key: &str, lifetime: Duration) -> Result<String, S3Error> {
        let unusable = |error: &dyn Error| S3Error::Unavailable(error.to_string());
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().0).unwrap_or(0));
        let config = PresigningConfig::builder().start_time(now).expires_in(lifetime).build().map_err(|error| unusable(&error))?;
        let get = self.access.client().await.get_object().bucket(&self.bucket).key(key);
        let get = get.response_content_type(media_type(key)).response_cache_control(PRESIGNED_CACHE);
        // A header that asks for checksums would be part of the signature, and no browser sends it.
        let plain = Config::builder().response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let presigned = within(ANSWER_TIME, get.customize().config_override(plain).presigned(config)).await?;
        Ok(presigned.uri().to_owned())
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError> {
        let key = self.key(key)?;
        self.doubted(self.write(&key, bytes).await)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, ObjectError> {
        let key = self.key(key)?;
        self.doubted(self.read(&key).await)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let start = self.folder(prefix)?;
        let (mut keys, mut token) = (Vec::new(), None);
        loop {
            let page = self.doubted(self.page(&start, false, token).await)?;
            let own = page.contents().iter().filter_map(|object| object.key()?.strip_prefix(&self.prefix));
            keys.extend(own.filter(|key| !key.starts_with(CHECKS)).map(ToOwned::to_owned));
            token = page.next_continuation_token;
            if token.is_none() {
                keys.sort();
                return Ok(keys);
            }
        }
    }

    async fn children(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let start = self.folder(prefix)?;
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let page = self.doubted(self.page(&start, true, token).await)?;
            let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix());
            let all = folders.chain(page.contents().iter().filter_map(|object| object.key()));
            let own = all.filter_map(|key| key.strip_prefix(&start)).map(|name| name.trim_end_matches('/'));
            names.extend(own.filter(|name| !name.is_empty() && *name != CHECKS).map(ToOwned::to_owned));
            token = page.next_continuation_token;
            if token.is_none() {
                names.sort();
                return Ok(names);
            }
        }
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<(), ObjectError> {
        // Never the whole store: the empty prefix is refused here.
        let path = self.key(prefix.strip_suffix('/').unwrap_or(prefix))?;
        let below = format!("{path}/");
        let is_meant = |key: &str| key == path || key.starts_with(&below);
        let client = self.access.client().await;
        let mut token = None;
        loop {
            let page = self.doubted(self.page(&path, false, token).await)?;
            let keys: Vec<String> =
                page.contents().iter().filter_map(|object| object.key()).filter(|key| is_meant(key)).map(ToOwned::to_owned).collect();
            self.doubted(self.delete(&keys).await)?;
            token = page.next_continuation_token;
            if token.is_none() {
                break;
            }
        }
        // Parts of uploads that were never completed go as well; what is whole is gone by then, whether they can be listed or not.
        match multipart::abort_unfinished(client, &self.bucket, &path, is_meant).await {
            Err(error @ (S3Error::Forbidden | S3Error::Unauthorized)) => {
                tracing::warn!(%error, "unfinished uploads cannot be listed (s3:ListBucketMultipartUploads): a lifecycle rule has to remove them");
                Ok(())
            }
            aborted => self.doubted(aborted),
        }
    }

    async fn check(&self) -> Result<(), ObjectError> {
        if self.standing().well_at.is_some_and(|at| at.elapsed() < CHECK_EVERY) {
            return Ok(());
        }
        let tried = timeout(CHECK_TIME, self.try_out()).await.unwrap_or(Err(S3Error::Timeout)).map_err(ObjectError::from);
        let mut standing = self.standing();
        standing.well_at = tried.is_ok().then(Instant::now);
        match (&tried, standing.told) {
            (Err(error), false) => tracing::error!(%error, "the bucket of ARTIFACTS_URL cannot be used"),
            (Ok(()), true) => tracing::info!("the bucket of ARTIFACTS_URL can be used again"),
            _ => {}
        }
        standing.told = tried.is_err();
        tried
    }

    async fn presigned(&self, key: &str, lifetime: Duration) -> Result<Option<String>, ObjectError> {
        let key = self.key(key)?;
        if !self.presigns {
            return Ok(None);
        }
        self.doubted(self.presign(&key, lifetime).await.map(Some))
    }

    async fn origin(&self) -> Option<String> {
        let asked = self.origin.get_or_try_init(|| async {
            if !self.presigns {
                return Ok(None);
            }
            // How bucket and host make an address is the client's knowledge.
            let address = self.presign(CHECKS, Duration::from_secs(1)).await?;
            Ok::<_, S3Error>(url::Url::parse(&address).ok().map(|url| url.origin().ascii_serialization()))
        });
        asked.await.ok().cloned().flatten()
    }
}

/// By the name's ending, as the service itself names its files.
fn media_type(key: &str) -> &'static str {
    match key.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "jpg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
