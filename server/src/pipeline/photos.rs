//! The photos of the person that is searched for: at least one, each file once, each under a name of its own.

use super::ValidatedQuery;
use bytes::Bytes;
use std::iter;

/// One photo, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryPhoto {
    /// Its name within the request: [`ValidatedQuery::name`].
    pub name: String,
    pub bytes: Bytes,
}

/// Photos of one person, the first of which says who is meant. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryPhotos {
    first: QueryPhoto,
    others: Vec<QueryPhoto>,
}

impl QueryPhotos {
    /// None where there is no photo.
    pub fn new(photos: impl IntoIterator<Item = QueryPhoto>) -> Option<Self> {
        let mut photos = photos.into_iter();
        Some(Self { first: photos.next()?, others: photos.collect() })
    }

    /// As [`distinct`] left them.
    pub fn of(validated: Vec<(ValidatedQuery, Bytes)>) -> Option<Self> {
        Self::new(validated.into_iter().map(|(photo, bytes)| QueryPhoto { name: photo.name, bytes }))
    }

    pub fn first(&self) -> &QueryPhoto {
        &self.first
    }

    pub fn others(&self) -> &[QueryPhoto] {
        &self.others
    }

    /// The first one first.
    pub fn iter(&self) -> impl Iterator<Item = &QueryPhoto> {
        iter::once(&self.first).chain(&self.others)
    }

    /// At least 1.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }
}

impl From<QueryPhoto> for QueryPhotos {
    fn from(first: QueryPhoto) -> Self {
        Self { first, others: Vec::new() }
    }
}

/// Of photos in the order in which they were given: the same file twice is one photo, and no two have the same name, whatever
/// its ending (a crop of `query-1.png` is called `query-1.jpg`).
pub fn distinct(given: Vec<(ValidatedQuery, Bytes)>) -> Vec<(ValidatedQuery, Bytes)> {
    let mut kept: Vec<(ValidatedQuery, Bytes)> = Vec::with_capacity(given.len());
    for (mut photo, bytes) in given {
        if kept.iter().any(|(known, _)| known.sha256 == photo.sha256) {
            continue;
        }
        if kept.iter().any(|(known, _)| stem(&known.name) == stem(&photo.name)) {
            // Two files whose digests begin alike are made on purpose; whole digests differ all the same.
            photo.name = format!("query-{}.{}", photo.sha256, photo.format.ending());
        }
        kept.push((photo, bytes));
    }
    kept
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::super::PictureFormat;
    use super::*;

    fn photo(sha256: &str, format: PictureFormat) -> (ValidatedQuery, Bytes) {
        let name = format!("query-{}.{}", &sha256[..8], format.ending());
        (ValidatedQuery { format, width: 9, height: 9, sha256: sha256.into(), name }, Bytes::from(sha256.to_owned()))
    }

    fn names(given: Vec<(ValidatedQuery, Bytes)>) -> Vec<String> {
        distinct(given).into_iter().map(|(photo, _)| photo.name).collect()
    }

    #[test]
    fn the_same_file_twice_is_one_photo() {
        let (a, b) = (photo("aaaaaaaa11", PictureFormat::Jpeg), photo("bbbbbbbb22", PictureFormat::Jpeg));
        assert_eq!(names(vec![a.clone(), b.clone(), a]), ["query-aaaaaaaa.jpg", "query-bbbbbbbb.jpg"]);
    }

    #[test]
    fn two_files_never_share_a_name_even_where_their_digests_begin_alike() {
        let given = vec![photo("aaaaaaaa11", PictureFormat::Jpeg), photo("aaaaaaaa22", PictureFormat::Png)];
        assert_eq!(names(given), ["query-aaaaaaaa.jpg", "query-aaaaaaaa22.png"]);
    }

    #[test]
    fn there_is_always_a_first_photo() {
        assert_eq!(QueryPhotos::of(Vec::new()), None);
        let photos = QueryPhotos::of(vec![photo("aaaaaaaa11", PictureFormat::Gif), photo("bbbbbbbb22", PictureFormat::WebP)]);
        let photos = photos.expect("two photos");
        assert_eq!((photos.count(), photos.first().name.as_str()), (2, "query-aaaaaaaa.gif"));
        assert_eq!(photos.iter().map(|photo| &photo.name).collect::<Vec<_>>(), ["query-aaaaaaaa.gif", "query-bbbbbbbb.webp"]);
    }
}
