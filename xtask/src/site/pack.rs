//! The bundle as it is served: each file under a name that holds its digest, beside its Brotli and gzip copies, and
//! `bundle.json`, which tells the server the names. And what it weighs.

use crate::digest;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::Path;

/// The kinds of file of a bundle, in the order in which they are told.
pub const KINDS: [&str; 3] = ["wasm", "js", "css"];
/// The list of names, beside `pkg/`.
pub const LIST: &str = "bundle.json";
/// What a visitor may have to load at the most: all files of the bundle together, gzip, in bytes (350 KB).
pub const BUDGET: u64 = 350 * 1024;

/// Bytes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    pub name: String,
    pub raw: u64,
    pub gzip: u64,
    pub brotli: u64,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<36} {:>9} raw {:>8} gzip {:>8} brotli", self.name, self.raw, self.gzip, self.brotli)
    }
}

/// Writes a file with its copies under its lasting name.
pub fn put(package: &Path, stem: &str, kind: &str, bytes: &[u8]) -> Result<Size> {
    let name = format!("{stem}.{}.{kind}", &digest::hex(bytes)[..16]);
    let (gzip, brotli) = (gzip(bytes)?, brotli(bytes)?);
    for (ending, bytes) in [("", bytes), (".gz", &gzip), (".br", &brotli)] {
        let file = package.join(format!("{name}{ending}"));
        std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(Size { name, raw: bytes.len() as u64, gzip: gzip.len() as u64, brotli: brotli.len() as u64 })
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, bytes, &mut packed)?;
    Ok(packed)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    // The best quality, and the largest window that every browser unpacks.
    let mut packer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 24);
    packer.write_all(bytes)?;
    packer.flush()?;
    Ok(packer.into_inner())
}

/// Writes the list of names, by kind.
pub fn list(site: &Path, sizes: &[Size]) -> Result<()> {
    let names: BTreeMap<&str, &str> = sizes.iter().filter_map(|size| Some((size.name.rsplit('.').next()?, size.name.as_str()))).collect();
    let file = site.join(LIST);
    std::fs::write(&file, serde_json::to_string_pretty(&names)? + "\n").with_context(|| format!("cannot write {}", file.display()))
}

/// The sizes of the bundle that is there, read from its files.
///
/// # Errors
/// Where there is no whole bundle.
pub fn weigh(site: &Path) -> Result<Vec<Size>> {
    let list = site.join(LIST);
    let text = std::fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let names: BTreeMap<String, String> = serde_json::from_str(&text).with_context(|| format!("cannot read {}", list.display()))?;
    let size = |kind: &str| {
        let name = names.get(kind).with_context(|| format!("{} has no {kind}", list.display()))?;
        let bytes = |ending: &str| {
            let file = site.join("pkg").join(format!("{name}{ending}"));
            std::fs::metadata(&file).map(|meta| meta.len()).with_context(|| format!("there is no {}", file.display()))
        };
        Ok(Size { name: name.clone(), raw: bytes("")?, gzip: bytes(".gz")?, brotli: bytes(".br")? })
    };
    KINDS.into_iter().map(size).collect()
}

/// A line for each file, and the sum.
pub fn table(sizes: &[Size]) -> String {
    let all = |bytes: fn(&Size) -> u64| sizes.iter().map(bytes).sum();
    let whole = Size { name: "together".into(), raw: all(|s| s.raw), gzip: all(|s| s.gzip), brotli: all(|s| s.brotli) };
    sizes.iter().chain([&whole]).map(|size| format!("    {size}\n")).collect()
}

/// # Errors
/// Where the bundle is heavier than [`BUDGET`].
pub fn within_budget(sizes: &[Size]) -> Result<()> {
    let gzip: u64 = sizes.iter().map(|size| size.gzip).sum();
    if gzip > BUDGET {
        bail!("the page weighs {gzip} bytes gzip, and may weigh {BUDGET}: docs/PAGE.md says what makes it heavy");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Scratch;

    #[test]
    fn a_file_is_named_by_what_is_in_it_and_has_its_copies_beside_it() {
        let site = Scratch::new(&std::env::temp_dir()).unwrap();
        let package = site.0.join("pkg");
        std::fs::create_dir_all(&package).unwrap();
        let put = |kind, text: &str| put(&package, "page", kind, text.repeat(500).as_bytes()).unwrap();
        let sizes = [put("wasm", "\0asm"), put("js", "go();\n"), put("css", "a {}\n")];
        assert_ne!(put("css", "b {}\n").name, sizes[2].name);
        assert!(sizes.iter().all(|size| size.brotli < size.gzip && size.gzip < size.raw), "{sizes:?}");
        list(&site.0, &sizes).unwrap();
        assert_eq!(weigh(&site.0).unwrap(), sizes);
        let packed = std::fs::read(package.join(format!("{}.gz", sizes[1].name))).unwrap();
        let mut unpacked = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert_eq!(unpacked, "go();\n".repeat(500));
        assert!(table(&sizes).contains("together"));
    }

    #[test]
    fn the_sum_of_all_files_decides() {
        let size = |gzip| Size { name: String::new(), raw: 0, gzip, brotli: 0 };
        assert!(within_budget(&[size(BUDGET - 10), size(10)]).is_ok());
        assert!(within_budget(&[size(BUDGET - 10), size(11)]).unwrap_err().to_string().contains("docs/PAGE.md"));
    }

    #[test]
    fn a_bundle_that_is_not_whole_is_an_error() {
        let site = Scratch::new(&std::env::temp_dir()).unwrap();
        assert!(weigh(&site.0).is_err());
        std::fs::write(site.0.join(LIST), r#"{ "css": "a.css" }"#).unwrap();
        assert!(weigh(&site.0).is_err());
    }
}
