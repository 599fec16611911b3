//! When two addresses name the same picture.

use super::Location;
use url::Url;

/// Parameters that tell who sent the reader, not what is shown.
const TRACKING: [&str; 12] =
    ["fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "_ga", "_gl"];

/// The place without what does not matter: scheme and host in lower case, no usual port, no fragment, no tracking.
pub fn canonical(location: &Location) -> Location {
    match location {
        Location::Url(url) => Location::Url(canonical_url(url)),
        other => other.clone(),
    }
}

fn canonical_url(text: &str) -> String {
    // Scheme, host and port become usual as the address is read.
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    url.set_fragment(None);
    let kept = url.query().map(|query| query.split('&').filter(|part| !is_tracking(part)).collect::<Vec<_>>().join("&"));
    url.set_query(kept.as_deref().filter(|query| !query.is_empty()));
    url.into()
}

fn is_tracking(part: &str) -> bool {
    let name = part.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.is_empty() || name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_nothing_that_matters_are_one() {
        for (given, expected) in [
            ("HTTPS://Upload.Example:443/A/b.JPG", "https://upload.example/A/b.JPG"),
            ("http://upload.example:80/b.jpg#face", "http://upload.example/b.jpg"),
            ("https://a.example/b.jpg?utm_source=x&width=5&fbclid=1#top", "https://a.example/b.jpg?width=5"),
            ("https://a.example/b.jpg?UTM_Medium=x", "https://a.example/b.jpg"),
            ("https://a.example/b.jpg?", "https://a.example/b.jpg"),
            ("https://a.example/b.jpg?q=a%20b&&c", "https://a.example/b.jpg?q=a%20b&c"),
            ("no address", "no address"),
        ] {
            assert_eq!(canonical_url(given), expected, "{given}");
        }
    }

    #[test]
    fn what_may_matter_stays() {
        for (one, other) in [
            ("http://a.example/1.jpg", "https://a.example/1.jpg"),
            ("https://a.example/1.jpg", "https://a.example/1.JPG"),
            ("https://a.example:8443/1.jpg", "https://a.example/1.jpg"),
            ("https://a.example/1.jpg?w=100", "https://a.example/1.jpg?w=200"),
        ] {
            assert_ne!(canonical_url(one), canonical_url(other));
        }
        let object = Location::Object { bucket: "B".into(), key: "x#y".into() };
        assert_eq!(canonical(&object), object);
    }
}
