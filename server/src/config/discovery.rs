//! Where candidate pictures come from.

use super::web_providers::{WEB_PROVIDERS, WebConfig};
use super::{ConfigError, Environment, s3_parts};
use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long others wait for somebody who syncs and says nothing.
const SYNC_LEASE: Duration = Duration::from_secs(60);
/// A pool is finished in the end, however many searches there are: a picture a second.
const SYNC_PATIENCE: Duration = Duration::from_secs(1);

/// A collection of the operator's own pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Short and unique: the name of its provider.
    pub name: String,
    pub place: PoolPlace,
}

/// Where a pool lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolPlace {
    Folder(PathBuf),
    /// Every picture of a bucket whose key begins with the prefix.
    Bucket {
        bucket: String,
        prefix: String,
    },
}

impl fmt::Display for PoolPlace {
    /// As it is written in the settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

/// * `POOLS` (default `samples=<DATA_DIR>/samples/pool`): the operator's own pictures as `name=folder` or
///   `name=s3://bucket/prefix`, parted by commas.
/// * `POOL_ROOTS` (default: none): where `POST /pools` may put pools: folders and `s3://bucket/prefix`, parted by commas, each with
///   all that lies below it.
/// * `POOLS_SYNC` (default `true`): whether the pools of `POOLS` are synced at the start.
/// * `PROVIDERS` (default: pools, openverse, wikimedia, and every provider whose key is set): who may be asked, by name and
///   parted by commas; `pools` stands for all pools, `none` for pools alone.
/// * `PROVIDER_TIMEOUT` (default 8 s): how long one provider outside may take to name candidates.
/// * `CONTACT` (default: none): how the operators of other services reach the operator of this one.
///
/// Keys and addresses of the providers are [`WebConfig`]'s.
#[derive(Debug, Clone)]
pub struct DiscoveryConfig {
    pub pools: Vec<Pool>,
    pub pool_roots: Vec<PoolPlace>,
    pub sync_pools: bool,
    /// Others take a sync over when it has said nothing for so long; no variable sets it.
    pub sync_lease: Duration,
    /// How long a picture of a sync waits for searches to end; no variable sets it.
    pub sync_patience: Duration,
    /// Names of those who may be asked, pools included.
    pub allowed: Vec<String>,
    pub timeout: Duration,
    pub contact: Option<String>,
    pub web: WebConfig,
}

impl DiscoveryConfig {
    pub fn from_environment(env: &Environment, data_dir: &Path) -> Result<Self, ConfigError> {
        let samples = format!("samples={}", data_dir.join("samples/pool").display());
        let meaning = "your own pictures: `name=folder` or `name=s3://bucket/prefix`, parted by commas";
        let pools = env.read("POOLS", &samples, meaning, parse_pools)?;
        let meaning = "where POST /pools may put pools: folders and `s3://bucket/prefix`, parted by commas; empty: nowhere";
        let pool_roots = env.read("POOL_ROOTS", "", meaning, parse_roots)?;
        let sync_pools = env.switch("POOLS_SYNC", true, "sync the pools of POOLS at the start")?;
        let web = WebConfig::from_environment(env)?;
        let meaning = "who may be asked for candidates, parted by commas; `pools`: all pools; `none`: pools alone; \
                       empty: pools, openverse, wikimedia, and every provider whose key is set";
        let allowed = env.read("PROVIDERS", "", meaning, |text| allowed(text, &pools, &web))?;
        let timeout = env.seconds("PROVIDER_TIMEOUT", 8.0, 0.1..=120.0, "seconds that one provider outside may take to name candidates")?;
        let meaning = "an address (mail or web) told to every service that is asked: Wikimedia asks for one";
        let contact = env.read("CONTACT", "", meaning, parse_contact)?;
        Ok(Self { pools, pool_roots, sync_pools, sync_lease: SYNC_LEASE, sync_patience: SYNC_PATIENCE, allowed, timeout, contact, web })
    }

    pub fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == name)
    }
}

fn allowed(text: &str, pools: &[Pool], web: &WebConfig) -> Result<Vec<String>, String> {
    let all_pools = || pools.iter().map(|pool| pool.name.clone());
    let usual = || WEB_PROVIDERS.iter().filter(|name| web.missing(name).is_empty()).map(|name| (*name).to_owned());
    let mut allowed: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name {
            "none" | "pools" => allowed.extend(all_pools()),
            _ if pools.iter().any(|pool| pool.name == name) => allowed.push(name.to_owned()),
            _ if WEB_PROVIDERS.contains(&name) => match web.missing(name) {
                [] => allowed.push(name.to_owned()),
                missing => return Err(format!("`{name}` needs {}", missing.join(" and "))),
            },
            _ => {
                let pools: Vec<String> = all_pools().collect();
                return Err(format!("`{name}` is no provider (there is: {}, {})", pools.join(", "), WEB_PROVIDERS.join(", ")));
            }
        }
    }
    Ok(if text.trim().is_empty() { all_pools().chain(usual()).collect() } else { allowed })
}

/// It stands in a header.
fn parse_contact(text: &str) -> Result<Option<String>, String> {
    let fine = text.len() <= 200 && text.chars().all(|c| c == ' ' || (c.is_ascii_graphic() && !"()\\".contains(c)));
    match (text.is_empty(), fine) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(text.to_owned())),
        (false, false) => Err("a mail address or the address of a page is expected, in ASCII".into()),
    }
}

fn parse_pools(text: &str) -> Result<Vec<Pool>, String> {
    let mut pools: Vec<Pool> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, place)) = part.split_once('=') else { return Err(format!("`{part}` is not of the form name=path")) };
        let (name, place) = (name.trim(), place.trim());
        check_pool_name(name)?;
        if pools.iter().any(|pool| pool.name == name) {
            return Err(format!("the pool `{name}` is named twice"));
        }
        pools.push(Pool { name: name.into(), place: parse_place(name, place)? });
    }
    Ok(pools)
}

/// A pool's name stands among those of the providers.
pub fn check_pool_name(name: &str) -> Result<(), String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 40 || !name.chars().all(fine) {
        return Err(format!("`{name}` is no name of a pool (letters, digits, - and _ are)"));
    }
    if WEB_PROVIDERS.contains(&name) || ["pools", "none", "urls", "s3"].contains(&name) {
        return Err(format!("the name `{name}` is taken"));
    }
    Ok(())
}

fn parse_roots(text: &str) -> Result<Vec<PoolPlace>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| parse_place(part, part)).collect()
}

fn parse_place(name: &str, place: &str) -> Result<PoolPlace, String> {
    if place.is_empty() {
        return Err(format!("the pool `{name}` has no path"));
    }
    match place.split_once("://") {
        None => return Ok(PoolPlace::Folder(place.into())),
        Some(("s3", _)) => {}
        Some((scheme, _)) => return Err(format!("the pool `{name}` is a folder or s3://bucket/prefix, not {scheme}://")),
    }
    let Some((bucket, prefix)) = s3_parts(place) else {
        return Err(format!("the pool `{name}` names no bucket: s3://bucket/prefix is expected"));
    };
    Ok(PoolPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<DiscoveryConfig, String> {
        DiscoveryConfig::from_environment(&Environment::of(pairs), Path::new("data")).map_err(|e| e.to_string())
    }

    fn allowed(pairs: &[(&str, &str)]) -> Result<String, String> {
        read(pairs).map(|config| config.allowed.join(" "))
    }

    #[test]
    fn without_settings_pools_and_the_two_keyless_providers_may_be_asked() {
        assert_eq!(allowed(&[]).as_deref(), Ok("samples wikimedia openverse"));
    }

    #[test]
    fn a_key_is_enough_to_have_its_providers_asked() {
        let keys = [("SERPAPI_KEY", "k"), ("BRAVE_KEY", "k"), ("SEARXNG_URL", "http://127.0.0.1:8888")];
        assert_eq!(allowed(&keys).as_deref(), Ok("samples serpapi_lens serpapi_yandex wikimedia openverse brave searxng"));
    }

    #[test]
    fn a_list_is_taken_as_it_is_and_none_means_pools_alone() {
        let pools = ("POOLS", "a=x,b=s3://bucket/people/");
        for (list, expected) in [
            ("none", "a b"),
            ("pools", "a b"),
            ("b, openverse", "b openverse"),
            ("pools,wikimedia", "a b wikimedia"),
            ("wikimedia", "wikimedia"),
        ] {
            assert_eq!(allowed(&[pools, ("PROVIDERS", list)]).as_deref(), Ok(expected), "{list}");
        }
    }

    #[test]
    fn a_provider_without_its_key_or_of_an_unknown_name_stops_the_start() {
        let refused = |list: &str| allowed(&[("PROVIDERS", list)]).err().unwrap_or_default();
        assert!(refused("brave").contains("`brave` needs BRAVE_KEY"), "{}", refused("brave"));
        let yandex = refused("pools,yandex_cloud");
        assert!(yandex.contains("`yandex_cloud` needs YANDEX_CLOUD_KEY and YANDEX_CLOUD_FOLDER"), "{yandex}");
        assert!(refused("bing").contains("`bing` is no provider (there is: samples, google_vision, "), "{}", refused("bing"));
    }

    #[test]
    fn a_pool_lies_in_a_folder_or_a_bucket() -> Result<(), String> {
        let config = read(&[("POOLS", "own=/srv/photos, archive=s3://press-archive/portraits/2020, all=s3://bucket")])?;
        let bucket = |bucket: &str, prefix: &str| PoolPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() };
        let places: Vec<_> = config.pools.into_iter().map(|pool| pool.place).collect();
        assert_eq!(places, [PoolPlace::Folder("/srv/photos".into()), bucket("press-archive", "portraits/2020"), bucket("bucket", "")]);
        for bad in [
            "a=s3://",
            "a=s3:///prefix",
            "a=s3://bu cket/x",
            "a=s3://key:secret@bucket/",
            "a=gs://bucket",
            "wikimedia=x",
            "pools=x",
            "urls=x",
            "s3=x",
        ] {
            assert!(read(&[("POOLS", bad)]).is_err(), "{bad}");
        }
        Ok(())
    }

    #[test]
    fn pools_of_the_route_lie_nowhere_unless_roots_are_named() -> Result<(), String> {
        assert_eq!(read(&[])?.pool_roots, []);
        let roots = read(&[("POOL_ROOTS", "/srv/pools, s3://press/people/")])?.pool_roots;
        assert_eq!(roots.iter().map(ToString::to_string).collect::<Vec<_>>(), ["/srv/pools", "s3://press/people/"]);
        assert!(read(&[("POOL_ROOTS", "ftp://host/x")]).is_err());
        Ok(())
    }

    #[test]
    fn a_contact_fits_into_a_header() {
        assert_eq!(read(&[("CONTACT", "desk@paper.example")]).map(|c| c.contact), Ok(Some("desk@paper.example".into())));
        for bad in ["two\nlines", "(brackets)", "Büro"] {
            assert!(read(&[("CONTACT", bad)]).is_err(), "{bad}");
        }
    }
}
