//! The measurement as a Markdown document.

use super::{Group, Row};
use crate::pipeline::search::Look;
use std::fmt::Write;

/// One table for each group, then the detections that lie on no known face.
pub fn table(rows: &[Row], engine: &str, pack: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Engine: {engine}; pack: {pack}. `known`: faces that the reference pipeline finds in the untouched photo.");
    let _ = writeln!(text, "`one look`: of these, found by a single look at 640 input pixels, as the reference pipeline takes it.");
    let _ = writeln!(text, "`cosine`: middle one of the similarities with the same faces in the untouched photo.");
    let mut group: Option<Group> = None;
    for row in rows {
        if group != Some(row.group) {
            group = Some(row.group);
            let _ = writeln!(text, "\n### {}\n", row.group);
            let _ = writeln!(text, "| Picture | Known | One look | Found | By | Looks | ms | Cosine |");
            let _ = writeln!(text, "|---|---|---|---|---|---|---|---|");
        }
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {:.0} | {} |",
            row.name,
            row.faces,
            row.one_look,
            row.ours,
            named(row.found_by.iter().map(|(look, count)| (*look, *count))),
            looks(&row.looks),
            row.ms,
            row.similarity.map_or_else(|| "-".to_owned(), |cosine| format!("{cosine:.2}"))
        );
    }
    text.push_str(&sums(rows));
    text.push_str(&extras(rows));
    text
}

fn sums(rows: &[Row]) -> String {
    let mut text =
        "\n### Sums\n\n| | Pictures | Known | One look | Found | On no known face | Looks |\n|---|---|---|---|---|---|---|\n".to_owned();
    let mut groups: Vec<Group> = rows.iter().map(|row| row.group).collect();
    groups.dedup();
    for group in groups {
        let of: Vec<&Row> = rows.iter().filter(|row| row.group == group).collect();
        let sum = |number: fn(&Row) -> usize| of.iter().map(|row| number(row)).sum::<usize>();
        let _ = writeln!(
            text,
            "| {group} | {} | {} | {} | {} | {} | {} |",
            of.len(),
            sum(|row| row.faces),
            sum(|row| row.one_look.found),
            sum(|row| row.ours.found),
            sum(|row| row.ours.extra.len()),
            sum(|row| row.looks.len())
        );
    }
    text
}

fn extras(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| !row.ours.extra.is_empty()) {
        if text.is_empty() {
            text.push_str("\n### Found on no known face\n\n");
        }
        let shown = row.ours.extra.iter().map(|face| {
            let [x1, y1, x2, y2] = face.bbox.array();
            format!("{x1:.0},{y1:.0} to {x2:.0},{y2:.0} (score {:.2})", face.score)
        });
        let _ = writeln!(text, "* {}, {}: {}", row.group, row.name, shown.collect::<Vec<_>>().join("; "));
    }
    text
}

/// `full 4, person 1`
fn named(counts: impl Iterator<Item = (Look, usize)>) -> String {
    let named: Vec<String> = counts.map(|(look, count)| format!("{} {count}", look.name())).collect();
    if named.is_empty() { "-".into() } else { named.join(", ") }
}

/// `3: full, close_up 2`, in the order in which they were taken.
fn looks(looks: &[Look]) -> String {
    let mut runs: Vec<(Look, usize)> = Vec::new();
    for look in looks {
        match runs.last_mut() {
            Some((last, count)) if last == look => *count += 1,
            _ => runs.push((*look, 1)),
        }
    }
    let named: Vec<String> = runs
        .into_iter()
        .map(|(look, count)| if count == 1 { look.name().to_owned() } else { format!("{} ×{count}", look.name()) })
        .collect();
    format!("{}: {}", looks.len(), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::*;
    use models::{BBox, Face};

    #[test]
    fn the_table_says_what_was_found_by_which_looks_and_what_lies_on_no_known_face() {
        let extra = Face { bbox: BBox::new(1.0, 2.0, 30.0, 40.0), landmarks: [[0.0; 2]; 5], score: 0.55 };
        let row = Row {
            group: Group::Turned,
            name: "a.jpg, 90°".into(),
            faces: 2,
            one_look: Count::default(),
            ours: Count { found: 2, extra: vec![extra] },
            found_by: [(Look::Full, 1), (Look::Turned270, 2)].into(),
            looks: vec![Look::Full, Look::CloseUp, Look::CloseUp, Look::Turned270],
            ms: 12.4,
            similarity: Some(0.987),
            people: Vec::new(),
            found: Vec::new(),
        };
        let text = table(&[row], "played", "standard");
        for line in [
            "### Turned clockwise",
            "| a.jpg, 90° | 2 | 0 | 2 and 1 more | full 1, turned_270 2 | 4: full, close_up ×2, turned_270 | 12 | 0.99 |",
            "| Turned clockwise | 1 | 2 | 0 | 2 | 1 | 4 |",
            "* Turned clockwise, a.jpg, 90°: 1,2 to 30,40 (score 0.55)",
        ] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
    }
}
