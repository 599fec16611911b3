//! Where a pool may lie. What a caller of the interface names is looked at only below the folders and bucket prefixes that the
//! operator has set aside (`POOL_ROOTS`, and the buckets of `S3_BUCKETS`): nobody indexes `/etc`, or a bucket that the machine's role
//! happens to open. Nor the place where the files of requests lie, whatever is set: not even the settings themselves may name that.

use crate::config::{ArtifactsPlace, Config, PoolPlace, s3_parts};
use crate::store::{PoolOrigin, PoolRow};
use std::path::{Component, Path, PathBuf};

/// Why a pool cannot be put there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    #[error("`uri` must be an absolute path, `file:` and an absolute path, or `s3://bucket/prefix`.")]
    Malformed,
    /// Says nothing of what is there.
    #[error("Pools may not be put there: the operator names the folders and buckets for them in POOL_ROOTS.")]
    NotAllowed,
    #[error("There is no such folder below the roots for pools.")]
    NoFolder,
}

/// A pool of the settings that lies in, or holds, what the service keeps for itself: photos and crops of requests would be indexed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The pool `{pool}` of POOLS ({place}) and {kept} ({variable}), where the service keeps its own files, lie within each other: keep \
     your pictures elsewhere."
)]
pub struct PoolOverlaps {
    pub pool: String,
    pub place: String,
    pub variable: &'static str,
    pub kept: String,
}

/// Folder of `DATA_DIR` that is set up for pictures: nothing of a request comes there.
const SAMPLES: &str = "samples";

/// No pool of the settings may lie in, or hold, the places of the service's own files.
pub fn check_places(config: &Config) -> Result<(), PoolOverlaps> {
    let data_dir = PoolPlace::Folder(config.storage.data_dir.clone());
    let samples = PoolPlace::Folder(config.storage.data_dir.join(SAMPLES));
    let artifacts = artifacts(config);
    for pool in &config.discovery.pools {
        let overlaps = |variable, kept: &PoolPlace| PoolOverlaps {
            pool: pool.name.clone(),
            place: pool.place.to_string(),
            variable,
            kept: kept.to_string(),
        };
        if meet(&pool.place, &artifacts) {
            return Err(overlaps("ARTIFACTS_URL", &artifacts));
        }
        if meet(&pool.place, &data_dir) && !lies_in(&pool.place, &samples) {
            return Err(overlaps("DATA_DIR", &data_dir));
        }
    }
    Ok(())
}

fn artifacts(config: &Config) -> PoolPlace {
    match &config.storage.artifacts {
        ArtifactsPlace::Bucket { bucket, prefix } => PoolPlace::Bucket { bucket: bucket.clone(), prefix: prefix.clone() },
        ArtifactsPlace::Folder(folder) => PoolPlace::Folder(folder.clone()),
    }
}

fn lies_in(place: &PoolPlace, root: &PoolPlace) -> bool {
    match (place, root) {
        (PoolPlace::Folder(place), PoolPlace::Folder(root)) => resolved(place).starts_with(resolved(root)),
        (PoolPlace::Bucket { bucket, prefix }, PoolPlace::Bucket { bucket: of_root, prefix: root }) => {
            bucket == of_root && is_below(prefix, root)
        }
        _ => false,
    }
}

/// One lies in the other. A prefix of a pool of the settings is taken as it is: `eng` holds `engine/...`.
fn meet(pool: &PoolPlace, kept: &PoolPlace) -> bool {
    let holds = match (pool, kept) {
        (PoolPlace::Bucket { bucket, prefix }, PoolPlace::Bucket { bucket: of_kept, prefix: kept }) => {
            bucket == of_kept && format!("{kept}/").starts_with(prefix.as_str())
        }
        _ => lies_in(kept, pool),
    };
    holds || lies_in(pool, kept)
}

/// Links resolved, as far as there is something; what is not there yet is taken by its words.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => absolute.strip_prefix(above).map_or(real.clone(), |rest| real.join(rest)),
        None => absolute,
    }
}

/// Folders and bucket prefixes below which pools may lie, and those that they may neither lie in nor hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolRoots {
    roots: Vec<PoolPlace>,
    kept: Vec<PoolPlace>,
}

/// `/folder`, `file:/folder`, `file:///folder` or `s3://bucket/prefix`. Looks at nothing.
pub fn parse_uri(uri: &str) -> Result<PoolPlace, PlaceError> {
    if uri.len() > 4096 || uri.chars().any(char::is_control) {
        return Err(PlaceError::Malformed);
    }
    if let Some((bucket, prefix)) = s3_parts(uri) {
        return Ok(PoolPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() });
    }
    let path = uri.strip_prefix("file://").or_else(|| uri.strip_prefix("file:")).unwrap_or(uri);
    let path = Path::new(path);
    let plain = path.is_absolute() && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if plain { Ok(PoolPlace::Folder(path.components().collect())) } else { Err(PlaceError::Malformed) }
}

impl PoolRoots {
    pub fn of(config: &Config) -> Self {
        let buckets = config.s3.buckets.iter().map(|(bucket, prefix)| PoolPlace::Bucket { bucket: bucket.clone(), prefix: prefix.clone() });
        let roots = config.discovery.pool_roots.iter().cloned().chain(buckets).collect();
        Self { roots, kept: vec![PoolPlace::Folder(config.storage.data_dir.clone()), artifacts(config)] }
    }

    /// The place as it is to be used, links resolved; an error where it is not below a root.
    pub fn allow(&self, place: &PoolPlace) -> Result<PoolPlace, PlaceError> {
        match place {
            PoolPlace::Bucket { bucket, prefix } => {
                let holds =
                    |root: &PoolPlace| matches!(root, PoolPlace::Bucket { bucket: b, prefix: p } if b == bucket && is_below(prefix, p));
                let overlaps = |kept: &PoolPlace| matches!(kept, PoolPlace::Bucket { bucket: b, prefix: p } if b == bucket && (is_below(prefix, p) || is_below(p, prefix)));
                let allowed = self.roots.iter().any(holds) && !self.kept.iter().any(overlaps);
                // As a folder: `people` would be the beginning of `people-private/...` as well.
                let folder = if prefix.is_empty() || prefix.ends_with('/') { prefix.clone() } else { format!("{prefix}/") };
                if allowed { Ok(PoolPlace::Bucket { bucket: bucket.clone(), prefix: folder }) } else { Err(PlaceError::NotAllowed) }
            }
            PoolPlace::Folder(folder) => self.allow_folder(folder),
        }
    }

    fn allow_folder(&self, folder: &Path) -> Result<PoolPlace, PlaceError> {
        let roots: Vec<&PathBuf> =
            self.roots.iter().filter_map(|root| if let PoolPlace::Folder(root) = root { Some(root) } else { None }).collect();
        let resolved: Vec<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
        // By its words first: whether anything is there outside of the roots is nobody's business.
        let within =
            |folder: &Path| roots.iter().any(|root| folder.starts_with(root)) || resolved.iter().any(|root| folder.starts_with(root));
        if !within(folder) {
            return Err(PlaceError::NotAllowed);
        }
        let real = folder.canonicalize().map_err(|_| PlaceError::NoFolder)?;
        if !resolved.iter().any(|root| real.starts_with(root)) {
            // A link leads out.
            return Err(PlaceError::NotAllowed);
        }
        let place = PoolPlace::Folder(real.clone());
        if self.kept.iter().any(|kept| meet(&place, kept)) {
            return Err(PlaceError::NotAllowed);
        }
        if real.is_dir() { Ok(place) } else { Err(PlaceError::NoFolder) }
    }
}

/// `people/2020` is below `people`, `people/` and nothing at all; `people2` is not below `people`.
fn is_below(prefix: &str, root: &str) -> bool {
    let folder = root.trim_end_matches('/');
    folder.is_empty() || prefix == folder || prefix.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// For the answer of the interface. Where the folders of the settings lie on the machine is not told, only their last name.
pub fn shown(row: &PoolRow) -> String {
    if row.place.starts_with("s3://") {
        return row.place.clone();
    }
    let path = Path::new(&row.place);
    match row.origin {
        PoolOrigin::Route => format!("file:{}", row.place),
        PoolOrigin::Settings => format!("file:{}", path.file_name().unwrap_or_default().to_string_lossy()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;
    use crate::testing::TempFolder;

    fn bucket(bucket: &str, prefix: &str) -> PoolPlace {
        PoolPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() }
    }

    #[test]
    fn a_pool_is_named_by_a_path_or_a_bucket() {
        for uri in ["/srv/photos", "file:/srv/photos", "file:///srv/photos/"] {
            assert_eq!(parse_uri(uri), Ok(PoolPlace::Folder("/srv/photos".into())), "{uri}");
        }
        assert_eq!(parse_uri("s3://press/people/"), Ok(bucket("press", "people/")));
        for uri in ["", "photos", "file:photos", "/srv/../etc", "s3://", "http://host/x", "/srv/\nx", "file:"] {
            assert_eq!(parse_uri(uri), Err(PlaceError::Malformed), "{uri}");
        }
    }

    #[test]
    fn nothing_is_allowed_where_the_operator_has_named_no_roots() {
        for uri in ["/", "/etc", "s3://press/people"] {
            assert_eq!(PoolRoots::default().allow(&parse_uri(uri).expect("a place")), Err(PlaceError::NotAllowed), "{uri}");
        }
    }

    #[test]
    fn a_bucket_is_allowed_below_its_prefix_and_not_beside_it() {
        let roots = PoolRoots { roots: vec![bucket("press", "people/"), bucket("open", "")], kept: vec![bucket("open", "engine")] };
        let allowed = |uri: &str| roots.allow(&parse_uri(uri).expect("a place")).is_ok();
        for uri in ["s3://press/people", "s3://press/people/2020", "s3://open/x"] {
            assert!(allowed(uri), "{uri}");
        }
        assert_eq!(roots.allow(&bucket("press", "people")), Ok(bucket("press", "people/")), "and nothing that only begins alike");
        assert_eq!(roots.allow(&bucket("open", "eng")), Ok(bucket("open", "eng/")), "`engine` holds files of requests");
        // The last ones hold, or lie in, what belongs to requests.
        for uri in ["s3://press", "s3://press/people2", "s3://press/peo", "s3://other/people/", "s3://open", "s3://open/engine/output"] {
            assert!(!allowed(uri), "{uri}");
        }
    }

    #[test]
    fn a_folder_is_allowed_below_a_root_and_what_lies_elsewhere_is_not_even_looked_for() {
        let (root, outside) = (TempFolder::new(), TempFolder::new());
        root.write("pool/1.jpg", b"x");
        outside.write("secret/1.jpg", b"x");
        root.write("data/artifacts/1.jpg", b"x");
        let kept = vec![PoolPlace::Folder(root.path().join("data"))];
        let roots = PoolRoots { roots: vec![PoolPlace::Folder(root.path().into())], kept };
        let allow = |path: &Path| roots.allow(&PoolPlace::Folder(path.into()));
        assert!(matches!(allow(&root.path().join("pool")), Ok(PoolPlace::Folder(_))));
        assert_eq!(allow(&root.path().join("nothing")), Err(PlaceError::NoFolder));
        assert_eq!(allow(&root.path().join("pool/1.jpg")), Err(PlaceError::NoFolder));
        let of_requests = [root.path().to_path_buf(), root.path().join("data"), root.path().join("data/artifacts")];
        let outside = [outside.path().join("secret"), outside.path().join("nothing"), PathBuf::from("/etc")];
        for path in outside.into_iter().chain(of_requests) {
            assert_eq!(allow(&path), Err(PlaceError::NotAllowed), "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_a_root_is_refused() {
        let (root, outside) = (TempFolder::new(), TempFolder::new());
        std::os::unix::fs::symlink(outside.path(), root.path().join("elsewhere")).expect("a link");
        let roots = PoolRoots { roots: vec![PoolPlace::Folder(root.path().into())], kept: Vec::new() };
        assert_eq!(roots.allow(&PoolPlace::Folder(root.path().join("elsewhere"))), Err(PlaceError::NotAllowed));
    }

    #[test]
    fn a_pool_of_the_settings_keeps_apart_from_what_the_service_keeps() {
        let folder = TempFolder::new();
        folder.write("data/artifacts/x.jpg", b"x");
        let data = folder.path().join("data");
        let check = |place: &str, artifacts: &str| {
            let pools = format!("own={place}");
            let variables = [("DATA_DIR", data.to_str().expect("a name")), ("POOLS", pools.as_str()), ("ARTIFACTS_URL", artifacts)];
            let config = Config::from_environment(&Environment::of(&variables)).expect("usable settings");
            check_places(&config).map_err(|overlaps| overlaps.variable)
        };
        let below = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (inside, elsewhere) = (format!("file:{}", below("data/artifacts")), format!("file:{}", below("kept")));
        for (place, artifacts, expected) in [
            (below("data/samples/pool"), inside.clone(), Ok(())),
            (below("pool"), inside.clone(), Ok(())),
            (below("data2"), inside.clone(), Ok(())),
            (below("data/artifacts/input"), inside.clone(), Err("ARTIFACTS_URL")),
            (below(""), inside.clone(), Err("ARTIFACTS_URL")),
            (below("kept/not there yet"), elsewhere.clone(), Err("ARTIFACTS_URL")),
            (below("data/mine"), elsewhere.clone(), Err("DATA_DIR")),
            (below("data"), elsewhere, Err("DATA_DIR")),
            ("s3://faces/people".into(), "s3://faces/engine".into(), Ok(())),
            ("s3://others/".into(), "s3://faces/engine".into(), Ok(())),
            ("s3://faces/".into(), "s3://faces/engine".into(), Err("ARTIFACTS_URL")),
            ("s3://faces/eng".into(), "s3://faces/engine".into(), Err("ARTIFACTS_URL")),
            ("s3://faces/engine/output/".into(), "s3://faces/engine".into(), Err("ARTIFACTS_URL")),
            ("s3://faces/people".into(), "s3://faces".into(), Err("ARTIFACTS_URL")),
        ] {
            assert_eq!(check(&place, &artifacts), expected, "{place} {artifacts}");
        }
        let linked = folder.path().join("linked");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&data, &linked).expect("a link");
            assert_eq!(check(&linked.to_string_lossy(), &inside), Err("ARTIFACTS_URL"), "by another name");
        }
    }

    #[test]
    fn an_overlap_is_told_with_both_places() {
        let told = PoolOverlaps { pool: "own".into(), place: "/srv".into(), variable: "DATA_DIR", kept: "/srv/data".into() }.to_string();
        assert!(["`own`", "(/srv)", "/srv/data", "(DATA_DIR)"].iter().all(|part| told.contains(part)), "{told}");
    }
}
