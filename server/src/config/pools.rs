//! The operator's own collections of pictures, as `POOLS` lists them.

use std::path::PathBuf;

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
    /// `s3://bucket/prefix`; an empty prefix is the whole bucket.
    Bucket {
        bucket: String,
        prefix: String,
    },
}

/// `name=path` or `name=s3://bucket/prefix`, parted by commas.
pub fn parse_pools(text: &str) -> Result<Vec<Pool>, String> {
    let mut pools: Vec<Pool> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, place)) = part.split_once('=') else { return Err(format!("`{part}` is not of the form name=path")) };
        let (name, text) = (name.trim(), place.trim());
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(fine) {
            return Err(format!("`{name}` is no name of a pool (letters, digits, - and _ are)"));
        }
        if text.is_empty() {
            return Err(format!("the pool `{name}` has no path"));
        }
        if pools.iter().any(|pool| pool.name == name) {
            return Err(format!("the pool `{name}` is named twice"));
        }
        let place = match text.split_once("://") {
            None => PoolPlace::Folder(text.into()),
            Some(("s3", place)) => bucket(place).ok_or_else(|| format!("`{text}` is not of the form s3://bucket/prefix"))?,
            Some((scheme, _)) => return Err(format!("a pool is a folder or s3://bucket/prefix, not {scheme}://")),
        };
        pools.push(Pool { name: name.into(), place });
    }
    Ok(pools)
}

fn bucket(place: &str) -> Option<PoolPlace> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let usable = (1..=255).contains(&bucket.len()) && bucket.chars().all(fine) && !prefix.chars().any(char::is_control);
    usable.then(|| PoolPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_a_folder_or_a_prefix_of_a_bucket() {
        let pools = parse_pools("samples=data/samples, press=s3://press-archive/portraits/2025/, all=s3://press-archive,").expect("pools");
        let place = |bucket: &str, prefix: &str| PoolPlace::Bucket { bucket: bucket.into(), prefix: prefix.into() };
        let expected = [
            ("samples", PoolPlace::Folder("data/samples".into())),
            ("press", place("press-archive", "portraits/2025/")),
            ("all", place("press-archive", "")),
        ];
        assert_eq!(pools, expected.map(|(name, place)| Pool { name: name.into(), place }));
    }

    #[test]
    fn a_pool_that_is_none_is_named_in_a_sentence() {
        for (text, words) in [
            ("folder", "name=path"),
            ("a b=x", "no name of a pool"),
            ("a=", "no path"),
            ("a=x,a=s3://y", "named twice"),
            ("a=s3://", "s3://bucket/prefix"),
            ("a=s3:///prefix", "s3://bucket/prefix"),
            ("a=s3://key:secret@bucket/", "s3://bucket/prefix"),
            ("a=gs://bucket", "not gs://"),
        ] {
            let refusal = parse_pools(text).expect_err(text);
            assert!(refusal.contains(words), "{text}: {refusal}");
        }
    }
}
