//! Handing a request in: the photos first, then the row, so that whatever is queued can be run.

use super::Jobs;
use crate::{
    jobs::JobError,
    objects::input_prefix,
    pipeline::QueryPhotos,
    store::{Idempotency, NewRequest, StoreError, Submitted},
};
use app::api::MatchOptions;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// An upload that is not queued after this time is abandoned: whoever stored its photos is gone.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// A checked request.
#[derive(Debug, Clone)]
pub struct Submission {
    pub query: QueryPhotos,
    pub options: MatchOptions,
    pub idempotency: Option<Idempotency>,
}

/// What was accepted: a new request, or the one that the same Idempotency-Key has made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    pub id: Uuid,
    pub new: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error("the queue holds as many requests as it may")]
    Full,
    #[error("the idempotency key came with another request before")]
    Conflict,
    #[error(transparent)]
    Job(#[from] JobError),
}

/// Where a query photo of a request lies.
pub fn query_key(id: Uuid, query_name: &str) -> String {
    format!("{}/query/{query_name}", input_prefix(id))
}

impl Jobs {
    /// Queues a request. Goes on to its end even where the caller goes away in between.
    pub async fn submit(self: &Arc<Self>, submission: Submission) -> Result<Accepted, SubmitError> {
        let jobs = self.clone();
        match tokio::spawn(async move { jobs.submit_to_the_end(submission).await }).await {
            Ok(result) => result,
            Err(error) => Err(SubmitError::Job(JobError::Objects(std::io::Error::other(error).into()))),
        }
    }

    /// Before anything of a request is read: is there room in the queue for it? `key_hash`: of its Idempotency-Key; a request that
    /// is known needs no room.
    pub async fn admit(&self, key_hash: Option<&str>) -> Result<(), SubmitError> {
        let room = self.store.has_room(self.config.queue_capacity, key_hash).await;
        if room.map_err(JobError::from)? { Ok(()) } else { Err(SubmitError::Full) }
    }

    /// The request that the same Idempotency-Key has made before; None where the key is new.
    pub async fn known(&self, idempotency: &Idempotency) -> Result<Option<Accepted>, SubmitError> {
        match self.store.known(idempotency).await.map_err(JobError::from)? {
            Some(Submitted::Existing(id)) => Ok(Some(Accepted { id, new: false })),
            Some(Submitted::Conflict) => Err(SubmitError::Conflict),
            _ => Ok(None),
        }
    }

    async fn submit_to_the_end(&self, submission: Submission) -> Result<Accepted, SubmitError> {
        let Submission { query, options, idempotency } = submission;
        let query_names = query.iter().map(|photo| photo.name.clone()).collect();
        let (id, now) = (Uuid::new_v4(), self.clock.now());
        let new = NewRequest { id, created_at: now, expires_at: now.plus(self.retention), query_names, options, idempotency };
        let submitted = self.store_photos_and_row(&new, &query).await;
        match submitted {
            Ok(Submitted::Queued) => {
                self.something_is_queued();
                self.metrics.request_submitted();
                return Ok(Accepted { id, new: true });
            }
            Ok(_) => self.discard_upload(id).await,
            // Nobody can say whether it is queued. If it is not, the note of the upload is there still, and the sweep deletes it.
            Err(_) => {}
        }
        match submitted? {
            Submitted::Queued => Ok(Accepted { id, new: true }),
            Submitted::TooLate => Err(SubmitError::Job(JobError::Store(StoreError::Silent))),
            Submitted::Existing(id) => Ok(Accepted { id, new: false }),
            Submitted::Conflict => Err(SubmitError::Conflict),
            Submitted::Full => Err(SubmitError::Full),
        }
    }

    async fn store_photos_and_row(&self, new: &NewRequest, query: &QueryPhotos) -> Result<Submitted, JobError> {
        self.store.begin_upload(new.id, UPLOAD_TIMEOUT).await?;
        for photo in query.iter() {
            self.objects.put_durable(&query_key(new.id, &photo.name), photo.bytes.clone()).await?;
        }
        Ok(self.store.submit(new, self.config.queue_capacity).await?)
    }

    /// The photos of a request that was not accepted are kept nowhere.
    async fn discard_upload(&self, id: Uuid) {
        if let Err(error) = self.delete_objects(id).await {
            tracing::warn!(%error, "an unaccepted upload could not be deleted; the sweep tries again");
        }
    }
}
