//! Is there a GPU that computes right? Asked in a child process, because a bad driver takes the whole process with it.
//!
//! The program calls itself with [`ARGUMENT`]; the child opens the GPU, runs every network of the pack once and compares
//! the numbers with Burn on the CPU. Only its verdict ([`VERDICT`]) and an exit status of 0 within the time limit let the GPU in.

/// The hidden subcommand that the program must route to [`child`].
pub const ARGUMENT: &str = "probe-gpu";

/// Software renderers are no GPUs; tests may let them in.
#[cfg(feature = "gpu-wgsl")]
pub fn software_allowed() -> bool {
    std::env::var("GPU_ALLOW_SOFTWARE").is_ok_and(|v| v == "1")
}

/// What the child prints before the adapter's name when the numbers agree. An exit status alone would not do: a program
/// that does not know [`ARGUMENT`] may well end with 0.
pub const VERDICT: &str = "gpu-probe: the numbers agree on ";

#[cfg(feature = "gpu-wgsl")]
pub use with_gpu::child;
#[cfg(feature = "gpu-wgsl")]
pub(crate) use with_gpu::in_child;

/// Without the GPU engine there is nothing to probe.
#[cfg(not(feature = "gpu-wgsl"))]
pub fn child(_: &crate::vision::VisionConfig) -> Result<String, crate::ModelError> {
    Err(crate::ModelError::NotBuiltIn)
}

#[cfg(feature = "gpu-wgsl")]
mod with_gpu {
    use super::{ARGUMENT, VERDICT};
    use crate::ModelError;
    use crate::engine::{Engine, Tensor, burn::BurnEngine};
    use crate::vision::{self, VisionConfig};
    use std::io::Read;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    /// The first run tunes its kernels, which takes minutes on a slow machine; afterwards they are remembered.
    const PATIENCE: Duration = Duration::from_secs(300);

    /// Starts this program anew with [`ARGUMENT`] and waits for its verdict.
    pub(crate) fn in_child(config: &VisionConfig) -> Result<(), ModelError> {
        let failed = |why: String| ModelError::Engine(format!("the GPU probe {why}"));
        let program = std::env::current_exe().map_err(|e| failed(format!("cannot find this program: {e}")))?;
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .envs(config.pack.iter().map(|p| ("MODEL_PACK", p)))
            .spawn()
            .map_err(|e| failed(format!("did not start: {e}")))?;
        let began = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() && agreed(&mut child) => return Ok(()),
                Ok(Some(status)) => {
                    return Err(failed(format!(
                        "ended with {status}: no GPU, or one that computes wrongly (run `face-engine {ARGUMENT}`)"
                    )));
                }
                Ok(None) if began.elapsed() > PATIENCE => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed(format!("took longer than {} s", PATIENCE.as_secs())));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(50)),
                Err(error) => return Err(failed(format!("cannot be watched: {error}"))),
            }
        }
    }

    /// Whether the ended child gave the verdict. It prints a line or two: the pipe never fills up.
    fn agreed(child: &mut Child) -> bool {
        let mut said = String::new();
        let read = child.stdout.take().map(|out| out.take(64 * 1024).read_to_string(&mut said));
        matches!(read, Some(Ok(_))) && said.lines().any(|line| line.starts_with(VERDICT))
    }

    /// The child's work: every network on the GPU and on the CPU; the adapter's name where the numbers agree.
    pub fn child(config: &VisionConfig) -> Result<String, ModelError> {
        let gpu = BurnEngine::gpu(super::software_allowed())?;
        let cpu = BurnEngine::cpu(config.threads);
        for (role, files, side) in vision::network_files(config)? {
            let ours = gpu.load(&files)?.run(pattern(side))?;
            let truth = cpu.load(&files)?.run(pattern(side))?;
            for (a, b) in ours.iter().zip(&truth) {
                let cosine = cosine(&a.data, &b.data);
                if a.shape != b.shape || !(cosine > 0.999) {
                    return Err(ModelError::Output(format!(
                        "{}: the {role} network's numbers differ from the CPU's (cosine {cosine})",
                        gpu.name()
                    )));
                }
            }
        }
        Ok(gpu.name())
    }

    /// The same input every time, with something in every channel.
    fn pattern(side: usize) -> Tensor {
        let data = (0..3 * side * side).map(|i| ((i as f32) * 0.37).sin()).collect();
        Tensor { shape: vec![1, 3, side, side], data }
    }

    fn cosine(a: &[f32], b: &[f32]) -> f64 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }
}
