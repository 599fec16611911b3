//! `face-engine`: see `face-engine --help`.

fn main() -> std::process::ExitCode {
    server::cli::main()
}
