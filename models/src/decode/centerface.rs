//! CenterFace: faces as peaks of a heat map at stride 4 (arXiv 1911.03599); the packs' backup detector.
//!
//! Beside the reference's 79 faces (SCRFD) it finds 78 at a score of .5, and one that is not there; at .2 it finds no more of
//! them, and seven that are not there. Cut at its landmarks, faces have a cosine of .955 on average, and of .895 at least, with
//! the same faces cut at SCRFD's (standard pack). Red before blue: the other way round the average is .953 and the least .840.

use super::{Map, logit, nms, sigmoid};
use crate::{BBox, Face, Landmarks, ModelError, engine::Tensor, preprocess::Letterbox};

const STRIDE: f32 = 4.0;

/// Faces of one picture of the batch, best first, in pixels of the picture.
///
/// `maps`: heat map logits (1 channel), log of height and width in strides (2), offset of the centre (y, x) in strides
/// (2), landmarks (10: y, x for each of the five, as fractions of the box).
pub fn centerface(maps: &[Tensor], picture: usize, placed: &Letterbox, score: f32, iou: f32) -> Result<Vec<Face>, ModelError> {
    if maps.len() != 4 {
        return Err(ModelError::Output(format!("CenterFace has four maps, this network gave {}", maps.len())));
    }
    let heat = Map::with_channels(&maps[0], picture, 1)?;
    let scale = Map::with_channels(&maps[1], picture, 2)?;
    let offset = Map::with_channels(&maps[2], picture, 2)?;
    let points = Map::with_channels(&maps[3], picture, 10)?;
    heat.check_scores(0)?;
    let least = logit(score);
    let mut found: Vec<(BBox, f32, usize)> = Vec::new();
    let mut landmarks: Vec<Landmarks> = Vec::new();
    for (cell, value) in heat.plane(0).iter().enumerate().filter(|(_, v)| **v >= least) {
        let (column, row) = ((cell % heat.columns) as f32, (cell / heat.columns) as f32);
        let (height, width) = (scale.at(0, cell).exp() * STRIDE, scale.at(1, cell).exp() * STRIDE);
        let left = (column + offset.at(1, cell) + 0.5) * STRIDE - width / 2.0;
        let top = (row + offset.at(0, cell) + 0.5) * STRIDE - height / 2.0;
        let [x1, y1] = placed.to_picture([left, top]);
        let [x2, y2] = placed.to_picture([left + width, top + height]);
        let marks: Landmarks =
            std::array::from_fn(|i| placed.to_picture([left + points.at(2 * i + 1, cell) * width, top + points.at(2 * i, cell) * height]));
        if marks.iter().flatten().all(|v| v.is_finite()) {
            found.push((BBox::new(x1, y1, x2, y2), sigmoid(*value), 0));
            landmarks.push(marks);
        }
    }
    Ok(nms(&found, iou).into_iter().map(|i| Face { bbox: found[i].0, score: found[i].1, landmarks: landmarks[i] }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_becomes_a_face() {
        let map = |channels: usize, fill: f32| Tensor { shape: vec![1, channels, 8, 8], data: vec![fill; channels * 64] };
        let mut maps = vec![map(1, -20.0), map(2, 2.0f32.ln()), map(2, 0.0), map(10, 0.5)];
        let cell = 3 * 8 + 5;
        maps[0].data[cell] = 4.0;
        maps[3].data[64 + cell] = 0.25; // x of the first landmark
        let placed = Letterbox::at(1.0, [0.0, 0.0], [32, 32]);
        let faces = centerface(&maps, 0, &placed, 0.5, 0.3).unwrap();
        assert_eq!(faces.len(), 1);
        assert_eq!(faces[0].bbox, BBox::new(18.0, 10.0, 26.0, 18.0));
        assert_eq!(faces[0].landmarks[0], [20.0, 14.0]);
        assert_eq!(faces[0].landmarks[1], [22.0, 14.0]);
        maps[0].data[0] = f32::NAN;
        assert_eq!(centerface(&maps, 0, &placed, 0.5, 0.3).unwrap_err().kind(), "unusable_output");
    }
}
