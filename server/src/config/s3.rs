//! Where the operator's buckets are.

use super::{ConfigError, Environment, Secret};
use url::Url;

/// * `S3_ENDPOINT` (default: AWS): address of another store that speaks S3, such as MinIO or Garage.
/// * `S3_REGION` (default: that of the standard chain; `us-east-1` with an endpoint): the region of the buckets.
/// * `S3_PATH_STYLE` (default `auto`): whether a bucket stands in the path instead of the host name; `auto`: with an
///   endpoint.
///
/// * `S3_BUCKETS` (default: none): what `POST /process-s3-image` may name beside the pools of `POOLS` that lie in buckets: buckets,
///   or `bucket/prefix`, parted by commas.
///
/// Keys are those of the standard chain: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a profile, the machine's role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Config {
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// None: with an endpoint.
    pub path_style: Option<bool>,
    /// What requests may name: buckets, and what the keys begin with.
    pub buckets: Vec<(String, String)>,
    /// In place of the standard chain: for a program that starts the service with keys of its own. No variable sets them.
    pub keys: Option<S3Keys>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Keys {
    pub id: String,
    pub secret: Secret,
}

impl S3Keys {
    pub fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: Secret::new(secret) }
    }
}

/// Bucket and rest of `s3://bucket/rest`. None where it is no such address: a bucket's name is letters, digits, `-`, `.` and
/// `_`, and begins with a letter or a digit; the rest holds no control character, and no more than the 1024 bytes of a key.
pub fn s3_parts(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("s3://")?;
    let (bucket, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let named = bucket.starts_with(|c: char| c.is_ascii_alphanumeric()) && bucket.len() <= 255 && bucket.chars().all(fine);
    (named && rest.len() <= 1024 && !rest.chars().any(char::is_control)).then_some((bucket, rest))
}

impl S3Config {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let endpoint = env.read("S3_ENDPOINT", "", "address of a store that speaks S3; empty: AWS", |text| match text {
            "" => Ok(None),
            _ => endpoint(text).map(Some),
        })?;
        let region = env.optional("S3_REGION", "from the AWS environment", "region of the buckets; with an endpoint, `us-east-1`");
        let path_style = env.read(
            "S3_PATH_STYLE",
            "auto",
            "bucket in the path, not in the host name: `true`, `false`, or `auto`: with an endpoint",
            |text| match text {
                "auto" => Ok(None),
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                _ => Err("`auto`, `true` or `false` is expected".into()),
            },
        )?;
        let meaning = "buckets, or `bucket/prefix`, that POST /process-s3-image may name beside those of POOLS; parted by commas";
        let buckets = env.read("S3_BUCKETS", "", meaning, buckets)?;
        Ok(Self { endpoint, region, path_style, buckets, keys: None })
    }

    pub fn path_style(&self) -> bool {
        self.path_style.unwrap_or(self.endpoint.is_some())
    }
}

fn buckets(text: &str) -> Result<Vec<(String, String)>, String> {
    let bucket = |part: &str| match s3_parts(&format!("s3://{}", part.strip_prefix("s3://").unwrap_or(part))) {
        Some((bucket, prefix)) => Ok((bucket.to_owned(), prefix.to_owned())),
        None => Err(format!("`{part}` is no bucket or bucket/prefix")),
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(bucket).collect()
}

fn endpoint(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|e| format!("it is no address ({e})"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain {
        return Err("an address such as https://s3.example.org:9000 is expected, without keys in it".into());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<S3Config, String> {
        S3Config::from_environment(&Environment::of(pairs)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_store_of_ones_own_has_its_buckets_in_the_path_unless_told_otherwise() -> Result<(), String> {
        assert_eq!(read(&[])?, S3Config::default());
        assert!(!read(&[])?.path_style());
        let own = read(&[("S3_ENDPOINT", "http://127.0.0.1:9000/")])?;
        assert_eq!((own.endpoint.as_deref(), own.path_style()), (Some("http://127.0.0.1:9000"), true));
        assert!(!read(&[("S3_ENDPOINT", "https://s3.example.org"), ("S3_PATH_STYLE", "false")])?.path_style());
        Ok(())
    }

    #[test]
    fn buckets_that_requests_may_name_are_listed_with_or_without_a_prefix() -> Result<(), String> {
        let place = |bucket: &str, prefix: &str| (bucket.to_owned(), prefix.to_owned());
        let read = read(&[("S3_BUCKETS", "press, s3://archive/2020/,")])?;
        assert_eq!(read.buckets, [place("press", ""), place("archive", "2020/")]);
        Ok(())
    }

    #[test]
    fn an_address_of_a_bucket_is_parted_and_nothing_else_is_one() {
        for (uri, parts) in [
            ("s3://press/people/a b.jpg", ("press", "people/a b.jpg")),
            ("s3://press.archive-1", ("press.archive-1", "")),
            ("s3://press/", ("press", "")),
            ("s3://press//a", ("press", "/a")),
        ] {
            assert_eq!(s3_parts(uri), Some(parts), "{uri}");
        }
        let long = format!("s3://press/{}", "x".repeat(1025));
        for uri in
            ["", "press/a", "s3:press/a", "s3://", "s3:///a", "s3://../a", "s3://k:s@press/a", "s3://pr ess/a", "s3://press/a\nb", &long]
        {
            assert_eq!(s3_parts(uri), None, "{uri}");
        }
    }

    #[test]
    fn an_endpoint_that_is_none_stops_the_start() {
        for value in ["s3.example.org", "ftp://s3.example.org", "https://key:secret@s3.example.org", "https://s3.example.org/?x=1"] {
            let sentence = read(&[("S3_ENDPOINT", value)]).err().unwrap_or_default();
            assert!(sentence.contains("S3_ENDPOINT"), "{value}: {sentence}");
        }
        assert!(read(&[("S3_PATH_STYLE", "maybe")]).is_err());
        assert!(read(&[("S3_BUCKETS", "press,two words")]).err().unwrap_or_default().contains("`two words` is no bucket"));
    }
}
