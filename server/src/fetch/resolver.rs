//! From names to addresses, and which of them are connected to.
//!
//! The client asks this for every connection that it opens, and connects to nothing else than what it answers: what was
//! checked is what is connected to, so that a name that changes its answer between a check and a connection (DNS
//! rebinding) gains nothing.

use super::address::AllowList;
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Who knows the addresses of a name.
#[async_trait]
pub trait Names: Send + Sync {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A name whose every address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to an address that is not reached: {0}")]
pub struct RefusedName(pub &'static str);

/// What may be connected to.
#[derive(Debug, Clone)]
pub enum Reach {
    /// Public addresses, and the networks that the operator opened.
    Public(AllowList),
    /// Hosts that the operator opened by name, wherever they lead.
    Named(AllowList),
    /// The outgoing proxy alone.
    Proxy(String),
}

/// The resolver of one client.
#[derive(Clone)]
pub struct CheckedNames {
    names: Arc<dyn Names>,
    reach: Reach,
}

impl CheckedNames {
    pub fn new(names: Arc<dyn Names>, reach: Reach) -> Self {
        Self { names, reach }
    }

    /// The addresses that may be connected to: never an empty list.
    pub async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let plain = name.trim_end_matches('.').to_ascii_lowercase();
        let known = match &self.reach {
            Reach::Public(_) => true,
            Reach::Named(allow) => allow.names(&plain),
            Reach::Proxy(proxy) => *proxy == plain,
        };
        if !known {
            return Err(io::Error::other(RefusedName("a name that was not opened")));
        }
        let mut found = self.names.addresses(name).await?;
        let Reach::Public(allow) = &self.reach else { return some(found, None) };
        let mut refused = None;
        found.retain(|address| match allow.refusal(*address) {
            Some(why) => {
                refused = Some(why);
                false
            }
            None => true,
        });
        some(found, refused)
    }
}

fn some(found: Vec<IpAddr>, refused: Option<&'static str>) -> io::Result<Vec<IpAddr>> {
    match refused {
        _ if !found.is_empty() => Ok(found),
        Some(why) => Err(io::Error::other(RefusedName(why))),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
    }
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let resolved: Result<Addrs, Box<dyn std::error::Error + Send + Sync>> = match this.addresses(name.as_str()).await {
                // Port 0: the client puts that of the address asked for in its place.
                Ok(found) => Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)))),
                Err(error) => Err(Box::new(error)),
            };
            resolved
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Vec<IpAddr>);

    #[async_trait]
    impl Names for Says {
        async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.clone())
        }
    }

    fn says(addresses: &[&str], reach: Reach) -> CheckedNames {
        let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        CheckedNames::new(Arc::new(Says(addresses)), reach)
    }

    fn allow(text: &str) -> AllowList {
        text.parse().expect("a list")
    }

    #[tokio::test]
    async fn of_a_mixed_answer_only_the_public_addresses_are_left() {
        let names = says(&["10.0.0.1", "93.184.215.14", "::1"], Reach::Public(AllowList::default()));
        let found = names.addresses("pictures.example").await.expect("one");
        assert_eq!(found, ["93.184.215.14".parse::<IpAddr>().expect("an address")]);
    }

    #[tokio::test]
    async fn a_name_without_a_public_address_is_refused_with_the_reason() {
        let names = says(&["127.0.0.1"], Reach::Public(AllowList::default()));
        let error = names.addresses("rebound.example").await.expect_err("refused");
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<RefusedName>());
        assert_eq!(inner, Some(&RefusedName("loopback")));
        let nothing = says(&[], Reach::Public(AllowList::default())).addresses("nothing.example").await.expect_err("nothing");
        assert_eq!(nothing.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn an_opened_network_is_reached_by_any_name_and_an_opened_name_wherever_it_leads() {
        assert!(says(&["10.1.2.3"], Reach::Public(allow("10.1.0.0/16"))).addresses("a.example").await.is_ok());
        assert!(says(&["10.2.2.3"], Reach::Public(allow("10.1.0.0/16"))).addresses("a.example").await.is_err());
        assert!(says(&["127.0.0.1"], Reach::Named(allow("search.example:8080"))).addresses("Search.example.").await.is_ok());
        assert!(says(&["127.0.0.1"], Reach::Named(allow("search.example:8080"))).addresses("a.example").await.is_err());
        assert!(says(&["127.0.0.1"], Reach::Proxy("proxy.example".into())).addresses("a.example").await.is_err());
    }
}
