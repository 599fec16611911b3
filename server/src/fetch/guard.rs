//! The rules that an address must keep before it is asked for anything: the first one, and every one that a redirect
//! names.
//!
//! One parser, `url`, reads the address here and writes it for the client, so that there are no two readings of it.
//! Hosts in decimal, octal, hexadecimal or short forms, full-width digits and the like are plain IPv4 addresses by the
//! time they are judged. Clients do not resolve a literal address, so it is judged here; a name is judged by what it
//! resolves to, when it is connected to ([`super::resolver`]).

use super::FetchError;
use super::address::{AllowList, USUAL_PORTS, host_text};
use std::net::IpAddr;
use url::{Host, Url};

/// Longer addresses are nobody's pictures.
const MAX_LENGTH: usize = 4096;
/// Names that are never public, with all below them.
const LOCAL_NAMES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];

/// An address that keeps the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub url: Url,
    /// Lower case, without a dot at its end.
    pub host: String,
    pub port: u16,
    /// The operator opened this host on this port by name: what it resolves to is the operator's affair.
    pub opened: bool,
    /// The host is written as an address.
    pub literal: bool,
}

impl Checked {
    /// What limits and breakers are kept by: the host, with its port where that is an unusual one.
    pub fn place(&self) -> String {
        if USUAL_PORTS.contains(&self.port) { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// The rules, with what the operator opened.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    pub allow: AllowList,
}

impl Guard {
    pub fn new(allow: AllowList) -> Self {
        Self { allow }
    }

    /// The first address of a download.
    pub fn check(&self, text: &str) -> Result<Checked, FetchError> {
        if text.len() > MAX_LENGTH {
            return Err(FetchError::Refused("it is too long"));
        }
        // Parsers drop some of these silently: what they leave is not what was written.
        if text.chars().any(char::is_control) {
            return Err(FetchError::Refused("it holds control characters"));
        }
        self.judge(Url::parse(text).map_err(|_| FetchError::Refused("it is no address"))?)
    }

    /// Where a redirect leads, as the `Location` header says it.
    pub fn check_redirect(&self, from: &Checked, location: &str) -> Result<Checked, FetchError> {
        if location.len() > MAX_LENGTH || location.chars().any(char::is_control) {
            return Err(FetchError::Refused("it redirects to no address"));
        }
        let next = from.url.join(location).map_err(|_| FetchError::Refused("it redirects to no address"))?;
        // Who looks at the line in between would see the picture, and could put another in its place.
        if from.url.scheme() == "https" && next.scheme() == "http" {
            return Err(FetchError::Refused("it redirects from https to http"));
        }
        self.judge(next)
    }

    fn judge(&self, mut url: Url) -> Result<Checked, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Refused("it is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Refused("it carries a user name or password"));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(FetchError::Refused("it has no host"));
        };
        let text = host_text(&host);
        let opened = self.allow.opens_host(&text, port);
        let literal: Option<IpAddr> = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        if !opened {
            if !USUAL_PORTS.contains(&port) {
                return Err(FetchError::Refused("its port is neither 80 nor 443"));
            }
            match literal {
                Some(address) => self.allow.refusal(address).map_or(Ok(()), |why| Err(FetchError::RefusedHost(why)))?,
                None => public_name(&text)?,
            }
        }
        // A fragment is never sent; without it, one picture is one address.
        url.set_fragment(None);
        Ok(Checked { host: text, port, opened, literal: literal.is_some(), url })
    }
}

/// A name that can be somebody's public one. What it resolves to is judged later.
fn public_name(name: &str) -> Result<(), FetchError> {
    let below = |local: &str| name == local || name.strip_suffix(local).is_some_and(|rest| rest.ends_with('.'));
    if name.is_empty() || name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(FetchError::Refused("its host is no name"));
    }
    if LOCAL_NAMES.into_iter().any(below) {
        return Err(FetchError::RefusedHost("a local name"));
    }
    if !name.contains('.') {
        return Err(FetchError::RefusedHost("a name without a domain"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checked_address_is_written_in_one_way() {
        let guard = Guard::default();
        let checked = guard.check("HTTP://PICTURES.Example.:80/a%20b.jpg?x=1#part").expect("fine");
        assert_eq!(checked.url.as_str(), "http://pictures.example./a%20b.jpg?x=1");
        assert_eq!((checked.host.as_str(), checked.port, checked.place().as_str()), ("pictures.example", 80, "pictures.example"));
        assert!(!checked.opened && !checked.literal);
        assert_eq!(guard.check("https://münchen.example/").expect("fine").host, "xn--mnchen-3ya.example");
        assert!(guard.check("http://8.8.8.8/").expect("public").literal);
    }

    #[test]
    fn a_redirect_is_held_to_the_same_rules_and_never_leaves_https() {
        let guard = Guard::default();
        let from = guard.check("https://pictures.example/a/b.jpg").expect("fine");
        assert_eq!(guard.check_redirect(&from, "../c.jpg").expect("fine").url.as_str(), "https://pictures.example/c.jpg");
        assert_eq!(guard.check_redirect(&from, "//other.example/c").expect("fine").host, "other.example");
        assert!(matches!(guard.check_redirect(&from, "http://other.example/c"), Err(FetchError::Refused(_))));
        assert!(matches!(guard.check_redirect(&from, "https://127.0.0.1/"), Err(FetchError::RefusedHost("loopback"))));
        let plain = guard.check("http://pictures.example/").expect("fine");
        assert!(guard.check_redirect(&plain, "https://pictures.example/").is_ok());
    }

    #[test]
    fn an_unusual_port_is_a_place_of_its_own() {
        let guard = Guard::new("127.0.0.1:8888".parse().expect("a list"));
        let checked = guard.check("http://127.0.0.1:8888/").expect("opened");
        assert_eq!((checked.place().as_str(), checked.opened), ("127.0.0.1:8888", true));
        assert_eq!(guard.check("http://127.0.0.1/"), Err(FetchError::RefusedHost("loopback")));
    }
}
