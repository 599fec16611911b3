//! An object put in several parts. It is there once all of them are: nobody reads a piece of it.
//!
//! Parts of an upload that does not end are invisible and stay in the bucket, so it is aborted whatever ends it: a part that
//! fails, or a caller that is dropped. What an outage leaves all the same goes with the erasure of its prefix.

use super::s3::{answer_time, within};
use crate::s3::S3Error;
use aws_sdk_s3::{
    Client,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::runtime::Handle;

/// What is larger goes in parts of this size, the last one smaller. S3 takes at most 10,000 parts, and none but the last below
/// 5 MiB.
pub const PART_BYTES: usize = 8 << 20;
/// Parts on their way at a time.
const AT_ONCE: usize = 3;

/// Puts `bytes` under a key of the bucket.
pub async fn put(client: &Client, bucket: &str, key: &str, media_type: &str, bytes: Bytes) -> Result<(), S3Error> {
    let begin = client.create_multipart_upload().bucket(bucket).key(key).content_type(media_type);
    let begun = within(answer_time(0), begin.send()).await?;
    let upload_id = begun.upload_id().ok_or_else(|| S3Error::Unavailable("its answer names no upload".into()))?;
    let mut upload =
        Upload { client: client.clone(), bucket: bucket.to_owned(), key: key.to_owned(), id: upload_id.to_owned(), settled: false };
    let result = upload.run(bytes).await;
    if result.is_err() {
        abort(client, bucket, key, upload_id).await;
    }
    upload.settled = true;
    result
}

struct Upload {
    client: Client,
    bucket: String,
    key: String,
    id: String,
    /// Completed or aborted.
    settled: bool,
}

impl Upload {
    async fn run(&self, bytes: Bytes) -> Result<(), S3Error> {
        let pieces = (0..bytes.len()).step_by(PART_BYTES).map(|from| bytes.slice(from..bytes.len().min(from + PART_BYTES)));
        let parts = (1..).zip(pieces).map(|(number, piece)| self.part(number, piece));
        let parts = stream::iter(parts).buffered(AT_ONCE).try_collect().await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(&self.id);
        // The store puts the parts together before it answers.
        within(answer_time(bytes.len()), complete.multipart_upload(parts).send()).await?;
        Ok(())
    }

    async fn part(&self, number: i32, piece: Bytes) -> Result<CompletedPart, S3Error> {
        let limit = answer_time(piece.len());
        let part = self.client.upload_part().bucket(&self.bucket).key(&self.key).upload_id(&self.id).part_number(number);
        let done = within(limit, part.body(ByteStream::from(piece)).send()).await?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(done.e_tag).build())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        // Without a runtime the process is ending.
        let Ok(runtime) = Handle::try_current() else { return };
        let (client, bucket, key, id) = (self.client.clone(), self.bucket.clone(), self.key.clone(), self.id.clone());
        runtime.spawn(async move { abort(&client, &bucket, &key, &id).await });
    }
}

/// The first error is the one worth telling: this one is logged.
async fn abort(client: &Client, bucket: &str, key: &str, upload_id: &str) {
    let abort = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(upload_id);
    if let Err(error) = within(answer_time(0), abort.send()).await {
        tracing::warn!(%error, "parts of an upload could not be removed; the erasure of the request tries again");
    }
}

/// Aborts what was never completed of the keys that `is_meant`. A store that keeps no list of uploads has none to tell.
pub async fn abort_unfinished(client: &Client, bucket: &str, prefix: &str, is_meant: impl Fn(&str) -> bool) -> Result<(), S3Error> {
    let mut after: Option<(Option<String>, Option<String>)> = None;
    loop {
        let (key_marker, id_marker) = after.take().unwrap_or_default();
        let list = client.list_multipart_uploads().bucket(bucket).prefix(prefix).set_key_marker(key_marker).set_upload_id_marker(id_marker);
        let page = match within(answer_time(0), list.send()).await {
            Err(S3Error::NotImplemented) => return Ok(()),
            page => page?,
        };
        for upload in page.uploads() {
            if let (Some(key), Some(id)) = (upload.key().filter(|key| is_meant(key)), upload.upload_id()) {
                abort(client, bucket, key, id).await;
            }
        }
        match (page.is_truncated(), page.next_key_marker) {
            (Some(true), Some(key)) => after = Some((Some(key), page.next_upload_id_marker)),
            _ => return Ok(()),
        }
    }
}
