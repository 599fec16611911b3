//! Embeddings, and the contract that says which of them may be compared.
//!
//! A vector means something only beside vectors of the same network, fed in the same way. So each carries its
//! [`Contract`], and [`Embedding::cosine`] is an error across contracts: never a number that looks like a similarity.

use super::ModelError;
use std::fmt;
use std::sync::Arc;

/// What two embeddings must have in common to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Contract {
    /// SHA-256 of the embedding network's published file, hex.
    pub digest: String,
    /// How its input is made: size, channel order, normalisation, template, and whether mirrored copies are averaged in.
    /// Two texts that differ are two ways.
    pub preprocessing: String,
    /// Length of a vector.
    pub dimension: usize,
}

impl fmt::Display for Contract {
    /// `335c1a11/arcface112-rgb-127.5-127.5/512`: short, for results and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.digest.get(..8).unwrap_or(&self.digest), self.preprocessing, self.dimension)
    }
}

/// Two embeddings of different contracts were to be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("embeddings of {left} and of {right} cannot be compared: embed both with one network")]
pub struct ContractMismatch {
    pub left: Contract,
    pub right: Contract,
}

/// A face as a unit vector: the cosine of two is their dot product.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    values: Vec<f32>,
    norm: f32,
    contract: Arc<Contract>,
}

impl Embedding {
    /// L2-normalises; an error where the vector holds a NaN, an infinity, has no length, or another number of values than
    /// the contract says.
    pub fn from_raw(mut raw: Vec<f32>, contract: &Arc<Contract>) -> Result<Self, ModelError> {
        if raw.len() != contract.dimension {
            return Err(ModelError::Output(format!("an embedding of {} values, not {}", raw.len(), contract.dimension)));
        }
        let norm = raw.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        if !norm.is_finite() || norm < 1e-6 {
            return Err(ModelError::Output("the embedding has no direction (NaN, infinite or zero)".into()));
        }
        raw.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
        Ok(Self { values: raw, norm: norm as f32, contract: Arc::clone(contract) })
    }

    /// As it was once made, bit for bit, from what [`Self::as_slice`] and [`Self::norm`] gave; an error where that is no unit
    /// vector of this contract.
    pub fn restored(values: Vec<f32>, norm: f32, contract: &Arc<Contract>) -> Result<Self, ModelError> {
        let length = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        // A NaN is near nothing.
        let is_unit = (length - 1.0).abs() < 1e-3;
        if values.len() != contract.dimension || !is_unit || !norm.is_finite() {
            return Err(ModelError::Output("what was kept of an embedding is no unit vector of its contract".into()));
        }
        Ok(Self { values, norm, contract: Arc::clone(contract) })
    }

    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// Length of the vector before it was normalised, as the network gave it. With ArcFace networks trained without a
    /// quality term it grows, loosely, with how recognisable the face is.
    pub fn norm(&self) -> f32 {
        self.norm
    }

    pub fn contract(&self) -> &Arc<Contract> {
        &self.contract
    }

    /// -1..1; an error across contracts.
    pub fn cosine(&self, other: &Self) -> Result<f32, ContractMismatch> {
        if !Arc::ptr_eq(&self.contract, &other.contract) && self.contract != other.contract {
            return Err(ContractMismatch { left: (*self.contract).clone(), right: (*other.contract).clone() });
        }
        Ok(self.values.iter().zip(&other.values).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0))
    }

    /// One vector for several photos of a person: the normalised mean of theirs, each with its weight. An error where there
    /// is none, where their contracts differ, or where the weighted sum has no direction.
    pub fn template(weighted: &[(&Self, f32)]) -> Result<Self, ModelError> {
        let Some((first, _)) = weighted.first() else { return Err(ModelError::Output("a template of no embeddings".into())) };
        let mut sum = vec![0.0_f64; first.values.len()];
        for (embedding, weight) in weighted {
            if embedding.contract != first.contract {
                let mismatch = ContractMismatch { left: (*first.contract).clone(), right: (*embedding.contract).clone() };
                return Err(ModelError::Output(mismatch.to_string()));
            }
            sum.iter_mut().zip(&embedding.values).for_each(|(sum, v)| *sum += f64::from(*v) * f64::from(*weight));
        }
        let norm = weighted.iter().map(|(e, w)| e.norm * w).sum::<f32>() / weighted.iter().map(|(_, w)| w).sum::<f32>();
        let mean = Self::from_raw(sum.into_iter().map(|v| v as f32).collect(), &first.contract)?;
        Ok(Self { norm, ..mean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(digest: &str) -> Arc<Contract> {
        Arc::new(Contract { digest: digest.into(), preprocessing: "test".into(), dimension: 2 })
    }

    #[test]
    fn embeddings_of_two_networks_are_never_compared() {
        let (one, other) = (contract("aaaaaaaaaa"), contract("bbbbbbbbbb"));
        let face = Embedding::from_raw(vec![3.0, 4.0], &one).expect("a vector");
        assert_eq!((face.as_slice(), face.norm()), ([0.6, 0.8].as_slice(), 5.0));
        assert_eq!(face.cosine(&Embedding::from_raw(vec![4.0, -3.0], &contract("aaaaaaaaaa")).unwrap()), Ok(0.0));
        let foreign = Embedding::from_raw(vec![3.0, 4.0], &other).expect("a vector");
        let refusal = face.cosine(&foreign).expect_err("another network").to_string();
        assert!(refusal.contains("aaaaaaaa/test/2") && refusal.contains("bbbbbbbb/test/2"), "{refusal}");
        assert!(Embedding::template(&[(&face, 1.0), (&foreign, 1.0)]).is_err());
    }

    #[test]
    fn a_vector_without_direction_or_of_another_length_is_refused() {
        let contract = contract("a");
        for raw in [vec![0.0, 0.0], vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0], vec![1.0], vec![1.0; 3]] {
            assert!(Embedding::from_raw(raw.clone(), &contract).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn an_embedding_that_was_kept_is_the_same_bit_for_bit_and_nothing_else_is_taken_for_one() {
        let contract = contract("a");
        let made = Embedding::from_raw(vec![0.3, -7.1], &contract).expect("a vector");
        let kept = Embedding::restored(made.as_slice().to_vec(), made.norm(), &contract).expect("restored");
        assert_eq!(kept, made);
        for (values, norm) in [(vec![1.0], 1.0), (vec![0.6, 0.7], 1.0), (vec![f32::NAN, 1.0], 1.0), (vec![0.6, 0.8], f32::NAN)] {
            assert!(Embedding::restored(values, norm, &contract).is_err());
        }
    }

    #[test]
    fn a_template_leans_towards_the_weightier_photo() {
        let contract = contract("a");
        let along = |x: f32, y: f32| Embedding::from_raw(vec![x, y], &contract).expect("a vector");
        let even = Embedding::template(&[(&along(1.0, 0.0), 1.0), (&along(0.0, 9.0), 1.0)]).expect("a template");
        assert!((even.as_slice()[0] - even.as_slice()[1]).abs() < 1e-6, "lengths do not count, weights do");
        let leaning = Embedding::template(&[(&along(1.0, 0.0), 3.0), (&along(0.0, 1.0), 1.0)]).expect("a template");
        assert!(leaning.as_slice()[0] > 0.9);
        assert!(Embedding::template(&[]).is_err());
        assert!(Embedding::template(&[(&along(1.0, 0.0), 1.0), (&along(-1.0, 0.0), 1.0)]).is_err(), "opposites cancel out");
    }
}
