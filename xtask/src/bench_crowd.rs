//! The part of `make bench` that asks whether the service stays alive in a crowd: two hundred uploads at once
//! (`face-engine bench-crowd`), and how long `/health/live` takes meanwhile.

use crate::{places::Places, process};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub fn run(places: &Places, query: &Path) -> Result<()> {
    let mut engine = Command::new(places.target.join("debug/face-engine"));
    engine.arg("bench-crowd").arg(query).env("DATA_DIR", &places.data);
    print!("{}", lines(&process::text(&mut engine, "measuring a crowd of uploads")?)?);
    Ok(())
}

/// The last line of `face-engine bench-crowd`, for people.
fn lines(said: &str) -> Result<String> {
    let line = said.lines().last().unwrap_or_default();
    let wrong = || format!("this is no measurement: {line}");
    let value: Value = serde_json::from_str(line).with_context(wrong)?;
    let count = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64).with_context(wrong);
    let statuses = value.get("statuses").and_then(Value::as_object).with_context(wrong)?;
    let statuses: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} x {status}")).collect();
    let mut text = format!("\n{} uploads at once: {}\n", count("/uploads")?, statuses.join(", "));
    text.push_str(&format!("{:<34}{:>10}{:>10}{:>12}{:>10}\n", "", "p50 ms", "p99 ms", "longest ms", "count"));
    for (what, name) in [
        ("answers to the uploads", "answer_s"),
        ("/health/live during the uploads", "live_while_uploading_s"),
        ("/health/live during the work", "live_while_working_s"),
    ] {
        let ms = |rank: &str| {
            let seconds = value.pointer(&format!("/{name}/{rank}")).and_then(Value::as_f64).with_context(wrong)?;
            Ok::<_, anyhow::Error>(format!("{:.1}", seconds * 1000.0))
        };
        let (p50, p99, longest, count) = (ms("p50")?, ms("p99")?, ms("longest")?, count(&format!("/{name}/count"))?);
        text.push_str(&format!("{what:<34}{p50:>10}{p99:>10}{longest:>12}{count:>10}\n"));
    }
    let wall = value.get("wall_s").and_then(Value::as_f64).with_context(wrong)?;
    text.push_str(&format!("{} of {} accepted requests completed, in {wall:.1} s. ", count("/completed")?, count("/accepted")?));
    text.push_str("The goal: /health/live within 100 ms at p99.\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_told_with_its_percentiles() {
        let of = |p99: f64| format!(r#"{{"count":50,"p50":0.001,"p99":{p99},"longest":0.5}}"#);
        let said = format!(
            r#"{{"uploads":200,"statuses":{{"202":65,"503":135}},"answer_s":{},"live_while_uploading_s":{},"live_while_working_s":{},
            "accepted":65,"completed":65,"wall_s":12.5}}"#,
            of(0.9),
            of(0.0205),
            of(0.0301)
        );
        let lines = lines(&said.replace('\n', "")).unwrap();
        assert!(lines.contains("200 uploads at once: 65 x 202, 135 x 503"), "{lines}");
        assert!(lines.contains("/health/live during the uploads          1.0      20.5       500.0        50"), "{lines}");
        assert!(lines.contains("65 of 65 accepted requests completed, in 12.5 s."), "{lines}");
        assert!(super::lines("the service did not start").is_err());
    }
}
