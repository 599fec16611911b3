//! Set-up and builds: `cargo xtask <command>`. Each command is idempotent, says what it does and what it cost, and
//! fails with one sentence that a person can act on. The Makefile calls nothing else; what the product does at run time
//! is none of this crate's business.

mod accuracy;
mod apt;
mod bench;
mod bench_crowd;
mod bench_env;
mod bench_index;
mod browser;
mod digest;
mod fetch;
mod import;
mod onnxruntime;
mod places;
mod process;
mod samples;
mod site;
mod test;
mod wasm;
mod weights;

use anyhow::{Result, bail};
use places::Places;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  setup [--pack P]    wasm, models, onnxruntime, samples and site, in that order
  wasm                a Rust toolchain that compiles for the browser
  models [--pack P]   the networks' weights, prepared for both engines; P: best (default), light, standard, all
  onnxruntime         ONNX Runtime's library, the faster CPU engine
  samples             a folder of sample pictures and a query
  site                the page's bundle: wasm, JavaScript, CSS
  weight              what the bundle weighs; fails where it is heavier than it may be
  browser             Chromium and the packages of the browser tests
  bench-env           Python environment with the reference engine and FAISS, for `make bench`
  bench [index|crowd] the product's wall time against the reference pipeline's, then search in stored vectors against
                      FAISS; `index`: that alone
  accuracy            docs/accuracy.md with its curves: thresholds, error rates, recall
  test [OPTIONS]      every test; the options go to `cargo test`
  import              developers: write models/src/networks anew from the ONNX files
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("set-up stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    let places = Places::of_this_checkout();
    match arguments {
        ["setup", rest @ ..] => {
            let wanted = weights::Wanted::from_arguments(rest)?;
            wasm::toolchain(&places)?;
            weights::run(&places, wanted)?;
            onnxruntime::run(&places)?;
            samples::run(&places)?;
            site::run(&places)
        }
        ["wasm"] => wasm::toolchain(&places).map(|toolchain| println!("wasm: {toolchain}")),
        ["models", rest @ ..] => weights::run(&places, weights::Wanted::from_arguments(rest)?),
        ["onnxruntime"] => onnxruntime::run(&places),
        ["samples"] => samples::run(&places),
        ["site"] => site::run(&places),
        ["weight"] => site::weigh(&places),
        ["browser"] => browser::run(&places),
        ["bench"] => bench::run(&places).and(bench_index::run(&places)),
        ["bench", "crowd"] => bench::crowd(&places),
        ["bench", "index"] => bench_index::run(&places),
        ["accuracy"] => accuracy::run(&places),
        ["bench-env"] => bench_env::run(&places),
        ["test", options @ ..] => test::run(&places, options),
        ["import"] => weights::import_all(&places),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{}`; `cargo xtask help` lists them", other.join(" ")),
    }
}
