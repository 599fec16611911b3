//! From what a provider lists to candidates: each picture once, in the provider's order, no more than wanted.

use super::value;
use crate::discovery::{Candidate, Found, Location, Provenance};
use serde_json::Value;
use std::collections::HashSet;

/// Words for a second round: how many, and how long each may be.
const WORDS: usize = 8;
const WORD_CHARS: usize = 100;
/// Places beside the first that are kept of one picture.
const ALSO: usize = 20;

/// One picture as a provider lists it. Only what has an address becomes a candidate.
#[derive(Debug, Default)]
pub struct Picture {
    pub image: Option<String>,
    pub page: Option<String>,
    pub title: Option<String>,
    pub thumbnail: Option<String>,
    /// As the provider says it; else that of the page, else that of the picture.
    pub domain: Option<String>,
    /// Width and height as the provider says them.
    pub size: (Option<f64>, Option<f64>),
    pub score: Option<f64>,
    pub license: Option<String>,
    pub license_url: Option<String>,
    /// Who is to be named.
    pub attribution: Option<String>,
    /// Other renditions of it, best first.
    pub alternates: Vec<String>,
    /// Where else the same picture stands: address and page.
    pub elsewhere: Vec<(Option<String>, Option<String>)>,
}

/// Candidates of one provider, as they come together.
pub struct Named {
    provider: &'static str,
    limit: usize,
    seen: HashSet<String>,
    candidates: Vec<Candidate>,
}

impl Named {
    pub fn new(provider: &'static str, limit: usize) -> Self {
        Self { provider, limit, seen: HashSet::new(), candidates: Vec::new() }
    }

    pub fn is_full(&self) -> bool {
        self.candidates.len() >= self.limit
    }

    pub fn count(&self) -> usize {
        self.candidates.len()
    }

    /// Adds the picture, unless it has no address, was there before, or there are enough.
    pub fn add(&mut self, picture: Picture) {
        // Without the picture's own address its small copy stands in for it.
        let Some(image) = picture.image.or_else(|| picture.thumbnail.clone()) else { return };
        if self.is_full() || !self.seen.insert(image.clone()) {
            return;
        }
        let domain = |picture: &str, page: Option<&str>| page.and_then(value::domain).or_else(|| value::domain(picture));
        let rank = self.candidates.len();
        let mut candidate = Candidate::new(self.provider, Location::Url(image.clone()), image.clone());
        candidate.alternates = picture.alternates;
        candidate.alternates.retain(|rendition| *rendition != image);
        for (other, page) in picture.elsewhere.into_iter().take(ALSO) {
            let address = other.unwrap_or_else(|| image.clone());
            if address != image && !candidate.alternates.contains(&address) {
                candidate.alternates.push(address.clone());
            }
            candidate.also.push(Provenance {
                source_domain: domain(&address, page.as_deref()),
                page_url: page,
                provider_rank: rank,
                ..Provenance::new(self.provider, address)
            });
        }
        candidate.source_domain = picture.domain.or_else(|| domain(&image, picture.page.as_deref()));
        candidate.page_url = picture.page;
        candidate.title = picture.title;
        candidate.thumbnail_url = picture.thumbnail;
        candidate.size = size(picture.size);
        candidate.license = picture.license;
        candidate.license_url = picture.license_url;
        candidate.attribution = picture.attribution;
        candidate.provider_rank = rank;
        candidate.provider_score = picture.score.map(|score| score as f32).filter(|score| score.is_finite());
        self.candidates.push(candidate);
    }

    pub fn found(self, words: Vec<String>) -> Found {
        Found { candidates: self.candidates, words }
    }
}

/// Both sides, where they are whole numbers of pixels.
fn size((width, height): (Option<f64>, Option<f64>)) -> Option<(u32, u32)> {
    let pixels = |side: Option<f64>| side.filter(|side| (1.0..=1e6).contains(side)).map(|side| side as u32);
    Some((pixels(width)?, pixels(height)?))
}

/// The entries of a list; none where it is missing, null or no list.
pub fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// An address that stands there as a text, or as an object with its `link`: providers do either for the same field.
pub fn link(value: &Value) -> Option<String> {
    value::address(value).or_else(|| value::address(&value["link"]))
}

/// Words worth a second round: plain, each once whatever its case, the first ones.
pub fn words<'a>(said: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut seen = HashSet::new();
    let fit = |words: &String| words.chars().count() <= WORD_CHARS;
    said.into_iter().filter_map(value::plain).filter(fit).filter(|words| seen.insert(words.to_lowercase())).take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_picture_is_named_once_and_no_more_are_named_than_wanted() {
        let mut named = Named::new("tests", 2);
        let picture = |image: &str| Picture { image: Some(image.into()), ..Picture::default() };
        for image in ["https://a.example/1.jpg", "https://a.example/1.jpg", "https://b.example/2.jpg", "https://c.example/3.jpg"] {
            named.add(picture(image));
        }
        named.add(Picture { title: Some("no address".into()), ..Picture::default() });
        assert!(named.is_full());
        let found = named.found(Vec::new());
        let uris: Vec<_> = found.candidates.iter().map(|c| (c.image_uri.as_str(), c.provider_rank)).collect();
        assert_eq!(uris, [("https://a.example/1.jpg", 0), ("https://b.example/2.jpg", 1)]);
        assert_eq!(found.candidates[0].source_domain.as_deref(), Some("a.example"));
    }

    #[test]
    fn a_size_is_one_only_with_two_usable_sides() {
        assert_eq!(size((Some(640.0), Some(480.0))), Some((640, 480)));
        for sides in
            [(None, Some(1.0)), (Some(0.0), Some(1.0)), (Some(-5.0), Some(1.0)), (Some(f64::NAN), Some(1.0)), (Some(1e9), Some(1.0))]
        {
            assert_eq!(size(sides), None, "{sides:?}");
        }
    }

    #[test]
    fn a_link_is_a_text_or_an_object_with_one() {
        let address = Some("https://a.example/1.jpg".to_owned());
        assert_eq!(link(&json!("https://a.example/1.jpg")), address);
        assert_eq!(link(&json!({"link": "https://a.example/1.jpg", "width": 1})), address);
        for none in
            [json!(null), json!(7), json!({}), json!({"link": null}), json!(["https://a.example/1.jpg"]), json!("data:image/png;base64,AA")]
        {
            assert_eq!(link(&none), None, "{none}");
        }
    }

    #[test]
    fn words_come_plain_and_once() {
        let words = [json!("Marie Curie"), json!(null), json!("marie <b>curie</b>"), json!("Physicist"), json!("x".repeat(101))];
        assert_eq!(super::words(&words), ["Marie Curie", "Physicist"]);
    }
}
