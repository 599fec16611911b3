//! YOLOv8: anchor-free boxes as distributions over distances (Generalized Focal Loss, arXiv 2006.04388).

use super::{Map, logit, nms, sigmoid};
use crate::{BBox, ModelError, Person, engine::Tensor, preprocess::Letterbox};

/// Input pixels per cell, per head.
const STRIDES: [usize; 3] = [8, 16, 32];
/// Bins of the distribution of one side's distance, in strides: 0, 1, .. 15.
const BINS: usize = 16;

/// People of one picture of the batch, best first, in pixels of the picture and clipped to it.
///
/// `maps`: per stride `[batch, 4 * 16 + classes, rows, columns]`. Every class takes part in the class-wise suppression;
/// only `person_classes` are returned.
pub fn yolov8(
    maps: &[Tensor],
    picture: usize,
    placed: &Letterbox,
    score: f32,
    iou: f32,
    person_classes: &[usize],
) -> Result<Vec<Person>, ModelError> {
    if maps.len() != STRIDES.len() {
        return Err(ModelError::Output(format!("YOLOv8 has three maps, this network gave {}", maps.len())));
    }
    let least = logit(score);
    let mut found: Vec<(BBox, f32, usize)> = Vec::new();
    for (tensor, stride) in maps.iter().zip(STRIDES) {
        let map = Map::of(tensor, picture)?;
        let classes = map.channels.checked_sub(4 * BINS).filter(|c| *c > 0);
        let classes = classes.ok_or_else(|| ModelError::Output(format!("a YOLOv8 map cannot have the shape {:?}", tensor.shape)))?;
        map.check_scores(4 * BINS)?;
        let (best, class) = best_class(&map, classes);
        for cell in (0..map.rows * map.columns).filter(|c| best[*c] >= least) {
            let centre = [(cell % map.columns) as f32 + 0.5, (cell / map.columns) as f32 + 0.5];
            let [left, top, right, bottom] = std::array::from_fn(|side| expected_distance(&map, side, cell));
            let stride = stride as f32;
            let [x1, y1] = placed.to_picture([(centre[0] - left) * stride, (centre[1] - top) * stride]);
            let [x2, y2] = placed.to_picture([(centre[0] + right) * stride, (centre[1] + bottom) * stride]);
            found.push((BBox::new(x1, y1, x2, y2).clamp(placed.width, placed.height), sigmoid(best[cell]), class[cell]));
        }
    }
    let kept = nms(&found, iou);
    Ok(kept.into_iter().map(|i| &found[i]).filter(|f| person_classes.contains(&f.2)).map(|f| Person { bbox: f.0, score: f.1 }).collect())
}

/// Per cell the greatest class logit and its class; plane by plane, so that it vectorises.
fn best_class(map: &Map<'_>, classes: usize) -> (Vec<f32>, Vec<usize>) {
    let mut best = vec![f32::NEG_INFINITY; map.rows * map.columns];
    let mut class = vec![0; best.len()];
    for c in 0..classes {
        for ((value, best), class) in map.plane(4 * BINS + c).iter().zip(&mut best).zip(&mut class) {
            if *value > *best {
                (*best, *class) = (*value, c);
            }
        }
    }
    (best, class)
}

/// The mean of one side's distribution, in strides.
fn expected_distance(map: &Map<'_>, side: usize, cell: usize) -> f32 {
    let logits: [f32; BINS] = std::array::from_fn(|bin| map.at(side * BINS + bin, cell));
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut mean) = (0.0, 0.0);
    for (bin, value) in logits.iter().enumerate() {
        let weight = (value - greatest).exp();
        sum += weight;
        mean += weight * bin as f32;
    }
    mean / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of one confident cell whose four sides lie `bins` strides away.
    fn maps(classes: usize, cell: usize, class: usize, bins: [usize; 4]) -> Vec<Tensor> {
        let mut maps: Vec<Tensor> = [8, 4, 2]
            .iter()
            .map(|side| {
                let channels = 4 * BINS + classes;
                let mut data = vec![0.0; channels * side * side];
                data[4 * BINS * side * side..].fill(-20.0);
                Tensor { shape: vec![1, channels, *side, *side], data }
            })
            .collect();
        for (side, bin) in bins.iter().enumerate() {
            maps[0].data[(side * BINS + bin) * 64 + cell] = 50.0;
        }
        maps[0].data[(4 * BINS + class) * 64 + cell] = 3.0;
        maps
    }

    #[test]
    fn a_cell_becomes_a_box_in_picture_pixels() {
        let placed = Letterbox::at(0.5, [0.0, 8.0], [128, 96]);
        let people = yolov8(&maps(2, 3 * 8 + 2, 0, [1, 1, 2, 3]), 0, &placed, 0.25, 0.45, &[0]).unwrap();
        assert_eq!(people.len(), 1);
        // Cell (2, 3): centre (20, 28) in input pixels; sides 8, 8, 16, 24 away; minus the padding, times two.
        for (got, want) in people[0].bbox.array().iter().zip([24.0, 24.0, 72.0, 88.0]) {
            assert!((got - want).abs() < 1e-3, "{:?}", people[0].bbox);
        }
        assert!((people[0].score - sigmoid(3.0)).abs() < 1e-6);
    }

    #[test]
    fn nan_gives_nobody_and_among_the_scores_it_is_an_error() {
        let placed = Letterbox::at(1.0, [0.0, 0.0], [64, 64]);
        let mut maps = maps(2, 9, 0, [1; 4]);
        maps[0].data[9] = f32::NAN; // a bin of the left side's distribution
        assert!(yolov8(&maps, 0, &placed, 0.25, 0.45, &[0]).unwrap().is_empty(), "a box without a left side is none");
        let last = maps[2].data.len() - 1;
        maps[2].data[last] = f32::NAN;
        assert_eq!(yolov8(&maps, 0, &placed, 0.25, 0.45, &[0]).unwrap_err().kind(), "unusable_output");
    }

    #[test]
    fn other_classes_are_not_people_and_wrong_shapes_are_errors() {
        let placed = Letterbox::at(1.0, [0.0, 0.0], [64, 64]);
        assert!(yolov8(&maps(2, 9, 1, [1; 4]), 0, &placed, 0.25, 0.45, &[0]).unwrap().is_empty());
        assert!(yolov8(&maps(2, 9, 1, [1; 4])[..2], 0, &placed, 0.25, 0.45, &[0]).is_err());
        assert!(yolov8(&maps(2, 9, 1, [1; 4]), 1, &placed, 0.25, 0.45, &[0]).is_err(), "the batch holds one picture");
    }
}
