//! SHA-256 of files and of sets of files: what was fetched is what was meant, and what was built is still up to date.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

pub fn hex(bytes: &[u8]) -> String {
    finish(Sha256::new_with_prefix(bytes))
}

pub fn of_file(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    std::io::copy(&mut file, &mut hasher).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(finish(hasher))
}

/// An error with both digests unless `actual` is `expected`.
pub fn check(what: &str, expected: &str, actual: &str) -> Result<()> {
    if actual != expected {
        bail!(
            "{what} is not the file that was meant.\n    expected SHA-256 {expected}\n    found SHA-256    {actual}\n\
             Nothing of it was used. Remove it or give the right one, then run the same command again."
        );
    }
    Ok(())
}

/// One digest over paths and contents of all files in `places` (files or folders, relative to `root`; missing ones
/// count as empty) and over the `notes`. The order of the file system does not matter.
pub fn of_tree(root: &Path, places: &[&str], notes: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for place in places {
        collect(&root.join(place), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        hasher.update(format!("{name}\0{}\0", of_file(&file)?));
    }
    for note in notes {
        hasher.update(format!("{note}\0"));
    }
    Ok(finish(hasher))
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if place.is_file() {
        files.push(place.to_path_buf());
    } else if place.is_dir() {
        for entry in std::fs::read_dir(place)? {
            collect(&entry?.path(), files)?;
        }
    }
    Ok(())
}

fn finish(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_digest_is_told_with_both_digests() {
        let error = check("scrfd.onnx", &hex(b"meant"), &hex(b"found")).unwrap_err().to_string();
        assert!(error.contains("scrfd.onnx") && error.contains(&hex(b"meant")) && error.contains(&hex(b"found")), "{error}");
        assert!(check("scrfd.onnx", &hex(b"same"), &hex(b"same")).is_ok());
    }

    #[test]
    fn the_digest_of_a_tree_changes_with_a_name_a_content_and_a_note() {
        let root = std::env::temp_dir().join(format!("xtask-digest-{}", std::process::id()));
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/a.rs"), "a").unwrap();
        let digest = |notes: &[&str]| of_tree(&root, &["src", "not-there"], notes).unwrap();
        let first = digest(&["1"]);
        assert_eq!(first, digest(&["1"]));
        assert_ne!(first, digest(&["2"]));
        std::fs::write(root.join("src/a.rs"), "b").unwrap();
        let second = digest(&["1"]);
        assert_ne!(first, second);
        std::fs::rename(root.join("src/a.rs"), root.join("src/b.rs")).unwrap();
        assert_ne!(second, digest(&["1"]));
        std::fs::remove_dir_all(&root).unwrap();
    }
}
