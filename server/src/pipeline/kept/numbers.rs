//! Numbers as text that gives them back bit for bit: eight hex digits each, NaN and -0 included.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt::Write;

/// `f32` values in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers(pub Vec<f32>);

impl Numbers {
    /// None where there are not just so many.
    pub fn array<const N: usize>(&self) -> Option<[f32; N]> {
        self.0.as_slice().try_into().ok()
    }
}

impl<const N: usize> From<[f32; N]> for Numbers {
    fn from(values: [f32; N]) -> Self {
        Self(values.to_vec())
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.0.len() * 8);
        for value in &self.0 {
            // Writing to a string does not fail.
            let _ = write!(text, "{:08x}", value.to_bits());
        }
        to.serialize_str(&text)
    }
}

impl<'a> Deserialize<'a> for Numbers {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'a, str>>::deserialize(from)?;
        let value = |digits: &[u8]| {
            // A sign is no digit, though it may stand before a number.
            if digits.len() != 8 || !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().map(f32::from_bits)
        };
        let values: Option<Vec<f32>> = text.as_bytes().chunks(8).map(value).collect();
        values.map(Self).ok_or_else(|| D::Error::custom("no row of numbers"))
    }
}
