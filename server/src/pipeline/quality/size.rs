//! Size: pixels between the eyes. What a picture shows in fewer pixels than the aligned crop has (35.2 between the eyes) was
//! enlarged, and enlarging adds nothing.

use models::Landmarks;

/// Distance of the eyes in the picture, in pixels; the usual measure of a face's resolution (ISO/IEC 29794-5 calls it
/// inter-eye distance).
pub fn eye_distance(landmarks: &Landmarks) -> f32 {
    let [[x1, y1], [x2, y2], ..] = *landmarks;
    (x2 - x1).hypot(y2 - y1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::align::TEMPLATE;

    #[test]
    fn the_eyes_of_the_template_are_35_pixels_apart_and_of_a_face_twice_as_large_70() {
        assert!((eye_distance(&TEMPLATE) - 35.2376).abs() < 1e-3);
        assert!((eye_distance(&TEMPLATE.map(|[x, y]| [2.0 * x + 9.0, 2.0 * y])) - 70.4753).abs() < 1e-3);
    }
}
