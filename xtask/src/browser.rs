//! What the browser tests need: Chromium (Debian's, or one that is there) and the npm packages of `end2end/`.

use crate::{apt, digest, places::Places, process};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// A Chromium that is installed. `CHROMIUM` names one elsewhere.
pub fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|p| p.is_file());
    named.or_else(|| ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].into_iter().find_map(process::found))
}

pub fn run(places: &Places) -> Result<()> {
    if chromium().is_none() {
        println!("browser: no Chromium here (about 400 MB with what it needs)");
        apt::install(&["chromium"], "the browser of the tests")?;
    }
    let Some(chromium) = chromium() else { bail!("Chromium was installed but is not in PATH: name it in the variable CHROMIUM") };
    let folder = places.root.join("end2end");
    let stamp_file = folder.join("node_modules/.face-engine");
    let stamp = digest::of_tree(&folder, &["package.json", "package-lock.json"], &[])?;
    if std::fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) {
        println!("browser: {} and the test packages are already there", chromium.display());
        return Ok(());
    }
    if process::found("npm").is_none() {
        bail!("the browser tests need Node.js with npm: install it (Debian: `apt-get install npm`), then run the same command again");
    }
    let begun = Instant::now();
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    // The browser is the system's; Playwright's own would be a second one.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::output(&mut npm, "installing the packages of end2end/")?;
    std::fs::write(&stamp_file, stamp)?;
    println!("browser: {}, test packages installed in {:.0?}", chromium.display(), begun.elapsed());
    Ok(())
}
