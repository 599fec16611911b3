//! Signed, short-lived addresses of artifacts: `/artifacts/<key>?expires=<seconds since 1970>&signature=<hex>`.
//!
//! The signature is HMAC-SHA256 over the expiry and the key. Stored results hold the bare `/artifacts/<key>`; an
//! address is signed whenever it leaves the server, so that none outlives its hour by being written down.

use crate::clock::Clock;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{fmt::Write as _, sync::Arc, time::Duration};

/// Addresses are signed to the next full ten minutes after their lifetime: a page that asks again a second later gets
/// the same address, and the browser keeps the picture.
const ROUNDING_SECONDS: i64 = 600;

/// Makes addresses of artifacts.
pub trait ArtifactLinks: Send + Sync {
    fn link(&self, key: &str) -> String;
}

/// Why an address opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    BadSignature,
    Expired,
}

pub struct SignedLinks {
    key: Hmac<Sha256>,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
}

impl SignedLinks {
    /// `key` may be of any length (32 random bytes are best).
    pub fn new(key: &[u8], lifetime: Duration, clock: Arc<dyn Clock>) -> Self {
        // HMAC takes keys of every length: the error type is there for other MACs.
        let key = Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC-SHA256 takes keys of every length"));
        Self { key, lifetime, clock }
    }

    fn mac(&self, key: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        // The number comes first and ends at the line feed: no two (expiry, key) give the same bytes.
        mac.update(expires.to_string().as_bytes());
        mac.update(b"\n");
        mac.update(key.as_bytes());
        mac
    }

    /// Is this address one of ours, and still good? The comparison takes the same time wherever the signature differs.
    pub fn verify(&self, key: &str, expires: &str, signature: &str) -> Result<(), LinkError> {
        let expires: i64 = expires.parse().map_err(|_| LinkError::BadSignature)?;
        let signature = from_hex(signature).ok_or(LinkError::BadSignature)?;
        self.mac(key, expires).verify_slice(&signature).map_err(|_| LinkError::BadSignature)?;
        if self.clock.now().seconds() >= expires { Err(LinkError::Expired) } else { Ok(()) }
    }
}

impl ArtifactLinks for SignedLinks {
    fn link(&self, key: &str) -> String {
        let earliest = self.clock.now().plus(self.lifetime).seconds();
        let expires = earliest.div_euclid(ROUNDING_SECONDS).saturating_add(1).saturating_mul(ROUNDING_SECONDS);
        let signature = self.mac(key, expires).finalize().into_bytes();
        let mut hex = String::with_capacity(64);
        for byte in signature {
            let _ = write!(hex, "{byte:02x}");
        }
        format!("/artifacts/{}?expires={expires}&signature={hex}", encode_path(key))
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<_>>>()?;
    digits.chunks(2).map(|pair| <[u32; 2]>::try_from(pair).ok().and_then(|[a, b]| u8::try_from(a * 16 + b).ok())).collect()
}

/// A key as the path of an address: everything but unreserved characters and the slash is percent-encoded.
pub fn encode_path(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ShiftedClock;

    fn parts(link: &str) -> (&str, &str) {
        let query = link.split_once('?').map_or("", |(_, q)| q);
        let value = |name: &str| query.split('&').find_map(|p| p.strip_prefix(name)).unwrap_or_default();
        (value("expires="), value("signature="))
    }

    #[test]
    fn an_address_opens_its_own_object_for_its_hour_only() {
        let clock = Arc::new(ShiftedClock::default());
        let links = SignedLinks::new(b"key", Duration::from_secs(3600), clock.clone());
        let link = links.link("output/1/a b.jpg");
        assert!(link.starts_with("/artifacts/output/1/a%20b.jpg?expires="), "{link}");
        let (expires, signature) = parts(&link);
        assert_eq!(links.verify("output/1/a b.jpg", expires, signature), Ok(()));
        assert_eq!(links.verify("output/1/other.jpg", expires, signature), Err(LinkError::BadSignature));
        assert_eq!(links.verify("output/1/a b.jpg", &format!("{expires}0"), signature), Err(LinkError::BadSignature));
        assert_eq!(links.verify("output/1/a b.jpg", expires, &signature[1..]), Err(LinkError::BadSignature));
        assert_eq!(links.verify("output/1/a b.jpg", expires, "é"), Err(LinkError::BadSignature));
        let other = SignedLinks::new(b"another key", Duration::from_secs(3600), clock.clone());
        assert_eq!(other.verify("output/1/a b.jpg", expires, signature), Err(LinkError::BadSignature));

        clock.advance(Duration::from_secs(3590));
        assert_eq!(links.verify("output/1/a b.jpg", expires, signature), Ok(()), "not before its hour is over");
        clock.advance(Duration::from_secs(620));
        assert_eq!(links.verify("output/1/a b.jpg", expires, signature), Err(LinkError::Expired));
    }
}
