//! The store that the settings name.

use super::{FolderObjects, ObjectError, Objects, S3Objects};
use crate::{
    clock::Clock,
    config::{ArtifactsPlace, StorageConfig},
    s3::S3Access,
};
use std::sync::Arc;

/// Why there is no store, with the setting that names it.
#[derive(Debug, thiserror::Error)]
#[error("The artifact store {place} (ARTIFACTS_URL) cannot be used: {error}.")]
pub struct OpenError {
    place: ArtifactsPlace,
    #[source]
    pub error: ObjectError,
}

/// Opens it. A bucket that waiting helps against stops no start: the service is not ready until it is back. One that does not
/// exist or refuses does, since nobody would look for the reason there.
pub async fn open(config: &StorageConfig, s3: &Arc<S3Access>, clock: Arc<dyn Clock>) -> Result<Arc<dyn Objects>, OpenError> {
    let cannot = |error| OpenError { place: config.artifacts.clone(), error };
    let (bucket, prefix) = match &config.artifacts {
        ArtifactsPlace::Folder(path) => return Ok(Arc::new(FolderObjects::open(path).map_err(cannot)?)),
        ArtifactsPlace::Bucket { bucket, prefix } => (bucket, prefix),
    };
    let objects = S3Objects::new(s3.clone(), bucket, prefix, clock).presigning(config.presign);
    match objects.check().await {
        Err(error) if error.is_of_the_settings() => return Err(cannot(error)),
        // It was logged there.
        Err(_) => {}
        Ok(()) if objects.keeps_versions().await => {
            tracing::warn!("the bucket of ARTIFACTS_URL keeps old versions: what is erased stays there until a lifecycle rule removes it")
        }
        Ok(()) => {}
    }
    Ok(Arc::new(objects))
}
