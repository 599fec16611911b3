//! From a published ONNX file to what the engines load.
//!
//! 1. [`surgery`]: the graph is cut at the heads and freed of fixed sizes, so that batch, height and width are dynamic;
//! 2. [`generate`]: burn-onnx writes the network as Rust (kept in `models/src/networks`) and its weights as `.bpk`.
//!
//! Set-up calls [`prepare`]; a developer who changes the surgery or Burn's version calls [`regenerate`].

mod generate;
mod surgery;

use anyhow::{Context, Result};
use models::pack::Network;
use std::path::Path;

/// Bump when prepared files of an older build no longer fit.
pub const RECIPE: u32 = 1;

/// Writes `<role>.onnx` (dynamic axes, for ONNX Runtime) and `<role>.bpk` (weights for Burn) into `out_dir`.
///
/// The Rust that burn-onnx generates for the file must equal the network kept in the source tree, else the weights
/// would be loaded into another architecture: that is an error here, not at run time.
pub fn prepare(network: &Network, role: &str, raw_onnx: &Path, out_dir: &Path) -> Result<()> {
    let scratch = out_dir.join(format!(".{role}"));
    std::fs::create_dir_all(&scratch).with_context(|| format!("cannot make the folder {}", scratch.display()))?;
    let prepared = surgery::dynamic(raw_onnx, network)?;
    let generated = generate::run(&prepared, &network.network, &scratch)?;
    generate::check_against_tree(&network.network, &generated.code)?;
    std::fs::write(out_dir.join(format!("{role}.onnx")), &prepared)?;
    std::fs::rename(&generated.weights, out_dir.join(format!("{role}.bpk")))?;
    std::fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Writes `models/src/networks/<network>.rs` anew from a raw ONNX file.
pub fn regenerate(network: &Network, raw_onnx: &Path) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("face-engine-import-{}", std::process::id()));
    std::fs::create_dir_all(&scratch)?;
    let prepared = surgery::dynamic(raw_onnx, network)?;
    let generated = generate::run(&prepared, &network.network, &scratch)?;
    generate::write_to_tree(&network.network, &generated.code)?;
    std::fs::remove_dir_all(&scratch)?;
    Ok(())
}
