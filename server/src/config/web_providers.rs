//! Searches on the web: their keys and addresses.

use super::{ConfigError, Environment, Secret};
use url::Url;

/// All of them, in the order in which they take turns: by picture, then by words.
pub const WEB_PROVIDERS: [&str; 9] =
    ["google_vision", "serpapi_lens", "serpapi_yandex", "yandex_cloud", "tineye", "wikimedia", "openverse", "brave", "searxng"];

/// One whose key has to be there.
#[derive(Debug, Clone)]
pub struct Keyed {
    pub url: String,
    pub key: Option<Secret>,
}

/// * `GOOGLE_VISION_KEY`, `SERPAPI_KEY`, `TINEYE_KEY`, `BRAVE_KEY` (default: none): keys of these services; `SERPAPI_KEY`
///   serves `serpapi_lens` and `serpapi_yandex`.
/// * `YANDEX_CLOUD_KEY`, `YANDEX_CLOUD_FOLDER` (default: none): key, and the folder of the account that pays.
/// * `SEARXNG_URL` (default: none): address of a SearXNG.
/// * `OPENVERSE_CLIENT_ID`, `OPENVERSE_CLIENT_SECRET` (default: none): a registered client, which may ask more often.
/// * `GOOGLE_VISION_URL`, `SERPAPI_URL`, `YANDEX_CLOUD_URL`, `TINEYE_URL`, `WIKIMEDIA_URL`, `OPENVERSE_URL`, `BRAVE_URL`
///   (default: the services' own): the address before all paths.
#[derive(Debug, Clone)]
pub struct WebConfig {
    pub google_vision: Keyed,
    pub serpapi: Keyed,
    pub yandex_cloud: Keyed,
    pub yandex_cloud_folder: Option<String>,
    pub tineye: Keyed,
    pub brave: Keyed,
    pub wikimedia_url: String,
    pub openverse_url: String,
    /// Identifier and secret.
    pub openverse_client: Option<(String, Secret)>,
    pub searxng_url: Option<String>,
}

impl WebConfig {
    pub fn from_environment(env: &Environment) -> Result<Self, ConfigError> {
        let keyed = |key: &'static str, url: &'static str, usual: &str, of: &'static str, at: &'static str| {
            Ok::<_, ConfigError>(Keyed { key: env.secret(key, "none", of, check_key)?, url: env.read(url, usual, at, base)? })
        };
        let google_vision = keyed(
            "GOOGLE_VISION_KEY",
            "GOOGLE_VISION_URL",
            "https://vision.googleapis.com",
            "key of Google Cloud Vision (web detection)",
            "address of Google Cloud Vision",
        )?;
        let serpapi = keyed(
            "SERPAPI_KEY",
            "SERPAPI_URL",
            "https://serpapi.com",
            "key of SerpApi, for `serpapi_lens` (Google Lens) and `serpapi_yandex` (Yandex Images)",
            "address of SerpApi",
        )?;
        let yandex_cloud = keyed(
            "YANDEX_CLOUD_KEY",
            "YANDEX_CLOUD_URL",
            "https://searchapi.api.cloud.yandex.net",
            "key of Yandex Cloud's image search; YANDEX_CLOUD_FOLDER goes with it",
            "address of Yandex Cloud's image search",
        )?;
        let yandex_cloud_folder =
            env.read("YANDEX_CLOUD_FOLDER", "", "folder of the Yandex Cloud account that pays", |text| match (text, &yandex_cloud.key) {
                ("", Some(_)) => Err("YANDEX_CLOUD_KEY is set, and needs it".into()),
                ("", None) => Ok(None),
                (folder, _) => check_key(folder).map(|()| Some(folder.to_owned())),
            })?;
        let tineye =
            keyed("TINEYE_KEY", "TINEYE_URL", "https://api.tineye.com/rest", "key of the TinEye API", "address of the TinEye API")?;
        let brave = keyed("BRAVE_KEY", "BRAVE_URL", "https://api.search.brave.com", "key of Brave Search", "address of Brave Search")?;
        let wikimedia_url = env.read("WIKIMEDIA_URL", "https://commons.wikimedia.org", "address of Wikimedia Commons", base)?;
        let openverse_url = env.read("OPENVERSE_URL", "https://api.openverse.org", "address of Openverse", base)?;
        let secret = env.secret("OPENVERSE_CLIENT_SECRET", "none", "secret of a client registered at Openverse", check_key)?;
        let openverse_client =
            env.read("OPENVERSE_CLIENT_ID", "", "identifier of that client; without it Openverse is asked without one", |text| {
                match (text, secret) {
                    ("", None) => Ok(None),
                    ("", Some(_)) => Err("OPENVERSE_CLIENT_SECRET is set, and needs it".into()),
                    (_, None) => Err("it needs OPENVERSE_CLIENT_SECRET".into()),
                    (id, Some(secret)) => check_key(id).map(|()| Some((id.to_owned(), secret))),
                }
            })?;
        let searxng_url = env.read("SEARXNG_URL", "", "address of a SearXNG whose settings allow JSON", |text| match text {
            "" => Ok(None),
            _ => base(text).map(Some),
        })?;
        Ok(Self {
            google_vision,
            serpapi,
            yandex_cloud,
            yandex_cloud_folder,
            tineye,
            brave,
            wikimedia_url,
            openverse_url,
            openverse_client,
            searxng_url,
        })
    }

    /// The variables that have to be set before this provider can be asked; none where all is there.
    pub fn missing(&self, provider: &str) -> &'static [&'static str] {
        let (there, needed): (bool, &'static [&'static str]) = match provider {
            "google_vision" => (self.google_vision.key.is_some(), &["GOOGLE_VISION_KEY"]),
            "serpapi_lens" | "serpapi_yandex" => (self.serpapi.key.is_some(), &["SERPAPI_KEY"]),
            "yandex_cloud" => (self.yandex_cloud.key.is_some(), &["YANDEX_CLOUD_KEY", "YANDEX_CLOUD_FOLDER"]),
            "tineye" => (self.tineye.key.is_some(), &["TINEYE_KEY"]),
            "brave" => (self.brave.key.is_some(), &["BRAVE_KEY"]),
            "searxng" => (self.searxng_url.is_some(), &["SEARXNG_URL"]),
            _ => (true, &[]),
        };
        if there { &[] } else { needed }
    }
}

/// It stands in a header or an address.
fn check_key(text: &str) -> Result<(), String> {
    let fine = text.len() <= 500 && text.chars().all(|c| c.is_ascii_graphic());
    if fine { Ok(()) } else { Err("letters, digits and signs without spaces are expected".into()) }
}

fn base(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|e| format!("it is no address ({e})"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) || !plain {
        return Err("an address that begins with http:// or https:// is expected, without keys in it".into());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<WebConfig, String> {
        WebConfig::from_environment(&Environment::of(pairs)).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_missing_is_named_and_a_key_is_what_it_takes() -> Result<(), String> {
        let bare = read(&[])?;
        for name in WEB_PROVIDERS {
            assert_eq!(bare.missing(name).is_empty(), ["wikimedia", "openverse"].contains(&name), "{name}");
        }
        let all = read(&[
            ("GOOGLE_VISION_KEY", "k"),
            ("SERPAPI_KEY", "k"),
            ("YANDEX_CLOUD_KEY", "k"),
            ("YANDEX_CLOUD_FOLDER", "f"),
            ("TINEYE_KEY", "k"),
            ("BRAVE_KEY", "k"),
            ("SEARXNG_URL", "http://127.0.0.1:8888/searxng/"),
        ])?;
        assert!(WEB_PROVIDERS.iter().all(|name| all.missing(name).is_empty()));
        assert_eq!(all.searxng_url.as_deref(), Some("http://127.0.0.1:8888/searxng"));
        Ok(())
    }

    #[test]
    fn half_of_a_pair_stops_the_start_with_the_name_of_the_other_half() {
        for (set, sentence) in [
            ("YANDEX_CLOUD_KEY", "YANDEX_CLOUD_FOLDER= is no usable value: YANDEX_CLOUD_KEY is set, and needs it."),
            ("OPENVERSE_CLIENT_SECRET", "OPENVERSE_CLIENT_ID= is no usable value: OPENVERSE_CLIENT_SECRET is set, and needs it."),
            ("OPENVERSE_CLIENT_ID", "OPENVERSE_CLIENT_ID=x is no usable value: it needs OPENVERSE_CLIENT_SECRET."),
        ] {
            assert_eq!(read(&[(set, "x")]).err().as_deref(), Some(sentence));
        }
    }

    #[test]
    fn a_bad_key_or_address_is_refused_and_a_key_is_never_shown() {
        for (name, value) in [
            ("BRAVE_KEY", "two words"),
            ("BRAVE_URL", "api.search.brave.example"),
            ("SEARXNG_URL", "ftp://search.example"),
            ("WIKIMEDIA_URL", "https://me:secret@commons.example"),
            ("OPENVERSE_URL", "https://openverse.example/?key=1"),
        ] {
            let sentence = read(&[(name, value)]).err().unwrap_or_default();
            assert!(sentence.contains(name) && sentence.ends_with('.'), "{name}: {sentence:?}");
        }
        let secrets = ["GOOGLE_VISION_KEY", "SERPAPI_KEY", "TINEYE_KEY", "BRAVE_KEY", "OPENVERSE_CLIENT_SECRET", "YANDEX_CLOUD_KEY"];
        let mut pairs: Vec<(&str, &str)> = secrets.iter().map(|name| (*name, "hush-hush")).collect();
        pairs.extend([("YANDEX_CLOUD_FOLDER", "folder"), ("OPENVERSE_CLIENT_ID", "id")]);
        let env = Environment::of(&pairs);
        let config = WebConfig::from_environment(&env).expect("all is set");
        assert!(!format!("{config:?} {:?}", env.listing()).contains("hush"));
        assert!(secrets.iter().all(|name| env.listing().iter().any(|listed| listed.name == *name && listed.value == "(set)")));
        assert!(!read(&[("BRAVE_KEY", "hush hush")]).err().unwrap_or_default().contains("hush"));
    }
}
