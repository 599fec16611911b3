//! What an analysis is asked for by: the file, and everything that decides what becomes of it.

use crate::pipeline::{ANALYSIS_VERSION, Role};
use sha2::{Digest, Sha256};
use std::fmt;

/// A digest of the file's SHA-256, the networks, the role of the picture and the version of the analysis. Nothing of these can
/// be read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    pub const BYTES: usize = 32;

    /// `file`: SHA-256, hex. `networks`: [`models::Vision::identity`].
    pub fn of(file: &str, networks: &str, role: Role) -> Self {
        let role = match role {
            Role::Query => "query",
            Role::Candidate => "candidate",
        };
        let version = format!("{} {ANALYSIS_VERSION}", env!("CARGO_PKG_VERSION"));
        let mut digest = Sha256::new();
        for part in [file, networks, role, &version] {
            // With its length, so that no two lists of parts read alike.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// As [`Display`](fmt::Display) writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 2 * Self::BYTES || !text.bytes().all(is_hex) {
            return None;
        }
        let mut bytes = [0; Self::BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_other_networks_and_another_role_have_another_key() {
        let keys = [
            Key::of("aa", "one", Role::Query),
            Key::of("ab", "one", Role::Query),
            Key::of("aa", "two", Role::Query),
            Key::of("aa", "one", Role::Candidate),
            Key::of("aao", "ne", Role::Query),
        ];
        for (place, key) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(key), "{place}");
        }
        assert_eq!(Key::of("aa", "one", Role::Query), keys[0]);
    }

    #[test]
    fn a_key_is_read_as_it_is_written_and_nothing_else_is_one() {
        let key = Key::of("aa", "one", Role::Query);
        let text = key.to_string();
        assert_eq!(Key::parse(&text), Some(key));
        for other in
            [&text[1..], &text.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"), "", &format!("+1{}", &text[2..]), &"é".repeat(32)]
        {
            assert_eq!(Key::parse(other), None, "{other}");
        }
    }
}
