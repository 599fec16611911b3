//! `face-engine recall`: how many known faces are found, in photos as they are and in what is made of them.

use super::detect::{networks, write_marked};
use crate::pipeline::{Role, draw};
use crate::recall::{Golden, cases, measure, table};
use anyhow::Context;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct RecallArgs {
    /// The reference pipeline's numbers (`standard.json`).
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// The photos that it was run on.
    #[arg(long, value_name = "DIR")]
    photos: PathBuf,
    /// Write the Markdown here instead of to stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every picture, marked, into this folder.
    #[arg(long, value_name = "DIR")]
    annotated: Option<PathBuf>,
    /// Search as long as for the face of a query.
    #[arg(long)]
    thorough: bool,
    /// Only cases whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

pub fn run(arguments: &RecallArgs) -> anyhow::Result<ExitCode> {
    let golden = Golden::read(&arguments.reference)?;
    let cases = cases(&arguments.photos, &golden)?;
    let (_, vision) = networks()?;
    if let Some(folder) = &arguments.annotated {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    }
    let role = if arguments.thorough { Role::Query } else { Role::Candidate };
    let mut rows = Vec::with_capacity(cases.len());
    for (index, case) in cases.iter().enumerate() {
        if arguments.only.as_ref().is_some_and(|text| !case.name.contains(text)) {
            continue;
        }
        let row = measure(&*vision, case, role)?;
        if let Some(folder) = &arguments.annotated {
            // One of what lies on no known face stands out; the table lists them all.
            let extra = row.ours.extra.first().map(|face| face.bbox);
            let marked = draw::annotated(&case.picture, &row.people, &row.found, extra.as_ref());
            write_marked(&folder.join(format!("{:03}.jpg", index + 1)), &marked)?;
        }
        rows.push(row);
    }
    let info = vision.info();
    let text = table(&rows, &info.engine, &info.pack);
    match &arguments.out {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        // A reader that has seen enough (`| head`) is no error.
        None => drop(stdout().write_all(text.as_bytes())),
    }
    Ok(ExitCode::SUCCESS)
}
