//! The form of `POST /match`: from multipart fields to checked options.
//!
//! Every complaint names the field and says what it must be. Browsers send an empty text for a field left empty: it
//! counts as absent. The uploaded file's own name is never looked at.

use super::{ApiError, photos};
use crate::discovery::{BadUrl, MAX_URLS, Providers, check_url, split_list};
use app::api::{MAX_QUERY_PHOTOS, MatchOptions, QualityGate};
use axum::extract::Multipart;
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::json;
use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

/// The longest texts, in characters.
const PURPOSE_CHARS: usize = 2000;
const HINT_CHARS: usize = 500;
const PROVIDERS: usize = 50;
/// A form has a dozen fields; more than this is no form of ours.
const FIELDS: usize = 64;

/// What was sent, checked as far as it can be without looking at the photos.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchForm {
    /// One or more photos of one person, as they were sent; the first says who is meant, with `face` where it shows several. None where
    /// the options say where the photo is to be had.
    pub images: Vec<Bytes>,
    pub options: MatchOptions,
    pub sync: bool,
}

/// `gate` is in force where the form does not say another one.
pub async fn read(mut multipart: Multipart, gate: QualityGate) -> Result<MatchForm, ApiError> {
    let unreadable =
        |_| ApiError::malformed("The body is no readable multipart form: send `image`, `purpose` and `consent` as form fields.");
    let mut images = Vec::new();
    let mut options = MatchOptions { quality: gate, ..MatchOptions::default() };
    let mut sync = false;
    let mut fields = 0;
    while let Some(field) = multipart.next_field().await.map_err(unreadable)? {
        fields += 1;
        if fields > FIELDS {
            return Err(ApiError::malformed(format!("The form has more than {FIELDS} fields.")));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if name == "image" {
            // A browser sends a nameless empty file where none was chosen.
            let nameless = field.file_name().is_some_and(str::is_empty);
            let bytes = field.bytes().await.map_err(unreadable)?;
            if nameless && bytes.is_empty() {
                continue;
            }
            if images.len() == MAX_QUERY_PHOTOS {
                return Err(photos::too_many());
            }
            images.push(bytes);
            continue;
        }
        if name == "photo_of" {
            let text = String::from_utf8(field.bytes().await.map_err(unreadable)?.to_vec()).map_err(|_| invalid_text(&name))?;
            options.photo_of = Some(text.trim().to_owned()).filter(|id| !id.is_empty());
            continue;
        }
        let text = String::from_utf8(field.bytes().await.map_err(unreadable)?.to_vec()).map_err(|_| invalid_text(&name))?;
        set(&name, &text, &mut options, &mut sync)?;
    }
    match (images.is_empty(), &options.photo_of) {
        (true, None) if options.image_url.is_none() => Err(missing_image()),
        (false, Some(_)) => Err(ApiError::invalid_field("photo_of", "sent without `image`: it stands for the photos of another request")),
        _ => Ok(()),
    }?;
    Ok(MatchForm { images, options, sync })
}

/// The names that [`set`] knows.
pub const OPTIONS: [&str; 12] =
    ["purpose", "consent", "hint", "providers", "urls", "image_url", "top_k", "threshold", "max_candidates", "face", "quality", "sync"];

/// Takes one option, as text. A text of nothing counts as absent.
pub fn set(name: &str, text: &str, options: &mut MatchOptions, sync: &mut bool) -> Result<(), ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return if OPTIONS.contains(&name) { Ok(()) } else { Err(unknown_field(name)) };
    }
    match name {
        "purpose" => options.purpose = words("purpose", text, PURPOSE_CHARS)?,
        "hint" => options.hint = Some(words("hint", text, HINT_CHARS)?),
        "consent" => options.consent = truth("consent", text)?,
        "sync" => *sync = truth("sync", text)?,
        "top_k" => options.top_k = number("top_k", text, 1..=1000)?,
        "max_candidates" => options.max_candidates = number("max_candidates", text, 1..=10_000)?,
        "face" => options.face = Some(number("face", text, 0..=9999)?),
        "quality" => options.quality = text.parse().map_err(|why: String| ApiError::invalid_field("quality", &why))?,
        "threshold" => options.threshold = Some(cosine("threshold", text)?),
        "providers" => {
            for provider in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
                if !options.providers.iter().any(|known| known == provider) {
                    options.providers.push(provider.to_owned());
                }
            }
            if options.providers.len() > PROVIDERS {
                return Err(ApiError::invalid_field("providers", &format!("a list of at most {PROVIDERS} names")));
            }
        }
        "urls" => {
            for url in split_list(text) {
                let url = check_url(url).map_err(|why| bad_url("urls", url, why))?;
                if !options.urls.contains(&url) {
                    options.urls.push(url);
                }
                if options.urls.len() > MAX_URLS {
                    return Err(ApiError::invalid_field("urls", &format!("at most {MAX_URLS} addresses")));
                }
            }
        }
        "image_url" => options.image_url = Some(check_url(text).map_err(|why| bad_url("image_url", text, why))?),
        _ => return Err(unknown_field(name)),
    }
    Ok(())
}

pub fn missing_image() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "missing_image",
        "There is no picture: send it as the form field `image`, or its address as `image_url`.",
    )
    .with(json!({ "field": "image" }))
}

impl MatchForm {
    /// No search without a stated purpose and consent.
    pub fn check_lawful(&self) -> Result<(), ApiError> {
        let refuse = |code: &str, field: &str, message: &str| {
            Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message).with(json!({ "field": field })))
        };
        if self.options.purpose.is_empty() {
            return refuse(
                "purpose_required",
                "purpose",
                "Say why you search, in the field `purpose`: no search is made without a lawful purpose.",
            );
        }
        if !self.options.consent {
            return refuse("consent_required", "consent", "Confirm with `consent=true` that the search is lawful and consented to.");
        }
        Ok(())
    }

    /// Every provider that is named must be there; of one that could be, the variable that is missing is told.
    pub fn check_providers(&self, providers: &Providers) -> Result<(), ApiError> {
        let known: Vec<&str> = providers.present.iter().map(|provider| provider.name()).collect();
        let Some(unknown) = self.options.providers.iter().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        if let Some(absent) = providers.absent.iter().find(|absent| absent.name == *unknown) {
            let variables = absent.variables.join(" and ");
            let message = format!("The provider `{}` is not configured here: its operator has to set {variables}.", absent.name);
            let details = json!({ "field": "providers", "provider": absent.name, "variables": absent.variables });
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "provider_not_configured", message).with(details));
        }
        let unknown: String = unknown.chars().filter(|c| !c.is_control()).take(60).collect();
        let message = format!("There is no provider `{unknown}` here; there is: {}.", known.join(", "));
        Err(ApiError::new(StatusCode::BAD_REQUEST, "unknown_provider", message).with(json!({ "field": "providers", "known": known })))
    }
}

/// Names the address: one of a long list is hard to find.
fn bad_url(field: &str, url: &str, why: BadUrl) -> ApiError {
    let url: String = url.chars().filter(|c| !c.is_control()).take(100).collect();
    let message = format!("`{url}` in `{field}` {why}: send addresses of pictures that begin with http:// or https://.");
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_field", message).with(json!({ "field": field, "url": url }))
}

fn invalid_text(name: &str) -> ApiError {
    ApiError::invalid_field(&shown(name), "text in UTF-8")
}

/// A misspelt option must not be lost in silence.
fn unknown_field(name: &str) -> ApiError {
    let name = shown(name);
    let message = format!("There is no field `{name}`: check its spelling.");
    ApiError::new(StatusCode::BAD_REQUEST, "unknown_field", message).with(json!({ "field": name }))
}

pub fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn words(field: &str, text: &str, limit: usize) -> Result<String, ApiError> {
    if text.chars().count() > limit {
        return Err(ApiError::invalid_field(field, &format!("at most {limit} characters long")));
    }
    // Postgres keeps no NUL, and nobody types one.
    if text.contains('\0') {
        return Err(ApiError::invalid_field(field, "text without control characters"));
    }
    Ok(text.to_owned())
}

fn truth(field: &str, text: &str) -> Result<bool, ApiError> {
    match text {
        "true" | "on" | "1" | "yes" => Ok(true),
        "false" | "off" | "0" | "no" => Ok(false),
        _ => Err(ApiError::invalid_field(field, "`true` or `false`")),
    }
}

pub fn number<T: FromStr + PartialOrd + Display>(field: &str, text: &str, range: RangeInclusive<T>) -> Result<T, ApiError> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| ApiError::invalid_field(field, &format!("a whole number from {} to {}", range.start(), range.end())))
}

fn cosine(field: &str, text: &str) -> Result<f32, ApiError> {
    // A NaN is in no range.
    text.parse().ok().filter(|c| (-1.0..=1.0).contains(c)).ok_or_else(|| ApiError::invalid_field(field, "a number from -1 to 1"))
}
