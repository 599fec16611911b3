//! The compared faces as a table to take along: CSV for spreadsheets, JSON for programs. Both have the same columns, named as
//! in the API.

use crate::{
    api::{DownloadedFrom, MatchReport, MatchResult, QualityReason, Thresholds},
    number::{fixed, shortest},
    places::places,
};

enum Cell {
    /// What somebody else has said, or we have.
    Text(String),
    /// A number or a truth value, as JSON writes it.
    Plain(String),
    List(Vec<String>),
    Empty,
}

const COLUMNS: [&str; 22] = [
    "rank",
    "similarity",
    "match_status",
    "held_back",
    "title",
    "page_url",
    "image_uri",
    "providers",
    "source_domain",
    "license",
    "license_url",
    "attribution",
    "quality",
    "quality_reasons",
    "fallback",
    "thumbnail_only",
    "downloaded_from",
    "retrieved_at",
    "sha256",
    "pool_image",
    "box",
    "duplicates",
];

fn text(text: &Option<String>) -> Cell {
    text.clone().map_or(Cell::Empty, Cell::Text)
}

/// What is no number is empty.
fn number(number: f32) -> Cell {
    if number.is_finite() { Cell::Plain(shortest(number)) } else { Cell::Empty }
}

fn reasons(reasons: &[QualityReason]) -> Cell {
    Cell::List(reasons.iter().map(|reason| reason.as_str().to_owned()).collect())
}

fn row(report: &MatchReport) -> [Cell; COLUMNS.len()] {
    let mut places = places(report);
    let place = places.swap_remove(0);
    let quality = report.face.quality.as_ref();
    let from = match report.downloaded_from {
        DownloadedFrom::Picture => "picture",
        DownloadedFrom::Rendition => "rendition",
        DownloadedFrom::Thumbnail => "thumbnail",
        DownloadedFrom::PageImage => "page_image",
    };
    [
        Cell::Plain(report.rank.to_string()),
        number(report.similarity),
        Cell::Text(report.match_status.to_string()),
        reasons(&report.held_back),
        text(&place.title),
        text(&place.page_url),
        Cell::Text(place.image_uri),
        Cell::List(place.providers),
        text(&place.source_domain),
        text(&place.license),
        text(&place.license_url),
        text(&place.attribution),
        quality.map_or(Cell::Empty, |quality| number(quality.overall)),
        quality.map_or(Cell::Empty, |quality| reasons(&quality.reasons)),
        Cell::Plain(report.fallback.to_string()),
        Cell::Plain(report.thumbnail_only.to_string()),
        Cell::Text(from.to_owned()),
        if report.retrieved_at.is_empty() { Cell::Empty } else { Cell::Text(report.retrieved_at.clone()) },
        Cell::Text(report.sha256.clone()),
        Cell::Text(report.pool_image.clone()),
        Cell::List(report.face.bbox.iter().map(|edge| fixed(*edge, 0)).collect()),
        Cell::List(report.duplicates.clone()),
    ]
}

/// As RFC 4180 has it, in UTF-8 with the mark by which spreadsheets know it. What a spreadsheet would run as a formula is text.
pub fn csv(reports: &[MatchReport]) -> String {
    let mut out = String::from("\u{feff}");
    out.push_str(&COLUMNS.join(","));
    out.push_str("\r\n");
    for report in reports {
        for (place, cell) in row(report).iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            match cell {
                Cell::Text(text) => out.push_str(&field(text)),
                Cell::List(texts) => out.push_str(&field(&texts.join(" | "))),
                Cell::Plain(plain) => out.push_str(plain),
                Cell::Empty => {}
            }
        }
        out.push_str("\r\n");
    }
    out
}

/// OWASP, "CSV injection": a field that begins with one of these signs may be run; an apostrophe before it is shown by some
/// programs and harms in none. Signs that look like white space are skipped by some.
fn field(text: &str) -> String {
    let runs = text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
        || text.starts_with(['\t', '\r', '\n']);
    let safe = if runs { ["'", text].concat() } else { text.to_owned() };
    if safe.contains([',', '"', '\r', '\n', ';', '\t']) { ["\"", &safe.replace('"', "\"\""), "\""].concat() } else { safe }
}

/// One object for each face below `matches`, and what made them. `result`: as far as it is known.
pub fn json(reports: &[MatchReport], thresholds: Thresholds, result: Option<&MatchResult>) -> String {
    let mut out = String::from("{\n  \"thresholds\": {\"match\": ");
    plain(&mut out, &number(thresholds.match_));
    out.push_str(", \"possible\": ");
    plain(&mut out, &number(thresholds.possible));
    out.push_str("},\n");
    if let Some(result) = result {
        let said = [
            ("request_id", &result.request_id),
            ("engine", &result.engine),
            ("person_model", &result.models.person),
            ("face_model", &result.models.face),
            ("embedding_model", &result.models.embedding),
        ];
        for (name, value) in said {
            out.push_str("  ");
            quoted(&mut out, name);
            out.push_str(": ");
            quoted(&mut out, value);
            out.push_str(",\n");
        }
    }
    out.push_str("  \"matches\": [");
    for (place, report) in reports.iter().enumerate() {
        out.push_str(if place == 0 { "\n    {" } else { ",\n    {" });
        for (place, (name, cell)) in COLUMNS.iter().zip(row(report)).enumerate() {
            if place > 0 {
                out.push_str(", ");
            }
            quoted(&mut out, name);
            out.push_str(": ");
            plain(&mut out, &cell);
        }
        out.push('}');
    }
    out.push_str("\n  ]\n}\n");
    out
}

fn plain(out: &mut String, cell: &Cell) {
    match cell {
        Cell::Text(text) => quoted(out, text),
        Cell::Plain(plain) => out.push_str(plain),
        Cell::Empty => out.push_str("null"),
        Cell::List(texts) => {
            out.push('[');
            for (place, text) in texts.iter().enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                quoted(out, text);
            }
            out.push(']');
        }
    }
}

/// RFC 8259, section 7.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 0x20 => {
                let digit = |n: u32| char::from_digit(n, 16).unwrap_or('0');
                out.push_str("\\u00");
                out.extend([digit(u32::from(c) >> 4), digit(u32::from(c) & 15)]);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::tests::face;

    const LIMITS: Thresholds = Thresholds { match_: 0.4, possible: 0.3 };

    fn found() -> MatchReport {
        let mut report = face("pool-1.jpg", 3.4, -0.0721, 1);
        report.title = Some("=HYPERLINK(\"https://evil.example\",\"Ada, 1843\")".into());
        report.attribution = Some("Ada \"Augusta\"\nKing".into());
        report.license = Some("CC BY".into());
        report.held_back = vec![QualityReason::Small, QualityReason::TurnedAway];
        report.duplicates = vec!["https://a.example/1".into(), "https://a.example/2".into()];
        report
    }

    /// A reader of RFC 4180, written from its grammar.
    fn read(csv: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut open) = (Vec::new(), Vec::new(), String::new(), false);
        let mut signs = csv.chars().peekable();
        while let Some(c) = signs.next() {
            match (c, open) {
                ('"', true) if signs.peek() == Some(&'"') => cell.extend(signs.next()),
                ('"', _) => open = !open,
                (',', false) => row.push(std::mem::take(&mut cell)),
                ('\r', false) => {}
                ('\n', false) => {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                (c, _) => cell.push(c),
            }
        }
        rows
    }

    #[test]
    fn a_spreadsheet_gets_every_field_whole_and_runs_none_of_them() {
        let csv = csv(&[found(), face("b", 0.0, f32::NAN, 2)]);
        let rows = read(csv.strip_prefix('\u{feff}').unwrap());
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
        let cell = |row: usize, name: &str| rows[row][COLUMNS.iter().position(|column| *column == name).unwrap()].as_str();
        assert_eq!(cell(1, "title"), "'=HYPERLINK(\"https://evil.example\",\"Ada, 1843\")");
        assert_eq!(cell(1, "attribution"), "Ada \"Augusta\"\nKing");
        assert_eq!(cell(1, "similarity"), "-0.0721", "a number of our own stays one");
        assert_eq!((cell(1, "held_back"), cell(1, "box")), ("small | turned_away", "3 | 0 | 13 | 10"));
        assert_eq!((cell(2, "similarity"), cell(2, "match_status"), cell(2, "title")), ("", "NO_MATCH", ""));
    }

    #[test]
    fn whatever_could_begin_a_formula_is_made_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", "\n1", "\u{ff1d}1"] {
            let made = field(text);
            assert!(made.trim_start_matches('"').starts_with('\''), "{text:?} became {made:?}");
        }
        assert_eq!(field("a=1"), "a=1");
        assert_eq!(field("a;b"), "\"a;b\"", "some spreadsheets part at semicolons");
    }

    #[test]
    fn the_same_table_is_json_that_any_reader_takes() {
        let mut report = found();
        report.title = Some("a \"quoted\" \\ line\u{1}\nü".into());
        let told: serde_json::Value = serde_json::from_str(&json(&[report, face("b", 0.0, f32::NAN, 2)], LIMITS, None)).unwrap();
        assert_eq!(told["thresholds"]["match"], 0.4_f32.to_string().parse::<f64>().unwrap());
        let matches = told["matches"].as_array().unwrap();
        assert_eq!(matches[0]["title"], "a \"quoted\" \\ line\u{1}\nü");
        assert_eq!(matches[0]["similarity"], -0.0721);
        assert_eq!(matches[0]["duplicates"][1], "https://a.example/2");
        assert_eq!((&matches[1]["similarity"], &matches[1]["fallback"]), (&serde_json::Value::Null, &serde_json::Value::Bool(false)));
        assert_eq!(matches[0].as_object().unwrap().len(), COLUMNS.len());
        let none: serde_json::Value = serde_json::from_str(&json(&[], LIMITS, None)).unwrap();
        assert_eq!(none["matches"], serde_json::json!([]));
    }
}
