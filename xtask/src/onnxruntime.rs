//! ONNX Runtime's library, the faster of the two CPU engines, out of the wheel that PyPI has for this platform. The
//! product runs without it: where it cannot be had, set-up says so and goes on.

use crate::{digest, fetch::Archive, fetch::Registry, fetch::megabytes, places::Places};
use anyhow::{Context, Result};
use std::env::consts::{ARCH, OS};

const VERSION: &str = "1.32.0";

struct Wheel {
    os: &'static str,
    arch: &'static str,
    file: &'static str,
    sha256: &'static str,
    member: &'static str,
}

/// Name that the server looks for, on every system: it is opened by its path.
const LIBRARY: &str = "libonnxruntime.so";

/// Any CPython's wheel carries the same library; 3.11's is taken everywhere.
const WHEELS: [Wheel; 3] = [
    Wheel {
        os: "linux",
        arch: "x86_64",
        file: "onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        sha256: "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d",
        member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
    },
    Wheel {
        os: "linux",
        arch: "aarch64",
        file: "onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_aarch64.whl",
        sha256: "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c",
        member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
    },
    Wheel {
        os: "macos",
        arch: "aarch64",
        file: "onnxruntime-1.32.0-cp311-cp311-macosx_14_0_arm64.whl",
        sha256: "366b9e53d07812cc5c92822cecf7563b76a8a0f32ba3bb8dd232a206ac3bcb6c",
        member: "onnxruntime/capi/libonnxruntime.1.32.0.dylib",
    },
];

pub fn run(places: &Places) -> Result<()> {
    let Some(wheel) = WHEELS.iter().find(|w| w.os == OS && w.arch == ARCH) else {
        println!("onnxruntime: no wheel is pinned for {OS} on {ARCH}; Burn's CPU engine does the work");
        return Ok(());
    };
    let folder = places.data.join("lib");
    let (library, stamp) = (folder.join(LIBRARY), folder.join("onnxruntime.version"));
    let title = format!("{VERSION} {}\n", wheel.sha256);
    if library.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|kept| kept == title) {
        println!("onnxruntime: {VERSION} is already there");
        return Ok(());
    }
    let archive = Archive { registry: Registry::Pypi, package: "onnxruntime", version: VERSION, file: wheel.file, sha256: wheel.sha256 };
    let bytes = match archive.member(places, wheel.member) {
        Ok(bytes) => bytes,
        Err(error) => {
            println!("onnxruntime: cannot be had, Burn's CPU engine does the work. {error:#}");
            return Ok(());
        }
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // A running server has the old file mapped: the new one takes its name, the old one stays until nobody needs it.
    let part = folder.join(format!(".part-{}", std::process::id()));
    std::fs::write(&part, &bytes)?;
    std::fs::rename(&part, &library)?;
    std::fs::write(&stamp, title)?;
    println!("onnxruntime: {VERSION}, {}, {}", megabytes(bytes.len() as u64), digest::hex(&bytes).get(..12).unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wheel_is_the_version_that_is_named_and_has_a_whole_digest() {
        for wheel in &WHEELS {
            assert!(wheel.file.starts_with(&format!("onnxruntime-{VERSION}-")) && wheel.member.contains(VERSION), "{}", wheel.file);
            assert!(wheel.sha256.len() == 64 && wheel.sha256.bytes().all(|b| b.is_ascii_hexdigit()), "{}", wheel.file);
        }
    }
}
