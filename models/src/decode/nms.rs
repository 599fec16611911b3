//! Greedy non-maximum suppression.

use crate::BBox;

/// Indices of the boxes that are kept, best score first: a box goes when it overlaps a better kept one of the same
/// `class` by more than `iou`.
///
/// Sides count inclusively (`x2 - x1 + 1`), as in the detectors' own post-processing. Boxes or scores that are not
/// finite are dropped.
pub fn nms(boxes: &[(BBox, f32, usize)], iou: f32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..boxes.len()).filter(|i| boxes[*i].0.is_finite() && boxes[*i].1.is_finite()).collect();
    order.sort_by(|a, b| boxes[*b].1.total_cmp(&boxes[*a].1));
    let mut kept: Vec<usize> = Vec::new();
    for candidate in order {
        let (bbox, _, class) = &boxes[candidate];
        if kept.iter().all(|k| boxes[*k].2 != *class || overlap(&boxes[*k].0, bbox) <= iou) {
            kept.push(candidate);
        }
    }
    kept
}

fn overlap(a: &BBox, b: &BBox) -> f32 {
    let area = |b: &BBox| (b.x2 - b.x1 + 1.0) * (b.y2 - b.y1 + 1.0);
    let w = (a.x2.min(b.x2) - a.x1.max(b.x1) + 1.0).max(0.0);
    let h = (a.y2.min(b.y2) - a.y1.max(b.y1) + 1.0).max(0.0);
    w * h / (area(a) + area(b) - w * h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_two_overlapping_boxes_stays_and_other_classes_are_left_alone() {
        let a = BBox::new(0.0, 0.0, 100.0, 100.0);
        let b = BBox::new(5.0, 5.0, 105.0, 105.0);
        let far = BBox::new(300.0, 0.0, 400.0, 100.0);
        assert_eq!(nms(&[(a, 0.8, 0), (b, 0.9, 0), (far, 0.7, 0)], 0.4), [1, 2]);
        assert_eq!(nms(&[(a, 0.8, 0), (b, 0.9, 1)], 0.4), [1, 0]);
    }

    #[test]
    fn nan_is_dropped_and_decides_no_order() {
        let a = BBox::new(0.0, 0.0, 10.0, 10.0);
        let nan = BBox::new(f32::NAN, 0.0, 10.0, 10.0);
        assert_eq!(nms(&[(nan, 0.9, 0), (a, f32::NAN, 0), (a, 0.5, 0)], 0.4), [2]);
    }
}
