//! Debian packages, where this machine has apt and we may use it; else a sentence that names what to install.

use crate::process;
use anyhow::{Result, bail};
use std::process::Command;

/// Installs `packages`. `purpose` ends the sentence "needed for ...".
pub fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    if process::found("apt-get").is_none() {
        bail!("this machine has no apt-get: install what Debian calls `{list}` ({purpose}), then run the same command again");
    }
    let root = process::text(Command::new("id").arg("-u"), "asking who runs this")? == "0";
    let sudo =
        !root && process::found("sudo").is_some() && Command::new("sudo").args(["-n", "true"]).output().is_ok_and(|o| o.status.success());
    if !root && !sudo {
        bail!("{purpose} needs Debian packages: run `sudo apt-get install {list}`, then the same command again");
    }
    println!("apt: installing {list} ({purpose})");
    let apt = |arguments: &[&str]| {
        let mut command = if sudo { Command::new("sudo") } else { Command::new("apt-get") };
        if sudo {
            command.args(["-n", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        process::output(&mut command, &format!("installing {list}"))
    };
    apt(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)?;
    Ok(())
}
