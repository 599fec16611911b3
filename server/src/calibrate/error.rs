//! Why a set of pictures cannot be calibrated on, as values with a sentence that the operator can act on.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    #[error("The folder {} cannot be read: {why}.", .folder.display())]
    Unreadable { folder: PathBuf, why: String },
    #[error(
        "The folder must hold one folder per person, at least two with pictures and one of them with two: {people} with pictures found."
    )]
    TooFew { people: usize },
    #[error("The set holds {pictures} pictures, more than the {limit} that are compared all with all: take a part of it.")]
    TooMany { pictures: usize, limit: usize },
    /// No rate can be told without pairs of both kinds.
    #[error("Of {photos} usable pictures no pair of the same person or none of different people can be made.")]
    NoPairs { photos: usize },
    /// A NaN or an infinity among the scores: it must not decide anything.
    #[error("A similarity is no number: the embedding network is broken.")]
    NotANumber,
    #[error("Embeddings of two networks cannot be compared.")]
    Contract(#[from] models::ContractMismatch),
}

impl CalibrateError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "set_unreadable",
            Self::TooFew { .. } => "set_too_small",
            Self::TooMany { .. } => "set_too_large",
            Self::NoPairs { .. } => "no_pairs",
            Self::NotANumber => "not_a_number",
            Self::Contract(_) => "contract_mismatch",
        }
    }
}
