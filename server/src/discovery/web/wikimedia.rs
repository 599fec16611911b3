//! Wikimedia Commons: freely licensed files with their description pages, by the search of MediaWiki.
//!
//! Takes words. Needs no key, but asks for a contact in the User-Agent and for few requests at a time. Originals may be
//! very large: a rendition 1280 pixels wide is the alternate.

use super::named::{Named, Picture, items};
use super::{Api, by_words, value};
use crate::discovery::{Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Semaphore;

pub const NAME: &str = "wikimedia";
/// The search takes 300 characters, the part for the type of file included.
const QUERY_CHARS: usize = 250;
/// For more than 50 files at a time no rendition is worked out.
const PAGE: usize = 50;
const MAX_PAGES: usize = 4;
/// Requests at the same time that the operators of the interface bear.
const AT_ONCE: usize = 3;
/// One of the widths that renditions are kept in.
const RENDITION: &str = "1280";

pub struct Wikimedia {
    api: Api,
    turns: Semaphore,
    tells_contact: bool,
}

impl Wikimedia {
    pub fn new(api: Api) -> Self {
        Self { api, turns: Semaphore::new(AT_ONCE), tells_contact: true }
    }

    /// The operator has named none: the report asks for it.
    pub fn without_contact(mut self) -> Self {
        self.tells_contact = false;
        self
    }

    async fn page(&self, words: &str, size: usize, offset: u64) -> Result<Value, ProviderError> {
        let (search, size, offset) = (format!("filetype:bitmap {words}"), size.to_string(), offset.to_string());
        let request = self.api.get("/w/api.php").query(&[
            ("action", "query"),
            ("format", "json"),
            ("formatversion", "2"),
            ("generator", "search"),
            ("gsrnamespace", "6"),
            ("gsrsearch", &search),
            ("gsrlimit", &size),
            ("gsroffset", &offset),
            ("prop", "imageinfo"),
            ("iiprop", "url|size|mime|extmetadata"),
            ("iiurlwidth", RENDITION),
            ("iiextmetadatafilter", "Artist|Credit|LicenseShortName|LicenseUrl"),
            ("uselang", "en"),
        ]);
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.ok();
        let answer = self.api.json(request).await?;
        match failure(&answer["error"]) {
            Some(failure) => Err(failure),
            None if answer.is_object() => Ok(answer),
            None => Err(ProviderError::Answer("it is no object".into())),
        }
    }
}

#[async_trait]
impl Provider for Wikimedia {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        let wish = if self.tells_contact { "" } else { "; it asks for a contact: set CONTACT" };
        ProviderReport::new(NAME, true, format!("files of Wikimedia Commons; your words are sent to it{wish}"))
    }

    fn needs(&self) -> &[Need] {
        &[Need::Words]
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let words = words_alone(&by_words::query(probe, QUERY_CHARS)?);
        if words.is_empty() {
            return Err(ProviderError::Needs(Need::Words));
        }
        let mut named = Named::new(NAME, limit);
        let mut offset = 0;
        for page in 1..=MAX_PAGES {
            let answer = match self.page(&words, limit.clamp(1, PAGE), offset).await {
                Ok(answer) => answer,
                Err(error) if page == 1 => return Err(error),
                // What came before is worth having.
                Err(error) => {
                    tracing::debug!(provider = NAME, page, kind = error.kind(), "a further page failed");
                    break;
                }
            };
            in_order(&answer["query"]["pages"]).into_iter().filter_map(picture).for_each(|picture| named.add(picture));
            let next = value::number(&answer["continue"]["gsroffset"]).map(|next| next as u64);
            match next.filter(|next| *next > offset && !named.is_full()) {
                Some(next) => offset = next,
                None => break,
            }
        }
        Ok(named.found(Vec::new()))
    }
}

/// Without what the search would take for orders: `insource:/.../`, wildcards, quotes, a minus before a word.
fn words_alone(words: &str) -> String {
    let kept: String = words.chars().map(|c| if c.is_alphanumeric() || "'’.-&".contains(c) { c } else { ' ' }).collect();
    kept.split_whitespace().map(|word| word.trim_start_matches('-')).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The pages, a list or an object by number, in the order of the search.
fn in_order(pages: &Value) -> Vec<&Value> {
    let mut pages: Vec<&Value> = match pages {
        Value::Array(pages) => pages.iter().collect(),
        Value::Object(pages) => pages.values().collect(),
        _ => Vec::new(),
    };
    let place = |page: &&Value| value::number(&page["index"]).unwrap_or(f64::MAX);
    pages.sort_by(|a, b| place(a).total_cmp(&place(b)));
    pages
}

fn picture(page: &Value) -> Option<Picture> {
    let info = items(&page["imageinfo"]).first()?;
    let mime = value::text(&info["mime"]);
    if mime.is_some_and(|mime| !mime.starts_with("image/")) {
        return None;
    }
    let told = |name: &str| &info["extmetadata"][name]["value"];
    let image = value::address(&info["url"]);
    let rendition = value::address(&info["thumburl"]);
    Some(Picture {
        page: value::address(&info["descriptionurl"]),
        title: value::plain(&page["title"]).map(|title| name_of(&title).to_owned()).filter(|name| !name.is_empty()),
        alternates: rendition.into_iter().collect(),
        image,
        size: (value::number(&info["width"]), value::number(&info["height"])),
        license: value::plain(told("LicenseShortName")),
        license_url: value::address(told("LicenseUrl")),
        attribution: value::plain(told("Artist")).or_else(|| value::plain(told("Credit"))),
        ..Picture::default()
    })
}

/// `File:Marie Curie 1911.jpg` is called Marie Curie 1911.
fn name_of(title: &str) -> &str {
    let name = title.strip_prefix("File:").unwrap_or(title).trim();
    name.rsplit_once('.').map(|(name, _)| name).filter(|name| !name.is_empty()).unwrap_or(name)
}

/// An error that comes with status 200.
fn failure(error: &Value) -> Option<ProviderError> {
    let code = value::text(&error["code"])?;
    Some(match code.as_str() {
        "ratelimited" | "too-many-requests" => ProviderError::RateLimited { retry_after: None },
        "maxlag" | "readonly" | "cirrussearch-too-busy-error" => ProviderError::Unavailable("it is busy".into()),
        code if code.starts_with("internal_api_error") => ProviderError::Unavailable("it failed inside".into()),
        "readapidenied" | "permissiondenied" | "blocked" => ProviderError::Unauthorized,
        _ => ProviderError::Refused(value::harmless(&error["info"])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_give_orders_to_the_search() {
        for (given, sent) in [
            ("Marie Curie", "Marie Curie"),
            ("insource:/a+b/ -wanted", "insource a b wanted"),
            ("\"O'Neill\" & Sons*", "O'Neill & Sons"),
            ("Skłodowska-Curie, 1911?", "Skłodowska-Curie 1911"),
            ("--- ~ ***", ""),
        ] {
            assert_eq!(words_alone(given), sent, "{given}");
        }
    }

    #[test]
    fn a_file_is_called_by_its_name_without_ending() {
        assert_eq!(name_of("File:Marie Curie c. 1911.jpg"), "Marie Curie c. 1911");
        assert_eq!(name_of("File:.jpg"), ".jpg");
        assert_eq!(name_of("Marie Curie"), "Marie Curie");
    }
}
