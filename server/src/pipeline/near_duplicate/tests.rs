use super::*;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, brighten, crop_imm, resize};
use image::{ImageFormat, Rgb};
use models::Contract;

/// Numbers that are the same in every run (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A picture of soft blots, another one for each seed.
fn photograph(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut numbers = Numbers(seed * 2 + 0x9e37_79b9);
    let mut blots = Vec::new();
    for _ in 0..40 {
        let [x, y] = [width, height].map(|side| numbers.below(u64::from(side)) as f32);
        blots.push((x, y, (numbers.below(20) + 5) as f32 / 100.0 * width as f32, numbers.below(200) as f32 - 100.0));
    }
    RgbImage::from_fn(width, height, |x, y| {
        let light: f32 = blots
            .iter()
            .map(|(bx, by, size, light)| {
                let (dx, dy) = ((x as f32 - bx) / size, (y as f32 - by) / size);
                light * (-(dx * dx + dy * dy)).exp()
            })
            .sum();
        let value = (128.0 + light).clamp(0.0, 255.0) as u8;
        Rgb([value, value.saturating_add(10), value / 2 + 40])
    })
}

fn encoded(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).expect("encodes");
    image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).expect("decodes").into_rgb8()
}

/// Without so much of its width and height, half of it at either side.
fn cropped(picture: &RgbImage, part: f32) -> RgbImage {
    let cut = |side: u32| (side as f32 * part / 2.0) as u32;
    let (width, height) = picture.dimensions();
    let (x, y) = (cut(width), cut(height));
    crop_imm(picture, x, y, width - 2 * x, height - 2 * y).to_image()
}

fn hash(picture: &RgbImage) -> PictureHash {
    PictureHash::of(picture).expect("neither flat nor tiny")
}

fn face(degrees: f32) -> Embedding {
    let angle = degrees.to_radians();
    let contract = Contract { digest: "played".into(), preprocessing: "none".into(), dimension: 2 };
    Embedding::from_raw(vec![angle.cos(), angle.sin()], &std::sync::Arc::new(contract)).expect("numbers")
}

/// That of the standard pack.
const RULE: fn() -> Nearness = || Nearness::new(0.40);

#[test]
fn copies_of_a_photograph_stay_within_the_bounds_and_other_photographs_do_not() {
    let mut hashes: Vec<PictureHash> = Vec::new();
    for seed in 0..20 {
        let picture = photograph(seed, 320, 240);
        let own = hash(&picture);
        let half = resize(&picture, 160, 120, FilterType::Triangle);
        for (copy, what) in [
            (encoded(&picture, 50), "encoded anew"),
            (half.clone(), "half the size"),
            (resize(&picture, 640, 480, FilterType::CatmullRom), "twice the size"),
            (brighten(&picture, 20), "brighter"),
            (brighten(&picture, -20), "darker"),
            (encoded(&half, 50), "half the size, encoded anew"),
            (cropped(&picture, 0.02), "hardly cropped"),
        ] {
            let distance = own.distance(hash(&copy));
            assert!(distance <= SAME_LAYOUT, "{seed}, {what}: {distance} bits");
        }
        for (copy, what) in [(cropped(&picture, 0.05), "cropped"), (cropped(&encoded(&half, 50), 0.05), "cropped and all")] {
            let distance = own.distance(hash(&copy));
            assert!(distance <= CROPPED_LAYOUT, "{seed}, {what}: {distance} bits");
        }
        for other in &hashes {
            assert!(own.distance(*other) > CROPPED_LAYOUT, "{seed}: {} bits", own.distance(*other));
        }
        hashes.push(own);
    }
}

#[test]
fn flat_and_tiny_pictures_have_no_hash() {
    assert_eq!(PictureHash::of(&RgbImage::from_pixel(300, 300, Rgb([200, 30, 30]))), None);
    assert_eq!(PictureHash::of(&RgbImage::new(0, 0)), None);
    assert_eq!(PictureHash::of(&photograph(1, 71, 300)), None);
    assert!(PictureHash::of(&photograph(1, 72, 72)).is_some());
    // Noise of an encoder, a sign in a corner, a ground that only grows darker downwards.
    let noise = RgbImage::from_fn(300, 300, |x, y| Rgb([128 + ((x * 7 + y * 13) % 3) as u8; 3]));
    let sign = RgbImage::from_fn(300, 300, |x, y| Rgb([if x < 30 && y < 30 { 0 } else { 255 }; 3]));
    let ground = RgbImage::from_fn(300, 300, |_, y| Rgb([255 - (y / 2) as u8; 3]));
    for flat in [noise, sign, ground] {
        assert_eq!(PictureHash::of(&flat), None);
    }
}

#[test]
fn a_picture_of_any_shape_and_size_is_hashed_without_a_panic() {
    for (width, height) in [(72, 4000), (4000, 72), (73, 79), (1151, 1152), (577, 99)] {
        let _ = PictureHash::of(&RgbImage::from_fn(width, height, |x, y| Rgb([(x ^ y) as u8; 3])));
    }
}

#[test]
fn two_different_faces_never_collapse_however_alike_their_pictures_are() {
    let hash = Some(hash(&photograph(1, 200, 200)));
    let (one, same, alike, other) = (face(0.0), face(40.0), face(50.0), face(90.0));
    let look = |face| Look { hash, face };
    let near = |a, b| RULE().of(&look(a), &look(b)).is_some();
    assert!(near(Some(&one), Some(&same)), "cosine 0.77: halfway from 0.40 to 1 is 0.70");
    assert!(!near(Some(&one), Some(&alike)), "cosine 0.64: a match, not the same picture of it");
    assert!(!near(Some(&one), Some(&other)));
    assert!(!near(Some(&one), None) && !near(None, Some(&one)), "a face in one of them alone");
    assert!(near(None, None));
}

#[test]
fn the_less_alike_the_pictures_the_more_alike_the_faces_must_be() {
    let at = |bits: u32| Some(PictureHash { across: (1_u64 << bits) - 1, down: 0 });
    let (one, encoded, cropped) = (face(0.0), face(40.0), face(20.0));
    let near = |bits, other| RULE().of(&Look { hash: at(0), face: Some(&one) }, &Look { hash: at(bits), face: other }).is_some();
    assert!(near(SAME_LAYOUT, Some(&encoded)) && !near(SAME_LAYOUT + 1, Some(&encoded)));
    assert!(near(CROPPED_LAYOUT, Some(&cropped)) && !near(CROPPED_LAYOUT + 1, Some(&one)));
    let nobody = |bits| RULE().of(&Look { hash: at(0), face: None }, &Look { hash: at(bits), face: None }).is_some();
    assert!(nobody(SAME_LAYOUT) && !nobody(SAME_LAYOUT + 1), "without a face to compare, a crop is not believed");
}

#[test]
fn without_a_hash_nothing_collapses() {
    let one = face(0.0);
    let (with, without) = (Look { hash: Some(hash(&photograph(1, 200, 200))), face: Some(&one) }, Look { hash: None, face: Some(&one) });
    assert!(RULE().of(&without, &without).is_none() && RULE().of(&with, &without).is_none());
    assert_eq!(RULE().groups(&[without, without]), [[0], [1]]);
}

#[test]
fn a_chain_of_small_changes_does_not_tie_its_ends_together() {
    let link = |bits: u32| Look { hash: Some(PictureHash { across: (1_u64 << bits) - 1, down: 0 }), face: None };
    let chain = [link(0), link(10), link(20), link(30), link(40)];
    assert_eq!(RULE().groups(&chain), [vec![0, 1], vec![2, 3], vec![4]]);
    // What is near two leaders joins the nearer one.
    assert_eq!(RULE().groups(&[link(0), link(20), link(14)]), [vec![0], vec![1, 2]]);
    assert_eq!(RULE().groups(&[]), Vec::<Vec<usize>>::new());
}

#[test]
fn groups_are_a_partition_whose_members_are_all_near_their_leader() {
    let mut numbers = Numbers(7);
    let faces: Vec<Embedding> = (0..4).map(|person| face(person as f32 * 60.0)).collect();
    // Families of hashes, each a few bits from another, so that many are near several leaders.
    let looks: Vec<Look<'_>> = (0..500)
        .map(|_| {
            let mut across = [0, 0x0000_00ff_ff00_0000, u64::MAX][numbers.below(3) as usize];
            (0..numbers.below(12)).for_each(|_| across ^= 1 << numbers.below(64));
            Look { hash: Some(PictureHash { across, down: 0xff }), face: Some(&faces[numbers.below(4) as usize]) }
        })
        .collect();
    let groups = RULE().groups(&looks);
    let mut members: Vec<usize> = groups.iter().flatten().copied().collect();
    members.sort_unstable();
    assert_eq!(members, (0..500).collect::<Vec<_>>());
    assert!(groups.len() < 100, "{} groups", groups.len());
    for group in &groups {
        for member in &group[1..] {
            assert!(*member > group[0], "who comes first leads");
            assert!(RULE().of(&looks[group[0]], &looks[*member]).is_some());
        }
    }
    for (place, one) in groups.iter().enumerate() {
        for other in &groups[place + 1..] {
            assert!(RULE().of(&looks[one[0]], &looks[other[0]]).is_none(), "no leader could have joined another");
        }
    }
}

#[test]
fn copies_do_not_count_as_different_pictures() {
    let link = |bits: u32| Look { hash: Some(PictureHash { across: (1_u64 << bits) - 1, down: 0 }), face: None };
    let looks = [link(0), link(3), link(30), link(33)];
    assert!(RULE().has_different(looks.into_iter(), 2) && !RULE().has_different(looks.into_iter(), 3));
    assert!(RULE().has_different(std::iter::empty(), 0));
}
