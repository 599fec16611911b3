//! How many known faces are found on real photographs, and in close-ups, small, turned and masked copies of them. Skipped,
//! and said so, where the photographs or the networks are not at hand; `face-engine recall` prints the whole table.

mod real;

use models::Vision;
use server::pipeline::Role;
use server::pipeline::search::Look;
use server::recall::{Case, Golden, Group, Row, cases, measure};
use std::sync::{Arc, OnceLock};

/// The networks of the standard pack as set-up left them, and all cases; loaded once for all tests.
fn prepared() -> Option<&'static (Arc<dyn Vision>, Vec<Case>)> {
    type Prepared = (Arc<dyn Vision>, Vec<Case>);
    static PREPARED: OnceLock<Option<Prepared>> = OnceLock::new();
    PREPARED.get_or_init(|| Some((real::vision()?, photographs()?))).as_ref()
}

/// The photographs and the reference's numbers are not part of the project.
fn photographs() -> Option<Vec<Case>> {
    let base = real::shared();
    let (reference, photos) = (base.join("reference/standard.json"), base.join("testdata/photos"));
    if !reference.is_file() || !photos.is_dir() {
        return real::skip("the photographs are not there");
    }
    let golden = Golden::read(&reference).expect("the reference's numbers");
    Some(cases(&photos, &golden).expect("the photographs decode"))
}

/// What the cases of one group gave whose name begins so; None where nothing could be measured.
fn measured(group: Group, name: &str) -> Option<Vec<Row>> {
    let (vision, cases) = prepared()?;
    let of_group = cases.iter().filter(|case| case.group == group && case.name.starts_with(name));
    let rows: Vec<Row> = of_group.map(|case| measure(&**vision, case, Role::Candidate).expect("the networks look")).collect();
    assert!(!rows.is_empty(), "{group}: no case {name}");
    Some(rows)
}

fn found(rows: &[Row]) -> usize {
    rows.iter().map(|row| row.ours.found).sum()
}

fn found_in_one_look(rows: &[Row]) -> usize {
    rows.iter().map(|row| row.one_look.found).sum()
}

/// Sentences on rows in which fewer known faces than `least(row)` were found.
fn missing(rows: &[Row], least: impl Fn(&Row) -> usize) -> Vec<String> {
    let short = |row: &&Row| row.ours.found < least(row);
    rows.iter().filter(short).map(|row| format!("{}: {} of {} found", row.name, row.ours.found, row.faces)).collect()
}

#[test]
fn every_face_that_the_reference_finds_is_found_in_the_untouched_photos() {
    let Some(rows) = measured(Group::Untouched, "") else { return };
    assert_eq!(missing(&rows, |row| row.faces), Vec::<String>::new());
    let named = |name: &str| rows.iter().find(|row| row.name == name).expect("the photo is there");
    assert_eq!((named("t1.jpg").ours.found, named("t1.jpg").looks.as_slice()), (6, &[Look::Full][..]));
    assert_eq!(named("solvay_conference_1927.jpg").ours.found, 29);
    for row in rows.iter().filter(|row| row.name.starts_with("mask_")) {
        assert!(row.found.is_empty(), "{}: a mask that nobody wears is no face", row.name);
    }
}

#[test]
fn a_face_that_fills_the_frame_is_found() {
    let Some(rows) = measured(Group::CloseUp, "") else { return };
    assert_eq!(missing(&rows, |row| row.faces), Vec::<String>::new());
}

#[test]
fn faces_of_turned_pictures_are_found_and_turned_upright() {
    let Some(rows) = measured(Group::Turned, "") else { return };
    assert_eq!(missing(&rows, |row| row.faces), Vec::<String>::new());
    for row in &rows {
        let similarity = row.similarity.expect("faces are compared with the upright ones");
        assert!(similarity > 0.9, "{}: {similarity} to the upright face", row.name);
    }
}

#[test]
fn faces_of_twenty_pixels_and_of_ten_are_found() {
    let Some(rows) = measured(Group::Shrunk, "") else { return };
    assert_eq!(missing(&rows, |row| row.faces), Vec::<String>::new());
    assert_eq!(rows.iter().filter(|row| row.name.ends_with("faces of 20 px")).map(|row| row.faces).sum::<usize>(), 41);
}

#[test]
fn a_mask_over_mouth_and_nose_hides_no_face() {
    let Some(rows) = measured(Group::Masked, "") else { return };
    assert_eq!(missing(&rows, |row| row.faces), Vec::<String>::new());
    assert_eq!((rows.len(), found(&rows)), (6, 13));
}

#[test]
fn a_crowd_is_looked_at_from_nearer() {
    for (name, faces) in [("solvay_conference_1927.jpg, 2×2", 116), ("solvay_conference_1927.jpg, 3×3", 261)] {
        let Some(rows) = measured(Group::Crowd, name) else { return };
        println!("{name}: {} of {} found, {} in one look", found(&rows), rows[0].faces, found_in_one_look(&rows));
        assert_eq!((rows[0].faces, found(&rows)), (faces, faces), "{name}");
        assert!(found_in_one_look(&rows) < faces, "{name}");
    }
}

#[test]
fn small_faces_in_large_pictures_are_found_that_one_look_misses() {
    let Some(rows) = measured(Group::Sheet, "") else { return };
    println!("{} of {} found, {} in one look", found(&rows), rows.iter().map(|row| row.faces).sum::<usize>(), found_in_one_look(&rows));
    assert_eq!(missing(&rows, |row| row.faces), Vec::<String>::new());
    assert_eq!(found(&rows), 12);
    assert!(found(&rows) > found_in_one_look(&rows));
}
