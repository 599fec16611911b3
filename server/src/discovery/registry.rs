//! Who can be asked in this configuration, and who could be if the operator set a variable.

use super::{BucketProvider, Cost, FolderProvider, Need, Provider, RequestedBucketProvider, RequestedBuckets, UrlsProvider, web};
use crate::config::{Config, DiscoveryConfig, Keyed, Pool, PoolPlace, Secret, WEB_PROVIDERS};
use crate::s3::S3Access;
use app::api::ProviderReport;
use std::sync::Arc;
use web::{Api, ApiError};

/// Everyone, asked or not.
#[derive(Clone, Default)]
pub struct Providers {
    /// Those who can be asked, pools first.
    pub present: Vec<Arc<dyn Provider>>,
    /// Those who cannot, with the variables that would change it.
    pub absent: Vec<ProviderReport>,
}

/// What is known of a search on the web before it is set up.
struct Known {
    searches: &'static str,
    needs: &'static [Need],
    cost: Cost,
}

/// The operator's own pools that may be asked. `s3`: the way to those in buckets.
pub fn pools(config: &DiscoveryConfig, s3: &Arc<S3Access>) -> Vec<Arc<dyn Provider>> {
    let provider = |pool: &Pool| -> Arc<dyn Provider> {
        match &pool.place {
            PoolPlace::Folder(path) => Arc::new(FolderProvider::new(&pool.name, path)),
            PoolPlace::Bucket { bucket, prefix } => Arc::new(BucketProvider::new(&pool.name, bucket, prefix, s3.clone())),
        }
    };
    config.pools.iter().filter(|pool| config.allows(&pool.name)).map(provider).collect()
}

/// All that the settings allow.
pub fn configured(config: &Config, s3: &Arc<S3Access>) -> Result<Providers, ApiError> {
    let discovery = &config.discovery;
    let mut providers = Providers { present: pools(discovery, s3), absent: Vec::new() };
    for pool in discovery.pools.iter().filter(|pool| !discovery.allows(&pool.name)) {
        let report = ProviderReport::new(&pool.name, false, "switched off by PROVIDERS");
        providers.absent.push(ProviderReport { variables: vec!["PROVIDERS".into()], ..report });
    }
    providers.present.push(Arc::new(UrlsProvider));
    let buckets = RequestedBuckets::new(config, s3);
    if !buckets.is_empty() {
        providers.present.push(Arc::new(RequestedBucketProvider(buckets)));
    }
    for name in WEB_PROVIDERS {
        let missing = discovery.web.missing(name);
        if !missing.is_empty() {
            providers.absent.push(absent(name, format!("set {} to search", missing.join(" and ")), missing));
        } else if !discovery.allows(name) {
            providers.absent.push(absent(name, "switched off by PROVIDERS; it searches".into(), &["PROVIDERS"]));
        } else {
            providers.present.extend(built(name, config)?);
        }
    }
    Ok(providers)
}

/// One who can be asked, as `/health` lists it.
pub fn report(provider: &dyn Provider) -> ProviderReport {
    ProviderReport { needs: needs(provider.needs()), cost: cost(provider.cost()), ..provider.report() }
}

impl Providers {
    /// Those who can be asked, then those who cannot.
    pub fn reports(&self) -> Vec<ProviderReport> {
        self.present.iter().map(|provider| report(&**provider)).chain(self.absent.iter().cloned()).collect()
    }
}

fn absent(name: &str, why: String, variables: &[&str]) -> ProviderReport {
    let known = known(name);
    ProviderReport {
        needs: needs(known.needs),
        cost: cost(known.cost),
        variables: variables.iter().map(|variable| (*variable).to_owned()).collect(),
        ..ProviderReport::new(name, false, format!("{why} {}", known.searches))
    }
}

fn needs(needs: &[Need]) -> Vec<String> {
    let name = |need: &Need| match need {
        Need::Picture => "picture",
        Need::PictureUrl => "picture_url",
        Need::Words => "words",
    };
    needs.iter().map(|need| name(need).to_owned()).collect()
}

fn cost(cost: Cost) -> String {
    match cost {
        Cost::Free => "free",
        Cost::Metered => "metered",
    }
    .to_owned()
}

fn known(name: &str) -> Known {
    let (searches, needs, cost): (_, &'static [Need], _) = match name {
        "google_vision" => ("pictures on the web by Google Cloud Vision", &[Need::Picture], Cost::Metered),
        "serpapi_lens" => ("pictures on the web by Google Lens", &[Need::Picture], Cost::Metered),
        "serpapi_yandex" => ("pictures on the web by Yandex", &[Need::PictureUrl], Cost::Metered),
        "yandex_cloud" => ("pictures on the web by Yandex Cloud", &[Need::Picture], Cost::Metered),
        "tineye" => ("copies of this very photo on the web by TinEye", &[Need::Picture], Cost::Metered),
        "brave" => ("pictures on the web by Brave Search", &[Need::Words], Cost::Metered),
        "searxng" => ("the engines of a SearXNG of your own", &[Need::Words], Cost::Free),
        "wikimedia" => ("files of Wikimedia Commons", &[Need::Words], Cost::Free),
        _ => ("freely licensed pictures by Openverse", &[Need::Words], Cost::Free),
    };
    Known { searches, needs, cost }
}

/// None where it is not configured, which [`configured`] has told before.
fn built(name: &'static str, config: &Config) -> Result<Option<Arc<dyn Provider>>, ApiError> {
    let web = &config.discovery.web;
    let api = |base: &str| Ok::<_, ApiError>(Api::new(name, base, config.discovery.timeout)?.user_agent(&config.user_agent()));
    let key = |keyed: &Keyed| keyed.key.as_ref().map(Secret::reveal).unwrap_or_default().to_owned();
    Ok(Some(match name {
        "google_vision" => Arc::new(web::GoogleVision::new(api(&web.google_vision.url)?, key(&web.google_vision))),
        "serpapi_lens" => Arc::new(web::SerpApiLens::new(api(&web.serpapi.url)?, key(&web.serpapi))),
        "serpapi_yandex" => Arc::new(web::SerpApiYandex::new(api(&web.serpapi.url)?, key(&web.serpapi))),
        "yandex_cloud" => {
            let folder = web.yandex_cloud_folder.clone().unwrap_or_default();
            Arc::new(web::YandexCloud::new(api(&web.yandex_cloud.url)?, key(&web.yandex_cloud), folder))
        }
        "tineye" => Arc::new(web::TinEye::new(api(&web.tineye.url)?, key(&web.tineye))),
        "brave" => Arc::new(web::Brave::new(api(&web.brave.url)?, key(&web.brave))),
        "wikimedia" => {
            let wikimedia = web::Wikimedia::new(api(&web.wikimedia_url)?);
            Arc::new(if config.discovery.contact.is_some() { wikimedia } else { wikimedia.without_contact() })
        }
        "openverse" => {
            let openverse = web::Openverse::new(api(&web.openverse_url)?);
            Arc::new(match &web.openverse_client {
                Some((id, secret)) => openverse.with_client(id, secret.reveal()),
                None => openverse,
            })
        }
        "searxng" => match &web.searxng_url {
            Some(url) => Arc::new(web::SearXng::new(api(url)?)),
            None => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, S3Config};

    fn providers(pairs: &[(&str, &str)]) -> Providers {
        let config = Config::from_environment(&Environment::of(pairs)).expect("usable settings");
        configured(&config, &S3Access::new(S3Config::default())).expect("clients")
    }

    fn names(providers: &Providers) -> (Vec<String>, Vec<String>) {
        let present = providers.present.iter().map(|provider| provider.name().to_owned()).collect();
        (present, providers.absent.iter().map(|report| report.name.clone()).collect())
    }

    const ALL: [(&str, &str); 8] = [
        ("POOLS", "own=photos,bucket=s3://photos/"),
        ("GOOGLE_VISION_KEY", "k"),
        ("SERPAPI_KEY", "k"),
        ("YANDEX_CLOUD_KEY", "k"),
        ("YANDEX_CLOUD_FOLDER", "f"),
        ("TINEYE_KEY", "k"),
        ("BRAVE_KEY", "k"),
        ("SEARXNG_URL", "http://127.0.0.1:8888"),
    ];

    #[test]
    fn with_every_key_set_everyone_can_be_asked() {
        let (present, absent) = names(&providers(&ALL));
        assert_eq!(present[..4], ["own", "bucket", "urls", "s3"]);
        assert_eq!(present[4..], WEB_PROVIDERS);
        assert!(absent.is_empty());
    }

    #[test]
    fn without_keys_the_two_keyless_ones_can_be_asked_and_the_others_name_their_variable() {
        let bare = providers(&[]);
        let (present, absent) = names(&bare);
        assert_eq!(present, ["samples", "urls", "wikimedia", "openverse"]);
        assert_eq!(absent, ["google_vision", "serpapi_lens", "serpapi_yandex", "yandex_cloud", "tineye", "brave", "searxng"]);
        let yandex = &bare.absent[3];
        assert_eq!(yandex.variables, ["YANDEX_CLOUD_KEY", "YANDEX_CLOUD_FOLDER"]);
        assert_eq!(yandex.note, "set YANDEX_CLOUD_KEY and YANDEX_CLOUD_FOLDER to search pictures on the web by Yandex Cloud");
        assert!(bare.absent.iter().all(|report| !report.configured));
    }

    #[test]
    fn what_is_switched_off_is_told_with_the_variable_that_does_it() {
        let off = providers(&[("POOLS", "a=x,b=y"), ("PROVIDERS", "a,openverse")]);
        let (present, absent) = names(&off);
        assert_eq!(present, ["a", "urls", "openverse"]);
        assert!(absent.contains(&"b".to_owned()));
        let wikimedia = off.absent.iter().find(|report| report.name == "wikimedia").expect("listed");
        assert_eq!((wikimedia.variables.as_slice(), wikimedia.configured), (&["PROVIDERS".to_owned()][..], false));
        assert_eq!(names(&providers(&[("PROVIDERS", "none")])).0, ["samples", "urls"]);
    }

    #[test]
    fn what_is_said_of_a_provider_before_it_is_set_up_holds_afterwards() {
        for provider in &providers(&ALL).present {
            if WEB_PROVIDERS.contains(&provider.name()) {
                let known = known(provider.name());
                assert_eq!((provider.needs(), provider.cost()), (known.needs, known.cost), "{}", provider.name());
                assert!(report(&**provider).note.contains("sent to"), "{}: who gets what is told", provider.name());
            }
        }
    }

    #[test]
    fn wikimedia_asks_for_a_contact_until_there_is_one() {
        let note = |pairs: &[(&str, &str)]| {
            let reports = providers(pairs).reports();
            reports.into_iter().find(|report| report.name == "wikimedia").map(|report| report.note).unwrap_or_default()
        };
        assert!(note(&[]).ends_with("it asks for a contact: set CONTACT"), "{}", note(&[]));
        assert!(!note(&[("CONTACT", "desk@paper.example")]).contains("CONTACT"));
    }

    #[test]
    fn nothing_leaves_without_a_hint_where_no_key_is_set() {
        use crate::discovery::ProbeQuery;
        let probe = ProbeQuery { picture: bytes::Bytes::from_static(b"picture"), ..ProbeQuery::default() };
        for provider in &providers(&[]).present {
            let local = provider.needs().is_empty();
            assert_eq!(probe.lacks(provider.needs()).is_none(), local, "{}", provider.name());
        }
    }
}
