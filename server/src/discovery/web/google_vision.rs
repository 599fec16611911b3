//! Google Cloud Vision, web detection: pictures on the web that are the query, parts of it, or look like it, the pages
//! that show them, and names for what is in it.
//!
//! Takes the picture's bytes. The page of a picture is told only through the list of pages, so the two are joined here.

use super::named::{Named, Picture, items, words};
use super::{Api, outgoing, rpc, value};
use crate::discovery::{Cost, Found, Need, ProbeQuery, Provider, ProviderError};
use app::api::ProviderReport;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::HashMap;

pub const NAME: &str = "google_vision";
/// The whole request may have 10 MB, and base64 takes a third more than the picture.
const MAX_BYTES: usize = 4 << 20;
/// What is asked for of each list at most.
const MAX_RESULTS: usize = 100;

pub struct GoogleVision {
    api: Api,
    key: String,
}

impl GoogleVision {
    pub fn new(api: Api, key: impl Into<String>) -> Self {
        Self { api, key: key.into() }
    }
}

#[async_trait]
impl Provider for GoogleVision {
    fn name(&self) -> &str {
        NAME
    }

    fn report(&self) -> ProviderReport {
        ProviderReport::new(NAME, true, "pictures on the web, by Google Cloud Vision; the photo is sent to it")
    }

    fn needs(&self) -> &[Need] {
        &[Need::Picture]
    }

    fn cost(&self) -> Cost {
        Cost::Metered
    }

    async fn discover(&self, probe: &ProbeQuery, limit: usize) -> Result<Found, ProviderError> {
        let picture = outgoing::prepare(&probe.picture, MAX_BYTES).await?;
        let body = json!({ "requests": [{
            "image": { "content": outgoing::base64(&picture) },
            "features": [{ "type": "WEB_DETECTION", "maxResults": limit.clamp(1, MAX_RESULTS) }],
        }] });
        // The key travels in a header: addresses end up in logs.
        let request = self.api.post("/v1/images:annotate").header("x-goog-api-key", &self.key).json(&body);
        read(&self.api.json(request).await?, limit)
    }
}

fn read(answer: &Value, limit: usize) -> Result<Found, ProviderError> {
    let Some(answer) = items(&answer["responses"]).first() else {
        return Err(rpc::failure(&answer["error"]).unwrap_or_else(|| ProviderError::Answer("it has no `responses`".into())));
    };
    if let Some(failure) = rpc::failure(&answer["error"]) {
        return Err(failure);
    }
    let web = &answer["webDetection"];
    let pages = pages(&web["pagesWithMatchingImages"]);
    let on_pages = items(&web["pagesWithMatchingImages"]);
    let of_pages = |list: &'static str| on_pages.iter().flat_map(move |page| items(&page[list]));
    let in_order = items(&web["fullMatchingImages"])
        .iter()
        .chain(items(&web["partialMatchingImages"]))
        .chain(of_pages("fullMatchingImages"))
        .chain(of_pages("partialMatchingImages"))
        .chain(items(&web["visuallySimilarImages"]));
    let mut named = Named::new(NAME, limit);
    for image in in_order.filter_map(|image| value::address(&image["url"])) {
        let mut places = pages.get(&image).into_iter().flatten().cloned();
        let Page { page, title } = places.next().unwrap_or_default();
        let elsewhere = places.map(|other| (Some(image.clone()), other.page)).collect();
        named.add(Picture { image: Some(image.clone()), page, title, elsewhere, ..Picture::default() });
    }
    let labels = items(&web["bestGuessLabels"]).iter().map(|label| &label["label"]);
    let entities = items(&web["webEntities"]).iter().map(|entity| &entity["description"]);
    Ok(named.found(words(labels.chain(entities))))
}

#[derive(Debug, Clone, Default)]
struct Page {
    page: Option<String>,
    title: Option<String>,
}

/// The pages that show a picture, by the picture's address.
fn pages(list: &Value) -> HashMap<String, Vec<Page>> {
    let mut pages: HashMap<String, Vec<Page>> = HashMap::new();
    for item in items(list) {
        let Some(address) = value::address(&item["url"]) else { continue };
        let page = Page { page: Some(address), title: value::plain(&item["pageTitle"]) };
        for image in items(&item["fullMatchingImages"]).iter().chain(items(&item["partialMatchingImages"])) {
            if let Some(image) = value::address(&image["url"]) {
                pages.entry(image).or_default().push(page.clone());
            }
        }
    }
    pages
}
