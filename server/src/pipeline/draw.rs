//! Pictures for people: boxes and landmarks drawn, faces and people cut out, all shrunk and encoded as JPEG.
//!
//! Blocks; run it on a blocking thread.

use super::search::with_margin;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, Rgb, RgbImage, imageops};
use models::{BBox, Face, Person};

const JPEG_QUALITY: u8 = 85;
/// Longest sides in pixels: large enough to judge, small enough to make and send.
const ANNOTATED_SIDE: u32 = 1280;
const PERSON_SIDE: u32 = 512;
const FACE_SIDE: u32 = 256;
const THUMBNAIL_SIDE: u32 = 256;
/// Around a face, in parts of its size: a face is recognised with its hair and chin.
const FACE_MARGIN: f32 = 0.25;

const CHOSEN: Rgb<u8> = Rgb([46, 204, 113]);
const OTHER_FACE: Rgb<u8> = Rgb([241, 196, 15]);
const PERSON: Rgb<u8> = Rgb([52, 152, 219]);
const LANDMARK: Rgb<u8> = Rgb([231, 76, 60]);

/// The picture with the people, the faces (the compared one in green) and their landmarks.
pub fn annotated(picture: &RgbImage, people: &[Person], faces: &[Face], chosen: Option<&BBox>) -> RgbImage {
    let mut canvas = shrunk(picture, ANNOTATED_SIDE);
    let scale = canvas.width() as f32 / picture.width() as f32;
    let thickness = (canvas.width().max(canvas.height()) / 320).clamp(1, 4);
    for person in people {
        frame(&mut canvas, &person.bbox, scale, thickness, PERSON);
    }
    for face in faces {
        frame(&mut canvas, &face.bbox, scale, thickness, OTHER_FACE);
        for landmark in face.landmarks {
            dot(&mut canvas, landmark, scale, thickness, LANDMARK);
        }
    }
    if let Some(bbox) = chosen {
        frame(&mut canvas, bbox, scale, thickness, CHOSEN);
    }
    canvas
}

/// The picture at the size of [`annotated`], with nothing drawn into it.
pub fn plain(picture: &RgbImage) -> RgbImage {
    shrunk(picture, ANNOTATED_SIDE)
}

/// The face with some of what is around it.
pub fn cropped_face(picture: &RgbImage, bbox: &BBox) -> RgbImage {
    cut(picture, &with_margin(*bbox, FACE_MARGIN, picture.width(), picture.height()), FACE_SIDE)
}

pub fn cropped_person(picture: &RgbImage, bbox: &BBox) -> RgbImage {
    cut(picture, &with_margin(*bbox, 0.0, picture.width(), picture.height()), PERSON_SIDE)
}

pub fn thumbnail(picture: &RgbImage) -> RgbImage {
    shrunk(picture, THUMBNAIL_SIDE)
}

/// As JPEG.
pub fn encode(picture: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(picture)?;
    Ok(bytes)
}

/// The part inside `bbox` (whole pixels inside the picture), at least one pixel of it, at most `side` long.
fn cut(picture: &RgbImage, bbox: &BBox, side: u32) -> RgbImage {
    let (x, y) = ((bbox.x1 as u32).min(picture.width() - 1), (bbox.y1 as u32).min(picture.height() - 1));
    let (width, height) = ((bbox.width() as u32).max(1), (bbox.height() as u32).max(1));
    // The part is copied first: shrinking reads it many times.
    shrunk(&imageops::crop_imm(picture, x, y, width, height).to_image(), side)
}

/// A copy whose longer side is at most `side`; never enlarged.
fn shrunk(picture: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= side {
        return picture.clone();
    }
    let scaled = |v: u32| ((u64::from(v) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer)).max(1) as u32;
    imageops::thumbnail(picture, scaled(width), scaled(height))
}

fn frame(canvas: &mut RgbImage, bbox: &BBox, scale: f32, thickness: u32, colour: Rgb<u8>) {
    let (right, bottom) = (canvas.width() as i64 - 1, canvas.height() as i64 - 1);
    let pixel = |v: f32, most: i64| ((v * scale).round() as i64).clamp(0, most);
    let (x1, x2) = (pixel(bbox.x1, right), pixel(bbox.x2, right));
    let (y1, y2) = (pixel(bbox.y1, bottom), pixel(bbox.y2, bottom));
    let line = i64::from(thickness) - 1;
    fill(canvas, [x1, y1, x2, y1 + line], colour);
    fill(canvas, [x1, y2 - line, x2, y2], colour);
    fill(canvas, [x1, y1, x1 + line, y2], colour);
    fill(canvas, [x2 - line, y1, x2, y2], colour);
}

fn dot(canvas: &mut RgbImage, [x, y]: [f32; 2], scale: f32, radius: u32, colour: Rgb<u8>) {
    let (x, y, radius) = ((x * scale).round() as i64, (y * scale).round() as i64, i64::from(radius));
    fill(canvas, [x - radius, y - radius, x + radius, y + radius], colour);
}

/// All pixels from corner to corner, both included, as far as they lie inside.
fn fill(canvas: &mut RgbImage, [x1, y1, x2, y2]: [i64; 4], colour: Rgb<u8>) {
    for y in y1.max(0)..=y2.min(i64::from(canvas.height()) - 1) {
        for x in x1.max(0)..=x2.min(i64::from(canvas.width()) - 1) {
            canvas.put_pixel(x as u32, y as u32, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_drawn_where_they_are_even_where_the_picture_was_shrunk() {
        let picture = RgbImage::new(2560, 1280);
        let bbox = BBox::new(1000.0, 400.0, 1400.0, 800.0);
        let drawn = annotated(&picture, &[], &[], Some(&bbox));
        assert_eq!(drawn.dimensions(), (1280, 640));
        assert_eq!(*drawn.get_pixel(500, 300), CHOSEN, "left edge");
        assert_eq!(*drawn.get_pixel(600, 200), CHOSEN, "upper edge");
        assert_eq!(*drawn.get_pixel(600, 300), Rgb([0; 3]), "inside");
    }

    #[test]
    fn boxes_beyond_the_edge_and_pictures_of_one_pixel_do_no_harm() {
        let tiny = RgbImage::new(1, 1);
        let bbox = BBox::new(-50.0, -50.0, 500.0, 500.0);
        let face = Face { bbox, landmarks: [[-9.0, 900.0]; 5], score: 0.5 };
        let person = Person { bbox, score: 0.5 };
        assert_eq!(annotated(&tiny, &[person], &[face], Some(&bbox)).dimensions(), (1, 1));
        assert_eq!(cropped_face(&tiny, &bbox).dimensions(), (1, 1));
        assert_eq!(cropped_person(&tiny, &BBox::new(5.0, 5.0, 9.0, 9.0)).dimensions(), (1, 1), "a box outside");
    }

    #[test]
    fn crops_are_shrunk_but_never_enlarged() {
        let picture = RgbImage::new(3000, 2000);
        assert_eq!(cropped_face(&picture, &BBox::new(0.0, 0.0, 1000.0, 1000.0)).dimensions(), (256, 256));
        assert_eq!(cropped_face(&picture, &BBox::new(100.0, 100.0, 140.0, 140.0)).dimensions(), (60, 60), "with its margin");
        assert_eq!(thumbnail(&picture).dimensions(), (256, 171));
    }
}
