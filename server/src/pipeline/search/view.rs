//! One look at a picture: which part of it, turned how, at which size; and the way back to the picture's own pixels.

use image::{RgbImage, imageops};
use models::{BBox, Face};
use std::borrow::Cow;

/// Why a look was taken, and so: how a face was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Look {
    /// The whole picture at the first side: every picture gets this one.
    Full,
    /// The whole picture or a part of it from nearer: a crowd, small faces.
    Tile,
    /// The whole picture from farther: a face that fills it.
    CloseUp,
    /// The picture turned clockwise by so much, because it does not stand upright.
    Turned90,
    Turned180,
    Turned270,
    /// The surroundings of one person, enlarged.
    Person,
}

impl Look {
    /// As in `FaceReport::found_by`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Tile => "tile",
            Self::CloseUp => "close_up",
            Self::Turned90 => "turned_90",
            Self::Turned180 => "turned_180",
            Self::Turned270 => "turned_270",
            Self::Person => "person",
        }
    }
}

/// Quarter turns, clockwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Turn {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    /// All that are turns, the likelier first: a camera is held on its side more often than on its head.
    pub const OTHERS: [Self; 3] = [Self::Quarter, Self::ThreeQuarters, Self::Half];

    pub fn look(self) -> Look {
        match self {
            Self::None => Look::Full,
            Self::Quarter => Look::Turned90,
            Self::Half => Look::Turned180,
            Self::ThreeQuarters => Look::Turned270,
        }
    }
}

/// A look to be taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    pub look: Look,
    /// Whole pixels inside the picture.
    pub part: BBox,
    pub turn: Turn,
    /// The part's longer side is brought to so many input pixels.
    pub side: u32,
}

impl View {
    /// The picture as a whole.
    pub fn whole(look: Look, width: u32, height: u32, turn: Turn, side: u32) -> Self {
        Self { look, part: BBox::new(0.0, 0.0, width as f32, height as f32), turn, side }
    }

    /// Input pixels per pixel of the picture.
    pub fn magnification(&self) -> f32 {
        self.side as f32 / self.part.width().max(self.part.height()).max(1.0)
    }

    /// What the detector is shown. A part that will be turned is shrunk first: less is turned.
    pub fn cut<'a>(&self, picture: &'a RgbImage) -> Cow<'a, RgbImage> {
        let [x, y, width, height] = self.pixels();
        let part = if (width, height) == picture.dimensions() {
            Cow::Borrowed(picture)
        } else {
            Cow::Owned(imageops::crop_imm(picture, x, y, width, height).to_image())
        };
        if self.turn == Turn::None {
            return part;
        }
        let part = match self.shown() {
            size if size == (width, height) => part,
            (width, height) => Cow::Owned(imageops::thumbnail(&*part, width, height)),
        };
        Cow::Owned(match self.turn {
            Turn::None => part.into_owned(),
            Turn::Quarter => imageops::rotate90(&*part),
            Turn::Half => imageops::rotate180(&*part),
            Turn::ThreeQuarters => imageops::rotate270(&*part),
        })
    }

    /// A face in pixels of [`Self::cut`], in pixels of the picture. Landmarks keep their order, so that a face found in a
    /// turned picture is turned upright by its alignment.
    pub fn in_picture(&self, face: &Face) -> Face {
        let b = face.bbox;
        let [[ax, ay], [bx, by]] = [self.point([b.x1, b.y1]), self.point([b.x2, b.y2])];
        Face {
            bbox: BBox::new(ax.min(bx), ay.min(by), ax.max(bx), ay.max(by)),
            landmarks: face.landmarks.map(|landmark| self.point(landmark)),
            score: face.score,
        }
    }

    /// Whether the box (pixels of the picture) reaches an edge of the part that is no edge of the picture: what lies
    /// beyond was not seen.
    pub fn cuts(&self, bbox: &BBox, picture_width: u32, picture_height: u32) -> bool {
        let (x, y) = ((bbox.width() * EDGE).max(1.0), (bbox.height() * EDGE).max(1.0));
        let part = &self.part;
        (part.x1 > 0.0 && bbox.x1 < part.x1 + x)
            || (part.y1 > 0.0 && bbox.y1 < part.y1 + y)
            || (part.x2 < picture_width as f32 && bbox.x2 > part.x2 - x)
            || (part.y2 < picture_height as f32 && bbox.y2 > part.y2 - y)
    }

    fn pixels(&self) -> [u32; 4] {
        [self.part.x1 as u32, self.part.y1 as u32, (self.part.width() as u32).max(1), (self.part.height() as u32).max(1)]
    }

    /// Size of what is shown, before it is turned: where it is turned, at most the look's side long.
    fn shown(&self) -> (u32, u32) {
        let [_, _, width, height] = self.pixels();
        let longer = width.max(height);
        if self.turn == Turn::None || longer <= self.side {
            return (width, height);
        }
        let scaled = |v: u32| ((u64::from(v) * u64::from(self.side) + u64::from(longer) / 2) / u64::from(longer)).max(1) as u32;
        (scaled(width), scaled(height))
    }

    fn point(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (width, height) = self.shown();
        let (w, h) = (width as f32, height as f32);
        let [x, y] = match self.turn {
            Turn::None => [x, y],
            Turn::Quarter => [y, h - x],
            Turn::Half => [w - x, h - y],
            Turn::ThreeQuarters => [w - y, x],
        };
        [self.part.x1 + x * self.part.width() / w, self.part.y1 + y * self.part.height() / h]
    }
}

/// A box that comes so near to an edge reaches it, in parts of the box's size.
const EDGE: f32 = 0.03;

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Black, with one bright pixel.
    fn marked(width: u32, height: u32, x: u32, y: u32) -> RgbImage {
        let mut picture = RgbImage::new(width, height);
        picture.put_pixel(x, y, Rgb([255; 3]));
        picture
    }

    /// The box around the brightest pixel, as a detector would tell it.
    fn brightest(picture: &RgbImage) -> Face {
        let (x, y, _) = picture.enumerate_pixels().max_by_key(|(_, _, pixel)| pixel[0]).expect("pixels");
        let (x, y) = (x as f32, y as f32);
        Face { bbox: BBox::new(x, y, x + 1.0, y + 1.0), landmarks: [[x + 0.5, y + 0.5]; 5], score: 0.9 }
    }

    #[test]
    fn what_is_found_in_a_part_of_a_turned_picture_lies_where_it_is_in_the_picture() {
        let picture = marked(40, 30, 17, 9);
        for turn in [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            for part in [BBox::new(0.0, 0.0, 40.0, 30.0), BBox::new(10.0, 5.0, 24.0, 25.0)] {
                let view = View { look: Look::Tile, part, turn, side: 640 };
                let found = view.in_picture(&brightest(&view.cut(&picture)));
                assert_eq!(found.bbox, BBox::new(17.0, 9.0, 18.0, 10.0), "{turn:?} {part:?}");
                assert_eq!(found.landmarks[0], [17.5, 9.5]);
            }
        }
    }

    #[test]
    fn a_large_picture_is_shrunk_before_it_is_turned_and_points_still_come_back() {
        let mut picture = RgbImage::new(800, 400);
        for (x, y) in (600..640).flat_map(|x| (100..140).map(move |y| (x, y))) {
            picture.put_pixel(x, y, Rgb([255; 3]));
        }
        let view = View::whole(Look::Turned90, 800, 400, Turn::Quarter, 80);
        let shown = view.cut(&picture);
        assert_eq!(shown.dimensions(), (40, 80));
        let found = view.in_picture(&brightest(&shown)).bbox;
        assert!(BBox::new(600.0, 100.0, 640.0, 140.0).contains(found.centre()), "{found:?}");
    }

    #[test]
    fn only_inner_edges_cut_faces() {
        let view = View { look: Look::Tile, part: BBox::new(0.0, 0.0, 640.0, 400.0), turn: Turn::None, side: 640 };
        assert!(!view.cuts(&BBox::new(0.0, 0.0, 50.0, 50.0), 1000, 800), "the picture ends there");
        assert!(view.cuts(&BBox::new(600.0, 100.0, 640.0, 150.0), 1000, 800));
        assert!(view.cuts(&BBox::new(100.0, 360.0, 140.0, 410.0), 1000, 800));
        assert!(!view.cuts(&BBox::new(100.0, 300.0, 140.0, 390.0), 1000, 800));
    }

    #[test]
    fn a_look_magnifies_by_its_side_over_the_parts_longer_side() {
        assert_eq!(View::whole(Look::Full, 2560, 1000, Turn::None, 640).magnification(), 0.25);
    }
}
