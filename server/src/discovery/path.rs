//! Paths of pools as they are written down: as text, or byte for byte where they are none.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};
use std::path::{Path, PathBuf};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    Text(std::borrow::Cow<'a, str>),
    /// No UTF-8.
    Bytes(Vec<u8>),
}

pub fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    let written = match path.to_str() {
        Some(text) => Written::Text(text.into()),
        None => Written::Bytes(bytes(path).ok_or_else(|| S::Error::custom("a path that is no text"))?),
    };
    written.serialize(to)
}

pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<PathBuf, D::Error> {
    match Written::deserialize(from)? {
        Written::Text(text) => Ok(PathBuf::from(text.into_owned())),
        Written::Bytes(bytes) => path(bytes).ok_or_else(|| serde::de::Error::custom("a path that is no text")),
    }
}

#[cfg(unix)]
fn bytes(path: &Path) -> Option<Vec<u8>> {
    Some(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec())
}

#[cfg(unix)]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn bytes(_: &Path) -> Option<Vec<u8>> {
    None
}

#[cfg(not(unix))]
fn path(_: Vec<u8>) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use crate::discovery::Location;

    #[test]
    fn a_path_comes_back_as_it_was_even_where_it_is_no_text() {
        let mut names = vec![std::ffi::OsString::from("Zoë/1.jpg")];
        #[cfg(unix)]
        names.push(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(b"a\xff\xfe.jpg".to_vec()));
        for name in names {
            let location = Location::File { pool: "/pools/one".into(), path: name.into() };
            let written = serde_json::to_string(&location).expect("written");
            assert_eq!(serde_json::from_str::<Location>(&written).expect("read"), location);
        }
    }
}
