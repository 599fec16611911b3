//! From a network's maps to boxes and landmarks: YOLOv8, SCRFD, CenterFace, and non-maximum suppression.
//!
//! The prepared networks end at their heads (see `xtask/src/import/surgery.rs`); here only the cells whose score passes
//! the threshold are decoded. A NaN among the scores is an error of the network, never silently a picture without faces; a
//! NaN among the boxes or landmarks of a cell makes no box.

mod centerface;
mod nms;
mod scrfd;
mod yolov8;

pub use centerface::centerface;
pub use nms::nms;
pub use scrfd::scrfd;
pub use yolov8::yolov8;

use crate::{ModelError, engine::Tensor};

/// One picture's part of a map `[batch, channels, rows, columns]`.
#[derive(Clone, Copy)]
struct Map<'a> {
    values: &'a [f32],
    channels: usize,
    rows: usize,
    columns: usize,
}

impl<'a> Map<'a> {
    fn of(tensor: &'a Tensor, picture: usize) -> Result<Self, ModelError> {
        let [batch, channels, rows, columns] = tensor.shape[..] else {
            return Err(ModelError::Output(format!("a map has four axes, this has the shape {:?}", tensor.shape)));
        };
        let size = channels * rows * columns;
        if picture >= batch || tensor.data.len() != batch * size {
            return Err(ModelError::Output(format!("picture {picture} is not in a map of shape {:?}", tensor.shape)));
        }
        Ok(Self { values: &tensor.data[picture * size..][..size], channels, rows, columns })
    }

    /// The same, with the number of channels that a decoder counts on.
    fn with_channels(tensor: &'a Tensor, picture: usize, channels: usize) -> Result<Self, ModelError> {
        let map = Self::of(tensor, picture)?;
        if map.channels != channels {
            return Err(ModelError::Output(format!("expected {channels} channels, got the shape {:?}", tensor.shape)));
        }
        Ok(map)
    }

    fn plane(&self, channel: usize) -> &'a [f32] {
        &self.values[channel * self.rows * self.columns..][..self.rows * self.columns]
    }

    /// An error where a score from channel `first` on is no number. One pass without branches, so that it vectorises: a map
    /// with a NaN in it comes of a network or an engine that is broken, and what it does not find says nothing.
    fn check_scores(&self, first: usize) -> Result<(), ModelError> {
        let scores = &self.values[first * self.rows * self.columns..];
        if scores.iter().fold(false, |nan, score| nan | score.is_nan()) {
            return Err(ModelError::Output("a score is not a number (NaN)".into()));
        }
        Ok(())
    }

    fn at(&self, channel: usize, cell: usize) -> f32 {
        self.values[channel * self.rows * self.columns + cell]
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// The logit at which the sigmoid reaches `score`.
fn logit(score: f32) -> f32 {
    (score / (1.0 - score)).ln()
}
