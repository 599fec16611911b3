//! Pose: where the face looks, from its five landmarks and a simple head.
//!
//! The head: the eyes and the corners of the mouth lie in one plane, and the tip of the nose stands before it. The line of the
//! eyes gives the roll; in the frame of that line (origin halfway between the eyes, y down), with `d` the distance of the
//! eyes, `m` the height of the mouth and `(x, y)` the tip of the nose,
//!
//! ```text
//! yaw   = atan( x / (NOSE · d) )                          the nose moves to the side, the eyes draw together
//! pitch = atan( (NOSE_HEIGHT − y / m) · MOUTH / NOSE )    the nose moves up towards the eyes
//! ```
//!
//! which are exact for that head under a far camera (turn the points about one axis, drop the depth, divide).
//!
//! * `NOSE` = 0.44: how far the tip of the nose stands before the eyes, in distances of the eyes. The generic head that is
//!   widespread in examples of head pose estimation has the nose 135 units before the outer corners of the eyes, which
//!   are 450 apart; pupils are 0.68 times as far apart as outer corners (62 of 91 mm).
//! * `MOUTH` = 1.155: height of the mouth in distances of the eyes, from the ArcFace template ([`TEMPLATE`]).
//! * `NOSE_HEIGHT`: where the nose of a face that looks straight ahead lies between the eyes (0) and the mouth (1). The template
//!   has 0.495, but it is a mean over faces that look up as often as not: see the constant.
//!
//! They are estimates: landmarks are off by a pixel or two, a nose may be flat or long, a smile raises the mouth, and in a near
//! profile the two eyes are nearly one point, so that the roll is no more than a guess.
//!
//! [`TEMPLATE`]: models::align::TEMPLATE

use models::Landmarks;

/// How far the tip of the nose stands before the plane of the eyes, in distances of the eyes.
const NOSE: f32 = 0.44;
/// Height of the mouth below the eyes, in distances of the eyes.
const MOUTH: f32 = 1.155;
/// Height of the nose's tip between eyes (0) and mouth (1), seen from straight ahead: the median of LFW10, whose middle half has
/// 0.48 to 0.64.
const NOSE_HEIGHT: f32 = 0.56;

/// Degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Positive: looks to the picture's right. -90..90.
    pub yaw: f32,
    /// Positive: looks up. -90..90.
    pub pitch: f32,
    /// Positive: leans clockwise. -180..180.
    pub roll: f32,
}

/// Finite for landmarks that are finite.
pub fn pose(landmarks: &Landmarks) -> Pose {
    let points = landmarks.map(|p| p.map(f64::from));
    let [left, right, nose, mouth_left, mouth_right] = points;
    let middle = |a: [f64; 2], b: [f64; 2]| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
    let origin = middle(left, right);
    let (dx, dy) = (right[0] - left[0], right[1] - left[1]);
    let eyes = dx.hypot(dy);
    let roll = dy.atan2(dx);
    let (sin, cos) = roll.sin_cos();
    let level = |[x, y]: [f64; 2]| {
        let (x, y) = (x - origin[0], y - origin[1]);
        [cos * x + sin * y, cos * y - sin * x]
    };
    let nose = level(nose);
    let mouth = level(middle(mouth_left, mouth_right))[1].max(0.0);
    // `atan2` rather than a division: where all points are one, every angle is 0.
    let yaw = nose[0].atan2(f64::from(NOSE) * eyes);
    let pitch = (f64::from(NOSE_HEIGHT) * mouth - nose[1]).atan2(mouth * f64::from(NOSE / MOUTH));
    Pose { yaw: yaw.to_degrees() as f32, pitch: pitch.to_degrees() as f32, roll: roll.to_degrees() as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of the module's text, turned and seen from far away: eyes 60 pixels apart, in the middle of the picture.
    fn head(yaw: f64, pitch: f64, roll: f64) -> Landmarks {
        let [nose, mouth, height] = [NOSE, MOUTH, NOSE_HEIGHT].map(f64::from);
        let points = [[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, height * mouth, nose], [-0.4, mouth, 0.0], [0.4, mouth, 0.0]];
        let ([ys, yc], [ps, pc], [rs, rc]) = (sin_cos(yaw), sin_cos(pitch), sin_cos(roll));
        points.map(|[x, y, z]| {
            let (y, z) = (y * pc - z * ps, y * ps + z * pc);
            let (x, _) = (x * yc + z * ys, z * yc - x * ys);
            let (x, y) = (x * rc - y * rs, x * rs + y * rc);
            [(160.0 + 60.0 * x) as f32, (120.0 + 60.0 * y) as f32]
        })
    }

    fn sin_cos(degrees: f64) -> [f64; 2] {
        [degrees.to_radians().sin(), degrees.to_radians().cos()]
    }

    fn near(a: f32, b: f64) -> bool {
        (f64::from(a) - b).abs() < 0.05
    }

    #[test]
    fn a_head_turned_about_one_axis_is_read_exactly() {
        for angle in [-60.0, -35.0, -5.0, 0.0, 12.0, 45.0, 70.0] {
            let turned = pose(&head(angle, 0.0, 0.0));
            assert!(near(turned.yaw, angle) && near(turned.pitch, 0.0) && near(turned.roll, 0.0), "yaw {angle}: {turned:?}");
            let nodding = pose(&head(0.0, angle, 0.0));
            assert!(near(nodding.pitch, angle) && near(nodding.yaw, 0.0) && near(nodding.roll, 0.0), "pitch {angle}: {nodding:?}");
            let leaning = pose(&head(0.0, 0.0, angle));
            assert!(near(leaning.roll, angle) && near(leaning.yaw, 0.0) && near(leaning.pitch, 0.0), "roll {angle}: {leaning:?}");
        }
    }

    #[test]
    fn a_mirrored_face_looks_to_the_other_side_by_exactly_the_same_angle() {
        let face = head(30.0, 8.0, -12.0);
        let [a, b, nose, c, d] = face.map(|[x, y]| [320.0 - x, y]);
        let (seen, mirrored) = (pose(&face), pose(&[b, a, nose, d, c]));
        assert!((seen.yaw + mirrored.yaw).abs() < 1e-3 && (seen.roll + mirrored.roll).abs() < 1e-3, "{seen:?} {mirrored:?}");
        assert!((seen.pitch - mirrored.pitch).abs() < 1e-3);
    }

    #[test]
    fn a_turned_picture_changes_the_roll_by_exactly_that_angle_and_nothing_else() {
        let face = head(25.0, -10.0, 5.0);
        for angle in [-90.0, -20.0, 33.0, 90.0] {
            let [sin, cos] = sin_cos(angle);
            let about = |[x, y]: [f32; 2]| {
                let (x, y) = (f64::from(x) - 160.0, f64::from(y) - 120.0);
                [(160.0 + cos * x - sin * y) as f32, (120.0 + sin * x + cos * y) as f32]
            };
            let (seen, turned) = (pose(&face), pose(&face.map(about)));
            assert!(near(turned.roll - seen.roll, angle), "{angle}: {turned:?}");
            assert!((seen.yaw - turned.yaw).abs() < 0.01 && (seen.pitch - turned.pitch).abs() < 0.01);
        }
    }

    #[test]
    fn landmarks_that_say_nothing_give_numbers_all_the_same() {
        assert_eq!(pose(&[[7.0, 7.0]; 5]), Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 });
        let profile = pose(&[[50.0, 50.0], [50.0, 50.0], [90.0, 70.0], [50.0, 90.0], [50.0, 90.0]]);
        assert_eq!(profile.yaw, 90.0);
        let upside_down = pose(&[[40.0, 50.0], [60.0, 50.0], [50.0, 40.0], [42.0, 30.0], [58.0, 30.0]]);
        assert!(upside_down.pitch.is_finite() && upside_down.pitch.abs() <= 90.0);
    }
}
