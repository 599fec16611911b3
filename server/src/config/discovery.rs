//! Where candidate pictures come from.

use super::{ConfigError, Environment};
use std::path::{Path, PathBuf};

/// A folder of the operator's own pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Short and unique: the name of its provider.
    pub name: String,
    pub path: PathBuf,
}

/// * `POOLS` (default `samples=<DATA_DIR>/samples/pool`): folders of pictures as `name=path`, parted by commas.
/// * `PROVIDERS` (default: all that are configured): who is asked where a request names none, parted by commas.
#[derive(Debug, Clone)]
pub struct DiscoveryConfig {
    pub pools: Vec<Pool>,
    /// Names of providers, each of them configured; empty: all.
    pub default_providers: Vec<String>,
}

impl DiscoveryConfig {
    pub fn from_environment(env: &Environment, data_dir: &Path) -> Result<Self, ConfigError> {
        let samples = format!("samples={}", data_dir.join("samples/pool").display());
        let pools = env.read("POOLS", &samples, "folders of your own pictures: `name=path`, parted by commas", parse_pools)?;
        let names: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
        let default_providers =
            env.read("PROVIDERS", "", "who is asked for candidates where a request names none, parted by commas; empty: all", |text| {
                let wanted: Vec<String> = text.split(',').map(str::trim).filter(|n| !n.is_empty()).map(ToOwned::to_owned).collect();
                match wanted.iter().find(|name| !names.contains(&name.as_str())) {
                    Some(unknown) => Err(format!("`{unknown}` is not configured (there is: {})", names.join(", "))),
                    None => Ok(wanted),
                }
            })?;
        Ok(Self { pools, default_providers })
    }
}

fn parse_pools(text: &str) -> Result<Vec<Pool>, String> {
    let mut pools: Vec<Pool> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, path)) = part.split_once('=') else { return Err(format!("`{part}` is not of the form name=path")) };
        let (name, path) = (name.trim(), path.trim());
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(fine) {
            return Err(format!("`{name}` is no name of a pool (letters, digits, - and _ are)"));
        }
        if path.is_empty() {
            return Err(format!("the pool `{name}` has no path"));
        }
        if pools.iter().any(|pool| pool.name == name) {
            return Err(format!("the pool `{name}` is named twice"));
        }
        pools.push(Pool { name: name.into(), path: path.into() });
    }
    Ok(pools)
}
