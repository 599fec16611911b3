//! SCRFD: faces with five landmarks from three strides and two anchors a cell (arXiv 2105.04714).

use super::{Map, logit, nms, sigmoid};
use crate::{BBox, Face, Landmarks, ModelError, engine::Tensor, preprocess::Letterbox};

const STRIDES: [usize; 3] = [8, 16, 32];
const ANCHORS: usize = 2;

/// Faces of one picture of the batch, best first, in pixels of the picture (not clipped: a face may reach beyond).
///
/// `maps`: three maps of score logits `[batch, 2, rows, columns]`, three of distances to the sides (8 channels), three
/// of landmark offsets (20 channels), each for strides 8, 16, 32; distances and offsets count in strides from the
/// cell's upper left corner.
pub fn scrfd(maps: &[Tensor], picture: usize, placed: &Letterbox, score: f32, iou: f32) -> Result<Vec<Face>, ModelError> {
    if maps.len() != 9 {
        return Err(ModelError::Output(format!("SCRFD with landmarks has nine maps, this network gave {}", maps.len())));
    }
    let least = logit(score);
    let mut found: Vec<(BBox, f32, usize)> = Vec::new();
    let mut landmarks: Vec<Landmarks> = Vec::new();
    for (level, stride) in STRIDES.iter().enumerate() {
        let scores = Map::with_channels(&maps[level], picture, ANCHORS)?;
        scores.check_scores(0)?;
        let sides = Map::with_channels(&maps[level + 3], picture, ANCHORS * 4)?;
        let points = Map::with_channels(&maps[level + 6], picture, ANCHORS * 10)?;
        if (sides.rows, sides.columns, points.rows, points.columns) != (scores.rows, scores.columns, scores.rows, scores.columns) {
            return Err(ModelError::Output(format!("the maps of stride {stride} differ in size")));
        }
        let stride = *stride as f32;
        for cell in 0..scores.rows * scores.columns {
            let corner = [(cell % scores.columns) as f32, (cell / scores.columns) as f32];
            for anchor in 0..ANCHORS {
                let value = scores.at(anchor, cell);
                if value.is_nan() || value < least {
                    continue;
                }
                let side = |i: usize| sides.at(anchor * 4 + i, cell);
                let [x1, y1] = placed.to_picture([(corner[0] - side(0)) * stride, (corner[1] - side(1)) * stride]);
                let [x2, y2] = placed.to_picture([(corner[0] + side(2)) * stride, (corner[1] + side(3)) * stride]);
                let point = |i: usize, axis: usize| (corner[axis] + points.at(anchor * 10 + i * 2 + axis, cell)) * stride;
                let marks: Landmarks = std::array::from_fn(|i| placed.to_picture([point(i, 0), point(i, 1)]));
                if marks.iter().flatten().all(|v| v.is_finite()) {
                    found.push((BBox::new(x1, y1, x2, y2), sigmoid(value), 0));
                    landmarks.push(marks);
                }
            }
        }
    }
    Ok(nms(&found, iou).into_iter().map(|i| Face { bbox: found[i].0, score: found[i].1, landmarks: landmarks[i] }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Vec<Tensor> {
        let map = |channels: usize, side: usize, fill: f32| Tensor {
            shape: vec![1, channels, side, side],
            data: vec![fill; channels * side * side],
        };
        let mut maps = Vec::new();
        for (channels, fill) in [(2, -20.0), (8, 0.0), (20, 0.0)] {
            maps.extend([8, 4, 2].map(|side| map(channels, side, fill)));
        }
        maps
    }

    #[test]
    fn the_second_anchor_of_a_cell_becomes_a_face_with_its_landmarks_in_order() {
        let mut maps = empty();
        let cell = 4 + 2; // column 2, row 1 at stride 16
        maps[1].data[16 + cell] = 2.0;
        for (i, distance) in [1.0, 1.0, 2.0, 2.0].into_iter().enumerate() {
            maps[4].data[(4 + i) * 16 + cell] = distance;
        }
        for i in 0..10 {
            maps[7].data[(10 + i) * 16 + cell] = i as f32 / 10.0;
        }
        let placed = Letterbox::at(2.0, [0.0, 0.0], [32, 32]);
        let faces = scrfd(&maps, 0, &placed, 0.5, 0.4).unwrap();
        assert_eq!(faces.len(), 1);
        assert_eq!(faces[0].bbox, BBox::new(8.0, 0.0, 32.0, 24.0));
        assert_eq!(faces[0].landmarks[0], [16.0, 8.8]);
        assert_eq!(faces[0].landmarks[4], [16.0 + 6.4, 8.0 + 7.2]);
    }

    #[test]
    fn nan_gives_no_face_and_among_the_scores_it_is_an_error() {
        let mut maps = empty();
        let placed = Letterbox::at(1.0, [0.0, 0.0], [64, 64]);
        maps[2].data[7] = f32::NAN;
        assert_eq!(scrfd(&maps, 0, &placed, 0.5, 0.4).unwrap_err().kind(), "unusable_output");
        maps[2].data[7] = -20.0;
        maps[0].data.fill(5.0);
        maps[6].data.fill(f32::NAN);
        assert!(scrfd(&maps, 0, &placed, 0.5, 0.4).unwrap().is_empty(), "landmarks that are no numbers make no face");
    }
}
