//! Is it a page of this service that sends a form, or one of somebody else? Where the service is open to a machine or a network only,
//! a page of another site must not use the browser of someone inside to change anything.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site` (over HTTPS and on the machine itself) and in `Origin`; a program says
//! neither, and is let through: it could say anything.

use super::ApiError;
use axum::http::{HeaderMap, StatusCode, header};

/// 403 `cross_site` where a page of another site sends it.
pub fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let own = match (said("sec-fetch-site"), said(header::ORIGIN.as_str())) {
        // `none`: somebody has done it by hand, from no page at all.
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            let named = |name: &str| host.is_some_and(|host| said(name).is_some_and(|own| own.eq_ignore_ascii_case(host)));
            named("host") || named("x-forwarded-host")
        }
        (None, None) => true,
    };
    if own {
        return Ok(());
    }
    let message = "A page of another site has sent this: open the page of this service and do it there.";
    Err(ApiError::new(StatusCode::FORBIDDEN, "cross_site", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn passes(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        check(&headers.collect()).is_ok()
    }

    #[test]
    fn a_page_of_this_service_and_a_program_may() {
        assert!(passes(&[]));
        assert!(passes(&[("sec-fetch-site", "same-origin"), ("origin", "null"), ("host", "a.example")]));
        assert!(passes(&[("origin", "http://192.168.1.5:3000"), ("host", "192.168.1.5:3000")]));
        assert!(passes(&[("origin", "https://faces.example"), ("host", "10.0.0.2:3000"), ("x-forwarded-host", "faces.example")]));
    }

    #[test]
    fn a_page_of_another_site_may_not() {
        for site in ["cross-site", "same-site", ""] {
            assert!(!passes(&[("sec-fetch-site", site), ("origin", "http://a.example"), ("host", "a.example")]), "{site}");
        }
        assert!(!passes(&[("origin", "https://evil.example"), ("host", "faces.example")]));
        assert!(!passes(&[("origin", "null"), ("host", "faces.example")]));
    }
}
