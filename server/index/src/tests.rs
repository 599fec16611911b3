//! The index against a plain scan over the originals.

use super::testing::{Random, normalised};
use super::*;

type Gallery = HashMap<u64, Vec<f32>>;

/// What a search must answer.
fn plain(gallery: &Gallery, probe: &[f32], k: usize, filter: impl Fn(u64) -> bool) -> Vec<Hit> {
    let mut hits: Vec<Hit> =
        gallery.iter().filter(|(key, _)| filter(**key)).map(|(&key, vector)| Hit { key, cosine: cosine(probe, vector) }).collect();
    hits.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.key.cmp(&b.key)));
    hits.truncate(k);
    hits
}

fn index(gallery: &Gallery, dimension: usize, form: Form) -> ExactIndex {
    let mut index = ExactIndex::new(dimension, form).unwrap();
    gallery.iter().for_each(|(&key, vector)| index.insert(key, vector).unwrap());
    index
}

fn every_way() -> impl Iterator<Item = (Form, Kernel, usize)> {
    let kernels = || Kernel::available().into_iter().flat_map(|kernel| [(kernel, 1), (kernel, 3)]);
    [Form::Int8, Form::Half].into_iter().flat_map(move |form| kernels().map(move |(kernel, threads)| (form, kernel, threads)))
}

/// People with several pictures each, as a pool of faces has them, and many without any kin.
fn faces(random: &mut Random, dimension: usize, people: usize, strangers: usize) -> Gallery {
    let mut vectors = Vec::new();
    for _ in 0..people {
        let centre = random.unit(dimension);
        let pictures = 1 + random.below(20);
        vectors.extend((0..pictures).map(|_| random.near(&centre, 0.8)));
    }
    vectors.extend((0..strangers).map(|_| random.unit(dimension)));
    vectors.into_iter().enumerate().map(|(key, vector)| (key as u64 * 7 + 3, vector)).collect()
}

#[test]
fn an_answer_is_that_of_a_scan_over_the_originals() {
    let mut random = Random::new(11);
    for (dimension, rows) in [(1, 40), (2, 200), (3, 500), (17, 900), (128, 1500), (512, 6000), (513, 300)] {
        let gallery = faces(&mut random, dimension, rows / 30, rows / 2);
        let members: Vec<Vec<f32>> = gallery.values().take(3).cloned().collect();
        let mut probes: Vec<Vec<f32>> = members.iter().map(|member| random.near(member, 0.7)).collect();
        probes.push(random.unit(dimension));
        for (form, kernel, threads) in every_way() {
            let index = index(&gallery, dimension, form).with_kernel(kernel).with_threads(threads);
            for probe in &probes {
                for k in [0, 1, 10, 100, gallery.len(), gallery.len() + 5] {
                    let found = index.search(probe, k, None, &gallery).unwrap();
                    assert_eq!(found, plain(&gallery, probe, k, |_| true), "{form:?}, {}, {dimension}, best {k}", kernel.name());
                }
            }
        }
    }
}

#[test]
fn a_shortlist_is_short_where_faces_are_spread() {
    let mut random = Random::new(12);
    let gallery = faces(&mut random, 512, 200, 6000);
    let probe = random.near(&gallery[&3], 0.7);
    let rows = gallery.len();
    for form in [Form::Int8, Form::Half] {
        let shortlist = index(&gallery, 512, form).shortlist(&probe, 10, None).unwrap();
        assert!((10..rows / 20).contains(&shortlist.keys().len()), "{form:?}: {} of {rows} rows", shortlist.keys().len());
    }
}

#[test]
fn crowds_of_almost_equal_rows_are_still_told_apart() {
    // All within the bound of one another: no row can be left out by its small form.
    let mut random = Random::new(13);
    let centre = random.unit(64);
    let gallery: Gallery = (0..3000).map(|key| (key, random.near(&centre, 1e-3))).collect();
    for (form, kernel, threads) in every_way() {
        let index = index(&gallery, 64, form).with_kernel(kernel).with_threads(threads);
        assert_eq!(index.search(&centre, 10, None, &gallery).unwrap(), plain(&gallery, &centre, 10, |_| true), "{form:?}");
    }
}

#[test]
fn equal_rows_come_in_the_order_of_their_keys() {
    let mut random = Random::new(14);
    let (one, other) = (random.unit(32), random.unit(32));
    let gallery: Gallery = (0..100).map(|key| (key, if key % 2 == 0 { one.clone() } else { other.clone() })).collect();
    for (form, kernel, threads) in every_way() {
        let index = index(&gallery, 32, form).with_kernel(kernel).with_threads(threads);
        let found = index.search(&one, 5, None, &gallery).unwrap();
        assert_eq!(found.iter().map(|hit| hit.key).collect::<Vec<_>>(), [0, 2, 4, 6, 8]);
    }
}

#[test]
fn a_filter_leaves_the_best_of_those_that_pass() {
    let mut random = Random::new(15);
    let gallery = faces(&mut random, 96, 40, 4000);
    let probe = random.unit(96);
    for (form, kernel, threads) in every_way() {
        let index = index(&gallery, 96, form).with_kernel(kernel).with_threads(threads);
        for modulus in [2, 50, 100_000] {
            let passes = |key: u64| key % modulus == 3 % modulus;
            let found = index.search(&probe, 10, Some(&passes), &gallery).unwrap();
            assert_eq!(found, plain(&gallery, &probe, 10, passes), "{form:?}, one of {modulus}");
        }
        assert_eq!(index.search(&probe, 10, Some(&|_| false), &gallery).unwrap(), []);
    }
}

#[test]
fn an_empty_index_finds_nothing() {
    let gallery = Gallery::new();
    for form in [Form::Int8, Form::Half] {
        let index = index(&gallery, 512, form);
        assert!(index.is_empty() && index.bytes() == 0);
        assert_eq!(index.search(&normalised(vec![1.0; 512]), 10, None, &gallery).unwrap(), []);
        assert_eq!(index.search_many(&[], 10, None, &gallery).unwrap(), Vec::<Vec<Hit>>::new());
    }
}

#[test]
fn rows_that_come_and_go_leave_what_a_fresh_index_would_hold() {
    let mut random = Random::new(16);
    for form in [Form::Int8, Form::Half] {
        let (mut gallery, mut index) = (Gallery::new(), ExactIndex::new(24, form).unwrap());
        for step in 0..6000 {
            // Grows, then shrinks to a few, with keys that are taken again.
            let key = random.below(700) as u64;
            if random.below(6000) > step {
                let vector = random.unit(24);
                index.insert(key, &vector).unwrap();
                gallery.insert(key, vector);
            } else {
                assert_eq!(index.remove(key), gallery.remove(&key).is_some());
                assert!(!index.contains(key));
            }
            assert_eq!(index.len(), gallery.len());
            if step % 250 == 0 {
                let probe = random.unit(24);
                assert_eq!(index.search(&probe, 20, None, &gallery).unwrap(), plain(&gallery, &probe, 20, |_| true), "step {step}");
            }
        }
        let keys: Vec<u64> = gallery.keys().copied().collect();
        assert!(keys.iter().all(|&key| index.remove(key)));
        assert!(index.is_empty() && index.shortlist(&random.unit(24), 5, None).unwrap().keys().is_empty());
    }
}

#[test]
fn several_probes_get_what_each_would_get_alone() {
    let mut random = Random::new(17);
    let gallery = faces(&mut random, 128, 100, 9000);
    let probes: Vec<Vec<f32>> = (0..9).map(|_| random.unit(128)).collect();
    let probes: Vec<&[f32]> = probes.iter().map(Vec::as_slice).collect();
    let index = index(&gallery, 128, Form::Int8);
    let together = index.search_many(&probes, 10, None, &gallery).unwrap();
    for (probe, found) in probes.iter().zip(together) {
        assert_eq!(found, index.search(probe, 10, None, &gallery).unwrap());
    }
}

#[test]
fn a_row_whose_original_is_gone_is_left_out() {
    let mut random = Random::new(18);
    let mut gallery = faces(&mut random, 48, 5, 100);
    let index = index(&gallery, 48, Form::Int8);
    let probe = random.unit(48);
    let first = plain(&gallery, &probe, 1, |_| true)[0].key;
    gallery.remove(&first);
    assert!(index.search(&probe, 10, None, &gallery).unwrap().iter().all(|hit| hit.key != first));
}

#[test]
fn what_is_no_vector_of_length_one_is_refused_and_changes_nothing() {
    let mut index = ExactIndex::new(4, Form::Int8).unwrap();
    assert!(matches!(index.insert(1, &[1.0, 0.0, 0.0]), Err(IndexError::Dimension { expected: 4, got: 3 })));
    assert!(matches!(index.insert(1, &[f32::NAN, 0.0, 0.0, 1.0]), Err(IndexError::NotFinite)));
    assert!(matches!(index.insert(1, &[f32::INFINITY, 0.0, 0.0, 1.0]), Err(IndexError::NotFinite)));
    assert!(matches!(index.insert(1, &[0.0; 4]), Err(IndexError::Length(_))));
    assert!(matches!(index.insert(1, &[1.0, 0.1, 0.0, 0.0]), Err(IndexError::Length(_))));
    assert!(index.is_empty());
    assert!(matches!(index.search(&[f32::NAN; 4], 1, None, &Gallery::new()), Err(IndexError::NotFinite)));
    assert!(matches!(ExactIndex::new(0, Form::Int8), Err(IndexError::NoDimension(0))));
    assert!(matches!(ExactIndex::new(kernel::MAX_DIMENSION + 1, Form::Int8), Err(IndexError::NoDimension(_))));
}

#[test]
fn a_row_that_went_leaves_no_byte_of_itself() {
    let mut random = Random::new(19);
    let mut index = ExactIndex::new(40, Form::Int8).unwrap();
    index.insert(1, &random.unit(40)).unwrap();
    index.insert(2, &random.unit(40)).unwrap();
    index.remove(1);
    index.remove(2);
    index.insert(3, &normalised(vec![1.0; 40])).unwrap();
    // The block of the row that is there now: every other lane is empty, its bytes zero.
    let (_, block) = index.blocks.run(0).next().unwrap();
    assert!((1..kernel::LANES).all(|lane| kernel::head_of(block, lane) == (0.0, f32::NEG_INFINITY)));
    let lane = |lane: usize| (0..40).map(move |at| kernel::HEAD + Form::Int8.place(lane, at));
    assert!((1..kernel::LANES).flat_map(lane).all(|place| block[place] == 0));
}
