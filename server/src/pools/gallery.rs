//! A pool's vectors in memory, kept as the database has them: what other machines have added or deleted is seen by the pool's
//! version, and taken over before the next search.
//!
//! Memory holds the small form of each vector; originals stay in the database, and the few that a search needs are read there.

use super::contract_text;
use crate::analyses::{Key, decode};
use crate::index::{ExactIndex, Form, Hit, IndexError};
use crate::store::{PoolStore, StoreError, StoredAnalysis};
use models::{Contract, Embedding};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// Bits of a key that number the faces of one picture.
const FACE_BITS: u32 = 14;
/// Analyses that are read at a time.
const PORTION: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("the search was interrupted")]
    Interrupted,
}

/// Vectors of one contract.
pub struct Gallery {
    contract: Arc<Contract>,
    /// Of the pool; -1: nothing was read yet.
    version: i64,
    index: ExactIndex,
    pictures: HashMap<i64, Picture>,
}

struct Picture {
    place: String,
    /// How many of its faces are in the index.
    faces: usize,
}

/// A picture, and the greatest cosine of its faces to the probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    pub place: String,
    pub cosine: f32,
}

fn face_key(number: i64, face: usize) -> u64 {
    number.unsigned_abs() << FACE_BITS | face as u64
}

fn number_of(key: u64) -> i64 {
    i64::try_from(key >> FACE_BITS).unwrap_or(i64::MAX)
}

impl Gallery {
    pub fn new(contract: Arc<Contract>) -> Result<Self, IndexError> {
        let index = ExactIndex::new(contract.dimension, Form::Int8)?;
        Ok(Self { contract, version: -1, index, pictures: HashMap::new() })
    }

    pub fn is_of(&self, contract: &Contract) -> bool {
        *self.contract == *contract
    }

    /// Takes over what has changed since it was last looked.
    pub async fn refresh(&mut self, store: &dyn PoolStore, pool: &str, version: i64) -> Result<(), GalleryError> {
        if version == self.version {
            return Ok(());
        }
        let contract = contract_text(&self.contract);
        let rows = store.pictures(pool).await?.into_iter().filter(|row| row.faces > 0 && row.contract == contract);
        let mut places: HashMap<i64, String> = rows.map(|row| (row.number, row.place)).collect();
        let gone: Vec<i64> = self.pictures.keys().filter(|number| !places.contains_key(number)).copied().collect();
        for number in gone {
            let faces = self.pictures.remove(&number).map_or(0, |picture| picture.faces);
            for face in 0..faces {
                self.index.remove(face_key(number, face));
            }
        }
        places.retain(|number, _| !self.pictures.contains_key(number));
        let new: Vec<i64> = places.keys().copied().collect();
        for numbers in new.chunks(PORTION) {
            for analysis in store.analyses(pool, numbers).await? {
                let vectors = vectors(&analysis, &self.contract);
                for (face, vector) in vectors.iter().enumerate() {
                    self.index.insert(face_key(analysis.number, face), vector)?;
                }
                if let Some(place) = places.remove(&analysis.number) {
                    self.pictures.insert(analysis.number, Picture { place, faces: vectors.len() });
                }
            }
            // Loading many takes a while: others have their turn.
            tokio::task::yield_now().await;
        }
        self.version = version;
        Ok(())
    }

    /// Pictures with the nearest faces, at most `limit`, best first.
    pub async fn nearest(
        gallery: OwnedMutexGuard<Self>,
        store: &dyn PoolStore,
        pool: &str,
        probe: &Arc<Embedding>,
        limit: usize,
    ) -> Result<Vec<Near>, GalleryError> {
        let mut gallery = gallery;
        // A picture has several faces: as many are asked for as it takes to have enough pictures.
        let mut faces = limit.saturating_mul(2);
        loop {
            let all = gallery.index.len();
            faces = faces.min(all);
            let sought = Arc::clone(probe);
            let scan = move || {
                models::give_way();
                let shortlist = gallery.index.shortlist(sought.as_slice(), faces, None);
                (gallery, shortlist)
            };
            let (back, shortlist) = tokio::task::spawn_blocking(scan).await.map_err(|_| GalleryError::Interrupted)?;
            gallery = back;
            let shortlist = shortlist?;
            let numbers: BTreeSet<i64> = shortlist.keys().iter().map(|&key| number_of(key)).collect();
            let numbers: Vec<i64> = numbers.into_iter().collect();
            let mut originals: HashMap<u64, Vec<f32>> = HashMap::new();
            for analysis in store.analyses(pool, &numbers).await? {
                let vectors = vectors(&analysis, &gallery.contract).into_iter().enumerate();
                originals.extend(vectors.map(|(face, vector)| (face_key(analysis.number, face), vector)));
            }
            let near = gallery.pictures_of(&shortlist.rank(probe.as_slice(), &originals), limit);
            if near.len() >= limit || faces >= all {
                return Ok(near);
            }
            faces = faces.saturating_mul(2);
        }
    }

    /// Each picture once, by its best face.
    fn pictures_of(&self, hits: &[Hit], limit: usize) -> Vec<Near> {
        let mut seen = HashSet::new();
        let firsts = hits.iter().filter(|hit| seen.insert(number_of(hit.key)));
        let near = firsts.filter_map(|hit| Some(Near { place: self.pictures.get(&number_of(hit.key))?.place.clone(), cosine: hit.cosine }));
        let mut near: Vec<Near> = near.collect();
        // Equally near ones come as a list would name them, and not as a sync happened to look at them.
        near.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then_with(|| a.place.cmp(&b.place)));
        near.truncate(limit);
        near
    }
}

/// Of each face, and of a whole picture that stands in for one; none where the analysis does not read.
fn vectors(analysis: &StoredAnalysis, contract: &Arc<Contract>) -> Vec<Vec<f32>> {
    let decoded = Key::parse(&analysis.key).and_then(|key| decode(&analysis.bytes, &key, contract));
    let faces = decoded.map(|analysis| analysis.faces).unwrap_or_default();
    faces.iter().take(1 << FACE_BITS).map(|face| face.embedding.as_slice().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_found_again_by_its_key() {
        for (number, face) in [(1, 0), (7, 3), (1_000_000, 16_383)] {
            assert_eq!(number_of(face_key(number, face)), number);
        }
        assert_ne!(face_key(1, 16_383), face_key(2, 0));
    }
}
